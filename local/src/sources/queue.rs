//! Lambda's poller: hands a queue's messages to their function in batches and settles what it says.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::reported_failures;
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
        let now = || self.lambda.now();
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
            Ok(result) if self.reports_failures => reported_failures(&result, all(&batch)),
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

fn all(batch: &[Delivery]) -> HashSet<String> {
    batch.iter().map(|delivery| delivery.message.id.to_string()).collect()
}
