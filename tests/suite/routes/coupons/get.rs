//! `GET /coupons/{code}`.

use serde_json::{Value, json};
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

async fn preview(user: &User, code: &str) -> Value {
    user.get(&format!("/coupons/{code}")).await.is(200)
}

fn says(preview: &Value, applicable: bool, discount: &str, reason: &str) {
    assert_eq!((&preview["applicable"], &preview["discount"]), (&json!(applicable), &json!(discount)), "{preview}");
    let told = preview["reason"].as_str().unwrap_or_default();
    assert!(told.contains(reason) && told.is_empty() == applicable, "{preview}");
}

#[tokio::test]
async fn it_is_told_against_the_cart_of_now() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("7.05").list().await);
    let coupon = json!({"kind": "percent", "value": "10", "min_order_total": "20", "valid_days": 30});
    let code = shop.coupon_for(&ada, coupon).await;
    says(&preview(&ada, &code).await, false, "0.00", "The cart is empty");
    ada.adds(&mug, 2).await.is(201);
    says(&preview(&ada, &code).await, false, "0.00", "at least 20.00");
    ada.adds(&mug, 1).await.is(200);
    let shown = preview(&ada, &code.to_ascii_lowercase()).await;
    says(&shown, true, "2.12", "");
    assert!(shown.get("reason").is_none());
    assert_eq!((&shown["code"], &shown["status"]), (&json!(code), &json!("active")));

    let order = ada.checks_out(&json!({"coupon_code": code})).await.is(201);
    assert_eq!(order["orders"][0]["discount"], shown["discount"]);
    ada.adds(&mug, 5).await.is(201);
    says(&preview(&ada, &code).await, false, "0.00", "used already");
    shop.finish().await;
}

#[tokio::test]
async fn lines_whose_hold_has_ended_count_at_the_price_of_today() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("10.00").list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "percent", "value": "50", "valid_days": 30})).await;
    ada.adds(&mug, 1).await.is(201);
    shop.reprice(&mug, "20.00").await;
    says(&preview(&ada, &code).await, true, "5.00", "");
    shop.pass(1_801);
    says(&preview(&ada, &code).await, true, "10.00", "");
    shop.finish().await;
}

#[tokio::test]
async fn an_expired_or_revoked_one_says_so_whatever_is_in_the_cart() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").list().await;
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "1", "valid_days": 1})).await;
    shop.pass(24 * 60 * 60);
    for _ in 0..2 {
        says(&preview(&ada, &code).await, false, "0.00", "expired");
        ada.adds(&mug, 1).await;
    }
    let other = shop.shopper("ben").await;
    let code = shop.coupon_for(&other, json!({"kind": "fixed", "value": "1", "valid_days": 1})).await;
    let earned_by = preview(&other, &code).await["order_id"].as_str().unwrap().to_owned();
    other.patch(&format!("/orders/{earned_by}/cancel"), &json!({})).await.is(200);
    says(&preview(&other, &code).await, false, "0.00", "withdrawn");
    shop.finish().await;
}

/// Nobody learns which codes there are: another's is answered like one that does not exist, after the
/// same reads.
#[tokio::test]
async fn anothers_code_is_like_one_that_does_not_exist() {
    let shop = Shop::open().await;
    let (ada, eve, admin) = (shop.shopper("ada").await, shop.shopper("eve").await, shop.admin().await);
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "1", "valid_days": 30})).await;
    let unknown = eve.get("/coupons/REWARD-00000000").await;
    for guess in [eve.get(&format!("/coupons/{code}")).await, admin.get(&format!("/coupons/{code}")).await] {
        assert_eq!((guess.status, &guess.text), (unknown.status, &unknown.text));
        guess.is_refused(404, "coupon_not_found");
    }
    let (wire, wired) = Wire::to(&shop).await;
    let now = shop.clock.now();
    wired.store.preview_coupon(eve.id, "REWARD-00000000", now).await.unwrap_err();
    let reads = wire.calls();
    wired.store.preview_coupon(eve.id, &code, now).await.unwrap_err();
    assert_eq!(wire.calls(), reads);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_code_is_not_found() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    for odd in ["x", "REWARD-", "%20", "%00", "REWARD-%F0%9F%8E%81", &"A".repeat(5_000)] {
        ada.get(&format!("/coupons/{odd}")).await.is_refused(404, "coupon_not_found");
    }
    shop.finish().await;
}
