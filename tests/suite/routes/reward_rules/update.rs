//! `PATCH /reward-rules/{rule_id}`.

use serde_json::{Value, json};
use shared::ids::RuleId;
use tests::shop::Shop;

use super::{make, path_of, rule_on};
use crate::routes::{refuses_unreadable_bodies, with};

#[tokio::test]
async fn what_is_named_changes_and_the_rest_stays() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut rule = make(&admin, &with(&rule_on(&json!({"kind": "first_order"})), "max_coupons", json!(5))).await;
    let path = path_of(&rule);
    assert_eq!(admin.patch(&path, &json!({})).await.is(200), rule, "nothing changes, not even updated_at");
    for (field, sent, shown) in [
        ("name", json!("Spring"), json!("Spring")),
        ("condition", json!({"kind": "min_items", "count": 3}), json!({"kind": "min_items", "count": 3})),
        (
            "coupon",
            json!({"kind": "fixed", "value": 5, "valid_days": 7}),
            json!({"kind": "fixed", "value": "5.00", "min_order_total": null, "valid_days": 7}),
        ),
        ("active", json!(false), json!(false)),
        ("starts_at", json!("2026-11-20T01:00:00+01:00"), json!("2026-11-20T00:00:00.000Z")),
        ("ends_at", json!("2026-12-01T00:00:00Z"), json!("2026-12-01T00:00:00.000Z")),
        ("starts_at", json!(null), json!(null)),
        ("max_coupons", json!(null), json!(null)),
        ("once_per_user", json!(true), json!(true)),
    ] {
        shop.pass(1);
        let changed = admin.patch(&path, &json!({field: sent})).await.is(200);
        assert!(changed["updated_at"].as_str() > rule["updated_at"].as_str(), "{field}");
        rule = with(&with(&rule, field, shown), "updated_at", changed["updated_at"].clone());
        assert_eq!(changed, rule, "{field}");
    }
    assert_eq!(admin.get(&path).await.is(200), rule);
    shop.finish().await;
}

#[tokio::test]
async fn what_makes_no_rule_is_refused_and_changes_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let rule =
        make(&admin, &with(&rule_on(&json!({"kind": "first_order"})), "starts_at", json!("2026-11-20T00:00:00Z")))
            .await;
    let path = path_of(&rule);
    for (body, field) in [
        (json!({"name": null}), "name"),
        (json!({"active": null}), "active"),
        (json!({"condition": null}), "condition"),
        (json!({"coupon": null}), "coupon"),
        (json!({"condition": {"kind": "every_nth_order"}}), "condition.n"),
        (json!({"condition": {"kind": "first_order", "n": 2}}), "condition.n"),
        (json!({"coupon": {"kind": "percent", "value": 0, "valid_days": 1}}), "coupon.value"),
        (json!({"coupon": {"kind": "percent", "value": 10}}), "coupon.valid_days"),
        (json!({"ends_at": "2026-11-20T00:00:00Z"}), "ends_at"),
        (json!({"coupons_granted": 0}), "coupons_granted"),
        (json!({"created_at": "2026-11-20T00:00:00Z"}), "created_at"),
    ] {
        admin.patch(&path, &body).await.is_invalid(field);
    }
    refuses_unreadable_bodies(&admin.patch(&path, &json!({}))).await;
    assert_eq!(admin.get(&path).await.is(200), rule);
    admin.patch(&format!("/reward-rules/{}", RuleId::random()), &json!({})).await.is_refused(404, "rule_not_found");
    shop.shopper("ada").await.patch(&path, &json!({})).await.is_refused(403, "forbidden");
    shop.finish().await;
}

/// A change must not undo the count of what was granted while it was made.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_grants_while_it_is_changed_keeps_counting() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").list().await);
    let rule = make(&admin, &rule_on(&json!({"kind": "min_items", "count": 1}))).await;
    let ada = shop.shopper("ada").await;
    for round in 0..10 {
        let change: Value = json!({"name": format!("Round {round}")});
        let path = path_of(&rule);
        let (_, changed) = tokio::join!(ada.buys(&mug, 1), admin.patch(&path, &change));
        changed.is(200);
    }
    shop.settle().await;
    assert_eq!(admin.get(&path_of(&rule)).await.is(200)["coupons_granted"], 10);
    shop.finish().await;
}
