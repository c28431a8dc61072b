//! Stripe's webhook: whether an event comes from Stripe, and what it says of a payment.
//!
//! The scheme and the events are Stripe's ("Verify webhook signatures manually", "The PaymentIntent
//! object"). Stripe's own Rust crates are either not released or bring all of its API along, for
//! one HMAC and four fields.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::error::Error;
use crate::http::read_json;
use crate::openapi::inline_schema;
use crate::order::Outcome;
use crate::text::Text;
use crate::time::Timestamp;

/// How old a signature may be, or how far ahead of this clock.
const TOLERANCE: Duration = Duration::from_mins(5);

/// What an event says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// What became of it.
    pub outcome: Outcome,
    /// The payment intent, `pi_…`.
    pub reference: Option<String>,
    /// The order that it names, whether or not there is such an order.
    pub order_id: String,
    /// The sum in the currency's smallest unit.
    pub amount: i64,
    /// The currency, ISO 4217 in small letters.
    pub currency: String,
}

/// An event, as far as the shop reads it: for openapi.yaml.
pub struct StripeEvent;

inline_schema!(StripeEvent: {
    "type": "object",
    "description": "An event, as far as the shop reads it.",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "description": "What happened."},
        "data": {"type": "object", "properties": {"object": {
            "type": "object",
            "description": "A payment intent.",
            "properties": {
                "id": {"type": "string", "maxLength": 255, "description": "What the order's `payment.reference` becomes."},
                "amount": {"type": "integer", "description": "The sum in the currency's smallest unit; the order's."},
                "currency": {"type": "string", "description": "Its currency; the order's."},
                "metadata": {"type": "object", "properties": {
                    "order_id": {"type": "string", "description": "The order."},
                }},
            },
        }}},
    },
});

/// What all events have.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
}

/// An event about a payment. What it is read as depends on how much of it matters.
#[derive(Deserialize)]
struct About<T> {
    data: Data<T>,
}

#[derive(Deserialize)]
struct Data<T> {
    object: T,
}

/// A payment intent that names an order.
#[derive(Deserialize)]
struct Addressed {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    order_id: String,
}

/// A payment intent that says what was paid.
#[derive(Deserialize)]
struct PaymentIntent {
    id: Option<Text<255>>,
    amount: i64,
    currency: String,
}

/// Checks that `body` was signed with `secret` no longer than five minutes ago. `header` is
/// `Stripe-Signature`: a time `t=` in seconds, and one or more signatures `v1=`, of which one must fit.
///
/// # Errors
/// [`Error::InvalidSignature`].
pub fn verify(secret: &str, header: Option<&str>, body: &[u8], now: Timestamp) -> Result<(), Error> {
    let header = header.ok_or(Error::InvalidSignature("The Stripe-Signature header is missing"))?;
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time = parts().find(|(name, _)| *name == "t").map(|(_, time)| time);
    let signed_at = time.and_then(|time| time.parse::<i64>().ok()?.checked_mul(1000));
    let (Some(time), Some(signed_at)) = (time, signed_at) else {
        return Err(Error::InvalidSignature("The Stripe-Signature header has no time"));
    };
    let signed = mac(secret, time, body)?;
    let fits = |signature: &str| decode_hex(signature).is_some_and(|bytes| signed.clone().verify_slice(&bytes).is_ok());
    if !parts().any(|(name, signature)| name == "v1" && fits(signature)) {
        return Err(Error::InvalidSignature("The signature does not fit the body"));
    }
    if Duration::from_millis(now.millis().abs_diff(signed_at)) > TOLERANCE {
        return Err(Error::InvalidSignature("The signature is more than five minutes old"));
    }
    Ok(())
}

/// The `Stripe-Signature` header for `body`, as Stripe would send it at `now`.
///
/// # Errors
/// [`Error::Internal`] for a secret that no signature can be made with.
pub fn sign(secret: &str, body: &[u8], now: Timestamp) -> Result<String, Error> {
    let time = now.epoch_seconds().to_string();
    let signature = mac(secret, &time, body)?.finalize().into_bytes();
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={time},v1={hex}"))
}

/// Reads an event; none if it says nothing of a payment for an order.
///
/// # Errors
/// [`Error::InvalidJson`], or [`Error::ValidationFailed`] for an event about an order's payment that does
/// not say how much was paid.
pub fn read_event(body: &[u8]) -> Result<Option<PaymentEvent>, Error> {
    let outcome = match read_json::<Event>(body)?.value.kind.as_str() {
        "payment_intent.succeeded" => Outcome::Succeeded,
        "payment_intent.payment_failed" => Outcome::Failed,
        _ => return Ok(None),
    };
    let Ok(addressed) = read_json::<About<Addressed>>(body) else { return Ok(None) };
    let PaymentIntent { id, amount, currency } = read_json::<About<PaymentIntent>>(body)?.value.data.object;
    Ok(Some(PaymentEvent {
        outcome,
        reference: id.map(|id| id.to_string()),
        order_id: addressed.value.data.object.metadata.order_id,
        amount,
        currency,
    }))
}

fn mac(secret: &str, time: &str, body: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(Error::internal)?;
    Ok(mac.chain_update(time).chain_update(".").chain_update(body))
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "whsec_test";
    const BODY: &[u8] = b"{\"id\": \"evt_1\"}";

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_155_693_120)
    }

    fn refusal(header: Option<&str>, body: &[u8], millis_later: i64) -> Option<&'static str> {
        match verify(SECRET, header, body, Timestamp::from_millis(now().millis() + millis_later)) {
            Ok(()) => None,
            Err(Error::InvalidSignature(reason)) => Some(reason),
            Err(error) => panic!("{error}"),
        }
    }

    /// The signature of a text made by another implementation: Python's `hmac`.
    #[test]
    fn a_signature_is_hmac_sha256_of_time_and_body() {
        let expected = "t=1795155693,v1=d2478b6f9f44edfdfbfdbdafd5397330137c003edd465519f140ce5e6abfa1ee";
        assert_eq!(sign(SECRET, BODY, now()).unwrap(), expected);
        assert_eq!(refusal(Some(expected), BODY, 0), None);
    }

    #[test]
    fn one_signature_of_several_may_fit() {
        let header = sign(SECRET, BODY, now()).unwrap();
        let (time, signature) = header.split_once(',').unwrap();
        let wrong = format!("v1={}", "0".repeat(64));
        for header in [format!("{time},{wrong},{signature}"), format!("{time}, {signature} ,{wrong},v0=xyz")] {
            assert_eq!(refusal(Some(&header), BODY, 0), None, "{header}");
        }
        for header in [format!("{time},{wrong}"), format!("{time},{}", signature.replace("v1", "v0")), time.to_owned()]
        {
            assert_eq!(refusal(Some(&header), BODY, 0), Some("The signature does not fit the body"), "{header}");
        }
    }

    #[test]
    fn what_was_changed_is_too_old_or_has_no_signature_is_refused() {
        let header = sign(SECRET, BODY, now()).unwrap();
        let unfit = Some("The signature does not fit the body");
        assert_eq!(refusal(Some(&header), b"{\"id\": \"evt_2\"}", 0), unfit);
        assert_eq!(refusal(Some(&header.replace("t=1795155693", "t=1795155694")), BODY, 0), unfit);
        let signature = header.split_once("v1=").unwrap().1;
        assert_eq!(refusal(Some(&header.replace(signature, &signature[1..])), BODY, 0), unfit);
        assert_eq!(refusal(Some(&header.replace(signature, "zz")), BODY, 0), unfit);

        // It was signed 120 milliseconds ago: its time is in whole seconds.
        for (millis_later, refused) in [(299_880, false), (299_881, true), (-300_120, false), (-300_121, true)] {
            let old = refused.then_some("The signature is more than five minutes old");
            assert_eq!(refusal(Some(&header), BODY, millis_later), old, "{millis_later}");
        }

        assert!(refusal(None, BODY, 0).is_some());
        for header in ["", "t=", "t=x,v1=00", "v1=00", "t=99999999999999999999,v1=00"] {
            assert_eq!(refusal(Some(header), BODY, 0), Some("The Stripe-Signature header has no time"), "{header}");
        }
    }

    #[test]
    fn only_payments_for_orders_are_of_interest() {
        let intent = json!({"id": "pi_1", "amount": 1999, "currency": "usd", "metadata": {"order_id": "o"}});
        let event = |kind: &str, object: &Value| {
            read_event(json!({"type": kind, "data": {"object": object}}).to_string().as_bytes())
        };
        let paid = event("payment_intent.succeeded", &intent).unwrap().unwrap();
        assert_eq!((paid.outcome, paid.amount, paid.reference.as_deref()), (Outcome::Succeeded, 1999, Some("pi_1")));
        assert_eq!(event("payment_intent.payment_failed", &intent).unwrap().unwrap().outcome, Outcome::Failed);
        assert_eq!(event("charge.refunded", &intent).unwrap(), None);
        assert_eq!(read_event(br#"{"type": "v2.core.event", "data": null}"#).unwrap(), None);
        assert_eq!(event("payment_intent.succeeded", &json!({"id": "pi_1", "metadata": {}})).unwrap(), None);
        let no_amount = json!({"metadata": {"order_id": "o"}, "currency": "usd"});
        assert!(matches!(event("payment_intent.succeeded", &no_amount), Err(Error::ValidationFailed(_))));
        assert!(matches!(read_event(b"{"), Err(Error::InvalidJson(_))));
        let named = |problem: Error| match problem {
            Error::ValidationFailed(errors) => (errors[0].field.clone(), errors[0].message.clone()),
            error => panic!("{error}"),
        };
        let refused = named(event("payment_intent.succeeded", &no_amount).unwrap_err());
        assert_eq!(refused, ("data.object.amount".to_owned(), "is required".to_owned()));
        for no_event in ["[]", "null", "{}", r#"["payment_intent.succeeded", {}]"#] {
            assert!(matches!(read_event(no_event.as_bytes()), Err(Error::ValidationFailed(_))), "{no_event}");
        }
    }
}
