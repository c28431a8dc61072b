//! The wire between a shop and its cloud, with a meter on it: asks DynamoDB what each call consumed, and reckons
//! the same from the sizes of the items.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};
use shared::aws::Wire;

use super::reckon::{Image, reckon, writes};
use super::schema::Schema;
use super::units::Item;

/// Units of DynamoDB.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Units {
    pub(crate) read: f64,
    pub(crate) write: f64,
}

/// A call that was made.
#[derive(Debug, Clone)]
pub(crate) struct Metered {
    /// Which service was called.
    pub(crate) service: Service,
    /// The operation, such as `TransactWriteItems`.
    pub(crate) operation: String,
    /// What DynamoDB says that it consumed.
    pub(crate) consumed: Units,
    /// What it comes to by the sizes of the items.
    pub(crate) reckoned: Units,
    /// What was written, for whoever wants to know what consumed it.
    pub(crate) written: Vec<String>,
}

/// A service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Sqs,
    Ses,
}

/// The wire. Clones are the same wire.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    inner: SharedHttpConnector,
    schema: Arc<Schema>,
    calls: Arc<Mutex<Vec<Metered>>>,
}

impl Meter {
    pub(crate) fn new(schema: Schema) -> Meter {
        Meter { inner: SharedHttpConnector::new(Wire::new(false)), schema: Arc::new(schema), calls: Arc::default() }
    }

    /// The calls since this was last asked, in order.
    pub(crate) fn take(&self) -> Vec<Metered> {
        std::mem::take(&mut self.calls())
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Metered>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpConnector for Meter {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        // SES names the operation by the path.
        let path = || request.uri().rsplit('/').next().unwrap_or_default();
        let operation = target.rsplit('.').next().filter(|name| !name.is_empty()).unwrap_or_else(path).to_owned();
        let service = match target.split(['.', '_']).next().unwrap_or_default() {
            "DynamoDB" => return self.clone().metered(operation, request),
            "AmazonSQS" => Service::Sqs,
            _ => Service::Ses,
        };
        let (consumed, written) = (Units::default(), Vec::new());
        self.calls().push(Metered { service, operation, consumed, reckoned: consumed, written });
        self.inner.call(request)
    }
}

impl Meter {
    fn metered(self, operation: String, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(async move { self.ask(operation, request).await })
    }

    /// Sends a request to DynamoDB with the question what it consumes, and looks at what it writes before
    /// and after.
    async fn ask(&self, operation: String, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let sent: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).map_err(other)?;
        let mut images = Vec::new();
        for (table, key) in writes(&operation, &sent, &self.schema) {
            let before = self.item(&request, &table, &key).await?;
            images.push(Image { table, key, before, after: None });
        }
        let mut asking = sent.clone();
        asking["ReturnConsumedCapacity"] = "INDEXES".into();
        let (response, answer) = self.send(with_body(&request, &operation, &asking)?).await?;
        for image in &mut images {
            image.after = self.item(&request, &image.table, &image.key).await?;
        }
        // What is refused says nothing of what it consumed; no operation that is measured here is.
        if response.status().is_success() {
            let consumed = consumed(&operation, &answer["ConsumedCapacity"]);
            let service = Service::DynamoDb;
            let reckoned = reckon(&operation, &sent, &answer, &images, &self.schema);
            let written = images.iter().map(|image| image.describe(&self.schema)).collect();
            self.calls().push(Metered { service, operation, consumed, reckoned, written });
        } else {
            let refused = Units { read: f64::NAN, write: f64::NAN };
            let written = vec![answer.to_string()];
            self.calls().push(Metered {
                service: Service::DynamoDb,
                operation,
                consumed: refused,
                reckoned: refused,
                written,
            });
        }
        Ok(response)
    }

    /// An item as it is now; none if there is none.
    async fn item(&self, like: &HttpRequest, table: &str, key: &Item) -> Result<Option<Item>, ConnectorError> {
        let get = json!({"TableName": table, "Key": key, "ConsistentRead": true});
        let (_, answer) = self.send(with_body(like, "GetItem", &get)?).await?;
        Ok(answer["Item"].as_object().cloned())
    }

    async fn send(&self, request: HttpRequest) -> Result<(HttpResponse, Value), ConnectorError> {
        let mut response = self.inner.call(request).await?;
        let body = std::mem::replace(response.body_mut(), "".into());
        let bytes = ByteStream::new(body).collect().await.map_err(other)?.into_bytes();
        let answer = serde_json::from_slice(&bytes).map_err(other)?;
        *response.body_mut() = bytes.into();
        Ok((response, answer))
    }
}

/// What DynamoDB says that a call consumed, of all tables and indexes together.
fn consumed(operation: &str, capacity: &Value) -> Units {
    let tables = capacity.as_array().map_or(std::slice::from_ref(capacity), Vec::as_slice);
    let total = |name: &str| tables.iter().filter_map(|table| table[name].as_f64()).sum::<f64>();
    match operation {
        "GetItem" | "BatchGetItem" | "Query" | "Scan" => Units { read: total("CapacityUnits"), write: 0.0 },
        // A transaction that was sent before under the same token only reads.
        "TransactWriteItems" => Units { read: total("ReadCapacityUnits"), write: total("WriteCapacityUnits") },
        _ => Units { read: 0.0, write: total("CapacityUnits") },
    }
}

fn with_body(request: &HttpRequest, operation: &str, body: &Value) -> Result<HttpRequest, ConnectorError> {
    let mut request = request.try_clone().ok_or_else(|| other("the body is not in memory"))?;
    let body = body.to_string();
    request.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = body.into();
    Ok(request)
}

fn other(problem: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::other(problem.into(), None)
}
