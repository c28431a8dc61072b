//! `DELETE /reward-rules/{rule_id}`.

use serde_json::json;
use tests::shop::Shop;

use super::{make, path_of, rule_on};

#[tokio::test]
async fn a_deleted_rule_grants_no_more_and_what_it_granted_stays_good() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let desk = shop.product("Desk").price("50.00").list().await;
    let rule = make(&admin, &rule_on(&json!({"kind": "min_items", "count": 1}))).await;
    ada.buys(&desk, 1).await;
    shop.settle().await;
    admin.delete(&path_of(&rule)).await.is_empty();
    admin.get(&path_of(&rule)).await.is_refused(404, "rule_not_found");
    admin.delete(&path_of(&rule)).await.is_refused(404, "rule_not_found");

    let coupons = ada.get("/coupons").await.is(200)["items"].clone();
    ada.adds(&desk, 1).await.is(201);
    let order = ada.checks_out(&json!({"coupon_code": coupons[0]["code"]})).await.is(201);
    assert_eq!(order["orders"][0]["discount"], "5.00");
    shop.settle().await;
    assert_eq!(ada.get("/coupons").await.is(200)["items"].as_array().unwrap().len(), 1);
    shop.finish().await;
}

#[tokio::test]
async fn only_admins_delete() {
    let shop = Shop::open().await;
    let rule = make(&shop.admin().await, &rule_on(&json!({"kind": "first_order"}))).await;
    for other in [shop.shopper("ada").await, shop.seller("sofia").await] {
        other.delete(&path_of(&rule)).await.is_refused(403, "forbidden");
    }
    assert_eq!(shop.snapshot().await.reward_rules.len(), 1);
    shop.finish().await;
}
