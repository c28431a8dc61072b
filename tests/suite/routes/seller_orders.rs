//! `GET /seller/orders`.

use serde_json::{Value, json};
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors, without};

fn list(seller: &User) -> impl Fn(&str) -> Call {
    |query| seller.get(&format!("/seller/orders?{query}"))
}

fn ids(orders: &[Value]) -> Vec<Value> {
    orders.iter().map(|order| order["order_id"].clone()).collect()
}

#[tokio::test]
async fn a_seller_sees_the_orders_that_are_all_of_their_own_products() {
    let shop = Shop::open().await;
    let (sofia, tom, ada) = (shop.seller("sofia").await, shop.seller("tom").await, shop.shopper("ada").await);
    let (mug, jar) =
        (shop.product("Mug").sold_by(&sofia).list().await, shop.product("Jar").sold_by(&sofia).list().await);
    let (cup, own) = (shop.product("Cup").sold_by(&tom).list().await, shop.product("Own").list().await);
    let mut seen = Vec::new();
    for (basket, split, sofias) in [
        (&[&mug, &jar][..], "none", 1),
        (&[&mug, &cup], "none", 0),
        (&[&mug, &own], "none", 0),
        (&[&cup], "none", 0),
        (&[&mug, &cup, &jar], "per_seller", 1),
        (&[&mug, &cup, &jar], "per_item", 2),
    ] {
        for product in basket {
            ada.adds(product, 1).await.is(201);
        }
        let placed = ada.checks_out(&json!({"split": split})).await.is(201);
        let hers = |order: &&Value| order["seller_id"] == json!(sofia.id);
        let hers: Vec<_> = placed["orders"].as_array().expect("orders").iter().filter(hers).cloned().collect();
        assert_eq!(hers.len(), sofias);
        seen.extend(hers);
        shop.pass(1);
    }
    let listed = all_pages(list(&sofia), 100).await;
    assert_eq!(listed.len(), seen.len());
    for order in &mut seen {
        for particular in ["items", "contact", "address", "status_history"] {
            *order = without(order, particular);
        }
        assert!(listed.contains(order), "{order} in {listed:?}");
    }
    assert_eq!(all_pages(list(&tom), 100).await.len(), 3);
    shop.finish().await;
}

#[tokio::test]
async fn pages_have_every_order_once_newest_first() {
    let shop = Shop::open().await;
    let (sofia, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    let mut newest_first = Vec::new();
    for _ in 0..21 {
        newest_first.insert(0, ada.orders_directly(&mug, 1).await.is(201)["order_id"].clone());
        shop.pass(1);
    }
    for limit in [1, 2, 20, 21, 100] {
        assert_eq!(ids(&all_pages(list(&sofia), limit).await), newest_first, "{limit} at a time");
    }
    assert_eq!(ids(list(&sofia)("").await.is(200)["items"].as_array().expect("a page")), newest_first[..20]);
    shop.finish().await;
}

#[tokio::test]
async fn a_status_selects() {
    let shop = Shop::open().await;
    let (sofia, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    for number in 0..9 {
        let order = ada.orders_directly(&mug, 1).await.is(201);
        match number % 3 {
            0 => drop(sofia.moves(&order, "processing").await.is(200)),
            1 => drop(sofia.cancels(&order).await.is(200)),
            _ => {}
        }
    }
    for (status, count) in [("placed", 3), ("processing", 3), ("cancelled", 3), ("shipped", 0)] {
        let list = |query: &str| sofia.get(&format!("/seller/orders?status={status}&{query}"));
        for limit in [1, 2, 100] {
            let selected = all_pages(list, limit).await;
            assert_eq!(selected.len(), count, "{status}, {limit} at a time");
            assert!(selected.iter().all(|order| order["status"] == status));
        }
    }
    for unknown in ["", "Placed", "sold"] {
        list(&sofia)(&format!("status={unknown}")).await.is_refused(400, "invalid_parameter");
    }
    shop.finish().await;
}

#[tokio::test]
async fn it_is_for_sellers_only() {
    let shop = Shop::open().await;
    let both = shop.sign_up("both", json!({"groups": ["admin", "seller"]})).await;
    assert_eq!(both.get("/seller/orders").await.is(200), json!({"items": [], "next_cursor": null}));
    for other in [shop.shopper("ada").await, shop.admin().await] {
        for query in ["", "?limit=0"] {
            other.get(&format!("/seller/orders{query}")).await.is_refused(403, "forbidden");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let shop = Shop::open().await;
    let (sofia, tom, ada) = (shop.seller("sofia").await, shop.seller("tom").await, shop.shopper("ada").await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    for _ in 0..2 {
        ada.orders_directly(&mug, 1).await.is(201);
    }
    refuses_malformed_pages(list(&sofia)).await;
    refuses_tampered_cursors(list(&sofia)).await;
    let cursor = list(&sofia)("limit=1").await.is(200)["next_cursor"].as_str().expect("there is more").to_owned();
    list(&tom)(&format!("cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    shop.finish().await;
}
