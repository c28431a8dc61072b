//! AWS at one address: the calls that the shop makes, answered for the real SDK clients.
//!
//! Signatures are not checked.

pub mod dynamodb;
mod ses;
pub(crate) mod sqs;
pub(crate) mod streams;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use shared::time::Clock;

use crate::mailbox::Mailbox;
use crate::queues::Queues;

/// The most that SQS and SES take, and some.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// The services behind the address.
pub struct Aws {
    queues: Arc<Queues>,
    mailbox: Arc<Mailbox>,
    clock: Clock,
    dynamodb: Uri,
    http: Client<HttpConnector, Body>,
}

/// Why a call is refused, in the terms of the service.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Aws {
    /// SQS on `queues`, SES on `mailbox` and DynamoDB wherever it is.
    pub fn new(queues: Arc<Queues>, mailbox: Arc<Mailbox>, clock: Clock, dynamodb: Uri) -> Aws {
        Aws { queues, mailbox, clock, dynamodb, http: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// What answers at the address.
    pub fn router(self) -> Router {
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    async fn answer(&self, target: &str, request: Request) -> Result<Value, Refusal> {
        let (parts, body) = request.into_parts();
        let too_large = |_| Refusal::new("RequestEntityTooLarge", "the request is too large");
        let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
        match target.strip_prefix("AmazonSQS.") {
            Some(operation) => sqs::answer(operation, &read(&body)?, &self.queues, self.clock.now()).await,
            None if parts.method == Method::POST && parts.uri.path() == ses::SEND_EMAIL => {
                ses::send_email(&read(&body)?, &self.mailbox, self.clock.now())
            }
            None => Err(Refusal::new(
                "UnknownOperationException",
                format!("this cloud does not answer {} {} {target}", parts.method, parts.uri.path()),
            )),
        }
    }

    /// Hands a request on to DynamoDB, and its answer back.
    async fn forward(&self, mut request: Request) -> Response {
        let mut target = self.dynamodb.clone().into_parts();
        target.path_and_query = request.uri().path_and_query().cloned().or(Some(PathAndQuery::from_static("/")));
        if let Ok(uri) = Uri::from_parts(target) {
            *request.uri_mut() = uri;
        }
        match self.http.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(error) => {
                tracing::error!(%error, endpoint = %self.dynamodb, "DynamoDB is out of reach");
                Refusal::internal("DynamoDB is out of reach").into_response()
            }
        }
    }
}

async fn handle(State(aws): State<Arc<Aws>>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    if target.starts_with("DynamoDB") {
        return aws.forward(request).await;
    }
    match aws.answer(&target, request).await {
        Ok(answer) => as_json(StatusCode::OK, &answer).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    fn internal(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, code: "InternalFailure", message: message.into() }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Refusal {
        Refusal::internal(format!("the data directory: {error}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // JSON protocols name the error in the body, REST ones in this header.
        let named = [(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(self.code))];
        (named, as_json(self.status, &json!({"__type": self.code, "message": self.message}))).into_response()
    }
}

fn as_json(status: StatusCode, value: &Value) -> impl IntoResponse {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"))], value.to_string())
}

fn read(body: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new("SerializationException", error.to_string()))
}
