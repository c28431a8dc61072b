//! Rules, and the coupons that they grant.

use serde_json::{Value, json};
use shared::ids::RuleId;

use super::{But, Case, Shop, ada_and_a_mug, case, coupon_of, five_off};

/// A rule that nobody meets.
fn rule() -> Value {
    json!({"name": "many", "condition": {"kind": "min_items", "count": 999}, "coupon": five_off()})
}

async fn made(shop: &Shop) -> String {
    let id: RuleId = shop.rule_with(rule()).await;
    format!("/reward-rules/{id}")
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("create-reward-rule", "a rule", 201, |shop| {
            shop.admin().await.post("/reward-rules", &rule()).key("k")
        }),
        case!("list-reward-rules", "of one", 200, |shop| {
            made(shop).await;
            shop.admin().await.get("/reward-rules")
        }),
        case!("get-reward-rule", "a rule", 200, |shop| {
            let path = made(shop).await;
            shop.admin().await.get(&path)
        }),
        case!("update-reward-rule", "switched off", 200, |shop| {
            let path = made(shop).await;
            shop.admin().await.patch(&path, &json!({"active": false}))
        }),
        case!("delete-reward-rule", "a rule", 204, But::Gone, |shop| {
            let path = made(shop).await;
            shop.admin().await.delete(&path)
        }),
        case!("list-coupons", "of one", 200, |shop| {
            let ada = shop.shopper("ada").await;
            coupon_of(shop, &ada).await;
            ada.get("/coupons")
        }),
        case!("get-coupon", "with something in the cart", 200, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            let code = coupon_of(shop, &ada).await;
            ada.adds(&mug, 1).await.is(201);
            ada.get(&format!("/coupons/{code}"))
        }),
    ]
}
