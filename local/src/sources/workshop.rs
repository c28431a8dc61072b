//! Puts together what feeds queues and streams to their functions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::progress::Progress;
use super::queue::QueueWorker;
use super::stream::StreamWorker;
use crate::aws::dynamodb::DynamoDb;
use crate::aws::streams::Streams;
use crate::disk::Folder;
use crate::lambda::Lambda;
use crate::options::{Options, StartError};
use crate::queue::Queue;
use crate::queues::Queues;
use crate::template::{Function, QueueSource};

/// When a batch of a stream is tried again unless the options say: Lambda does not tell how long it waits.
const STREAM_RETRY_DELAY: Duration = Duration::from_secs(1);

/// What workers are made of.
pub(crate) struct Workshop<'a> {
    pub(crate) lambda: &'a Arc<Lambda>,
    pub(crate) queues: &'a Queues,
    pub(crate) options: &'a Options,
    pub(crate) region: &'static str,
}

impl Workshop<'_> {
    /// One worker for each queue that a function works off.
    pub(crate) fn queue_workers(&self, functions: &BTreeMap<String, Function>) -> Result<Vec<QueueWorker>, StartError> {
        let sources =
            functions.iter().flat_map(|(name, function)| function.queues.iter().map(move |source| (name, source)));
        let worker = |(name, source): (&String, &QueueSource)| {
            Ok(QueueWorker {
                lambda: self.lambda.clone(),
                function: name.clone(),
                queue: self.queue(&source.queue_arn)?,
                batch_size: source.batch_size,
                reports_failures: source.reports_failures(),
                retry_delay: self.options.retry_delay,
                region: self.region.to_owned(),
            })
        };
        sources.map(worker).collect()
    }

    /// One worker for each stream that a function works off. It takes the sources along.
    pub(crate) fn stream_workers(
        &self,
        functions: &mut BTreeMap<String, Function>,
        dynamodb: &DynamoDb,
    ) -> Result<Vec<StreamWorker>, StartError> {
        let prefix = format!("{}-", self.options.stack_name);
        let mut workers = Vec::new();
        for (name, function) in functions {
            for source in std::mem::take(&mut function.streams) {
                let table = source.table.strip_prefix(&prefix).unwrap_or(&source.table).to_owned();
                workers.push(StreamWorker {
                    lambda: self.lambda.clone(),
                    function: name.clone(),
                    function_arn: function.arn.clone(),
                    streams: Streams::new(dynamodb.clone()),
                    on_failure: source.on_failure.as_ref().map(|arn| self.queue(arn)).transpose()?,
                    retry_delay: self.options.retry_delay.unwrap_or(STREAM_RETRY_DELAY),
                    region: self.region.to_owned(),
                    folder: Folder::open(self.options.data_dir.as_deref(), &format!("streams/{table}"))?,
                    progress: Arc::new(Progress::new(name.clone(), table)),
                    source,
                });
            }
        }
        Ok(workers)
    }

    fn queue(&self, arn: &str) -> Result<Arc<Queue>, StartError> {
        self.queues.by_arn(arn).cloned().ok_or_else(|| StartError::NoSuchQueue(arn.to_owned()))
    }
}
