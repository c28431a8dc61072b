//! `GET /reward-rules`.

use serde_json::{Value, json};
use tests::shop::Shop;

use super::{make, rule_on};
use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors};

#[tokio::test]
async fn rules_come_newest_first_in_pages_of_any_size() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    assert_eq!(admin.get("/reward-rules").await.is(200), json!({"items": [], "next_cursor": null}));
    let mut rules: Vec<Value> = Vec::new();
    for count in 1..=5 {
        rules.insert(0, make(&admin, &rule_on(&json!({"kind": "min_items", "count": count}))).await);
        shop.pass(1);
    }
    let list = |query: &str| admin.get(&format!("/reward-rules?{query}"));
    for limit in 1..=6 {
        assert_eq!(all_pages(list, limit).await, rules, "{limit} at a time");
    }
    refuses_tampered_cursors(list).await;
    refuses_malformed_pages(list).await;
    shop.finish().await;
}

#[tokio::test]
async fn only_admins_see_them() {
    let shop = Shop::open().await;
    shop.shopper("ada").await.get("/reward-rules").await.is_refused(403, "forbidden");
    shop.seller("sofia").await.get("/reward-rules").await.is_refused(403, "forbidden");
    shop.finish().await;
}
