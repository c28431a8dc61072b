//! `POST /payments/webhook`: what Stripe says of payments.

use serde_json::json;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::order::Settlement;
use shared::shop::Shop;
use shared::store::{PaymentReport, Sum};
use shared::stripe;

/// Answers 200 for an event that was applied, was applied before, or is of no interest, so that Stripe
/// does not send it again.
///
/// # Errors
/// A signature that is not Stripe's, or a sum that is not the order's; then nothing is applied.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let body = request.raw_body()?;
    let Some(secret) = &shop.config.stripe_webhook_secret else {
        tracing::error!("STRIPE_WEBHOOK_SECRET is not set, so that no payment event can be verified");
        return Err(Error::InvalidSignature("This shop takes no payment events"));
    };
    stripe::verify(secret, request.header("stripe-signature"), body, shop.clock.now())?;
    let Some(event) = stripe::read_event(body)? else { return answer("ignored") };
    let Ok(order_id) = event.order_id.parse() else { return answer("ignored") };

    let report = PaymentReport {
        outcome: event.outcome,
        reference: event.reference.as_deref(),
        sum: Some(Sum { amount: event.amount, currency: &event.currency }),
        by: None,
    };
    let settled = match shop.store.settle_payment(order_id, report, shop.clock.now()).await {
        Err(Error::OrderNotFound) => return answer("ignored"),
        settled => settled?,
    };
    shop.order_events.announce(&settled.to_announce).await;
    answer(match settled.settlement {
        Settlement::AlreadyDone => "already_applied",
        Settlement::Contradiction => "ignored",
        Settlement::Place | Settlement::Cancel | Settlement::Revive | Settlement::Refund => "applied",
    })
}

fn answer(result: &str) -> Result<Response, Error> {
    http::ok(&json!({"result": result}))
}
