//! Lambda's poller for a table's stream: hands its records to their function in their order, shard by
//! shard, and goes on only when a batch is dealt with or given up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use shared::time::Timestamp;
use uuid::Uuid;

use super::batch::{Batch, Next, Outcome, Policy};
use super::progress::Progress;
use super::reported_failures;
use crate::aws::streams::{Page, StreamError, Streams};
use crate::disk::Folder;
use crate::lambda::Lambda;
use crate::queue::Queue;
use crate::tasks::Stopped;
use crate::template::StreamSource;

/// How soon a stream is looked at again, while there is something in it and after it has been empty for a while.
/// Meanwhile records come together that are then dealt with in one batch.
const GLANCES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(100));

/// How soon a stream is looked at again that could not be read.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// A table's stream and the function that works it off.
pub(crate) struct StreamWorker {
    pub(crate) lambda: Arc<Lambda>,
    pub(crate) function: String,
    pub(crate) function_arn: String,
    pub(crate) streams: Streams,
    pub(crate) source: StreamSource,
    /// Who hears of records that were given up.
    pub(crate) on_failure: Option<Arc<Queue>>,
    /// When a batch is tried again.
    pub(crate) retry_delay: Duration,
    pub(crate) region: String,
    pub(crate) progress: Arc<Progress>,
    /// Where it writes down how far it has come.
    pub(crate) folder: Folder,
}

/// How far it has come in each shard: the last record's number.
type Checkpoint = BTreeMap<String, String>;

/// What it reads at the moment.
#[derive(Default)]
struct Reading {
    stream: Option<String>,
    /// Where the next records of each shard are; nowhere, if the shard has ended.
    next: BTreeMap<String, Option<String>>,
    checkpoint: Checkpoint,
}

impl StreamWorker {
    /// Works the stream off until stopped.
    pub(crate) async fn run(self, stopped: Stopped) {
        let mut reading = Reading { checkpoint: self.last_checkpoint(), ..Reading::default() };
        let mut idle = GLANCES.0;
        loop {
            let asked = self.progress.asked();
            let pause = match self.look(&mut reading, &stopped).await {
                Ok(true) => {
                    idle = GLANCES.0;
                    if self.progress.is_awaited() { Duration::ZERO } else { GLANCES.0 }
                }
                Ok(false) => {
                    self.progress.answer(asked);
                    std::mem::replace(&mut idle, GLANCES.1)
                }
                Err(error) => {
                    tracing::debug!(%error, table = self.source.table, "the stream cannot be read");
                    if error.is_gone() {
                        // Nothing is left to do.
                        self.progress.answer(asked);
                    }
                    if error.is_gone() || error.is_misplaced() {
                        // What was dealt with is still known, unless the table is another now.
                        let known = if error.is_gone() { Checkpoint::new() } else { reading.checkpoint };
                        reading = Reading { checkpoint: known, ..Reading::default() };
                    }
                    if error.is_misplaced() { GLANCES.1 } else { AFTER_TROUBLE }
                }
            };
            tokio::select! {
                biased;
                () = stopped.clone().wait() => return,
                () = tokio::time::sleep(pause) => {}
                () = self.progress.woken() => {}
            }
        }
    }

    /// Looks at each shard once; answers whether there was anything.
    async fn look(&self, reading: &mut Reading, stopped: &Stopped) -> Result<bool, StreamError> {
        let stream = match &reading.stream {
            Some(stream) => stream.clone(),
            None => reading.stream.insert(self.streams.of(&self.source.table).await?).clone(),
        };
        if reading.next.values().all(Option::is_none) {
            self.find_shards(&stream, reading).await?;
        }
        let mut found = false;
        for (shard, iterator) in reading.next.clone() {
            let Some(iterator) = iterator else { continue };
            let Page { records, next_shard_iterator } = self.streams.records(&iterator).await?;
            if let Some(last) = records.last().map(|record| Batch::sequence_number(record).to_owned()) {
                found = true;
                if !self.work_off(&stream, &shard, records, stopped).await {
                    return Ok(found);
                }
                reading.checkpoint.insert(shard.clone(), last);
                if let Err(error) = self.folder.write(&self.function, &reading.checkpoint) {
                    tracing::error!(%error, "how far the stream was worked off cannot be written down");
                }
            }
            found |= next_shard_iterator.is_none();
            reading.next.insert(shard, next_shard_iterator);
        }
        Ok(found)
    }

    /// Finds the shards that can be read: those whose parents have been read to their end.
    async fn find_shards(&self, stream: &str, reading: &mut Reading) -> Result<(), StreamError> {
        let shards = self.streams.shards(stream).await?;
        for shard in &shards {
            let listed = |parent: &String| shards.iter().any(|other| other.shard_id == *parent);
            let waits = shard
                .parent_shard_id
                .as_ref()
                .is_some_and(|parent| listed(parent) && !matches!(reading.next.get(parent), Some(None)));
            if !waits && !reading.next.contains_key(&shard.shard_id) {
                let after = reading.checkpoint.get(&shard.shard_id).map(String::as_str);
                let iterator = match self.streams.iterator(stream, &shard.shard_id, after).await {
                    // Written down of another database.
                    Err(error) if error.is_misplaced() => self.streams.iterator(stream, &shard.shard_id, None).await?,
                    found => found?,
                };
                reading.next.insert(shard.shard_id.clone(), iterator);
            }
        }
        Ok(())
    }

    /// Hands records over until they are dealt with or given up; answers whether it got there before
    /// it was stopped.
    async fn work_off(&self, stream: &str, shard: &str, records: Vec<Value>, stopped: &Stopped) -> bool {
        let StreamSource { bisects, max_retries, max_age, .. } = self.source;
        let policy = Policy { bisects, max_retries, max_age };
        let wanted: Vec<_> = records.into_iter().filter(|record| self.source.filters.pass(record)).collect();
        let batches = wanted.chunks(self.source.batch_size).map(|records| Batch::new(records.to_vec()));
        let mut to_do: VecDeque<Batch> = batches.collect();
        while let Some(batch) = to_do.pop_front() {
            let count = batch.records.len();
            let from = match self.hand_over(stream, &batch).await {
                Outcome::Done => count,
                Outcome::FailedFrom(from) => from,
            };
            let next = (from < count).then(|| policy.after_failure(&mut to_do, batch, from, now()));
            self.progress.note(|state| {
                state.handled += u64::try_from(from).unwrap_or_default();
                state.retrying = if next == Some(Next::Later) { to_do[0].records.len() } else { 0 };
            });
            match next {
                None | Some(Next::AtOnce) => {}
                Some(Next::Later) => tokio::select! {
                    () = stopped.clone().wait() => return false,
                    () = tokio::time::sleep(self.retry_delay) => {}
                },
                Some(Next::GiveUp(batch, why)) => self.give_up(stream, shard, &batch, why),
            }
        }
        true
    }

    async fn hand_over(&self, stream: &str, batch: &Batch) -> Outcome {
        let record = |record: &Value| {
            let mut record = record.clone();
            record["eventSourceARN"] = stream.into();
            record["awsRegion"] = self.region.as_str().into();
            record
        };
        let event = json!({"Records": batch.records.iter().map(record).collect::<Vec<_>>()});
        match self.lambda.invoke(&self.function, event).await {
            Ok(result) if self.source.reports_failures => {
                let numbers = || batch.records.iter().map(|record| Batch::sequence_number(record).to_owned());
                let failed = reported_failures(&result, numbers().collect());
                numbers().position(|number| failed.contains(&number)).map_or(Outcome::Done, Outcome::FailedFrom)
            }
            Ok(_) => Outcome::Done,
            Err(error) => {
                tracing::error!(%error, function = self.function, "a batch failed");
                Outcome::FailedFrom(0)
            }
        }
    }

    /// Tells the failure destination where the records are, in Lambda's words. It never gets them.
    fn give_up(&self, stream: &str, shard: &str, batch: &Batch, why: &'static str) {
        tracing::error!(function = self.function, why, tries = batch.tries, "records were given up");
        self.progress.note(|state| state.given_up += u64::try_from(batch.records.len()).unwrap_or_default());
        let Some(queue) = &self.on_failure else { return };
        let number = |record: Option<&Value>| record.map(Batch::sequence_number).unwrap_or_default().to_owned();
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
        let arrival = Timestamp::from_millis((batch.since() * 1_000.0) as i64);
        let sent_at = self.lambda.now();
        let letter = json!({
            "requestContext": {
                "requestId": Uuid::new_v4(),
                "functionArn": self.function_arn,
                "condition": why,
                "approximateInvokeCount": batch.tries,
            },
            "version": "1.0",
            "timestamp": sent_at,
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": number(batch.records.first()),
                "endSequenceNumber": number(batch.records.last()),
                "approximateArrivalOfFirstRecord": arrival,
                "approximateArrivalOfLastRecord": arrival,
                "batchSize": batch.records.len(),
                "streamArn": stream,
            },
        });
        if let Err(error) = queue.send(letter.to_string(), None, sent_at) {
            tracing::error!(%error, queue = queue.name, "nobody hears of records that were given up");
        }
    }

    /// How far an earlier run came. If that cannot be read it begins anew, as its function must bear.
    fn last_checkpoint(&self) -> Checkpoint {
        let found = self.folder.load::<Checkpoint>().unwrap_or_default();
        found.into_iter().next_back().unwrap_or_default()
    }
}

/// The time that records go by, which no test sets forward.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
