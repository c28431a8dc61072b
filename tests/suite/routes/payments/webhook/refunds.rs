//! Money that must go back is nobody's to find by chance: each time there is a warning, and a count
//! that raises an alarm.

use serde_json::{Value, json};
use tests::log::{heard, listen};
use tests::payment::{failed, path_of, succeeded};
use tests::shop::Shop;
use tests::user::User;

use crate::routes::with;

/// A shop whose log is kept, and Ada with an order that waits for its payment.
async fn logging_shop() -> (Shop, User, Value) {
    listen();
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let order = ada.orders_online(&shop.product("Mug").stock(1).list().await, 1).await;
    (shop, ada, order)
}

/// Sends an event; answers the warnings that were logged of it, and how many refunds were counted.
async fn logged(shop: &Shop, event: &Value) -> (Vec<Value>, f64) {
    heard();
    shop.stripe_sends(event).await.is(200);
    let (warnings, others): (Vec<Value>, Vec<Value>) = heard().into_iter().partition(|line| line["level"] == "WARN");
    let told =
        |line: Value| json!({"message": line["message"], "order_id": line["order_id"], "reference": line["reference"]});
    let refunds = others.iter().filter_map(|line| line["RefundRequired"].as_f64()).sum();
    (warnings.into_iter().map(told).collect(), refunds)
}

/// Sends an event, and expects a warning of a refund and its count.
async fn warns(shop: &Shop, event: &Value, message: &str) {
    let intent = &event["data"]["object"];
    let warning = json!({"order_id": intent["metadata"]["order_id"], "reference": intent["id"], "message": message});
    assert_eq!(logged(shop, event).await, (vec![warning], 1.0));
}

/// Sends an event, and expects neither.
async fn is_quiet(shop: &Shop, event: &Value) {
    assert_eq!(logged(shop, event).await, (vec![], 0.0));
}

#[tokio::test]
async fn a_payment_of_a_cancelled_order_is_noticed_once() {
    let (shop, ada, order) = logging_shop().await;
    ada.calls_off(&order).await.is(200);
    warns(&shop, &succeeded(&order), "a cancelled order was paid; refund it").await;
    is_quiet(&shop, &succeeded(&order)).await;
    is_quiet(&shop, &failed(&order)).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_late_payment_whose_stock_is_gone_is_noticed() {
    let (shop, ada, order) = logging_shop().await;
    is_quiet(&shop, &failed(&order)).await;
    let mug = order["items"][0]["product_id"].clone();
    let rival = json!({"product_id": mug, "quantity": 1, "payment_method": "online"});
    let rival = ada.post("/orders", &rival).await.is(201);
    warns(&shop, &succeeded(&order), "a cancelled order was paid; refund it").await;

    is_quiet(&shop, &failed(&rival)).await;
    is_quiet(&shop, &succeeded(&rival)).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_second_payment_is_noticed() {
    let (shop, ada, order) = logging_shop().await;
    is_quiet(&shop, &succeeded(&order)).await;
    is_quiet(&shop, &succeeded(&order)).await;
    let another = with(&succeeded(&order), "data.object.id", json!("pi_2"));
    warns(&shop, &another, "a payment too many for an order; refund it").await;
    is_quiet(&shop, &with(&failed(&order), "data.object.id", json!("pi_2"))).await;

    // Cancelled by hand, it goes back as a whole, and the second payment with it.
    ada.calls_off(&order).await.is(200);
    is_quiet(&shop, &succeeded(&order)).await;
    warns(&shop, &another, "a payment too many for an order; refund it").await;
    shop.finish().await;
}

#[tokio::test]
async fn a_payment_of_what_is_paid_on_delivery_is_noticed() {
    let (shop, ada, _) = logging_shop().await;
    let order = ada.buys(&shop.product("Pen").list().await, 1).await;
    warns(&shop, &succeeded(&order), "a payment too many for an order; refund it").await;
    is_quiet(&shop, &failed(&order)).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_payment_of_a_deleted_order_is_noticed() {
    let (shop, ada, order) = logging_shop().await;
    let admin = shop.admin().await;
    ada.calls_off(&order).await.is(200);
    admin.delete(&path_of(&order)).await.is_empty();
    warns(&shop, &succeeded(&order), "a deleted order was paid; refund it").await;
    is_quiet(&shop, &failed(&order)).await;
    shop.finish().await;
}
