//! API Gateway: an HTTP API that hands each request to its route's function as an event.

mod cors;
mod event;
mod route;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::jwt::Issuer;
use crate::lambda::{InvokeError, Lambda};
use crate::template::Cors;

use event::Incoming;
use route::Route;

pub use route::Routes;

/// The most that API Gateway takes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The API.
pub struct Gateway {
    lambda: Arc<Lambda>,
    issuer: Arc<Issuer>,
    routes: Routes,
    cors: Cors,
    account_id: String,
}

/// What a function answers, in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Gateway {
    /// The API with these routes, which hands requests to `lambda` if `issuer` knows their tokens.
    pub fn new(routes: Routes, cors: Cors, account_id: String, lambda: Arc<Lambda>, issuer: Arc<Issuer>) -> Gateway {
        Gateway { lambda, issuer, routes, cors, account_id }
    }

    /// What answers every request that nothing else does.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(handle).with_state(self)
    }

    /// Answers a request that came from `source`.
    pub async fn serve(&self, request: Request, source: SocketAddr) -> Response {
        let (parts, body) = request.into_parts();
        let request_id = Uuid::new_v4().to_string();
        let (cors, mut response) = if parts.method == Method::OPTIONS {
            (self.cors.on_preflight(&parts.headers), StatusCode::NO_CONTENT.into_response())
        } else {
            let response = self.answer(&parts, body, source, &request_id).await;
            (self.cors.on_answer(&parts.headers), response)
        };
        response.headers_mut().extend(cors);
        if let Ok(request_id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert(HeaderName::from_static("apigw-requestid"), request_id);
        }
        response
    }

    async fn answer(&self, parts: &Parts, body: Body, source: SocketAddr, request_id: &str) -> Response {
        let path = parts.uri.path();
        let Some((route, path_parameters)) = self.routes.find(parts.method.as_str(), path) else {
            return message(StatusCode::NOT_FOUND);
        };
        let claims = if route.is_public {
            None
        } else {
            let Some(claims) = bearer(&parts.headers).and_then(|token| self.issuer.verify(token)) else {
                let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
                return (challenge, message(StatusCode::UNAUTHORIZED)).into_response();
            };
            Some(claims)
        };
        let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
            return gateway_message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let incoming = Incoming {
            route,
            path_parameters,
            claims,
            parts,
            body: &body,
            source: source.ip(),
            request_id,
            account_id: &self.account_id,
            now: self.lambda.now(),
        };
        self.invoke(route, incoming.event()).await
    }

    async fn invoke(&self, route: &Route, event: Value) -> Response {
        match self.lambda.invoke(&route.function, event).await {
            Ok(result) => response(result).unwrap_or_else(|problem| {
                tracing::error!(problem, route = route.key, "the function's answer is no HTTP response");
                message(StatusCode::INTERNAL_SERVER_ERROR)
            }),
            Err(error) => {
                tracing::error!(%error, route = route.key, "the function has no answer");
                message(match error {
                    InvokeError::TimedOut(_) => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::INTERNAL_SERVER_ERROR,
                })
            }
        }
    }
}

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    gateway.serve(request, source).await
}

/// The token in the `Authorization` header. API Gateway takes it without its `Bearer`, too.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
        Some(_) => None,
        None => Some(value),
    }
}

fn message(status: StatusCode) -> Response {
    gateway_message(status, status.canonical_reason().unwrap_or_default())
}

fn gateway_message(status: StatusCode, text: &str) -> Response {
    let body = json!({"message": text}).to_string();
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

/// The HTTP response that a function's result describes, or what is wrong with it.
fn response(result: Value) -> Result<Response, String> {
    let answer: Answer = serde_json::from_value(result).map_err(|error| error.to_string())?;
    let status = StatusCode::from_u16(answer.status_code).map_err(|error| error.to_string())?;
    let body = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        true => Bytes::from(STANDARD.decode(body).map_err(|error| error.to_string())?),
        false => Bytes::from(body),
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    let cookies = answer.cookies.into_iter().map(|cookie| (SET_COOKIE.to_string(), Value::String(cookie)));
    for (name, value) in answer.headers.into_iter().chain(cookies) {
        let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if name != CONTENT_LENGTH {
            headers.append(name, HeaderValue::try_from(text).map_err(|error| error.to_string())?);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_with_or_without_its_scheme() {
        let header = |value: &'static str| HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
        assert_eq!(bearer(&header("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&header("bearer  abc ")), Some("abc"));
        assert_eq!(bearer(&header("abc")), Some("abc"));
        assert_eq!(bearer(&header("Basic abc")), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn an_answer_becomes_a_response_or_is_refused() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"content-type": "text/plain", "x-count": 3},
            "cookies": ["a=1", "b=2"],
            "body": "aGk=",
            "isBase64Encoded": true,
        });
        let response = response(answer).unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["x-count"], "3");
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
        assert_eq!(axum::body::to_bytes(response.into_body(), 10).await.unwrap(), "hi");
        for malformed in [json!(null), json!({"body": "x"}), json!({"statusCode": 1}), json!({"statusCode": "x"})] {
            assert!(super::response(malformed.clone()).is_err(), "{malformed}");
        }
    }
}
