//! What may happen to a call.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::Wire;
use super::request::{answer, body_of, operation_of, refusal, with_body};

/// What happens to one call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// DynamoDB cancels the write because of a rival.
    Conflict,
    /// The service is short of capacity.
    Throttle,
    /// The service has a fault of its own.
    ServerError,
    /// The request does not arrive.
    LostRequest,
    /// The request is served, but its answer does not arrive.
    LostAnswer,
    /// The request arrives only when nobody waits for it any more, see [`super::Wire::delivers_late`].
    Late,
    /// A batch is taken, and none of what is in it dealt with.
    LeftOut,
    /// A batch is read before anything was written to this table.
    TooEarlyFor(String),
    /// The request waits, while a rival acts.
    Pause(Pause),
    /// The function dies before the request goes out.
    DeathBefore,
    /// The function dies once the request is served, before it hears the answer.
    DeathAfter,
}

/// The end of a function: it unwinds, and whatever else it was doing is dropped.
struct Death;

impl Death {
    fn comes() -> ! {
        resume_unwind(Box::new(Death))
    }
}

/// Runs a function that may die; answers its result, or none if it did.
pub async fn unless_it_dies<T>(running: impl Future<Output = T>) -> Option<T> {
    match AssertUnwindSafe(running).catch_unwind().await {
        Ok(result) => Some(result),
        Err(death) if death.is::<Death>() => None,
        Err(panic) => resume_unwind(panic),
    }
}

/// Requests that wait on the wire, until the first of them may go on.
#[derive(Debug, Clone, Default)]
pub struct Pause {
    reached: Arc<Notify>,
    resumed: Arc<watch::Sender<bool>>,
}

impl Pause {
    /// Lets `rival` act while the request is on the wire.
    pub async fn during(&self, rival: impl Future<Output = ()>) {
        self.reached.notified().await;
        rival.await;
        self.resumed.send_replace(true);
    }

    async fn end(&self) {
        self.reached.notify_one();
        // It fails only if the sender is gone, which is a part of this.
        self.resumed.subscribe().wait_for(|resumed| *resumed).await.ok();
    }
}

impl Fault {
    /// What can happen to any call of `operation`, each with its name.
    pub fn that_befall(operation: &str) -> Vec<(&'static str, Fault)> {
        let writes = ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"].contains(&operation);
        let batches = ["BatchGetItem", "SendMessageBatch"].contains(&operation);
        let mut faults = vec![
            ("the request is lost", Fault::LostRequest),
            ("the answer is lost", Fault::LostAnswer),
            ("it times out and arrives late", Fault::Late),
            ("throttled", Fault::Throttle),
            ("a server error", Fault::ServerError),
            ("death before it", Fault::DeathBefore),
            ("death after it", Fault::DeathAfter),
        ];
        faults.extend(writes.then_some(("a conflict", Fault::Conflict)));
        faults.extend(batches.then_some(("all of it is left out", Fault::LeftOut)));
        faults
    }

    /// Lets it happen to `request`, on its `wire`.
    pub(super) fn befall(self, request: HttpRequest, wire: &Wire) -> HttpConnectorFuture {
        let operation = operation_of(&request);
        let respond = |response| HttpConnectorFuture::ready(Ok(response));
        let lost = || ConnectorError::timeout("the wire is broken".into());
        match self {
            Fault::Conflict if operation == "TransactWriteItems" => {
                respond(refusal(400, "TransactionCanceledException", &["TransactionConflict"]))
            }
            Fault::Conflict => respond(refusal(400, "TransactionConflictException", &[])),
            Fault::Throttle if operation == "outbound-emails" => respond(refusal(429, "TooManyRequestsException", &[])),
            Fault::Throttle => respond(refusal(400, "ThrottlingException", &[])),
            Fault::ServerError => respond(refusal(500, "InternalServerError", &[])),
            Fault::LostRequest => HttpConnectorFuture::ready(Err(lost())),
            Fault::LostAnswer => {
                let served = wire.serve(request);
                HttpConnectorFuture::new(async move { served.await.and_then(|_| Err(lost())) })
            }
            Fault::Late => {
                wire.keep_back(request);
                HttpConnectorFuture::ready(Err(lost()))
            }
            Fault::LeftOut => respond(answer(200, &nothing_of(&body_of(&request)))),
            Fault::DeathBefore => {
                wire.pass_until_tried_again();
                HttpConnectorFuture::new(async { Death::comes() })
            }
            Fault::DeathAfter => {
                wire.pass_until_tried_again();
                let served = wire.serve(request);
                HttpConnectorFuture::new(async move {
                    served.await?;
                    Death::comes()
                })
            }
            Fault::Pause(pause) => {
                let inner = wire.inner.clone();
                HttpConnectorFuture::new(async move {
                    pause.end().await;
                    inner.call(request).await
                })
            }
            Fault::TooEarlyFor(table) => {
                let mut batch = body_of(&request);
                batch["RequestItems"].as_object_mut().expect("tables").remove(&table).expect("the table is read");
                wire.inner.call(with_body(request, &batch))
            }
        }
    }
}

/// What a service answers that has dealt with nothing of a batch: DynamoDB for reads, SQS for messages.
fn nothing_of(batch: &Value) -> Value {
    let failed = |entry: &Value| json!({"Id": entry["Id"], "Code": "InternalError", "SenderFault": false});
    match batch["Entries"].as_array() {
        Some(entries) => json!({"Successful": [], "Failed": entries.iter().map(failed).collect::<Vec<_>>()}),
        None => json!({"Responses": {}, "UnprocessedKeys": batch["RequestItems"]}),
    }
}
