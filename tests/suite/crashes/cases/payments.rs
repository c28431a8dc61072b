//! Payments: what Stripe says of them, and what an admin does; in time, refused, and too late.

use serde_json::{Value, json};
use tests::payment::{DEADLINE, failed, succeeded};
use tests::user::User;

use super::{Act, But, Case, Shop, ada_and_a_mug, case, coupon_of};

/// Ada, and an order that used a coupon and waits for its payment.
async fn unpaid(shop: &Shop) -> (User, Value) {
    let (ada, mug) = ada_and_a_mug(shop).await;
    let code = coupon_of(shop, &ada).await;
    let request = json!({"product_id": mug.id, "quantity": 2, "coupon_code": code, "payment_method": "online"});
    let order = ada.post("/orders", &request).await.is(201);
    (ada, order)
}

/// One whose payment failed.
async fn refused(shop: &Shop) -> Value {
    let (_, order) = unpaid(shop).await;
    shop.stripe_sends(&failed(&order)).await.is(200);
    order
}

/// One that Ada called off.
async fn called_off(shop: &Shop) -> Value {
    let (ada, order) = unpaid(shop).await;
    ada.cancels(&order).await.is(200);
    order
}

/// An admin says what became of the payment.
async fn by_hand(shop: &Shop, order: &Value, outcome: &str) -> Act {
    shop.admin().await.settles(order, &json!({"outcome": outcome, "reference": "pi_1"})).into()
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("receive-payment-event", "it succeeded", 200, But::DoneBefore, |shop| {
            shop.stripe_sends(&succeeded(&unpaid(shop).await.1))
        }),
        case!("receive-payment-event", "it failed", 200, But::DoneBefore, |shop| {
            shop.stripe_sends(&failed(&unpaid(shop).await.1))
        }),
        case!("receive-payment-event", "it failed and succeeds after all", 200, But::DoneBefore, |shop| {
            shop.stripe_sends(&succeeded(&refused(shop).await))
        }),
        case!("receive-payment-event", "it succeeds after the order was called off", 200, But::DoneBefore, |shop| {
            shop.stripe_sends(&succeeded(&called_off(shop).await))
        }),
        case!("settle-payment", "it succeeded", 200, |shop| {
            by_hand(shop, &unpaid(shop).await.1, "succeeded").await
        }),
        case!("settle-payment", "it failed", 200, |shop| { by_hand(shop, &unpaid(shop).await.1, "failed").await }),
        case!("settle-payment", "it failed and succeeds after all", 200, |shop| {
            by_hand(shop, &refused(shop).await, "succeeded").await
        }),
        case!("settle-payment", "it succeeds after the order was called off", 200, |shop| {
            by_hand(shop, &called_off(shop).await, "succeeded").await
        }),
        case!("cancel-order", "that was paid online", 200, |shop| {
            let (ada, order) = unpaid(shop).await;
            shop.stripe_sends(&succeeded(&order)).await.is(200);
            ada.cancels(&order)
        }),
        case!("expire-unpaid-orders", "an order that used a coupon", 200, But::DoneBefore, |shop| {
            unpaid(shop).await;
            shop.pass(DEADLINE);
            Act::tick(shop, "expire-unpaid-orders")
        }),
    ]
}
