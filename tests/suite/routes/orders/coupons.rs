//! Using a coupon at checkout.

use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

const DAY: u64 = 24 * 60 * 60;

/// Ada with a coupon and 21.15 worth of mugs in her cart.
async fn with_coupon(shop: &Shop, coupon: Value) -> (User, Product, String) {
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").price("7.05").list().await;
    let code = shop.coupon_for(&ada, coupon).await;
    ada.adds(&mug, 3).await.is(201);
    (ada, mug, code)
}

#[tokio::test]
async fn percent_is_of_the_whole_rounded_half_up() {
    let shop = Shop::open().await;
    let (ada, _, code) = with_coupon(&shop, json!({"kind": "percent", "value": "10", "valid_days": 30})).await;
    let errors = ada.checks_out(&json!({"coupon_code": code, "expected_total": "21.15"})).await;
    assert_eq!(errors.is_refused(409, "price_changed")[0]["actual"], "19.03");
    let order =
        ada.checks_out(&json!({"coupon_code": code, "expected_total": "19.03"})).await.is(201)["orders"][0].clone();
    assert_eq!((&order["subtotal"], &order["discount"]), (&json!("21.15"), &json!("2.12")));
    shop.finish().await;
}

#[tokio::test]
async fn an_amount_is_taken_off_but_never_more_than_all() {
    let shop = Shop::open().await;
    let (ada, mug, code) = with_coupon(&shop, json!({"kind": "fixed", "value": "5.00", "valid_days": 30})).await;
    let order = ada.checks_out(&json!({"coupon_code": code})).await.is(201)["orders"][0].clone();
    assert_eq!(order["total_price"], "16.15");
    let large = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "500.00", "valid_days": 30})).await;
    ada.adds(&mug, 1).await.is(201);
    let order = ada.checks_out(&json!({"coupon_code": large})).await.is(201)["orders"][0].clone();
    assert_eq!((&order["discount"], &order["total_price"]), (&json!("7.05"), &json!("0.00")));
    shop.finish().await;
}

#[tokio::test]
async fn a_code_may_be_typed_in_small_letters() {
    let shop = Shop::open().await;
    let (ada, _, code) = with_coupon(&shop, json!({"kind": "fixed", "value": "5.00", "valid_days": 30})).await;
    let typed = format!(" {} ", code.to_lowercase());
    assert_eq!(ada.checks_out(&json!({"coupon_code": typed})).await.is(201)["orders"][0]["coupon_code"], json!(code));
    shop.finish().await;
}

#[tokio::test]
async fn an_unknown_or_anothers_code_is_not_found() {
    let shop = Shop::open().await;
    let (_, mug, code) = with_coupon(&shop, json!({"kind": "fixed", "value": "5.00", "valid_days": 30})).await;
    let ben = shop.shopper("ben").await;
    ben.adds(&mug, 1).await.is(201);
    for not_his in [code.as_str(), "REWARD-00000000", "x"] {
        ben.checks_out(&json!({"coupon_code": not_his})).await.is_refused(404, "coupon_not_found");
    }
    assert_eq!(ben.cart().await["item_count"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_is_used_once() {
    let shop = Shop::open().await;
    let (ada, mug, code) = with_coupon(&shop, json!({"kind": "fixed", "value": "5.00", "valid_days": 30})).await;
    let request = json!({"coupon_code": code});
    let placed = ada.checks_out(&request).key("k").await.is_fresh(201);
    ada.adds(&mug, 1).await.is(201);
    ada.checks_out(&request).await.is_refused(409, "coupon_already_redeemed");
    assert_eq!(ada.checks_out(&request).key("k").await.is_replayed(201), placed, "its own retry is no second use");
    assert_eq!(ada.cart().await["item_count"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_can_be_used_until_it_expires() {
    let shop = Shop::open().await;
    let (ada, _, code) = with_coupon(&shop, json!({"kind": "fixed", "value": "5.00", "valid_days": 2})).await;
    shop.pass(2 * DAY - 60);
    ada.checks_out(&json!({"coupon_code": code})).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn an_expired_coupon_is_refused() {
    let shop = Shop::open().await;
    let (ada, _, code) = with_coupon(&shop, json!({"kind": "fixed", "value": "5.00", "valid_days": 2})).await;
    shop.pass(2 * DAY);
    ada.checks_out(&json!({"coupon_code": code})).await.is_refused(422, "coupon_not_applicable");
    ada.checks_out(&json!({})).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_has_a_minimum() {
    let shop = Shop::open().await;
    let coupon = json!({"kind": "fixed", "value": "5.00", "valid_days": 30, "min_order_total": "28.20"});
    let (ada, mug, code) = with_coupon(&shop, coupon).await;
    ada.checks_out(&json!({"coupon_code": code})).await.is_refused(422, "coupon_not_applicable");
    ada.adds(&mug, 1).await.is(200);
    assert_eq!(ada.checks_out(&json!({"coupon_code": code})).await.is(201)["orders"][0]["total_price"], "23.20");
    shop.finish().await;
}
