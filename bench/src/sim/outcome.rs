//! What a sale came to.

use std::time::Duration;

use super::buyer::Heard;
use super::dynamodb::{Micros, Setbacks};
use crate::stats::Sample;

/// What a sale came to, as it is counted.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) reservations: u64,
    pub(super) checkouts: u64,
    pub(super) sold_out: u64,
    pub(super) failures: u64,
    /// Who heard that it is sold out, although there was enough all the while.
    pub(super) wrongly_refused: u64,
    /// Writes that were tried.
    pub(super) attempts: u64,
    /// Units that nobody has, in the end.
    pub(super) left: u32,
    pub(super) setbacks: Setbacks,
    pub(super) processes: usize,
    /// When writes succeeded, in order.
    succeeded: Vec<Micros>,
    durations: Vec<Duration>,
}

impl Outcome {
    /// A request has its answer.
    pub(super) fn request_ends(&mut self, heard: Heard, is_checkout: bool, took: Micros, now: Micros) {
        self.durations.push(Duration::from_micros(took));
        match (heard, is_checkout) {
            (Heard::Yes, false) => self.reservations += 1,
            (Heard::Yes, true) => self.checkouts += 1,
            (Heard::SoldOut, _) => self.sold_out += 1,
            (Heard::Failure, _) => self.failures += 1,
        }
        if heard == Heard::Yes {
            self.succeeded.push(now);
        }
    }

    /// Writes that succeeded.
    pub(super) fn successes(&self) -> u64 {
        self.reservations + self.checkouts
    }

    /// So many of the writes that succeeded a second, while the sale was in full swing: from the first tenth of them to
    /// the last. Before, nobody has thought about the checkout yet; afterwards, a few may have waited long.
    pub(super) fn per_second(&self, count: u64) -> f64 {
        let tenth = self.succeeded.len() / 10;
        let swing = self.succeeded.get(tenth..self.succeeded.len() - tenth).unwrap_or_default();
        let [begin, end] = [swing.first(), swing.last()].map(|moment| moment.copied().unwrap_or_default());
        let part = ratio(swing.len().try_into().unwrap_or(u64::MAX), self.successes());
        part * ratio(count, 1) / Duration::from_micros((end - begin).max(1)).as_secs_f64()
    }

    /// Writes that were tried for each that succeeded.
    pub(super) fn attempts_per_success(&self) -> f64 {
        ratio(self.attempts, self.successes())
    }

    /// How many of all requests ended in a failure that the buyer saw.
    pub(super) fn visible_failure_rate(&self) -> f64 {
        ratio(self.failures, self.successes() + self.sold_out + self.failures)
    }

    /// Units that were left although somebody was refused.
    pub(super) fn stranded(&self) -> u32 {
        if self.sold_out > 0 { self.left } else { 0 }
    }

    /// How long requests took.
    pub(super) fn sample(&self) -> Sample {
        self.durations.iter().copied().collect()
    }
}

fn ratio(count: u64, of: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody waits for 2^52 of anything")]
    let ratio = count as f64 / of.max(1) as f64;
    ratio
}
