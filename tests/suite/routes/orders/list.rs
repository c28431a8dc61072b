//! `GET /orders/user/{user_id}`.

use serde_json::{Value, json};
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors, without};

fn list(user: &User) -> impl Fn(&str) -> Call {
    |query| user.get(&format!("/orders/user/{}?{query}", user.id))
}

fn ids(orders: &[Value]) -> Vec<&Value> {
    orders.iter().map(|order| &order["order_id"]).collect()
}

#[tokio::test]
async fn a_summary_is_the_order_without_its_particulars() {
    let shop = Shop::open().await;
    let (sofia, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    ada.adds(&mug, 2).await.is(201);
    let mut summary = ada.checks_out(&json!({"payment_method": "online"})).await.is(201)["orders"][0].clone();
    for particular in ["items", "contact", "address", "status_history"] {
        summary = without(&summary, particular);
    }
    let listed = ada.get(&format!("/orders/user/{}", ada.id)).await.is(200);
    assert_eq!(listed, json!({"items": [summary], "next_cursor": null}));
    shop.finish().await;
}

#[tokio::test]
async fn who_ordered_nothing_has_an_empty_list() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.newcomer("ada").await, shop.shopper("ben").await);
    ben.buys(&shop.product("Mug").list().await, 1).await;
    let nothing = json!({"items": [], "next_cursor": null});
    assert_eq!(ada.get(&format!("/orders/user/{}", ada.id)).await.is(200), nothing);
    shop.finish().await;
}

#[tokio::test]
async fn pages_have_every_order_once_newest_first() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let mut newest_first = Vec::new();
    for _ in 0..23 {
        newest_first.insert(0, ada.buys(&mug, 1).await["order_id"].clone());
        shop.pass(1);
    }
    for limit in [1, 5, 22, 23, 100] {
        assert_eq!(ids(&all_pages(list(&ada), limit).await), newest_first.iter().collect::<Vec<_>>(), "{limit}");
    }
    let page = ada.get(&format!("/orders/user/{}", ada.id)).await.is(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 20);
    shop.finish().await;
}

#[tokio::test]
async fn orders_of_one_moment_are_paged_through_too() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    for number in 0..10 {
        ada.adds(&shop.product(&format!("{number}")).list().await, 1).await.is(201);
    }
    ada.checks_out(&json!({"split": "per_item"})).await.is(201);
    let all = all_pages(list(&ada), 100).await;
    assert_eq!(all.len(), 10);
    for limit in [1, 3] {
        assert_eq!(all_pages(list(&ada), limit).await, all, "{limit} at a time");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_status_selects() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    for number in 0..12 {
        ada.adds(&mug, 1).await.is(201);
        let method = if number % 3 == 0 { "online" } else { "on_delivery" };
        ada.checks_out(&json!({"payment_method": method})).await.is(201);
        shop.pass(1);
    }
    for (status, count) in [("under_paying", 4), ("placed", 8), ("shipped", 0), ("cancelled", 0)] {
        for limit in [1, 3, 4, 100] {
            let list = |query: &str| ada.get(&format!("/orders/user/{}?status={status}&{query}", ada.id));
            let selected = all_pages(list, limit).await;
            assert_eq!(selected.len(), count, "{status}, {limit} at a time");
            assert!(selected.iter().all(|order| order["status"] == status));
        }
    }
    for unknown in ["", "Placed", "paid", "placed,shipped"] {
        let path = format!("/orders/user/{}?status={unknown}", ada.id);
        ada.get(&path).await.is_refused(400, "invalid_parameter");
    }
    shop.finish().await;
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    for _ in 0..2 {
        ada.buys(&mug, 1).await;
    }
    refuses_malformed_pages(list(&ada)).await;
    refuses_tampered_cursors(list(&ada)).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_cursor_fits_no_other_list() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    for _ in 0..2 {
        ada.buys(&mug, 1).await;
    }
    let cursor = list(&ada)("limit=1").await.is(200)["next_cursor"].as_str().unwrap().to_owned();
    list(&admin)(&format!("cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    list(&ada)(&format!("status=placed&cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    shop.get(&format!("/products?cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    list(&ada)(&format!("cursor={cursor}")).await.is(200);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_user_id_is_not_found() {
    let shop = Shop::open().await;
    for caller in [shop.admin().await, shop.newcomer("ada").await] {
        caller.get("/orders/user/7").await.is_refused(404, "user_not_found");
    }
    shop.finish().await;
}
