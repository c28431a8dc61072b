//! `POST /_local/payments/{order_id}`: what Stripe would say of an order's payment.

use local::options::Options;
use serde_json::{Value, json};
use shared::ids::OrderId;
use shared::stripe;
use tests::api::Call;
use tests::shop::Shop;

use super::{buys, id, seen_by};

const DEADLINE: u64 = 900;

fn payment(shop: &Shop, order: &Value, outcome: &str) -> Call {
    shop.api.call("POST", &format!("/_local/payments/{}", id(order))).json(&json!({"outcome": outcome}))
}

fn applied(result: &str) -> Value {
    json!({"result": result})
}

#[tokio::test]
async fn a_success_places_the_order_once() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("19.99").stock(5).list().await);
    let order = buys(&ada, &mug, "online").await;
    assert_eq!(payment(&shop, &order, "succeeded").await.is(200), applied("applied"));
    let placed = seen_by(&ada, &order).await;
    assert_eq!((&placed["status"], &placed["payment"]["status"]), (&json!("placed"), &json!("succeeded")));
    let intent = format!("pi_{}", id(&order).replace('-', ""));
    assert_eq!(placed["payment"]["reference"], intent);

    assert_eq!(payment(&shop, &order, "succeeded").await.is(200), applied("already_applied"));
    assert_eq!(payment(&shop, &order, "failed").await.is(200), applied("ignored"));
    assert_eq!(seen_by(&ada, &order).await, placed);
    assert_eq!(shop.stock_of(&mug).await, 4);
    shop.finish().await;
}

#[tokio::test]
async fn a_failure_cancels_the_order_and_a_late_success_places_it_after_all() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).list().await);
    let order = buys(&ada, &mug, "online").await;
    assert_eq!(payment(&shop, &order, "failed").await.is(200), applied("applied"));
    let cancelled = seen_by(&ada, &order).await;
    assert_eq!((&cancelled["status"], &cancelled["payment"]["status"]), (&json!("cancelled"), &json!("failed")));
    assert_eq!(cancelled["status_history"][1]["reason"], "payment_failed");
    assert_eq!(shop.stock_of(&mug).await, 5);

    assert_eq!(payment(&shop, &order, "failed").await.is(200), applied("already_applied"));
    assert_eq!(payment(&shop, &order, "succeeded").await.is(200), applied("applied"));
    assert_eq!(seen_by(&ada, &order).await["status"], "placed");
    assert_eq!(shop.stock_of(&mug).await, 4);
    shop.finish().await;
}

#[tokio::test]
async fn a_success_after_the_deadline_takes_the_stock_that_is_left_or_is_to_be_refunded() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").stock(2).list().await;
    let (first, second) = (buys(&ada, &mug, "online").await, buys(&ada, &mug, "online").await);
    shop.pass(DEADLINE);
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 2);

    assert_eq!(payment(&shop, &first, "succeeded").await.is(200), applied("applied"));
    assert_eq!(seen_by(&ada, &first).await["status"], "placed");
    buys(&ben, &mug, "on_delivery").await;
    assert_eq!(payment(&shop, &second, "succeeded").await.is(200), applied("applied"));
    let late = seen_by(&ada, &second).await;
    assert_eq!((&late["status"], &late["payment"]["status"]), (&json!("cancelled"), &json!("refund_required")));
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_is_paid_on_delivery_is_none_of_stripes_business() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = buys(&ada, &mug, "on_delivery").await;
    for outcome in ["succeeded", "failed"] {
        assert_eq!(payment(&shop, &order, outcome).await.is(200), applied("ignored"));
    }
    assert_eq!(seen_by(&ada, &order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_order_or_no_outcome_is_refused() {
    let shop = Shop::open().await;
    for order_id in [OrderId::random().to_string(), "7".to_owned()] {
        let unknown = shop.api.call("POST", &format!("/_local/payments/{order_id}"));
        assert_eq!(unknown.json(&json!({"outcome": "failed"})).await.is(404), json!({"message": "No such order"}));
    }
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = buys(&ada, &mug, "online").await;
    let call = shop.api.call("POST", &format!("/_local/payments/{}", id(&order)));
    for (body, status, words) in [
        ("", 400, "EOF"),
        ("{", 400, "EOF"),
        ("{}", 422, "missing field `outcome`"),
        (r#"{"outcome": "lost"}"#, 422, "unknown variant `lost`, expected `succeeded` or `failed`"),
        (r#"{"outcome": "failed", "amount": 1}"#, 422, "unknown field `amount`"),
    ] {
        let message = call.clone().raw(body).await.is(status)["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(words), "{body}: {message}");
    }
    assert_eq!(seen_by(&ada, &order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn events_are_signed_with_the_secret_that_the_cloud_was_started_with() {
    let secret = "whsec_of_this_test";
    let shop = Shop::open_with(|options| Options { stripe_webhook_secret: secret.to_owned(), ..options }).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = buys(&ada, &mug, "online").await;
    let body = json!({"type": "charge.refunded"}).to_string();
    let webhook = |secret: &str| {
        let signature = stripe::sign(secret, body.as_bytes(), shop.clock.now()).expect("a signature");
        shop.api.call("POST", "/payments/webhook").header("stripe-signature", &signature).raw(body.clone())
    };
    webhook(&Options::default().stripe_webhook_secret).await.is_refused(400, "invalid_signature");
    assert_eq!(webhook(secret).await.is(200), applied("ignored"));
    assert_eq!(payment(&shop, &order, "succeeded").await.is(200), applied("applied"));
    shop.finish().await;
}
