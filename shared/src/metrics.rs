//! Numbers that somebody watches. What an invocation counts is written to its log once, when it ends, in
//! CloudWatch's embedded metric format: no call is made, and none can fail. docs/operations.md says what
//! each is for.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use serde_json::{Map, Value, json};

/// The target of the log events that are metrics.
pub(crate) const TARGET: &str = "cartwright::metrics";

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $unit:ident,)*) => {
        /// What is counted or measured. Its name in CloudWatch is the variant's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// All of them.
            pub const ALL: &[Metric] = &[$(Metric::$name),*];

            /// The metric's name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self {
                    $(Metric::$name => stringify!($name),)*
                }
            }

            /// CloudWatch's word for the unit.
            pub fn unit(self) -> &'static str {
                match self {
                    $(Metric::$name => stringify!($unit),)*
                }
            }
        }
    };
}

metrics! {
    /// Carts and direct orders that became orders.
    Checkouts: Count,
    /// Times that something was read anew, because it had changed before it could be written, or sent
    /// again, because another transaction was at it.
    Conflicts: Count,
    /// Calls that were sent again, because DynamoDB was short of capacity or out of reach.
    Retries: Count,
    /// Requests that were refused because less was left than was asked for.
    StockRefusals: Count,
    /// Carts whose hold was over and was ended, by the sweep or for a buyer who was short of stock.
    ReservationsReleased: Count,
    /// Units of one SKU that a user holds after taking some, in the cart and in orders that wait for their payment.
    UnitsHeld: Count,
    /// Requests that were refused because their user would hold too much at once.
    HoldRefusals: Count,
    /// For how long the oldest hold has been over that a sweep found; 0 if there was none.
    OldestUnreleasedHold: Seconds,
    /// The age of the oldest placed order that nobody has looked at for rewards; 0 if none is older than
    /// five minutes.
    OldestUnevaluatedOrder: Seconds,
    /// Things that an audit of the stock found wrong and did not put right.
    StockDrift: Count,
    /// Coupons that orders earned.
    CouponsGranted: Count,
    /// Mails that SES took.
    MailsSent: Count,
    /// Mails that SES refused for good.
    MailsRefused: Count,
    /// Payments that came for an order that is cancelled, or came twice, and must go back.
    RefundRequired: Count,
    /// Read units that DynamoDB charged for, by function.
    ConsumedReadUnits: Count,
    /// Write units that DynamoDB charged for, by function.
    ConsumedWriteUnits: Count,
}

impl Metric {
    /// Whether it is told apart by function.
    pub fn is_by_function(self) -> bool {
        matches!(self, Metric::ConsumedReadUnits | Metric::ConsumedWriteUnits)
    }
}

tokio::task_local! {
    static METER: Meter;
}

/// Counts so many of something in the invocation that is under way. Outside of one nobody counts.
pub fn count(metric: Metric, number: u64) {
    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 in one invocation")]
    add(metric, number as f64);
}

/// Measures a length of time in the invocation that is under way.
pub fn measure(metric: Metric, time: Duration) {
    add(metric, time.as_secs_f64());
}

/// Adds to what the invocation under way has of a metric, in its unit.
pub(crate) fn add(metric: Metric, value: f64) {
    // An error says that no invocation is under way.
    METER.try_with(|meter| *meter.values().entry(metric).or_default() += value).unwrap_or_default();
}

/// Does the work of one invocation, and logs at its end what it counted, however it ends.
pub(crate) async fn metered<F: Future>(function: String, request_id: String, work: F) -> F::Output {
    METER.scope(Meter { function, request_id, values: Mutex::default() }, work).await
}

/// What an invocation has counted.
#[derive(Debug)]
struct Meter {
    function: String,
    request_id: String,
    values: Mutex<BTreeMap<Metric, f64>>,
}

impl Meter {
    fn values(&self) -> std::sync::MutexGuard<'_, BTreeMap<Metric, f64>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line that CloudWatch makes metrics of ("Specification: Embedded metric format", Amazon
    /// CloudWatch User Guide).
    fn line(&self, namespace: &str, millis: i64) -> Value {
        let values = self.values();
        let directive = |by_function: bool| {
            let metrics: Vec<Value> = values
                .keys()
                .filter(|metric| metric.is_by_function() == by_function)
                .map(|metric| json!({"Name": metric.name(), "Unit": metric.unit()}))
                .collect();
            let dimensions = if by_function { json!([["Function"]]) } else { json!([[]]) };
            (!metrics.is_empty()).then(|| json!({"Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics}))
        };
        let directives: Vec<Value> = [false, true].into_iter().filter_map(directive).collect();
        let mut line = Map::new();
        line.insert("_aws".to_owned(), json!({"Timestamp": millis, "CloudWatchMetrics": directives}));
        line.insert("Function".to_owned(), json!(self.function));
        line.insert("request_id".to_owned(), json!(self.request_id));
        line.extend(values.iter().map(|(metric, value)| (metric.name().to_owned(), json!(value))));
        Value::Object(line)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.values().is_empty() {
            return;
        }
        let namespace = std::env::var("METRICS_NAMESPACE").unwrap_or_else(|_| "Cartwright".to_owned());
        let line = self.line(&namespace, Utc::now().timestamp_millis());
        tracing::info!(target: TARGET, %line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(values: &[(Metric, f64)]) -> Meter {
        let values = Mutex::new(values.iter().copied().collect());
        Meter { function: "cartwright-Checkout".to_owned(), request_id: "r-1".to_owned(), values }
    }

    #[test]
    fn a_line_names_its_metrics_and_carries_their_values() {
        let meter = meter(&[(Metric::Checkouts, 2.0), (Metric::ConsumedWriteUnits, 17.5)]);
        let line = meter.line("shop", 1_795_155_693_120);
        assert_eq!(line.pointer("/_aws/Timestamp").unwrap(), 1_795_155_693_120_i64);
        let expected = json!([
            {"Namespace": "shop", "Dimensions": [[]], "Metrics": [{"Name": "Checkouts", "Unit": "Count"}]},
            {"Namespace": "shop", "Dimensions": [["Function"]], "Metrics": [{"Name": "ConsumedWriteUnits", "Unit": "Count"}]},
        ]);
        assert_eq!(line.pointer("/_aws/CloudWatchMetrics").unwrap(), &expected);
        assert_eq!((&line["Checkouts"], &line["ConsumedWriteUnits"]), (&json!(2.0), &json!(17.5)));
        assert_eq!((&line["Function"], &line["request_id"]), (&json!("cartwright-Checkout"), &json!("r-1")));
    }

    #[tokio::test]
    async fn what_is_counted_adds_up_within_an_invocation_and_is_nobodys_outside() {
        count(Metric::Checkouts, 1);
        let counted = metered("f".to_owned(), "r".to_owned(), async {
            count(Metric::Checkouts, 1);
            tokio::task::yield_now().await;
            count(Metric::Checkouts, 2);
            measure(Metric::OldestUnreleasedHold, Duration::from_millis(1_500));
            METER.with(|meter| meter.values().clone())
        });
        let counted = counted.await;
        assert_eq!(counted, BTreeMap::from([(Metric::Checkouts, 3.0), (Metric::OldestUnreleasedHold, 1.5)]));
    }
}
