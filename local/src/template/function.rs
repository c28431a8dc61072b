//! A function, and the events that invoke it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::policy::{Permission, permissions};
use super::stream::StreamSource;
use super::{TemplateError, read, unsupported};

/// One function and what invokes it.
#[derive(Debug)]
pub struct Function {
    /// Its Amazon resource name.
    pub arn: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// The requests it answers.
    pub routes: Vec<Route>,
    /// The queues it works off.
    pub queues: Vec<QueueSource>,
    /// The tables' streams it works off.
    pub streams: Vec<StreamSource>,
    /// When it runs by itself.
    pub schedules: Vec<Schedule>,
    /// What it may do.
    pub permissions: Vec<Permission>,
}

impl Function {
    /// Reads the function `id`; the template's globals say how long it may take if it does not itself.
    pub(super) fn read(
        id: &str,
        arn: String,
        properties: Value,
        globals: &Value,
    ) -> Result<(String, Function), TemplateError> {
        const LAMBDA_DEFAULT_SECONDS: u64 = 3;
        let FunctionProperties { code_uri, timeout, events, policies } = read(id, properties)?;
        let seconds = timeout.or(globals["Timeout"].as_u64()).unwrap_or(LAMBDA_DEFAULT_SECONDS);
        let timeout = Duration::from_secs(seconds);
        let mut function = Function {
            arn,
            timeout,
            routes: Vec::new(),
            queues: Vec::new(),
            streams: Vec::new(),
            schedules: Vec::new(),
            permissions: permissions(&format!("{id}.Policies"), policies)?,
        };
        for (event, Event { r#type, properties }) in events {
            let place = format!("{id}.Events.{event}");
            match r#type.as_str() {
                "HttpApi" => function.routes.push(read(&place, properties)?),
                "SQS" => function.queues.push(read(&place, properties)?),
                "DynamoDB" => function.streams.push(StreamSource::read(&place, properties)?),
                "Schedule" | "ScheduleV2" => function.schedules.push(schedule(&place, properties)?),
                other => return Err(unsupported(&place, format!("events of type {other} do not happen here"))),
            }
        }
        Ok((folder_name(&code_uri).to_owned(), function))
    }
}

/// One route of the API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Route {
    /// The method, in capitals.
    pub method: String,
    /// The path, `/orders/{order_id}`.
    pub path: String,
    #[serde(default)]
    auth: RouteAuth,
}

impl Route {
    /// It asks for no token.
    pub fn is_public(&self) -> bool {
        self.auth.authorizer.as_deref() == Some("NONE")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteAuth {
    authorizer: Option<String>,
}

/// A queue that a function works off. Its batching window is not kept: it only saves invocations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueueSource {
    /// The queue's resource name.
    #[serde(rename = "Queue")]
    pub queue_arn: String,
    /// How many messages an invocation gets at most.
    #[serde(default = "default_batch_size")]
    pub batch_size: usize,
    #[serde(default)]
    function_response_types: Vec<String>,
}

impl QueueSource {
    /// The function says which messages of a batch failed; otherwise they succeed or fail together.
    pub fn reports_failures(&self) -> bool {
        self.function_response_types.iter().any(|kind| kind == "ReportBatchItemFailures")
    }
}

fn default_batch_size() -> usize {
    10
}

/// When a function runs by itself.
#[derive(Debug)]
pub struct Schedule {
    /// How long from one run to the next.
    pub every: Duration,
    /// What it gets in place of the scheduled event.
    pub input: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionProperties {
    code_uri: String,
    timeout: Option<u64>,
    #[serde(default)]
    events: BTreeMap<String, Event>,
    #[serde(default)]
    policies: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleProperties {
    #[serde(alias = "ScheduleExpression")]
    schedule: String,
    input: Option<String>,
}

/// The folder that holds a function's code names the function: `functions/health/` is `health`.
pub(super) fn folder_name(code_uri: &str) -> &str {
    code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn schedule(place: &str, properties: Value) -> Result<Schedule, TemplateError> {
    let ScheduleProperties { schedule, input } = read(place, properties)?;
    let input = input.map(|input| serde_json::from_str(&input)).transpose();
    Ok(Schedule {
        every: rate(&schedule).ok_or_else(|| unsupported(place, format!("{schedule:?} is no rate(..)")))?,
        input: input.map_err(|error| TemplateError::Shape(place.to_owned(), error))?,
    })
}

/// The span of a rate expression, `rate(5 minutes)`.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return None,
    };
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!(rate("rate(1 minute)"), Some(Duration::from_secs(60)));
        assert_eq!(rate("rate(2 days)"), Some(Duration::from_secs(172_800)));
        for expression in ["rate(0 minutes)", "rate(minute)", "rate(5 weeks)", "cron(* * * * ? *)", ""] {
            assert_eq!(rate(expression), None, "{expression}");
        }
    }
}
