//! A table's stream that a function works off.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::filter::{FilterCriteria, Filters};
use super::{TemplateError, read, unsupported};

/// A table's stream, and how a function gets its records.
#[derive(Debug)]
pub struct StreamSource {
    /// The table's name.
    pub table: String,
    /// How many records an invocation gets at most.
    pub batch_size: usize,
    /// Which records it gets.
    pub filters: Filters,
    /// The function says from which record of a batch on it failed.
    pub reports_failures: bool,
    /// A batch that fails is tried again in halves.
    pub bisects: bool,
    /// How often a record is tried again at most; without it, until it is too old.
    pub max_retries: Option<u32>,
    /// How old a record gets that is tried again; without it, as old as the stream lets it.
    pub max_age: Option<Duration>,
    /// The resource name of the queue that hears of records that were given up.
    pub on_failure: Option<String>,
}

/// Its batching window and how many batches of a shard run side by side are not kept: they only save time.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    stream: String,
    starting_position: String,
    #[serde(default = "default_batch_size")]
    batch_size: usize,
    filter_criteria: Option<FilterCriteria>,
    #[serde(default)]
    function_response_types: Vec<String>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default = "without_end")]
    maximum_retry_attempts: i64,
    #[serde(default = "without_end")]
    maximum_record_age_in_seconds: i64,
    destination_config: Option<DestinationConfig>,
    #[serde(rename = "MaximumBatchingWindowInSeconds")]
    _window: Option<IgnoredAny>,
    #[serde(rename = "ParallelizationFactor")]
    _side_by_side: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnFailure {
    destination: String,
}

fn default_batch_size() -> usize {
    100
}

fn without_end() -> i64 {
    -1
}

impl StreamSource {
    pub(super) fn read(place: &str, properties: Value) -> Result<StreamSource, TemplateError> {
        let properties: Properties = read(place, properties)?;
        let table = properties.stream.split_once(":table/").and_then(|(_, rest)| rest.split_once("/stream/"));
        let (table, _) = table.ok_or_else(|| unsupported(place, format!("{:?} is no stream", properties.stream)))?;
        if properties.starting_position != "TRIM_HORIZON" {
            return Err(unsupported(place, "streams are read from TRIM_HORIZON here"));
        }
        let reports = properties.function_response_types.iter().any(|kind| kind == "ReportBatchItemFailures");
        let seconds = u64::try_from(properties.maximum_record_age_in_seconds).ok();
        Ok(StreamSource {
            table: table.to_owned(),
            batch_size: properties.batch_size.max(1),
            filters: Filters::read(place, properties.filter_criteria)?,
            reports_failures: reports,
            bisects: properties.bisect_batch_on_function_error,
            max_retries: u32::try_from(properties.maximum_retry_attempts).ok(),
            max_age: seconds.map(Duration::from_secs),
            on_failure: properties.destination_config.map(|config| config.on_failure.destination),
        })
    }
}
