use serde_json::json;
use shared::error::Error;
use shared::reward::requests::UpdateRule;
use tests::shop::Shop;
use tests::wire::Wire;

/// A rule that ends before it starts is none, whoever makes it end and whoever makes it start.
#[tokio::test]
async fn two_changes_make_a_rule_together_or_one_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let coupon = json!({"kind": "fixed", "value": "5", "valid_days": 30});
    let rule = json!({"name": "Any", "condition": {"kind": "min_items", "count": 1}, "coupon": coupon});
    let rule = admin.post("/reward-rules", &rule).await.is(201);
    let path = format!("/reward-rules/{}", rule["rule_id"].as_str().expect("an id"));
    let rule_id = serde_json::from_value(rule["rule_id"].clone()).expect("an id");
    let starts: UpdateRule = serde_json::from_value(json!({"starts_at": "2027-06-01T00:00:00Z"})).expect("a change");

    let (wire, wired) = Wire::to(&shop).await;
    let pause = wire.pauses("TransactWriteItems");
    let ends = pause.during(async {
        admin.patch(&path, &json!({"ends_at": "2027-05-01T00:00:00Z"})).await.is(200);
    });
    let (refused, ()) = tokio::join!(wired.store.update_rule(rule_id, &starts, shop.clock.now()), ends);
    assert!(matches!(refused, Err(Error::ValidationFailed(_))), "{refused:?}");
    let kept = admin.get(&path).await.is(200);
    assert_eq!((&kept["starts_at"], &kept["ends_at"]), (&json!(null), &json!("2027-05-01T00:00:00.000Z")));
    shop.finish().await;
}
