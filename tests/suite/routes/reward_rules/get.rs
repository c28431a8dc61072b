//! `GET /reward-rules/{rule_id}`.

use serde_json::json;
use shared::ids::RuleId;
use tests::shop::Shop;

use super::{make, path_of, rule_on};

#[tokio::test]
async fn an_admin_sees_a_rule_and_nobody_else_does() {
    let shop = Shop::open().await;
    let (admin, ada, sofia) = (shop.admin().await, shop.shopper("ada").await, shop.seller("sofia").await);
    let rule = make(&admin, &rule_on(&json!({"kind": "first_order"}))).await;
    assert_eq!(admin.get(&path_of(&rule)).await.is(200), rule);
    for other in [&ada, &sofia] {
        other.get(&path_of(&rule)).await.is_refused(403, "forbidden");
        other.get("/reward-rules/7").await.is_refused(403, "forbidden");
    }
    for unknown in [RuleId::random().to_string(), "7".to_owned()] {
        admin.get(&format!("/reward-rules/{unknown}")).await.is_refused(404, "rule_not_found");
    }
    shop.finish().await;
}
