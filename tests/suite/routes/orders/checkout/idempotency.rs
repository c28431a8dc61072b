//! Checking out again: with a key, and without.

use std::future::IntoFuture as _;

use serde_json::json;
use tests::shop::Shop;

use crate::routes::refuses_malformed_keys;

#[tokio::test]
async fn a_retry_gets_the_first_order() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    let placed = ada.checks_out(&json!({})).key("k").await.is_fresh(201);
    assert_eq!(ada.checks_out(&json!({})).key("k").await.is_replayed(201), placed);
    assert_eq!(ada.call("POST", "/orders/checkout").key("k").await.is_replayed(201), placed, "no body is an empty one");
    assert_eq!(shop.stock_of(&mug).await, 7);
    shop.finish().await;
}

#[tokio::test]
async fn a_retry_leaves_the_next_cart_alone() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    let placed = ada.checks_out(&json!({})).key("k").await.is_fresh(201);
    ada.adds(&mug, 3).await.is(201);
    shop.pass(24 * 60 * 60);
    assert_eq!(ada.checks_out(&json!({})).key("k").await.is_replayed(201)["order_id"], placed["order_id"]);
    assert_eq!(ada.cart().await["total_quantity"], 3);
    let next = ada.checks_out(&json!({})).key("l").await.is_fresh(201);
    assert_ne!(next["order_id"], placed["order_id"]);
    shop.finish().await;
}

#[tokio::test]
async fn another_body_under_the_key_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    ada.checks_out(&json!({"split": "none"})).key("k").await.is_fresh(201);
    ada.checks_out(&json!({})).key("k").await.is_refused(422, "idempotency_key_reused");
    ada.adds(&mug, 2).await.is(201);
    ada.checks_out(&json!({"payment_method": "online"})).key("k").await.is_refused(422, "idempotency_key_reused");
    assert_eq!(ada.cart().await["total_quantity"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn only_successes_are_remembered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.checks_out(&json!({})).key("k").await.is_refused(400, "cart_empty");
    ada.adds(&mug, 2).await.is(201);
    ada.checks_out(&json!({"expected_total": "1.00"})).key("k").await.is_refused(409, "price_changed");
    ada.checks_out(&json!({})).key("k").await.is_fresh(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_is_its_callers() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, ben, admin) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.admin().await);
    for shopper in [&ada, &ben] {
        shopper.adds(&mug, 1).await.is(201);
        shopper.checks_out(&json!({})).key("k").await.is_fresh(201);
        shopper.adds(&mug, 1).await.is(201);
        admin.checks_out(&json!({"user_id": shopper.id})).key("k").await.is_fresh(201);
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    refuses_malformed_keys(&ada.checks_out(&json!({}))).await;
    assert_eq!(ada.cart().await["total_quantity"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn two_at_once_make_one_order_and_both_get_it() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    for keys in [[None, None], [Some("a"), Some("b")], [Some("c"), Some("c")], [None, Some("d")]] {
        ada.adds(&mug, 1).await.is(201);
        let checkout = |key: Option<&str>| {
            let call = ada.checks_out(&json!({}));
            key.map_or(call.clone(), |key| call.key(key)).into_future()
        };
        let (one, other) = tokio::join!(checkout(keys[0]), checkout(keys[1]));
        match (one.status, other.status) {
            (201, 201) => assert_eq!(one.is(201), other.is(201)),
            // The one came only after the other had emptied the cart.
            (400, 201) => drop(one.is_refused(400, "cart_empty")),
            (201, 400) => drop(other.is_refused(400, "cart_empty")),
            both => panic!("{both:?}: {} {}", one.text, other.text),
        }
    }
    assert_eq!(shop.stock_of(&mug).await, 5);
    shop.finish().await;
}
