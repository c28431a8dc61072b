//! The HTTP edge: reads a request into domain types, turns results and errors into responses.

use std::collections::HashMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayRequestAuthorizer;
pub use lambda_http::http::StatusCode;
use lambda_http::http::{HeaderValue, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt as _};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::{Digest as _, Sha256};

use crate::auth::Caller;
use crate::error::{Error, FieldError};
use crate::ids::{IdempotencyKey, KeyId, UserId};
use crate::paging::PageRequest;

/// What a function answers.
pub type Response = lambda_http::Response<Body>;

/// The most bytes that a body may have.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request that API Gateway handed on.
pub struct Request(lambda_http::Request);

/// A body that was read, with a digest that tells it from others.
pub struct Json<T> {
    /// The body.
    pub value: T,
    fingerprint: String,
}

impl From<lambda_http::Request> for Request {
    fn from(request: lambda_http::Request) -> Request {
        Request(request)
    }
}

impl Request {
    /// Who is calling.
    ///
    /// # Errors
    /// As [`Caller::from_claims`].
    pub fn caller(&self) -> Result<Caller, Error> {
        let claims = match self.0.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.authorizer.as_ref().and_then(jwt_claims),
            _ => None,
        };
        Caller::from_claims(claims.ok_or(Error::Unauthorized)?)
    }

    /// The user this request is for: the caller, or the one that `?user_id=` names.
    ///
    /// # Errors
    /// As [`Caller::acting_for`], and [`Error::InvalidParameter`] for what is no id.
    pub fn user(&self) -> Result<UserId, Error> {
        self.caller()?.acting_for(self.query("user_id")?)
    }

    /// The id in the path under `name`; what is no id names nothing, hence `not_found`.
    ///
    /// # Errors
    /// `not_found`.
    pub fn path_id<T: FromStr>(&self, name: &str, not_found: Error) -> Result<T, Error> {
        self.0
            .path_parameters_ref()
            .and_then(|parameters| parameters.first(name))
            .and_then(|text| text.parse().ok())
            .ok_or(not_found)
    }

    /// The query parameter `name`, if it is there.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] where it does not parse.
    pub fn query<T: FromStr>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T::Err: std::fmt::Display,
    {
        let parameters = self.0.query_string_parameters_ref();
        let text = parameters.and_then(|parameters| parameters.first(name));
        text.map(|text| text.parse().map_err(|problem| Error::InvalidParameter(format!("{name}: {problem}"))))
            .transpose()
    }

    /// The page that `?limit=` and `?cursor=` ask for.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a limit that is no number from 1 to 100.
    pub fn page(&self) -> Result<PageRequest, Error> {
        const DEFAULT_LIMIT: usize = 20;
        let limit = match self.query::<String>("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => match text.parse() {
                Ok(limit @ 1..=100) => limit,
                _ => return Err(Error::InvalidParameter("limit: must be a whole number from 1 to 100".to_owned())),
            },
        };
        Ok(PageRequest { limit, cursor: self.query("cursor")? })
    }

    /// The body, a JSON object.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::InvalidJson`], or [`Error::ValidationFailed`] naming the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Json<T>, Error> {
        read_json(self.0.body().as_ref())
    }

    /// The body of a route where every field may be left out, and so the body too.
    ///
    /// # Errors
    /// As [`Request::json`].
    pub fn json_or_empty<T: DeserializeOwned>(&self) -> Result<Json<T>, Error> {
        let body = self.0.body().as_ref();
        read_json(if body.is_empty() { b"{}" } else { body })
    }

    /// The `Idempotency-Key` header for `body`, bound to the caller, the user acted for and the route.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] unless it is 1 to 255 visible ASCII characters.
    pub fn idempotency_key<T>(
        &self,
        route: &str,
        caller: &Caller,
        user_id: UserId,
        body: &Json<T>,
    ) -> Result<Option<IdempotencyKey>, Error> {
        let Some(key) = self.0.headers().get("idempotency-key") else { return Ok(None) };
        let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
        match key.to_str() {
            Ok(text) if visible && (1..=255).contains(&text.len()) => Ok(Some(IdempotencyKey {
                id: KeyId::derived(&format!("{}/{user_id}/{route}/{text}", caller.user_id)),
                fingerprint: body.fingerprint.clone(),
            })),
            _ => Err(Error::InvalidParameter("Idempotency-Key: must be 1 to 255 visible ASCII characters".to_owned())),
        }
    }
}

/// A response with a JSON body.
///
/// # Errors
/// [`Error::Internal`] for what cannot be written as JSON.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Response, Error> {
    let body = serde_json::to_string(body).map_err(Error::internal)?;
    Ok(respond(status, "application/json", body))
}

/// 200 with a JSON body.
///
/// # Errors
/// As [`json`].
pub fn ok<T: Serialize>(body: &T) -> Result<Response, Error> {
    json(StatusCode::OK, body)
}

/// 204, nothing to say.
pub fn no_content() -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Marks a response as the answer to a request that was served before.
pub fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

/// The problem document (RFC 9457) for an error. A 5xx shows `request_id` and nothing of its cause.
pub fn problem(error: &Error, request_id: &str) -> Response {
    if matches!(error, Error::Unauthorized) {
        return respond(StatusCode::UNAUTHORIZED, "application/json", r#"{"message":"Unauthorized"}"#.to_owned());
    }
    let (status, code) = status_and_code(error);
    let mut document = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": error.to_string(),
        "code": code,
    });
    match error {
        Error::ValidationFailed(errors) => document["errors"] = serde_json::json!(errors),
        Error::InsufficientStock(errors) => document["errors"] = serde_json::json!(errors),
        Error::PriceChanged { expected, actual } => {
            document["errors"] =
                serde_json::json!([{"field": "expected_total", "expected": expected, "actual": actual}]);
        }
        _ => {}
    }
    if status.is_server_error() {
        document["request_id"] = request_id.into();
    }
    let mut response = respond(status, "application/problem+json", document.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The one mapping from errors to HTTP.
pub fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
        Error::InvalidCursor => (StatusCode::BAD_REQUEST, "invalid_cursor"),
        Error::InvalidParameter(_) => (StatusCode::BAD_REQUEST, "invalid_parameter"),
        Error::CartEmpty => (StatusCode::BAD_REQUEST, "cart_empty"),
        Error::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Error::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
        Error::UserNotFound => (StatusCode::NOT_FOUND, "user_not_found"),
        Error::ProductNotFound => (StatusCode::NOT_FOUND, "product_not_found"),
        Error::CartItemNotFound => (StatusCode::NOT_FOUND, "cart_item_not_found"),
        Error::OrderNotFound => (StatusCode::NOT_FOUND, "order_not_found"),
        Error::CouponNotFound => (StatusCode::NOT_FOUND, "coupon_not_found"),
        Error::InsufficientStock(_) => (StatusCode::CONFLICT, "insufficient_stock"),
        Error::PriceChanged { .. } => (StatusCode::CONFLICT, "price_changed"),
        Error::CouponAlreadyRedeemed => (StatusCode::CONFLICT, "coupon_already_redeemed"),
        Error::Conflict => (StatusCode::CONFLICT, "conflict"),
        Error::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
        Error::ValidationFailed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "validation_failed"),
        Error::SizeRequired(_) => (StatusCode::UNPROCESSABLE_ENTITY, "size_required"),
        Error::SizeNotAllowed => (StatusCode::UNPROCESSABLE_ENTITY, "size_not_allowed"),
        Error::QuantityLimit { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "quantity_limit"),
        Error::CartFull(_) => (StatusCode::UNPROCESSABLE_ENTITY, "cart_full"),
        Error::CouponNotApplicable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "coupon_not_applicable"),
        Error::AddressRequired => (StatusCode::UNPROCESSABLE_ENTITY, "address_required"),
        Error::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn jwt_claims(authorizer: &ApiGatewayRequestAuthorizer) -> Option<&HashMap<String, String>> {
    authorizer.jwt.as_ref().map(|jwt| &jwt.claims)
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<Json<T>, Error> {
    if body.len() > MAX_BODY_BYTES {
        return Err(Error::PayloadTooLarge);
    }
    // What is not JSON at all is told apart first, whatever its fields would have been.
    let text = std::str::from_utf8(body).map_err(|problem| Error::InvalidJson(problem.to_string()))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|problem| Error::InvalidJson(problem.to_string()))?;
    if !text.trim_start().starts_with('{') {
        return Err(Error::field("body", "must be a JSON object"));
    }
    let value = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|problem| {
        let path = problem.path().to_string();
        Error::ValidationFailed(vec![field_error(&path, &problem.into_inner().to_string())])
    })?;
    Ok(Json { value, fingerprint: fingerprint(text) })
}

/// Tells two JSON texts apart, though not for blanks or the order of their keys.
fn fingerprint(text: &str) -> String {
    let canonical =
        serde_json::from_str::<serde_json::Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string());
    STANDARD_NO_PAD.encode(&Sha256::digest(canonical)[..16])
}

/// Names the field in serde's words: it reports an unknown or missing one at the object around it.
fn field_error(path: &str, problem: &str) -> FieldError {
    let message = problem.rsplit_once(" at line ").map_or(problem, |(message, _)| message);
    let parent = if path == "." { "" } else { path };
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let inside = |field: &str| match parent {
        "" => field.to_owned(),
        _ if parent == field || parent.ends_with(&format!(".{field}")) => parent.to_owned(),
        _ => format!("{parent}.{field}"),
    };
    let (field, message) = if message.starts_with("missing field") {
        (inside(quoted), "is required".to_owned())
    } else if message.starts_with("unknown field") {
        (inside(quoted), "is not a field of this request".to_owned())
    } else if message.starts_with("duplicate field") {
        (inside(quoted), "is given twice".to_owned())
    } else if parent.is_empty() {
        ("body".to_owned(), message.to_owned())
    } else {
        (parent.to_owned(), message.to_owned())
    };
    FieldError { field, message }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Outer {
        count: u32,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Inner {
        city: String,
    }

    fn refused(body: &str) -> Error {
        read_json::<Outer>(body.as_bytes()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn what_is_not_json_is_400_and_what_does_not_fit_names_its_field() {
        for body in ["", "{", "{\"count\": \"x\"", "{\"count\": NaN}", "nope", "{\"count\": 1}}"] {
            assert!(matches!(refused(body), Error::InvalidJson(_)), "{body}");
        }
        for (body, field) in [
            ("[1]", "body"),
            ("null", "body"),
            ("{}", "count"),
            ("{\"count\": \"x\"}", "count"),
            ("{\"count\": -1}", "count"),
            ("{\"count\": null}", "count"),
            ("{\"count\": 1e999}", "count"),
            ("{\"count\": 1, \"count\": 2}", "count"),
            ("{\"count\": 1, \"price\": 2}", "price"),
            ("{\"count\": 1, \"inner\": {}}", "inner.city"),
            ("{\"count\": 1, \"inner\": {\"city\": 3}}", "inner.city"),
            ("{\"count\": 1, \"inner\": {\"city\": \"x\", \"zip\": 3}}", "inner.zip"),
        ] {
            let Error::ValidationFailed(errors) = refused(body) else { panic!("{body}") };
            assert_eq!(errors[0].field, field, "{body}");
        }
        assert!(matches!(refused(&format!("{{\"count\": {}}}", " ".repeat(MAX_BODY_BYTES))), Error::PayloadTooLarge));
    }

    #[test]
    fn a_fingerprint_ignores_spelling_only() {
        assert_eq!(fingerprint("{\"a\": 1, \"b\": 2}"), fingerprint("{\"b\":2,\"a\":1}"));
        assert_ne!(fingerprint("{\"a\": 1}"), fingerprint("{\"a\": 2}"));
    }

    #[test]
    fn a_server_error_shows_nothing_of_its_cause() {
        let response = problem(&Error::internal("table users is on fire"), "request-7");
        let Body::Text(text) = response.body() else { panic!("no text") };
        assert!(text.contains("request-7") && !text.contains("fire"), "{text}");
        assert_eq!(problem(&Error::unavailable("x"), "r").headers()["retry-after"], "1");
    }
}
