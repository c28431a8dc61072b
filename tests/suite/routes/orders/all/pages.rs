//! Paging through all orders: each once, whatever becomes of them meanwhile.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::paging::{Cursors, PageRequest};
use shared::store::{OrderFilter, Store};
use shared::time::Timestamp;
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::{Served, Wire};

use super::{ids, made_at, orders_after, wait_for_noon};
use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors};

fn list(admin: &User) -> impl Fn(&str) -> Call {
    |query| admin.get(&format!("/orders?{query}"))
}

/// Moves orders to one moment, behind the shop's back. It must be of the day they were made.
async fn put_at(shop: &Shop, orders: &[Value], moment: Timestamp) {
    for order in orders {
        assert_eq!(made_at(order).day(), moment.day(), "the index has it by its day");
        let id = order["order_id"].as_str().expect("an id");
        shop.set("orders", "order_id", id, "created_at", AttributeValue::S(moment.to_string())).await;
    }
}

fn cursor_of(page: &Value) -> String {
    page["next_cursor"].as_str().expect("there is more").to_owned()
}

#[tokio::test]
async fn pages_of_any_size_have_every_order_once_newest_first() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let first = wait_for_noon(&shop);
    let mut newest_first = orders_after(&shop, &ada, &mug, &[0, 0, 1, 5, 0, 0, 0, 2, 1]).await;
    newest_first.reverse();
    let list = |query: &str| admin.get(&format!("/orders?from={first}&{query}"));
    for limit in [1, 2, 3, 8, 9] {
        let all = all_pages(list, limit).await;
        let ids = all.iter().map(|order| &order["order_id"]);
        assert!(ids.eq(newest_first.iter().map(|order| &order["order_id"])), "{limit} at a time: {all:?}");
    }
    shop.finish().await;
}

/// Many orders share one millisecond, some lie before it and some after: most pages end within them.
#[tokio::test]
async fn orders_of_one_moment_are_paged_through_too() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let today = wait_for_noon(&shop);
    let orders = orders_after(&shop, &ada, &mug, &[0; 27]).await;
    let tied = shop.clock.now() + Duration::from_secs(1);
    put_at(&shop, &orders[..1], tied + Duration::from_secs(1)).await;
    put_at(&shop, &orders[1..25], tied).await;
    for (query, count) in [
        (format!("from={today}"), 27),
        (format!("from={tied}"), 25),
        (format!("from={today}&to={tied}"), 2),
        (format!("from={tied}&status=placed"), 25),
    ] {
        let list = |page: &str| admin.get(&format!("/orders?{query}&{page}"));
        let all = all_pages(list, 100).await;
        assert_eq!(
            all.iter().map(|order| order["order_id"].to_string()).collect::<BTreeSet<_>>().len(),
            count,
            "{query}"
        );
        assert!(all.windows(2).all(|pair| made_at(&pair[0]) >= made_at(&pair[1])));
        for limit in [1, 2, 3, 11] {
            assert_eq!(all_pages(list, limit).await, all, "{query}, {limit} at a time");
        }
    }
    shop.finish().await;
}

/// A page that has no time to look at all the days between two orders says where to go on.
#[tokio::test]
async fn orders_that_lie_far_apart_are_found_however_slow_the_search() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let orders = orders_after(&shop, &ada, &mug, &[0, 10]).await;
    let filter = OrderFilter { from: made_at(&orders[0]), to: shop.clock.now().day().end(), status: None };
    let (cursors, began) = (&Cursors::new("secret", "orders"), Instant::now());
    let page = |store: Store, cursor| async move {
        store.orders_by_day(&filter, &PageRequest { limit: 2, cursor }, cursors).await.expect("a page")
    };
    let (wire, wired) = Wire::to(&shop).await;
    let pause = wire.pauses("Query");
    let slow = pause.during(async {
        shop.wait_for("half of the time is over", || (began.elapsed() > Duration::from_secs(2)).then_some(())).await;
    });
    let (first, ()) = tokio::join!(page(wired.store.until(began + Duration::from_secs(4)), None), slow);
    assert_eq!(json!(first)["items"][0]["order_id"], orders[1]["order_id"]);
    assert_eq!(first.items.len(), 1);
    let second = page(shop.store().clone(), first.next_cursor).await;
    assert_eq!(json!(second)["items"][0]["order_id"], orders[0]["order_id"]);
    assert_eq!((second.items.len(), second.next_cursor), (1, None));
    shop.finish().await;
}

/// Three orders of a day leave room for one on a page of four, and one more shows that there are more.
#[tokio::test]
async fn the_days_before_are_asked_for_what_the_page_has_room_for() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    wait_for_noon(&shop);
    let orders = orders_after(&shop, &ada, &mug, &[0, 0, 1, 0, 0]).await;
    let filter = OrderFilter { from: made_at(&orders[0]), to: shop.clock.now().day().end(), status: None };
    let (page, cursors) = (PageRequest { limit: 4, cursor: None }, Cursors::new("secret", "orders"));
    let (wire, wired) = Wire::to(&shop).await;
    let found = wired.store.orders_by_day(&filter, &page, &cursors).await.expect("a page");
    assert_eq!((found.items.len(), found.next_cursor.is_some()), (4, true));
    let asked_for = |query: &Served| serde_json::from_str::<Value>(&query.body).expect("a query")["Limit"].clone();
    let asked_for: Vec<_> = wire.served().await.iter().map(asked_for).collect();
    // Each query asks for one more than is wanted, in case several are of one moment.
    assert_eq!(asked_for, [[6; 8], [3; 8]].concat());
    shop.finish().await;
}

/// Every list of orders goes on where it was, whatever has become of the order it ended with.
#[tokio::test]
async fn cursors_survive_what_becomes_of_the_last_order_of_a_page() {
    let shop = Shop::open().await;
    let (ada, sofia, admin) = (shop.shopper("ada").await, shop.seller("sofia").await, shop.admin().await);
    let mug = shop.product("Mug").stock(300).sold_by(&sofia).list().await;
    let lists = [
        (&admin, "/orders".to_owned()),
        (&ada, format!("/orders/user/{}", ada.id)),
        (&sofia, "/seller/orders".to_owned()),
    ];
    for (reader, path) in lists {
        for (filter, tied) in [("", false), ("", true), ("status=placed&", false), ("status=placed&", true)] {
            wait_for_noon(&shop);
            let orders = orders_after(&shop, &ada, &mug, &[0; 6]).await;
            if tied {
                put_at(&shop, &orders, shop.clock.now()).await;
            }
            let list = |query: &str| reader.get(&format!("{path}?{filter}{query}"));
            let six = ids(&list("limit=6").await.is(200));
            let page = list("limit=3").await.is(200);
            assert_eq!(ids(&page), six[..3]);
            let last = page["items"][2].clone();
            admin.cancels(&last).await.is(200);
            let next = || list(&format!("limit=3&cursor={}", cursor_of(&page)));
            assert_eq!(ids(&next().await.is(200)), six[3..], "{path}?{filter}, tied: {tied}, cancelled");
            admin.delete(&format!("/orders/{}", last["order_id"].as_str().expect("an id"))).await.is_empty();
            assert_eq!(ids(&next().await.is(200)), six[3..], "{path}?{filter}, tied: {tied}, deleted");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    orders_after(&shop, &ada, &mug, &[0, 0]).await;
    refuses_malformed_pages(list(&admin)).await;
    refuses_tampered_cursors(list(&admin)).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_cursor_fits_no_other_list_and_no_other_filter() {
    let shop = Shop::open().await;
    let both = shop.sign_up("both", json!({"groups": ["admin", "seller"]})).await;
    let today = wait_for_noon(&shop);
    let mug = shop.product("Mug").sold_by(&both).list().await;
    let buyer = shop.shopper("ada").await;
    orders_after(&shop, &buyer, &mug, &[0, 0]).await;
    let filters = [
        "/orders?".to_owned(),
        "/orders?status=placed&".to_owned(),
        format!("/orders?from={today}&"),
        format!("/orders?from={today}&status=placed&"),
        format!("/orders?to={}&", today.end()),
        format!("/orders/user/{}?", buyer.id),
        "/seller/orders?".to_owned(),
        "/seller/orders?status=placed&".to_owned(),
    ];
    for filter in &filters {
        let cursor = cursor_of(&both.get(&format!("{filter}limit=1")).await.is(200));
        for other in &filters {
            let answer = both.get(&format!("{other}cursor={cursor}")).await;
            if other == filter {
                assert_eq!(ids(&answer.is(200)).len(), 1);
            } else {
                answer.is_refused(400, "invalid_cursor");
            }
        }
    }
    shop.finish().await;
}
