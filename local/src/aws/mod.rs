//! AWS at one address: the calls that the shop makes, answered for the real SDK clients.
//!
//! Signatures are not checked, but whose they are: what a function may not do is refused it.

mod access;
pub mod dynamodb;
mod ses;
pub(crate) mod sqs;
pub(crate) mod streams;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use shared::time::Clock;

use self::dynamodb::{AMZ_JSON, Answer, DynamoDb};
use crate::iam::{Iam, Need, Role};
use crate::mailbox::Mailbox;
use crate::queues::Queues;

/// The most that a request holds: DynamoDB takes this much.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The services behind the address.
pub struct Aws {
    queues: Arc<Queues>,
    mailbox: Arc<Mailbox>,
    clock: Clock,
    iam: Arc<Iam>,
    dynamodb: DynamoDb,
}

/// Why a call is refused, in the terms of the service.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Aws {
    /// SQS on `queues`, SES on `mailbox` and DynamoDB wherever it is, for whom `iam` allows it.
    pub fn new(queues: Arc<Queues>, mailbox: Arc<Mailbox>, clock: Clock, iam: Arc<Iam>, dynamodb: DynamoDb) -> Aws {
        Aws { queues, mailbox, clock, iam, dynamodb }
    }

    /// What answers at the address.
    pub fn router(self) -> Router {
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    async fn answer(&self, target: &str, request: Request) -> Result<Value, Refusal> {
        let (parts, body) = request.into_parts();
        let (role, body) = (self.role_of(&parts.headers), whole(body).await?);
        match target.strip_prefix("AmazonSQS.") {
            Some(operation) => {
                let request = read(&body)?;
                self.authorize(role, || Ok(vec![access::of_sqs(&self.iam, &self.queues, operation, &request)]))?;
                sqs::answer(operation, &request, &self.queues, self.clock.now()).await
            }
            None if parts.method == Method::POST && parts.uri.path() == ses::SEND_EMAIL => {
                let request = read(&body)?;
                self.authorize(role, || Ok(vec![access::of_mail(&self.iam, &request)]))?;
                ses::send_email(&request, &self.mailbox, self.clock.now())
            }
            None => Err(Refusal::new(
                "UnknownOperationException",
                format!("this cloud does not answer {} {} {target}", parts.method, parts.uri.path()),
            )),
        }
    }

    /// What DynamoDB says to a request, if whoever signed it may make it.
    async fn ask_dynamodb(&self, target: &str, request: Request) -> Result<Answer, Refusal> {
        let (parts, body) = request.into_parts();
        let (role, body) = (self.role_of(&parts.headers), whole(body).await?);
        self.authorize(role, || access::of_dynamodb(&self.iam, target, &body).map_err(unreadable))?;
        let answer = self.dynamodb.call(target, body).await;
        answer.map_err(|error| {
            tracing::error!(error, "DynamoDB is out of reach");
            Refusal::internal("DynamoDB is out of reach")
        })
    }

    fn role_of(&self, headers: &HeaderMap) -> Option<&Role> {
        self.iam.role_of(headers.get(AUTHORIZATION)?.to_str().ok()?)
    }

    fn authorize(
        &self,
        role: Option<&Role>,
        needs: impl FnOnce() -> Result<Vec<Need>, Refusal>,
    ) -> Result<(), Refusal> {
        role.map_or(Ok(()), |role| Ok(self.iam.authorize(role, needs()?)?))
    }
}

async fn handle(State(aws): State<Arc<Aws>>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or_default().to_owned();
    if target.starts_with("DynamoDB") {
        return match aws.ask_dynamodb(&target, request).await {
            Ok(Answer { status, body }) => as_json(status, body).into_response(),
            Err(refusal) => refusal.into_response(),
        };
    }
    match aws.answer(&target, request).await {
        Ok(answer) => as_json(StatusCode::OK, answer.to_string()).into_response(),
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
        (named, as_json(self.status, json!({"__type": self.code, "message": self.message}).to_string())).into_response()
    }
}

fn as_json(status: StatusCode, body: impl IntoResponse) -> impl IntoResponse {
    (status, [(CONTENT_TYPE, AMZ_JSON)], body)
}

async fn whole(body: Body) -> Result<Bytes, Refusal> {
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await;
    body.map_err(|_| Refusal::new("RequestEntityTooLarge", "the request is too large"))
}

fn read(body: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Refusal {
    Refusal::new("SerializationException", error.to_string())
}
