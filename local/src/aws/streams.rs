//! DynamoDB's streams, read in their JSON protocol: its records then are the events' as they are.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::error::Cause;

use super::dynamodb::{Answer, DynamoDb};

/// The reading end of DynamoDB's streams.
pub(crate) struct Streams(DynamoDb);

/// Why streams cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// DynamoDB says no.
    #[error("{operation}: {code}: {message}")]
    Refused { operation: &'static str, code: String, message: String },
    /// DynamoDB says nothing that can be understood.
    #[error("{0}: {1}")]
    Unreadable(&'static str, #[source] Cause),
}

/// A part of a stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shard {
    pub(crate) shard_id: String,
    pub(crate) parent_shard_id: Option<String>,
}

/// Some records, and where the next ones are; nowhere, if the shard has ended.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Page {
    pub(crate) records: Vec<Value>,
    pub(crate) next_shard_iterator: Option<String>,
}

impl StreamError {
    /// The table is not there any more, or never was.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, StreamError::Refused { code, .. } if code == "ResourceNotFoundException")
    }

    /// The place is no good that was to be read from: it is too old, or of another stream. Amazon's DynamoDB
    /// Local says so of a new table's first places once there are records.
    pub(crate) fn is_misplaced(&self) -> bool {
        const MISPLACED: [&str; 3] = ["ExpiredIteratorException", "TrimmedDataAccessException", "ValidationException"];
        matches!(self, StreamError::Refused { code, .. } if MISPLACED.contains(&code.as_str()))
    }
}

impl Streams {
    pub(crate) fn new(dynamodb: DynamoDb) -> Streams {
        Streams(dynamodb)
    }

    /// The stream of a table.
    pub(crate) async fn of(&self, table: &str) -> Result<String, StreamError> {
        const OPERATION: &str = "DescribeTable";
        let described: Value = self.call("DynamoDB_20120810", OPERATION, json!({"TableName": table})).await?;
        let arn = described["Table"]["LatestStreamArn"].as_str().map(str::to_owned);
        arn.ok_or_else(|| StreamError::Unreadable(OPERATION, format!("table {table} has no stream").into()))
    }

    /// The shards of a stream.
    pub(crate) async fn shards(&self, stream: &str) -> Result<Vec<Shard>, StreamError> {
        const OPERATION: &str = "DescribeStream";
        let described: Value = self.call("DynamoDBStreams_20120810", OPERATION, json!({"StreamArn": stream})).await?;
        let shards = described["StreamDescription"]["Shards"].clone();
        serde_json::from_value(shards).map_err(|error| StreamError::Unreadable(OPERATION, error.into()))
    }

    /// Where a shard's records begin, or go on after one of them.
    pub(crate) async fn iterator(
        &self,
        stream: &str,
        shard: &str,
        after: Option<&str>,
    ) -> Result<Option<String>, StreamError> {
        let mut request = json!({"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        if let Some(sequence_number) = after {
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
            request["SequenceNumber"] = sequence_number.into();
        }
        let answer: Value = self.call("DynamoDBStreams_20120810", "GetShardIterator", request).await?;
        Ok(answer["ShardIterator"].as_str().map(str::to_owned))
    }

    /// The next records.
    pub(crate) async fn records(&self, iterator: &str) -> Result<Page, StreamError> {
        let mut page: Page =
            self.call("DynamoDBStreams_20120810", "GetRecords", json!({"ShardIterator": iterator})).await?;
        for record in &mut page.records {
            for image in ["NewImage", "OldImage"] {
                let attributes = record["dynamodb"].get_mut(image).and_then(Value::as_object_mut);
                attributes.into_iter().flat_map(Map::values_mut).for_each(complete);
            }
        }
        Ok(page)
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        service: &str,
        operation: &'static str,
        body: Value,
    ) -> Result<T, StreamError> {
        let unreadable = |cause: Cause| StreamError::Unreadable(operation, cause);
        let target = format!("{service}.{operation}");
        let answer = self.0.call(&target, body.to_string().into()).await;
        let Answer { status, body } = answer.map_err(unreadable)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| unreadable(error.into()));
        }
        let refusal: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| refusal[name].as_str().unwrap_or_default().to_owned();
        let code = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
        Err(StreamError::Refused { operation, code, message: text("message") })
    }
}

/// Gives an attribute's empty maps their type, which Amazon's DynamoDB Local leaves out in its streams.
fn complete(attribute: &mut Value) {
    let Some(typed) = attribute.as_object_mut() else { return };
    if typed.is_empty() {
        typed.insert("M".to_owned(), json!({}));
    }
    match typed.iter_mut().next() {
        Some((kind, Value::Object(map))) if kind == "M" => map.values_mut().for_each(complete),
        Some((kind, Value::Array(list))) if kind == "L" => list.iter_mut().for_each(complete),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_maps_are_completed() {
        let mut attribute = json!({"L": [{"M": {"chosen": {}, "none": {"M": {}}, "name": {"S": ""}}}, {"NULL": true}]});
        complete(&mut attribute);
        let whole = json!({"L": [{"M": {"chosen": {"M": {}}, "none": {"M": {}}, "name": {"S": ""}}}, {"NULL": true}]});
        assert_eq!(attribute, whole);
    }
}
