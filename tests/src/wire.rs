//! The wire between a shop and its DynamoDB and SES: it counts what goes over it, and breaks where a
//! test says so.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::RuntimeComponents;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};
use shared::mail::Mailer;
use shared::shop::Shop;
use shared::store::Store;
use tokio::sync::Notify;

/// What happens to one call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// DynamoDB cancels the transaction because of a rival.
    Conflict,
    /// DynamoDB is short of capacity.
    Throttle,
    /// DynamoDB has a fault of its own.
    ServerError,
    /// The request does not arrive.
    LostRequest,
    /// The request is served, but its answer does not arrive.
    LostAnswer,
    /// A batch is read before anything was written to this table.
    TooEarlyFor(String),
    /// The request waits, while a rival acts.
    Pause(Pause),
    /// The function dies before the request goes out.
    DeathBefore(Death),
    /// The function dies once the request is served, before it hears the answer.
    DeathAfter(Death),
}

/// The end of a function: the call that it dies at never returns.
#[derive(Debug, Clone, Default)]
pub struct Death(Arc<Notify>);

impl Death {
    /// Runs a function that may die; answers its result, or none if it did.
    pub async fn or<T>(&self, running: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            result = running => Some(result),
            () = self.0.notified() => None,
        }
    }
}

/// A request that waits on the wire.
#[derive(Debug, Clone, Default)]
pub struct Pause {
    reached: Arc<Notify>,
    resumed: Arc<Notify>,
}

impl Pause {
    /// Lets `rival` act while the request is on the wire.
    pub async fn during(&self, rival: impl Future<Output = ()>) {
        self.reached.notified().await;
        rival.await;
        self.resumed.notify_one();
    }
}

/// The wire. Clones are the same wire.
#[derive(Debug, Clone)]
pub struct Wire {
    http: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    faults: Vec<(&'static str, Fault)>,
    under_way: usize,
    served: Vec<Served>,
}

/// A request that was served, whether or not whoever sent it heard the answer.
#[derive(Debug, Clone)]
pub struct Served {
    /// The operation.
    pub operation: String,
    /// What it was sent with.
    pub body: String,
}

impl Wire {
    /// A wire to the cloud of `shop`, and the shop with its store and its mailer at this end of it.
    pub async fn to(shop: &crate::shop::Shop) -> (Wire, Shop) {
        let wire = Wire { http: Builder::new().build_http(), state: Arc::default() };
        let clients = shop.clients(wire.clone()).await;
        let served = shop.cloud().shop().clone();
        let store = Store::new(clients.dynamodb, &served.config);
        let mailer = Mailer::new(clients.ses, &served.config);
        (wire, Shop { store, mailer, ..served })
    }

    /// Breaks the next call of an operation, such as `TransactWriteItems` or `outbound-emails`; after those that were to
    /// break before.
    pub fn breaks(&self, operation: &'static str, fault: Fault) {
        self.state().faults.push((operation, fault));
    }

    /// Makes the next call of an operation wait.
    pub fn pauses(&self, operation: &'static str) -> Pause {
        let pause = Pause::default();
        self.breaks(operation, Fault::Pause(pause.clone()));
        pause
    }

    /// The operations called since this was last asked, in order.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    /// Lets every call through from now on.
    pub fn heals(&self) {
        self.state().faults.clear();
    }

    /// What was served since this was last asked, in order, once nothing is under way any more.
    pub async fn served(&self) -> Vec<Served> {
        while self.state().under_way > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::mem::take(&mut self.state().served)
    }

    fn next_fault(&self, operation: &str) -> Option<Fault> {
        let mut state = self.state();
        state.calls.push(operation.to_owned());
        let position = state.faults.iter().position(|(broken, _)| *broken == operation)?;
        Some(state.faults.remove(position).1)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.http.http_connector(settings, components);
        SharedHttpConnector::new(End { wire: self.clone(), inner })
    }
}

#[derive(Debug)]
struct End {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl End {
    /// Sends a request that is served to its end, even if nobody waits for it any more.
    fn serve(&self, operation: String, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let (wire, sent) = (self.wire.clone(), self.inner.call(request));
        wire.state().under_way += 1;
        let served = tokio::spawn(async move {
            let answer = sent.await;
            let mut state = wire.state();
            state.under_way -= 1;
            if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
                state.served.push(Served { operation, body });
            }
            answer
        });
        HttpConnectorFuture::new(async move { served.await.expect("the request is served") })
    }
}

impl HttpConnector for End {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        // SES names the operation by the path.
        let path = || request.uri().rsplit('/').next().unwrap_or_default();
        let operation = target.rsplit('.').next().filter(|name| !name.is_empty()).unwrap_or_else(path).to_owned();
        let lost = || ConnectorError::timeout("the wire is broken".into());
        match self.wire.next_fault(&operation) {
            None => self.serve(operation, request),
            Some(Fault::Conflict) => {
                refuse(400, "TransactionCanceledException", json!([{"Code": "TransactionConflict"}]))
            }
            Some(Fault::Throttle) => refuse(400, "ThrottlingException", Value::Null),
            Some(Fault::ServerError) => refuse(500, "InternalServerError", Value::Null),
            Some(Fault::LostRequest) => HttpConnectorFuture::ready(Err(lost())),
            Some(Fault::LostAnswer) => {
                let served = self.serve(operation, request);
                HttpConnectorFuture::new(async move { served.await.and_then(|_| Err(lost())) })
            }
            Some(Fault::DeathBefore(death)) => HttpConnectorFuture::new(async move {
                death.0.notify_one();
                std::future::pending().await
            }),
            Some(Fault::DeathAfter(death)) => {
                let served = self.serve(operation, request);
                HttpConnectorFuture::new(async move {
                    served.await?;
                    death.0.notify_one();
                    std::future::pending().await
                })
            }
            Some(Fault::Pause(pause)) => {
                let inner = self.inner.clone();
                HttpConnectorFuture::new(async move {
                    pause.reached.notify_one();
                    pause.resumed.notified().await;
                    inner.call(request).await
                })
            }
            Some(Fault::TooEarlyFor(table)) => {
                let bytes = request.body().bytes().expect("a body in memory");
                let mut batch: Value = serde_json::from_slice(bytes).expect("a batch");
                batch["RequestItems"].as_object_mut().expect("tables").remove(&table).expect("the table is read");
                let body = batch.to_string();
                request.headers_mut().insert("content-length", body.len().to_string());
                *request.body_mut() = body.into();
                self.inner.call(request)
            }
        }
    }
}

fn refuse(status: u16, code: &str, reasons: Value) -> HttpConnectorFuture {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    let body = json!({"__type": kind, "message": "the wire says so", "CancellationReasons": reasons});
    let mut response = HttpResponse::new(status.try_into().expect("a status"), body.to_string().into());
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    HttpConnectorFuture::ready(Ok(response))
}
