//! `GET /`.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn anyone_can_ask_whether_it_is_up() {
    let shop = Shop::open().await;
    let health = json!({"status": "ok", "service": "cartwright", "version": "0.1.0"});
    assert_eq!(shop.get("/").await.is(200), health);
    assert_eq!(shop.get("/?x=1").token("no token at all").await.is(200), health);
    shop.finish().await;
}

#[tokio::test]
async fn it_answers_without_any_table() {
    let shop = Shop::open().await;
    for table in tests::audit::Snapshot::TABLES {
        shop.dynamodb.delete_table().table_name(shop.table(table)).send().await.unwrap();
    }
    shop.get("/").await.is(200);
    let refused = shop.get("/products").await;
    refused.is_refused(500, "internal");
    assert!(refused.text.contains("\"request_id\":\"") && !refused.text.contains("test-"), "{}", refused.text);
    shop.close().await;
}
