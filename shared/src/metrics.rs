//! Numbers that somebody watches. On Lambda a count becomes a CloudWatch metric by way of the log, in
//! CloudWatch's embedded metric format: no call is made, and none can fail.

use serde_json::{Value, json};
use tracing::field::{Field, Visit};

/// The target of the log events that are metrics.
pub(crate) const TARGET: &str = "cartwright::metrics";

/// The namespace that the metrics have in CloudWatch.
const NAMESPACE: &str = "Cartwright";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Money came for an order that is cancelled, or came twice, and must go back.
    RefundRequired,
}

impl Metric {
    /// The metric's name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Metric::RefundRequired => "RefundRequired",
        }
    }
}

/// Counts `value` of something.
pub fn count(metric: Metric, value: u64) {
    tracing::info!(target: TARGET, metric = metric.name(), value);
}

/// A log event that is a metric, as it is read back.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    metric: String,
    value: u64,
}

impl Counted {
    /// The line that CloudWatch makes a metric of ("Specification: Embedded metric format", Amazon
    /// CloudWatch User Guide).
    pub(crate) fn line(&self, millis: i64) -> Value {
        let Counted { metric, value } = self;
        json!({
            "_aws": {
                "Timestamp": millis,
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [[]],
                    "Metrics": [{"Name": metric, "Unit": "Count"}],
                }],
            },
            metric.as_str(): value,
        })
    }
}

impl Visit for Counted {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "value" {
            self.value = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "metric" {
            value.clone_into(&mut self.metric);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metric_and_carries_its_value() {
        let line = Counted { metric: "RefundRequired".to_owned(), value: 2 }.line(1_795_155_693_120);
        assert_eq!(line["RefundRequired"], 2);
        assert_eq!(line.pointer("/_aws/Timestamp").unwrap(), 1_795_155_693_120_i64);
        let metrics = line.pointer("/_aws/CloudWatchMetrics/0").unwrap();
        assert_eq!(metrics["Metrics"], json!([{"Name": "RefundRequired", "Unit": "Count"}]));
        assert_eq!(metrics["Namespace"], "Cartwright");
    }
}
