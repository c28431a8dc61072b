//! How long things take.

use std::f64::consts::TAU;
use std::str::FromStr;

use fastrand::Rng;

/// A log-normal distribution of durations, by two of its quantiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    median_ms: f64,
    p99_ms: f64,
}

impl Spread {
    /// A duration in microseconds.
    pub(super) fn draw(self, random: &mut Rng) -> u64 {
        /// How many standard deviations the 99th percentile of a normal distribution is from its middle.
        const P99: f64 = 2.326_348;
        let sigma = (self.p99_ms / self.median_ms).ln() / P99;
        let millis = self.median_ms * (sigma * normal(random)).exp();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few milliseconds, above zero")]
        let micros = (millis * 1_000.0).round() as u64;
        micros
    }
}

impl FromStr for Spread {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Spread, &'static str> {
        const EXPECTED: &str = "must be a median and a 99th percentile in milliseconds, such as 2:6";
        let (median, p99) = text.split_once(':').ok_or(EXPECTED)?;
        let (median_ms, p99_ms): (f64, f64) =
            (median.parse().map_err(|_| EXPECTED)?, p99.parse().map_err(|_| EXPECTED)?);
        if median_ms > 0.0 && p99_ms >= median_ms && p99_ms.is_finite() {
            Ok(Spread { median_ms, p99_ms })
        } else {
            Err("must be above zero, the 99th percentile not below the median")
        }
    }
}

/// A draw from the standard normal distribution (Box and Muller, 1958).
fn normal(random: &mut Rng) -> f64 {
    let (radius, angle) = (1.0 - random.f64(), TAU * random.f64());
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_quantiles_that_were_asked_for() {
        let spread: Spread = "2:6".parse().unwrap();
        let mut random = Rng::with_seed(1);
        let mut drawn: Vec<u64> = (0..100_000).map(|_| spread.draw(&mut random)).collect();
        drawn.sort_unstable();
        assert!((1_970..2_030).contains(&drawn[50_000]), "{}", drawn[50_000]);
        assert!((5_850..6_150).contains(&drawn[99_000]), "{}", drawn[99_000]);
    }

    #[test]
    fn what_is_no_spread_is_refused() {
        for text in ["2", "0:1", "3:2", "a:b", "1:inf"] {
            assert!(text.parse::<Spread>().is_err(), "{text}");
        }
    }
}
