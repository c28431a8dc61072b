//! What a load test says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use shared::error::Cause;

use super::{FUNCTIONS, Measured, Options};
use crate::stats::{Sample, millis, rounded};

/// What a load test says. `cpu_ms_per_order` is that of the functions; `cpu_ms_per_order_of` has every part's.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    shoppers: u32,
    seconds: f64,
    orders: usize,
    orders_per_second: f64,
    /// Of whole shoppers, from the first request to the answer with the order.
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    requests: BTreeMap<&'static str, Latency>,
    cpu_ms_per_order: f64,
    cpu_ms_per_order_of: BTreeMap<String, f64>,
    /// How long rewards and mails went on after the last order.
    afterwards_seconds: f64,
    errors: BTreeMap<String, u64>,
    invariants: Invariants,
}

/// How long requests of one kind took.
#[derive(Debug, Serialize)]
struct Latency {
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
}

/// `"ok"`, or what does not hold.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Invariants {
    Hold(&'static str),
    Broken(Vec<String>),
}

impl Latency {
    fn of(durations: &[Duration]) -> Latency {
        let sample: Sample = durations.iter().copied().collect();
        Latency {
            count: sample.count(),
            p50_ms: millis(sample.median()),
            p99_ms: millis(sample.per_mille(990)),
            p999_ms: millis(sample.per_mille(999)),
        }
    }
}

impl Report {
    pub(super) fn new(options: &Options, measured: &Measured, violations: &[String]) -> Report {
        let Measured { seen, shopping, afterwards, cpu } = measured;
        let Latency { count: orders, p50_ms, p99_ms, p999_ms } = Latency::of(&seen.rounds);
        #[expect(clippy::cast_precision_loss, reason = "nobody waits for 2^52 orders")]
        let per_order = |total: f64| rounded(total / orders.max(1) as f64);
        let cpu: BTreeMap<_, _> =
            cpu.iter().map(|(name, time)| (name.clone(), per_order(time.as_secs_f64() * 1_000.0))).collect();
        Report {
            shoppers: options.shoppers,
            seconds: rounded(shopping.as_secs_f64()),
            orders,
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            orders_per_second: rounded(orders as f64 / shopping.as_secs_f64()),
            p50_ms,
            p99_ms,
            p999_ms,
            requests: seen.requests.iter().map(|(kind, durations)| (*kind, Latency::of(durations))).collect(),
            cpu_ms_per_order: cpu.get(FUNCTIONS.0).copied().unwrap_or_default(),
            cpu_ms_per_order_of: cpu,
            afterwards_seconds: rounded(afterwards.as_secs_f64()),
            errors: seen.errors.clone(),
            invariants: match violations {
                [] => Invariants::Hold("ok"),
                violations => Invariants::Broken(violations.to_vec()),
            },
        }
    }

    /// Prints it, for people or as JSON.
    ///
    /// # Errors
    /// It is no JSON.
    #[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
    pub(super) fn print(&self, json: bool) -> Result<(), Cause> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        println!("{} shoppers at once for {:.1} s, each over and over:", self.shoppers, self.seconds);
        println!("the catalogue, 3 products into the cart, one more of one, checkout\n");
        println!("{:<18}{:>10}{:>12}{:>12}{:>12}", "", "count", "p50 ms", "p99 ms", "p99.9 ms");
        let whole = Latency { count: self.orders, p50_ms: self.p50_ms, p99_ms: self.p99_ms, p999_ms: self.p999_ms };
        for (kind, latency) in
            self.requests.iter().map(|(kind, latency)| (*kind, latency)).chain([("whole shopper", &whole)])
        {
            let Latency { count, p50_ms, p99_ms, p999_ms } = latency;
            println!("{kind:<18}{count:>10}{p50_ms:>12.2}{p99_ms:>12.2}{p999_ms:>12.2}");
        }
        println!(
            "\n{:.1} whole shoppers a second; rewards and mails were done {:.2} s after the last order",
            self.orders_per_second, self.afterwards_seconds
        );
        println!("\n{:<18}{:>22}", "CPU of", "ms per whole shopper");
        for (part, per_order) in &self.cpu_ms_per_order_of {
            println!("{part:<18}{per_order:>22.2}");
        }
        match self.errors.is_empty() {
            true => println!("\nno errors"),
            false => self.errors.iter().for_each(|(code, count)| println!("\nerrors: {count} × {code}")),
        }
        match &self.invariants {
            Invariants::Hold(_) => println!("every promise about the data holds, and what was bought is what is sold"),
            Invariants::Broken(violations) => violations.iter().for_each(|violation| println!("BROKEN {violation}")),
        }
        Ok(())
    }

    /// Whether all went well.
    ///
    /// # Errors
    /// There were errors, the data is not sound, or nobody got anything.
    pub(super) fn verdict(&self) -> Result<(), Cause> {
        if !self.errors.is_empty() {
            return Err("requests failed".into());
        }
        if matches!(self.invariants, Invariants::Broken(_)) {
            return Err("the data is not sound".into());
        }
        if self.orders == 0 { Err("nobody got to the end of the checkout".into()) } else { Ok(()) }
    }
}
