//! What is printed of the sales.

use serde::Serialize;
use shared::error::Cause;

use super::{Mode, Outcome, Stock};
use crate::stats::{millis, rounded};

/// What all sales came to.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
}

/// What one sale came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    mode: Mode,
    stock: Stock,
    pub(super) shards: u16,
    /// Writes of the SKU that buyers asked for, a second.
    offered_per_second: f64,
    /// Writes of the SKU that succeeded, a second: reservations and checkouts.
    pub(super) successes_per_second: f64,
    reservations_per_second: f64,
    checkouts_per_second: f64,
    /// Writes that were tried for each that succeeded.
    pub(super) attempts_per_success: f64,
    /// How many requests ended in `conflict` or `unavailable`.
    pub(super) visible_failure_rate: f64,
    p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Units that were left although somebody was refused.
    pub(super) stranded_units: u32,
    /// Requests that heard that it is sold out, and those of them during all of which it was not.
    pub(super) sold_out: u64,
    pub(super) wrongly_refused: u64,
    pub(super) conflicts: u64,
    conditions_failed: u64,
    reads_throttled: u64,
    writes_throttled: u64,
    /// Processes that served at once, at most.
    processes: usize,
}

impl Row {
    pub(super) fn new(mode: Mode, stock: Stock, shards: u16, offered: f64, outcome: &Outcome) -> Row {
        let sample = outcome.sample();
        Row {
            mode,
            stock,
            shards,
            offered_per_second: rounded(offered),
            successes_per_second: rounded(outcome.per_second(outcome.successes())),
            reservations_per_second: rounded(outcome.per_second(outcome.reservations)),
            checkouts_per_second: rounded(outcome.per_second(outcome.checkouts)),
            attempts_per_success: rounded(outcome.attempts_per_success()),
            visible_failure_rate: (outcome.visible_failure_rate() * 1e6).round() / 1e6,
            p50_ms: millis(sample.median()),
            p99_ms: millis(sample.per_mille(990)),
            stranded_units: outcome.stranded(),
            sold_out: outcome.sold_out,
            wrongly_refused: outcome.wrongly_refused,
            conflicts: outcome.setbacks.conflicts,
            conditions_failed: outcome.setbacks.conditions_failed,
            reads_throttled: outcome.setbacks.reads_throttled,
            writes_throttled: outcome.setbacks.writes_throttled,
            processes: outcome.processes,
        }
    }

    /// Whether what is offered is served in at most 1.2 attempts, and at most one request in a hundred fails.
    pub(super) fn is_within_targets(&self) -> bool {
        const NEARLY_ALL: f64 = 0.95;
        let served = self.sold_out > 0 || self.successes_per_second >= NEARLY_ALL * self.offered_per_second;
        served && self.attempts_per_success <= 1.2 && self.visible_failure_rate <= 0.01
    }
}

impl Report {
    /// Prints it, for people or as JSON.
    ///
    /// # Errors
    /// It is no JSON.
    #[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
    pub(super) fn print(&self, json: bool) -> Result<(), Cause> {
        if json {
            println!("{}", serde_json::to_string_pretty(&self.rows)?);
            return Ok(());
        }
        println!("{:<9}{:<8}{:>6}{:>18}{:>38}", "", "", "", "writes a second", "");
        println!(
            "{:<9}{:<8}{:>6}{:>10}{:>8}{:>10}{:>11}{:>9}{:>9}{:>10}{:>10}",
            "mode",
            "stock",
            "shards",
            "offered",
            "done",
            "attempts",
            "failures",
            "p50 ms",
            "p99 ms",
            "sold out",
            "stranded"
        );
        for row in &self.rows {
            println!(
                "{:<9}{:<8}{:>6}{:>10.0}{:>8.0}{:>10.3}{:>9.2} %{:>9.1}{:>9.1}{:>10}{:>10}",
                row.mode.to_string(),
                row.stock.to_string(),
                row.shards,
                row.offered_per_second,
                row.successes_per_second,
                row.attempts_per_success,
                row.visible_failure_rate * 100.0,
                row.p50_ms,
                row.p99_ms,
                row.sold_out,
                row.stranded_units,
            );
        }
        println!(
            "\nattempts: writes tried for each that succeeded; failures: requests that ended in conflict or unavailable"
        );
        Ok(())
    }

    /// Whether nobody was refused what there was.
    ///
    /// # Errors
    /// Units were left although somebody was refused, or somebody heard that it is sold out while it was not.
    pub(super) fn verdict(&self) -> Result<(), Cause> {
        let wrong = |row: &Row| row.stranded_units > 0 || row.wrongly_refused > 0;
        if self.rows.iter().any(wrong) { Err("units were left although somebody was refused".into()) } else { Ok(()) }
    }
}
