//! `POST /payments/webhook`: what Stripe says of payments.

use schemars::JsonSchema;
use serde::Serialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::order::Settlement;
use shared::shop::Shop;
use shared::store::{PaymentReport, Sum};
use shared::stripe::{self, StripeEvent};

/// What became of an event.
#[derive(JsonSchema, Serialize)]
struct Received {
    result: EventResult,
}

#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum EventResult {
    /// It says nothing that matters to the shop.
    Ignored,
    /// The order is settled by it.
    Applied,
    /// The order was settled before.
    AlreadyApplied,
}

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
    let Some(event) = stripe::read_event(body)? else { return answer(EventResult::Ignored) };
    let Ok(order_id) = event.order_id.parse() else { return answer(EventResult::Ignored) };

    let report = PaymentReport {
        outcome: event.outcome,
        reference: event.reference.as_deref(),
        sum: Some(Sum { amount: event.amount, currency: &event.currency }),
        by: None,
    };
    let settled = match shop.store.settle_payment(order_id, report, shop.clock.now()).await {
        Err(Error::OrderNotFound) => return answer(EventResult::Ignored),
        settled => settled?,
    };
    shop.order_events.announce(&settled.to_announce).await;
    answer(match settled.settlement {
        Settlement::AlreadyDone => EventResult::AlreadyApplied,
        Settlement::Contradiction => EventResult::Ignored,
        Settlement::Place | Settlement::Cancel | Settlement::Revive | Settlement::Refund => EventResult::Applied,
    })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "What Stripe says of payments: `payment_intent.succeeded` and `payment_intent.payment_failed`, whose \
        `metadata.order_id` names the order. Other events are of no interest, and answered alike so that Stripe does \
        not send them again. Stripe's signature takes the place of a token.";
    Operation::new(Tag::Payments, "Receive an event of Stripe's", ABOUT)
        .header::<String>("Stripe-Signature", "A time `t=` and signatures `v1=`: HMAC-SHA256 of time, dot and body.")
        .takes::<StripeEvent>()
        .answers_ok::<Received>("What became of it.")
        .refuses(&["invalid_signature", "conflict"])
}

fn answer(result: EventResult) -> Result<Response, Error> {
    http::ok(&Received { result })
}
