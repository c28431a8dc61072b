//! What cannot be checked out, and that then nothing changes.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn an_empty_cart_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.checks_out(&json!({})).await.is_refused(400, "cart_empty");
    ada.buys(&mug, 1).await;
    ada.checks_out(&json!({})).await.is_refused(400, "cart_empty");
    shop.finish().await;
}

#[tokio::test]
async fn without_an_address_anywhere_it_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.newcomer("ada").await;
    ada.adds(&mug, 1).await.is(201);
    ada.checks_out(&json!({})).await.is_refused(422, "address_required");
    ada.checks_out(&json!({"contact": {"name": "Ada"}})).await.is_refused(422, "address_required");
    assert_eq!(ada.cart().await["items"][0]["is_stock_reserved"], true);
    let address = json!({"line1": "1 Main St", "city": "Springfield", "postal_code": "1", "country": "US"});
    ada.checks_out(&json!({"address": address})).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_total_that_is_not_the_expected_one_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.10").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    for expected in ["20.19", "20.21", "0.00"] {
        let errors = ada.checks_out(&json!({"expected_total": expected})).await.is_refused(409, "price_changed");
        assert_eq!(errors, json!([{"field": "expected_total", "expected": expected, "actual": "20.20"}]));
    }
    ada.checks_out(&json!({"expected_total": 20.2})).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_price_that_rose_after_the_hold_is_noticed() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.00").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    shop.reprice(&mug, "12.00").await;
    let shown = ada.cart().await["subtotal"].clone();
    shop.pass(1_800);
    let errors = ada.checks_out(&json!({"expected_total": shown})).await.is_refused(409, "price_changed");
    assert_eq!(errors, json!([{"field": "expected_total", "expected": "20.00", "actual": "24.00"}]));
    let placed = ada.checks_out(&json!({"expected_total": "24.00"})).await.is(201);
    assert_eq!(placed["orders"][0]["total_price"], "24.00");
    shop.finish().await;
}

#[tokio::test]
async fn a_price_that_rose_during_the_hold_is_not() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.00").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    shop.reprice(&mug, "12.00").await;
    let placed = ada.checks_out(&json!({"expected_total": "20.00"})).await.is(201);
    assert_eq!(placed["orders"][0]["total_price"], "20.00");
    shop.finish().await;
}

#[tokio::test]
async fn a_withdrawn_product_must_be_taken_out_first() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").list().await, shop.product("Cup").stock(9).list().await);
    let ada = shop.shopper("ada").await;
    let gone = ada.adds(&mug, 1).await.is(201);
    ada.adds(&cup, 2).await.is(201);
    shop.archive(&mug).await;
    let errors = ada.checks_out(&json!({})).await.is_refused(422, "validation_failed");
    assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
    assert!(errors[0]["message"].as_str().unwrap().contains("Mug"), "{errors}");
    assert_eq!(ada.cart().await["item_count"], 2);
    ada.removes(&gone["item_id"]).await.is_empty();
    ada.checks_out(&json!({})).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_withdrawn_product_is_refused_after_the_hold_too() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    shop.archive(&mug).await;
    shop.pass(1_800);
    ada.checks_out(&json!({})).await.is_refused(422, "validation_failed");
    shop.fire("release-reservations").await;
    ada.checks_out(&json!({})).await.is_refused(422, "validation_failed");
    shop.finish().await;
}
