//! DynamoDB: the embedded one or any other, asked in its JSON protocol.

mod embedded;
mod tables;
mod tokens;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use shared::error::Cause;

pub use self::embedded::{Embedded, EmbeddedError};
pub use self::tables::{TableError, create_tables};

/// The media type of requests and answers.
pub(super) const AMZ_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// The most that an answer holds, and some.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// What calls of this cloud are signed with, whoever makes them: it has looked at who may make them itself.
/// Emulators want to see a signature, and look no closer, but may have a database for each name.
const SIGNED_HERE: HeaderValue = HeaderValue::from_static(
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=0",
);

/// DynamoDB, wherever it is. Cheap to clone.
#[derive(Clone)]
pub enum DynamoDb {
    /// In this process.
    Embedded(Embedded),
    /// At an address.
    Elsewhere(Arc<Elsewhere>),
}

/// A DynamoDB at an address.
pub struct Elsewhere {
    endpoint: Uri,
    http: Client<HttpConnector, Body>,
}

/// What DynamoDB says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// JSON.
    pub(crate) body: Bytes,
}

impl DynamoDb {
    /// The one at an address.
    pub fn at(endpoint: Uri) -> DynamoDb {
        let http = Client::builder(TokioExecutor::new()).build_http();
        DynamoDb::Elsewhere(Arc::new(Elsewhere { endpoint, http }))
    }

    /// Asks for an operation by its `X-Amz-Target`. The error is that nothing was heard.
    pub(crate) async fn call(&self, target: &str, body: Bytes) -> Result<Answer, Cause> {
        match self {
            DynamoDb::Embedded(embedded) => Ok(embedded.call(target, body).await?),
            DynamoDb::Elsewhere(elsewhere) => elsewhere.call(target, body).await,
        }
    }
}

impl Elsewhere {
    async fn call(&self, target: &str, body: Bytes) -> Result<Answer, Cause> {
        let request = Request::post(self.endpoint.clone())
            .header(CONTENT_TYPE, AMZ_JSON)
            .header(AUTHORIZATION, SIGNED_HERE)
            .header("x-amz-date", "20260101T000000Z")
            .header("x-amz-target", target)
            .body(Body::from(body))?;
        let (parts, body) = self.http.request(request).await?.into_parts();
        Ok(Answer { status: parts.status, body: axum::body::to_bytes(Body::new(body), MAX_ANSWER_BYTES).await? })
    }
}
