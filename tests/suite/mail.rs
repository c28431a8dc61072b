//! What buyers are told by mail, how often, and what becomes of a mail that SES does not take.

mod coupons;
mod orders;
mod trouble;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::shop::Shop;
use tests::user::User;

/// What only mails about orders say.
const ORDER: &str = "Order number";

/// What only mails with coupons say.
const COUPON: &str = "REWARD-";

/// A shop that rewards every order.
async fn generous_shop() -> Shop {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), json!({"kind": "percent", "value": "10", "valid_days": 30}))
        .await;
    shop
}

/// An event of the orders table's stream, by which an order came from one status to another; from none, if
/// it was new.
fn news(order: &Value, user: &User, from: Option<&str>, to: &str) -> Value {
    let image = |status: &str| {
        json!({
            "order_id": {"S": order["order_id"]}, "status": {"S": status},
            "contact": {"M": {"email": {"S": user.email}, "name": {"NULL": true}}},
        })
    };
    json!({"Records": [{
        "eventID": "1", "eventName": if from.is_some() { "MODIFY" } else { "INSERT" }, "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-11-20T00:00:00.000",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_162_261, "SequenceNumber": "100000000000000000001", "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES", "Keys": {"order_id": {"S": order["order_id"]}},
            "OldImage": from.map_or(json!({}), image), "NewImage": image(to),
        },
    }]})
}

/// Tells the function of an order; answers whether it wants to hear it again.
async fn fails(shop: &Shop, event: &Value) -> bool {
    shop.invoke("send-order-mail", event.clone()).await["batchItemFailures"] != json!([])
}

fn id(order: &Value) -> &str {
    order["order_id"].as_str().expect("an id")
}

/// Forgets that a mail about an order was sent.
async fn forget(shop: &Shop, order: &Value, notice: &str) {
    shop.forget("orders", "order_id", id(order), &format!("{notice}_emailed_at")).await;
}

/// An order as it is kept.
async fn kept(shop: &Shop, order: &Value) -> Value {
    let orders = shop.snapshot().await.orders;
    orders.into_iter().find(|kept| kept["order_id"] == order["order_id"]).expect("the order is kept")
}

async fn moves(admin: &User, order: &Value, to: &Value) {
    admin.patch(&format!("/orders/{}", id(order)), to).await.is(200);
}

async fn cancels(user: &User, order: &Value, body: &Value) {
    user.patch(&format!("/orders/{}/cancel", id(order)), body).await.is(200);
}

/// How often a mail went out, by address.
fn counts(shop: &Shop, about: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for mail in shop.mailbox().newest_first().into_iter().filter(|mail| mail.text.contains(about)) {
        *counts.entry(mail.to).or_default() += 1;
    }
    counts
}

/// Gives an order the claim of a function that died after it wrote it.
async fn claim(shop: &Shop, order: &Value, notice: &str, until: impl ToString) {
    let until = AttributeValue::S(until.to_string());
    shop.set("orders", "order_id", id(order), &format!("{notice}_mail_claimed_until"), until).await;
}
