//! Problem documents (RFC 9457), and the one mapping from errors to HTTP.

use lambda_http::http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Response, respond};
use crate::error::{Error, FieldError, Shortage};
use crate::money::Money;

/// The problem document (RFC 9457) for an error. A 5xx shows `request_id` and nothing of its cause.
pub fn problem(error: &Error, request_id: &str) -> Response {
    if matches!(error, Error::Unauthorized) {
        return respond(StatusCode::UNAUTHORIZED, "application/json", r#"{"message":"Unauthorized"}"#.to_owned());
    }
    let (status, code) = status_and_code(error);
    let document = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: error.to_string(),
        code,
        errors: match error {
            Error::ValidationFailed(fields) => Some(Details::Fields(fields)),
            Error::InsufficientStock(shortages) => Some(Details::Shortages(shortages)),
            Error::PriceChanged { expected, actual } => {
                Some(Details::Price([PriceChange { field: "expected_total", expected: *expected, actual: *actual }]))
            }
            _ => None,
        },
        request_id: status.is_server_error().then_some(request_id),
    };
    let body = serde_json::to_string(&document).unwrap_or_default();
    let mut response = respond(status, "application/problem+json", body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Why a request was refused or could not be served (RFC 9457).
#[derive(JsonSchema, Serialize)]
pub(crate) struct Problem<'a> {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status of the response.
    status: u16,
    /// What is wrong, for a person.
    detail: String,
    /// What is wrong, for a program.
    code: &'static str,
    /// What it consists of: fields, lines that fall short, or the price that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Details<'a>")]
    errors: Option<Details<'a>>,
    /// Of a fault on the server's side: what to name when asking about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "&str")]
    request_id: Option<&'a str>,
}

/// What a problem consists of, where it consists of several things.
#[derive(JsonSchema, Serialize)]
#[serde(untagged)]
#[schemars(inline)]
enum Details<'a> {
    Fields(&'a [FieldError]),
    Shortages(&'a [Shortage]),
    Price([PriceChange; 1]),
}

/// A total that is not the one the client expected.
#[derive(JsonSchema, Serialize)]
struct PriceChange {
    /// `expected_total`.
    field: &'static str,
    /// What the client expected to pay.
    expected: Money,
    /// What the order would cost now.
    actual: Money,
}

/// The one mapping from errors to HTTP.
pub fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
        Error::InvalidCursor => (StatusCode::BAD_REQUEST, "invalid_cursor"),
        Error::InvalidParameter(_) => (StatusCode::BAD_REQUEST, "invalid_parameter"),
        Error::CartEmpty => (StatusCode::BAD_REQUEST, "cart_empty"),
        Error::InvalidSignature(_) => (StatusCode::BAD_REQUEST, "invalid_signature"),
        Error::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Error::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
        Error::UserNotFound => (StatusCode::NOT_FOUND, "user_not_found"),
        Error::ProductNotFound => (StatusCode::NOT_FOUND, "product_not_found"),
        Error::CartItemNotFound => (StatusCode::NOT_FOUND, "cart_item_not_found"),
        Error::OrderNotFound => (StatusCode::NOT_FOUND, "order_not_found"),
        Error::CouponNotFound => (StatusCode::NOT_FOUND, "coupon_not_found"),
        Error::RuleNotFound => (StatusCode::NOT_FOUND, "rule_not_found"),
        Error::InsufficientStock(_) => (StatusCode::CONFLICT, "insufficient_stock"),
        Error::PriceChanged { .. } => (StatusCode::CONFLICT, "price_changed"),
        Error::InvalidTransition(_) => (StatusCode::CONFLICT, "invalid_transition"),
        Error::CouponAlreadyRedeemed => (StatusCode::CONFLICT, "coupon_already_redeemed"),
        Error::Conflict => (StatusCode::CONFLICT, "conflict"),
        Error::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
        Error::ValidationFailed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "validation_failed"),
        Error::SizeRequired(_) => (StatusCode::UNPROCESSABLE_ENTITY, "size_required"),
        Error::SizeNotAllowed => (StatusCode::UNPROCESSABLE_ENTITY, "size_not_allowed"),
        Error::QuantityLimit { .. } | Error::HoldLimit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "quantity_limit"),
        Error::CartFull(_) => (StatusCode::UNPROCESSABLE_ENTITY, "cart_full"),
        Error::CouponNotApplicable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "coupon_not_applicable"),
        Error::AddressRequired => (StatusCode::UNPROCESSABLE_ENTITY, "address_required"),
        Error::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;

    #[test]
    fn a_server_error_shows_nothing_of_its_cause() {
        let response = problem(&Error::internal("table users is on fire"), "request-7");
        let Body::Text(text) = response.body() else { panic!("no text") };
        assert!(text.contains("request-7") && !text.contains("fire"), "{text}");
        assert_eq!(problem(&Error::unavailable("x"), "r").headers()["retry-after"], "1");
    }
}
