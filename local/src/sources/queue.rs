//! Lambda's poller: hands a queue's messages to their function in batches and settles what it says.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::sqs::{attributes, digest};
use crate::lambda::Lambda;
use crate::queue::{Delivery, Queue};
use crate::tasks::Stopped;

/// A queue and the function that works it off.
pub struct QueueWorker {
    /// Where the function runs.
    pub lambda: Arc<Lambda>,
    /// The function's name.
    pub function: String,
    /// The queue.
    pub queue: Arc<Queue>,
    /// How many messages it gets at most at once.
    pub batch_size: usize,
    /// It says which messages of a batch failed.
    pub reports_failures: bool,
    /// When a failed message comes back, if not after the queue's visibility timeout.
    pub retry_delay: Option<Duration>,
    /// The region that events name.
    pub region: String,
}

impl QueueWorker {
    /// Works the queue off until stopped, one batch at a time.
    pub async fn run(self, stopped: Stopped) {
        let stopped = stopped.wait();
        tokio::pin!(stopped);
        let now = || self.lambda.shop().clock.now();
        loop {
            let batch = tokio::select! {
                () = &mut stopped => return,
                batch = self.queue.receive(self.batch_size, self.queue.visibility_timeout, now) => batch,
            };
            self.handle(batch).await;
        }
    }

    async fn handle(&self, batch: Vec<Delivery>) {
        let event = json!({"Records": batch.iter().map(|delivery| self.record(delivery)).collect::<Vec<_>>()});
        let failed = match self.lambda.invoke(&self.function, event).await {
            Ok(result) if self.reports_failures => failures(&result, &batch),
            Ok(_) => HashSet::new(),
            Err(error) => {
                tracing::error!(%error, function = self.function, "a batch failed");
                all(&batch)
            }
        };
        for delivery in batch {
            if !failed.contains(&delivery.message.id.to_string()) {
                if let Err(error) = self.queue.delete(&delivery.receipt) {
                    tracing::error!(%error, queue = self.queue.name, "a message cannot be deleted");
                }
            } else if let Some(delay) = self.retry_delay {
                self.queue.return_in(&delivery.receipt, delay);
            }
        }
    }

    fn record(&self, delivery: &Delivery) -> Value {
        json!({
            "messageId": delivery.message.id,
            "receiptHandle": delivery.receipt,
            "body": delivery.message.body,
            "attributes": attributes(delivery),
            "messageAttributes": {},
            "md5OfBody": digest(&delivery.message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.arn,
            "awsRegion": self.region,
        })
    }
}

/// The ids of the messages that failed. As Lambda has it, nothing said is success, and an answer that
/// cannot be read or names a message that was not in the batch fails all of it.
fn failures(result: &Value, batch: &[Delivery]) -> HashSet<String> {
    let reported = match result.get("batchItemFailures") {
        None | Some(Value::Null) => return HashSet::new(),
        Some(Value::Array(reported)) => reported,
        Some(_) => return all(batch),
    };
    let sent = all(batch);
    let ids = reported.iter().map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned));
    match ids.collect::<Option<HashSet<_>>>() {
        Some(ids) if ids.is_subset(&sent) => ids,
        _ => sent,
    }
}

fn all(batch: &[Delivery]) -> HashSet<String> {
    batch.iter().map(|delivery| delivery.message.id.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use shared::time::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::queue::Message;

    #[test]
    fn only_a_readable_report_spares_part_of_a_batch() {
        let delivery = || {
            let (id, sent_at) = (Uuid::new_v4(), Timestamp::from_millis(0));
            let message = Message { id, body: String::new(), sent_at, receive_count: 1, first_received_at: None };
            Delivery { message, receipt: String::new() }
        };
        let batch = [delivery(), delivery()];
        let second = batch[1].message.id.to_string();
        let failed = |result: Value| failures(&result, &batch);
        for success in [json!(null), json!({}), json!({"batchItemFailures": null}), json!({"batchItemFailures": []})] {
            assert!(failed(success.clone()).is_empty(), "{success}");
        }
        assert_eq!(failed(json!({"batchItemFailures": [{"itemIdentifier": second}]})), HashSet::from([second.clone()]));
        for unreadable in
            [json!("no"), json!([{}]), json!([{"itemIdentifier": ""}]), json!([{"itemIdentifier": "other"}])]
        {
            assert_eq!(failed(json!({"batchItemFailures": unreadable})), all(&batch), "{unreadable}");
        }
    }
}
