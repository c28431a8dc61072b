//! The log of a function: a flat line of JSON for each event, with the ids that the spans around it carry,
//! and one for the metrics of an invocation that CloudWatch reads.

use std::fmt;
use std::io::Write as _;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::metrics;
use crate::time::Clock;

/// Logs as JSON from now on, from `LOG_LEVEL` up; metrics whatever the level.
pub(super) fn as_json() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    let levels = Targets::new().with_default(LevelFilter::from_level(level)).with_target(metrics::TARGET, Level::INFO);
    tracing_subscriber::registry().with(Lines(to_stdout)).with(levels).init();
}

fn to_stdout(line: &str) {
    // A function that cannot log can still serve, and has nobody to tell.
    writeln!(std::io::stdout().lock(), "{line}").unwrap_or_default();
}

/// Hands each event to a function as a line, without the line's end.
pub struct Lines(pub fn(&str));

/// The fields of a span or an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Lines(write) = self;
        if event.metadata().target() == metrics::TARGET {
            return write(fields.0.get("line").and_then(Value::as_str).unwrap_or_default());
        }
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), json!(Clock::system().now()));
        line.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(Fields(of_span)) = span.extensions().get() {
                line.extend(of_span.clone());
            }
        }
        line.extend(fields.0);
        write(&Value::Object(line).to_string());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::process::Command;

    use super::*;
    use crate::ids::{OrderId, UserId};
    use crate::trace;

    thread_local! {
        static WRITTEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn write(line: &str) {
        WRITTEN.with_borrow_mut(|lines| lines.push(line.to_owned()));
    }

    #[test]
    fn a_line_is_flat_and_carries_the_ids_of_its_spans() {
        let (order_id, another, user_id) = (OrderId::derived("o"), OrderId::derived("p"), UserId::derived("ada"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Lines(write)), || {
            let span = trace::invocation("r-1", Some("Root=1-2-3;Sampled=0"));
            let _entered = span.enter();
            tracing::warn!(count = 2_u64, share = 0.5, whole = false, "first");
            trace::is_about(order_id);
            trace::is_for_user(user_id);
            tracing::error!(error = %"broken", "second");
            let inner = trace::about_order(another);
            let _inner = inner.enter();
            trace::belongs_to(Some("1-4-5"));
            tracing::info!("third");
            tracing::info!(target: metrics::TARGET, line = "{\"_aws\":{}}");
        });
        let lines = WRITTEN.take();
        let mut parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &mut parsed[..3] {
            assert!(line.as_object_mut().unwrap().remove("timestamp").is_some());
        }
        let ids = json!({"request_id": "r-1", "trace_id": "1-2-3"});
        let first = json!({"level": "WARN", "message": "first", "count": 2, "share": 0.5, "whole": false});
        let about = json!({"request_id": "r-1", "trace_id": "1-2-3", "user_id": user_id, "order_id": order_id});
        let second = json!({"level": "ERROR", "message": "second", "error": "broken"});
        let of_another = json!({"trace_id": "1-4-5", "order_id": another, "level": "INFO", "message": "third"});
        assert_eq!(parsed[0], merged(&ids, &first));
        assert_eq!(parsed[1], merged(&about, &second));
        assert_eq!(parsed[2], merged(&about, &of_another));
        assert_eq!(parsed[3], json!({"_aws": {}}));
    }

    /// It logs in a process of its own, as the log of a process is set once.
    #[test]
    fn a_function_logs_to_its_standard_output_from_its_level_up() {
        const IS_FUNCTION: &str = "LOGS_AS_A_FUNCTION";
        if std::env::var_os(IS_FUNCTION).is_some() {
            as_json();
            tracing::info!("heard");
            tracing::debug!("too low");
            return;
        }
        let name = "lambda::log::tests::a_function_logs_to_its_standard_output_from_its_level_up";
        let mut function = Command::new(std::env::current_exe().unwrap());
        function.args(["--exact", "--nocapture", name]).env(IS_FUNCTION, "yes").env_remove("LOG_LEVEL");
        let output = String::from_utf8(function.output().unwrap().stdout).unwrap();
        let messages: Vec<_> = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect();
        let messages: Vec<_> = messages.iter().filter_map(|line| line["message"].as_str()).collect();
        assert_eq!(messages, ["heard"]);
    }

    fn merged(one: &Value, other: &Value) -> Value {
        let both = one.as_object().unwrap().iter().chain(other.as_object().unwrap());
        both.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
    }
}
