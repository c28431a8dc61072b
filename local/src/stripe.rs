//! Stripe: what it tells the shop of a payment.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use serde_json::json;
use shared::error::Error;
use shared::order::{OrderSummary, Outcome, minor_units};
use shared::stripe::sign;
use shared::time::Timestamp;
use uuid::Uuid;

/// The request that Stripe makes once it knows the outcome of an order's payment. However often that is
/// asked for, it is about the same payment: an order has one.
///
/// # Errors
/// [`Error::Internal`] for what no request can be made of.
pub fn payment_event(
    order: &OrderSummary,
    outcome: Outcome,
    secret: &str,
    host: &str,
    now: Timestamp,
) -> Result<Request, Error> {
    let amount = minor_units(order.total_price, &order.currency);
    let (kind, status, received) = match outcome {
        Outcome::Succeeded => ("payment_intent.succeeded", "succeeded", amount),
        Outcome::Failed => ("payment_intent.payment_failed", "requires_payment_method", 0),
    };
    let event = json!({
        "id": format!("evt_{}", Uuid::new_v4().simple()),
        "object": "event",
        "created": now.epoch_seconds(),
        "type": kind,
        "livemode": false,
        "data": {"object": {
            "id": format!("pi_{:032x}", order.order_id.as_u128()),
            "object": "payment_intent",
            "amount": amount,
            "amount_received": received,
            "currency": order.currency.to_ascii_lowercase(),
            "status": status,
            "metadata": {"order_id": order.order_id},
        }},
    });
    let body = event.to_string();
    Request::post("/payments/webhook")
        .header(HOST, host)
        .header(USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header(CONTENT_LENGTH, body.len())
        .header("stripe-signature", sign(secret, body.as_bytes(), now)?)
        .body(Body::from(body))
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use shared::stripe::{PaymentEvent, read_event, verify};

    use super::*;

    const SECRET: &str = "whsec_test";

    fn order(currency: &str) -> OrderSummary {
        serde_json::from_value(json!({
            "order_id": "e166137c-dae1-550b-a7f4-a8b76fe54a86", "user_id": "3f0c1a52-6f0e-4c55-9a39-0a1d5c2b7e01",
            "seller_id": null, "status": "under_paying", "items_count": 1, "subtotal": "160.00", "discount": "11.00",
            "total_price": "149.00", "currency": currency, "coupon_code": null, "tracking": null,
            "payment": {"method": "online", "status": "pending", "deadline": null, "reference": null},
            "created_at": "2026-11-20T06:21:33.123Z", "updated_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap()
    }

    /// What the shop reads of the event, once it has verified it.
    async fn received(currency: &str, outcome: Outcome) -> (PaymentEvent, Value) {
        let now = Timestamp::from_millis(1_795_155_693_120);
        let request = payment_event(&order(currency), outcome, SECRET, "localhost:3000", now).unwrap();
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(parts.headers["content-length"], body.len().to_string());
        let signature = parts.headers["stripe-signature"].to_str().unwrap();
        verify(SECRET, Some(signature), &body, now).unwrap();
        assert!(verify("whsec_other", Some(signature), &body, now).is_err());
        (read_event(&body).unwrap().unwrap(), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn the_shop_can_verify_and_read_it() {
        let (paid, event) = received("USD", Outcome::Succeeded).await;
        assert_eq!((paid.outcome, paid.amount, paid.currency.as_str()), (Outcome::Succeeded, 14_900, "usd"));
        assert_eq!(paid.order_id, "e166137c-dae1-550b-a7f4-a8b76fe54a86");
        assert_eq!(event["data"]["object"]["amount_received"], 14_900);

        let (refused, event) = received("JPY", Outcome::Failed).await;
        assert_eq!((refused.outcome, refused.amount, refused.currency.as_str()), (Outcome::Failed, 149, "jpy"));
        assert_eq!(event["data"]["object"]["amount_received"], 0);
    }

    #[tokio::test]
    async fn an_order_has_one_payment_and_every_event_its_own_id() {
        let (first, event) = received("USD", Outcome::Failed).await;
        let (second, later) = received("USD", Outcome::Succeeded).await;
        assert_eq!(first.reference.as_deref(), Some("pi_e166137cdae1550ba7f4a8b76fe54a86"));
        assert_eq!(first.reference, second.reference);
        assert_ne!(event["id"], later["id"]);
    }
}
