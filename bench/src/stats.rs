//! What a set of measurements says.

use std::time::Duration;

/// A duration in milliseconds, to three places.
pub(crate) fn millis(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1_000.0)
}

/// A number to three places.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Durations that were measured, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<Duration>);

impl FromIterator<Duration> for Sample {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Sample {
        let mut durations: Vec<_> = durations.into_iter().collect();
        durations.sort_unstable();
        Sample(durations)
    }
}

impl Sample {
    /// The least duration that so many per mille of all do not exceed ("nearest rank"); zero if there are none.
    pub(crate) fn per_mille(&self, rank: usize) -> Duration {
        let position = (self.0.len() * rank).div_ceil(1_000).saturating_sub(1);
        self.0.get(position).copied().unwrap_or_default()
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> Duration {
        self.per_mille(500)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_one_of_the_measurements() {
        let sample: Sample = (1..=1_000).rev().map(Duration::from_millis).collect();
        assert_eq!(sample.median(), Duration::from_millis(500));
        assert_eq!(sample.per_mille(990), Duration::from_millis(990));
        assert_eq!(sample.per_mille(999), Duration::from_millis(999));
        assert_eq!(sample.per_mille(1_000), Duration::from_millis(1_000));
        let few: Sample = [3, 1, 2].map(Duration::from_millis).into_iter().collect();
        assert_eq!((few.median(), few.per_mille(999)), (Duration::from_millis(2), Duration::from_millis(3)));
        assert_eq!(Sample::default().median(), Duration::ZERO);
    }

    #[test]
    fn milliseconds_have_three_places() {
        assert!((millis(Duration::from_nanos(1_234_567)) - 1.235).abs() < 1e-9);
    }
}
