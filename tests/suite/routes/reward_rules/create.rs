//! `POST /reward-rules`.

use serde_json::{Value, json};
use tests::shop::Shop;

use super::{make, path_of, rule_on};
use crate::routes::{refuses_malformed_keys, refuses_unreadable_bodies, with, without};

#[tokio::test]
async fn the_whole_rule_is_answered_with_what_was_left_out_filled_in() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let rule = make(&admin, &rule_on(&json!({"kind": "min_order_total", "amount": 100}))).await;
    let expected = json!({
        "rule_id": rule["rule_id"], "name": "Thank you",
        "condition": {"kind": "min_order_total", "amount": "100.00"},
        "coupon": {"kind": "percent", "value": "10.00", "min_order_total": "20.00", "valid_days": 30},
        "active": true, "starts_at": null, "ends_at": null, "max_coupons": null, "once_per_user": false,
        "coupons_granted": 0, "created_at": rule["created_at"], "updated_at": rule["created_at"],
    });
    assert_eq!(rule, expected);
    assert_eq!(admin.get(&path_of(&rule)).await.is(200), rule);
    shop.finish().await;
}

#[tokio::test]
async fn a_rule_rewards_the_very_next_order() {
    let shop = Shop::open().await;
    let (admin, ada, mug) = (shop.admin().await, shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.buys(&mug, 1).await;
    shop.settle().await;
    let rule = make(&admin, &rule_on(&json!({"kind": "min_items", "count": 1}))).await;
    ada.buys(&mug, 1).await;
    shop.settle().await;
    let coupons = ada.get("/coupons").await.is(200);
    assert_eq!(coupons["items"][0]["rule_id"], rule["rule_id"]);
    assert_eq!(coupons["items"].as_array().unwrap().len(), 1, "the first order came before the rule");
    assert_eq!(admin.get(&path_of(&rule)).await.is(200)["coupons_granted"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_retry_under_its_key_makes_no_second_rule() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let request = rule_on(&json!({"kind": "first_order"}));
    let call = |request: &Value| admin.post("/reward-rules", request).key("k");
    let rule = call(&request).await.is_fresh(201);
    admin.patch(&path_of(&rule), &json!({"active": false})).await.is(200);
    assert_eq!(call(&request).await.is_replayed(201)["active"], false, "the rule as it is now");
    call(&with(&request, "name", json!("Another"))).await.is_refused(422, "idempotency_key_reused");
    assert_eq!(shop.snapshot().await.reward_rules.len(), 1);
    refuses_malformed_keys(&admin.post("/reward-rules", &request)).await;
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_rule_is_refused_by_the_name_of_its_field() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let good = rule_on(&json!({"kind": "min_items", "count": 2}));
    let refused = async |body: Value, field: &str| admin.post("/reward-rules", &body).await.is_invalid(field);
    for field in ["name", "condition", "coupon"] {
        refused(without(&good, field), field).await;
        for value in [json!(null), json!(7), json!([]), json!({})] {
            let answer = admin.post("/reward-rules", &with(&good, field, value)).await;
            answer.is_refused(422, "validation_failed");
        }
    }
    for (field, values) in [
        ("name", vec![json!(""), json!("x".repeat(201)), json!("a\nb")]),
        ("condition.kind", vec![json!(null), json!("any"), json!(1), json!({"first_order": null})]),
        ("condition.count", vec![json!(0), json!(-1), json!(1.5), json!("2"), json!(1e30)]),
        ("condition.amount", vec![json!("5.00")]),
        ("coupon.kind", vec![json!(null), json!("gift")]),
        ("coupon.value", vec![json!(null), json!(0), json!("100.01"), json!("1.234"), json!(-5), json!("ten")]),
        ("coupon.min_order_total", vec![json!("x"), json!(-1)]),
        ("coupon.valid_days", vec![json!(null), json!(0), json!(3651), json!(1.5)]),
        ("coupon.code", vec![json!("MINE")]),
        ("active", vec![json!("yes"), json!(1)]),
        ("starts_at", vec![json!("tomorrow"), json!(1), json!("")]),
        ("ends_at", vec![json!("2026-13-01T00:00:00Z")]),
        ("max_coupons", vec![json!(0), json!(-1), json!(1.5), json!("1")]),
        ("once_per_user", vec![json!("no")]),
        ("coupons_granted", vec![json!(0)]),
        ("rule_id", vec![json!("3fa85f64-5717-4562-b3fc-2c963f66afa6")]),
    ] {
        for value in values {
            refused(with(&good, field, value), field).await;
        }
    }
    let window = with(&good, "starts_at", json!("2026-11-20T00:00:00Z"));
    refused(with(&window, "ends_at", json!("2026-11-19T00:00:00Z")), "ends_at").await;
    refuses_unreadable_bodies(&admin.post("/reward-rules", &good)).await;
    assert!(shop.snapshot().await.reward_rules.is_empty());
    shop.finish().await;
}
