//! Ordering directly again: with a key, and without.

use serde_json::{Value, json};
use tests::shop::Shop;

use crate::routes::{refuses_malformed_keys, with};

#[tokio::test]
async fn a_retry_gets_the_order_as_it_is_now() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).list().await;
    let order = ada.orders_directly(&mug, 2).key("k").await.is_fresh(201);
    assert_eq!(ada.orders_directly(&mug, 2).key("k").await.is_replayed(201), order);
    let respelled = format!("{{ \"quantity\":2, \"product_id\": \"{}\" }}", mug.id);
    assert_eq!(ada.call("POST", "/orders").raw(respelled).key("k").await.is_replayed(201), order);
    let moved = admin.moves(&order, "processing").await.is(200);
    assert_eq!(ada.orders_directly(&mug, 2).key("k").await.is_replayed(201), moved);
    assert_eq!(shop.stock_of(&mug).await, 7);
    shop.finish().await;
}

#[tokio::test]
async fn without_a_key_each_request_is_an_order_of_its_own() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let (first, second) =
        (ada.orders_directly(&mug, 2).await.is_fresh(201), ada.orders_directly(&mug, 2).await.is_fresh(201));
    assert_ne!(first["order_id"], second["order_id"]);
    assert_eq!(shop.stock_of(&mug).await, 5);
    shop.finish().await;
}

/// Whatever would refuse the order today, it was made yesterday.
#[tokio::test]
async fn a_retry_gets_the_order_whatever_has_happened_since() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let (mug, cup) = (shop.product("Mug").stock(2).list().await, shop.product("Cup").stock(2).list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 1})).await;
    let of_mugs = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
    let of_cups = json!({"product_id": cup.id, "quantity": 1});
    let orders = [
        (&of_mugs, "m", ada.post("/orders", &of_mugs).key("m").await.is_fresh(201)),
        (&of_cups, "c", ada.post("/orders", &of_cups).key("c").await.is_fresh(201)),
    ];
    ben.adds(&mug, 1).await.is(201);
    shop.reprice(&cup, "99.00").await;
    shop.archive(&cup).await;
    ada.put("/users/me", &json!({"name": "Ada, who moved out"})).await.is(200);
    shop.pass(24 * 60 * 60);
    for (request, key, order) in orders {
        assert_eq!(ada.post("/orders", request).key(key).await.is_replayed(201), order);
    }
    shop.finish().await;
}

#[tokio::test]
async fn another_body_under_the_key_is_refused() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    ada.orders_directly(&mug, 2).key("k").await.is_fresh(201);
    let request = json!({"product_id": mug.id, "quantity": 2});
    for (field, value) in [("quantity", json!(3)), ("payment_method", json!("online")), ("size", json!("M"))] {
        ada.post("/orders", &with(&request, field, value)).key("k").await.is_refused(422, "idempotency_key_reused");
    }
    assert_eq!(shop.stock_of(&mug).await, 7);
    shop.finish().await;
}

#[tokio::test]
async fn only_successes_are_remembered() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.newcomer("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").stock(2).list().await;
    ada.orders_directly(&mug, 2).key("k").await.is_refused(422, "address_required");
    let request = json!({
        "product_id": mug.id, "quantity": 2,
        "address": {"line1": "1 Main St", "city": "Springfield", "postal_code": "1", "country": "US"},
    });
    let line = ben.adds(&mug, 1).await.is(201);
    ada.post("/orders", &request).key("k").await.is_refused(409, "insufficient_stock");
    ben.removes(&line["item_id"]).await.is_empty();
    ada.post("/orders", &request).key("k").await.is_fresh(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_is_of_one_caller_one_buyer_and_one_route() {
    let shop = Shop::open().await;
    let (ada, ben, admin) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.admin().await);
    let mug = shop.product("Mug").stock(5).list().await;
    for buyer in [&ada, &ben] {
        buyer.orders_directly(&mug, 1).key("k").await.is_fresh(201);
        let request: Value = json!({"product_id": mug.id, "quantity": 1, "user_id": buyer.id});
        admin.post("/orders", &request).key("k").await.is_fresh(201);
    }
    ada.adds(&mug, 1).key("k").await.is_fresh(201);
    ada.checks_out(&json!({})).key("k").await.is_fresh(201);
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    refuses_malformed_keys(&ada.orders_directly(&mug, 1)).await;
    assert_eq!(shop.stock_of(&mug).await, 100);
    ada.orders_directly(&mug, 1).key(&"k".repeat(255)).await.is_fresh(201);
    shop.finish().await;
}
