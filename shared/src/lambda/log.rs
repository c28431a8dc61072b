//! The log of a function: a line of JSON for each event, and for each metric one that CloudWatch reads.

use std::fmt;

use chrono::Utc;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::metrics::{self, Counted};

/// Logs as JSON from now on, from `LOG_LEVEL` up; metrics whatever the level.
pub(super) fn as_json() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    let format = tracing_subscriber::fmt::format().json();
    let lines = Lines(format.flatten_event(true).with_current_span(true).with_span_list(false));
    let output = tracing_subscriber::fmt::layer().fmt_fields(JsonFields::new()).event_format(lines);
    let levels = Targets::new().with_default(LevelFilter::from_level(level)).with_target(metrics::TARGET, Level::INFO);
    tracing_subscriber::registry().with(output).with(levels).init();
}

struct Lines(Format<Json>);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if event.metadata().target() != metrics::TARGET {
            return self.0.format_event(context, writer, event);
        }
        let mut counted = Counted::default();
        event.record(&mut counted);
        writeln!(writer, "{}", counted.line(Utc::now().timestamp_millis()))
    }
}
