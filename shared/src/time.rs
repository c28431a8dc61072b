//! Moments and the clock they come from.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, to the millisecond. Its text (RFC 3339, `2026-11-20T06:21:33.123Z`) sorts as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The moment so many milliseconds after 1970, or 1970 itself for a number out of range.
    pub fn from_millis(millis: i64) -> Timestamp {
        Timestamp(DateTime::from_timestamp_millis(millis).unwrap_or_default())
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// Seconds since 1970, the unit of a DynamoDB time-to-live.
    pub fn epoch_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// How long it is since `earlier`; zero if that is yet to come.
    pub fn since(self, earlier: Timestamp) -> Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// The day in UTC.
    pub fn day(self) -> Day {
        Day(self.0.date_naive())
    }

    /// The day as a person writes it, `20 November 2026`.
    pub fn long_date(self) -> String {
        self.0.format("%-d %B %Y").to_string()
    }
}

/// A day in UTC. Its text is `2026-11-20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// When it begins.
    pub fn start(self) -> Timestamp {
        Timestamp(self.0.and_time(NaiveTime::MIN).and_utc())
    }

    /// When the next one begins.
    pub fn end(self) -> Timestamp {
        Day(self.0.succ_opt().unwrap_or(self.0)).start()
    }

    /// This day and those before it, back to `first`.
    pub fn back_to(self, first: Day) -> impl Iterator<Item = Day> {
        std::iter::successors(Some(self), |day| day.0.pred_opt().map(Day)).take_while(move |day| *day >= first)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Day, chrono::ParseError> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Day)
    }
}

/// Reads an RFC 3339 time, or a date, which is when that day begins.
impl FromStr for Timestamp {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Timestamp, &'static str> {
        let time =
            || DateTime::parse_from_rfc3339(text).map(|moment| Timestamp::from_millis(moment.timestamp_millis()));
        let day = || text.parse::<Day>().map(Day::start);
        // Years of other than four digits would not sort as text.
        let sorts = |moment: &Timestamp| text.as_bytes().get(4) == Some(&b'-') && (0..=9999).contains(&moment.0.year());
        time()
            .or_else(|_| day())
            .ok()
            .filter(sorts)
            .ok_or("must be a date or an RFC 3339 time, such as 2026-11-20T06:21:33Z")
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Duration) -> Timestamp {
        let delta = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        Timestamp(self.0.checked_add_signed(delta).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Duration) -> Timestamp {
        let delta = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
        Timestamp(self.0.checked_sub_signed(delta).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A request may give a date, too.
impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_deserialize() {
            json_schema!({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
        } else {
            json_schema!({"type": "string", "format": "date-time", "pattern": r"\.[0-9]{3}Z$"})
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Where "now" comes from. A test sets it forward instead of waiting.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicI64>,
    stands_at: Option<Timestamp>,
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands still at `moment`, and moves only when it is set forward.
    pub fn standing_at(moment: Timestamp) -> Clock {
        Clock { stands_at: Some(moment), ..Clock::default() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let millis = self.stands_at.map_or_else(|| Utc::now().timestamp_millis(), Timestamp::millis);
        Timestamp::from_millis(millis + self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Sets this clock, and every clone of it, forward.
    pub fn advance(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_milliseconds_and_reads_back() {
        let moment = Timestamp::from_millis(1_795_155_693_120);
        assert_eq!(moment.to_string(), "2026-11-20T06:21:33.120Z");
        assert_eq!(serde_json::from_str::<Timestamp>("\"2026-11-20T06:21:33.120Z\"").unwrap(), moment);
        assert_eq!(moment.day().to_string(), "2026-11-20");
    }

    #[test]
    fn days_begin_and_end_at_midnight() {
        let day: Day = "2028-03-01".parse().unwrap();
        assert_eq!(day.start().to_string(), "2028-03-01T00:00:00.000Z");
        assert_eq!(day.end().to_string(), "2028-03-02T00:00:00.000Z");
        let days: Vec<_> = day.back_to("2028-02-28".parse().unwrap()).map(|day| day.to_string()).collect();
        assert_eq!(days, ["2028-03-01", "2028-02-29", "2028-02-28"]);
    }

    #[test]
    fn a_moment_is_read_from_a_time_or_a_date() {
        let read = |text: &str| text.parse::<Timestamp>().map(|moment| moment.to_string());
        assert_eq!(read("2026-11-20").unwrap(), "2026-11-20T00:00:00.000Z");
        assert_eq!(read("2026-11-20T06:21:33+02:00").unwrap(), "2026-11-20T04:21:33.000Z");
        for bad in [
            "",
            "2026-11-31",
            "20.11.2026",
            "2026-11-20T06:21",
            "yesterday",
            "+12026-11-20",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn advancing_a_clock_moves_its_clones() {
        let clock = Clock::system();
        let other = clock.clone();
        let before = other.now();
        clock.advance(Duration::from_secs(3600));
        assert!(other.now() >= before + Duration::from_secs(3600));
    }

    #[test]
    fn a_clock_that_stands_moves_only_when_it_is_told_to() {
        let noon = Timestamp::from_millis(1_795_176_000_000);
        let clock = Clock::standing_at(noon);
        assert_eq!(clock.now(), noon);
        clock.advance(Duration::from_millis(1));
        assert_eq!(clock.now().millis(), noon.millis() + 1);
    }

    #[test]
    fn no_time_has_passed_since_what_is_yet_to_come() {
        let (earlier, later) = (Timestamp::from_millis(1_500), Timestamp::from_millis(4_000));
        assert_eq!(later.since(earlier), Duration::from_millis(2_500));
        assert_eq!(earlier.since(later), Duration::ZERO);
        assert_eq!((later - Duration::from_millis(2_500), later.epoch_seconds()), (earlier, 4));
    }
}
