//! `GET /coupons`.

use serde_json::{Value, json};
use tests::shop::Shop;

use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors};

const DAY: u64 = 24 * 60 * 60;

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "min_order_total": "20", "valid_days": 30})
}

#[tokio::test]
async fn a_coupon_says_what_it_is_worth_and_where_it_comes_from() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    assert_eq!(ada.get("/coupons").await.is(200), json!({"items": [], "next_cursor": null}));
    let rule_id = shop.rule(json!({"kind": "first_order"}), five_off()).await;
    let order = ada.buys(&shop.product("Mug").list().await, 1).await;
    shop.settle().await;
    let listed = ada.get("/coupons").await.is(200);
    let coupon = &listed["items"][0];
    let expected = json!({
        "code": coupon["code"], "kind": "fixed", "value": "5.00", "min_order_total": "20.00", "status": "active",
        "expires_at": coupon["expires_at"], "order_id": order["order_id"], "redeemed_order_id": null,
        "rule_id": rule_id, "created_at": coupon["created_at"],
    });
    assert_eq!(*coupon, expected);
    shop.finish().await;
}

#[tokio::test]
async fn its_status_follows_what_becomes_of_it() {
    let shop = Shop::open().await;
    let (ada, desk) = (shop.shopper("ada").await, shop.product("Desk").price("50.00").list().await);
    shop.rule(json!({"kind": "contains_product", "product_id": desk.id}), five_off()).await;
    let first = ada.buys(&desk, 1).await;
    shop.settle().await;
    let statuses = async || -> Vec<Value> {
        let listed = ada.get("/coupons").await.is(200);
        listed["items"].as_array().unwrap().iter().map(|coupon| coupon["status"].clone()).collect()
    };
    assert_eq!(statuses().await, ["active"]);
    let code = ada.get("/coupons").await.is(200)["items"][0]["code"].clone();
    ada.adds(&shop.product("Pen").price("30.00").list().await, 1).await.is(201);
    let second = ada.checks_out(&json!({"coupon_code": code})).await.is(201)["orders"][0].clone();
    shop.settle().await;
    assert_eq!(statuses().await, ["redeemed"]);
    let redeemed = ada.get("/coupons").await.is(200)["items"][0].clone();
    assert_eq!(redeemed["redeemed_order_id"], second["order_id"]);
    let cancel = |order: &Value| format!("/orders/{}/cancel", order["order_id"].as_str().unwrap());
    ada.patch(&cancel(&second), &json!({})).await.is(200);
    assert_eq!(statuses().await, ["active"]);
    shop.pass(31 * DAY);
    assert_eq!(statuses().await, ["expired"], "told from the time");
    assert_eq!(shop.snapshot().await.coupons[0]["status"], "active", "and not written");
    ada.patch(&cancel(&first), &json!({})).await.is(200);
    assert_eq!(statuses().await, ["revoked"]);
    shop.finish().await;
}

#[tokio::test]
async fn everyone_sees_their_own_newest_first_in_pages_of_any_size() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").list().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), five_off()).await;
    for buyer in [&ada, &ben, &ada, &ada, &ben] {
        buyer.buys(&mug, 1).await;
        shop.settle().await;
        shop.pass(1);
    }
    let list = |query: &str| ada.get(&format!("/coupons?{query}"));
    let all = all_pages(list, 100).await;
    assert_eq!(all.len(), 3);
    assert!(all.windows(2).all(|pair| pair[0]["created_at"].as_str() > pair[1]["created_at"].as_str()));
    for limit in 1..=4 {
        assert_eq!(all_pages(list, limit).await, all, "{limit} at a time");
    }
    let cursor = list("limit=1").await.is(200)["next_cursor"].as_str().unwrap().to_owned();
    ben.get(&format!("/coupons?cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    refuses_tampered_cursors(list).await;
    refuses_malformed_pages(list).await;
    shop.finish().await;
}
