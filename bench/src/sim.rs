//! `bench sim`: what a product that everybody wants at once takes, on a DynamoDB that is only reckoned with.
//!
//! A discrete-event simulation in virtual time: one thread, a heap of events, every draw from one seed. [`buyer`]s come
//! to [`world`], whose functions go by the shop's own code: at which shards a buyer looks and in which order
//! (`shared::inventory::looks`), which of them it takes units from (`shared::inventory::allocate`), what a setback calls
//! for and how long to wait first (`shared::retry`), what a process need not ask again (`shared::memory`), and how buyers
//! find out together that it is sold out (`shared::inventory::notices`). Only DynamoDB is a model ([`mod@dynamodb`]), by
//! what is published of it:
//!
//! - A partition serves 1,000 write units and 3,000 read units a second. (Amazon DynamoDB Developer Guide, "Best
//!   practices for designing and using partition keys effectively".)
//! - An eventually consistent read takes half a read unit. (The same, "DynamoDB read consistency". What it reads is
//!   taken to be what is so: nobody is refused by it alone, and a write that it misleads fails.)
//! - A write in a transaction takes two write units, one to prepare and one to commit. ("Amazon DynamoDB Transactions:
//!   How it works", "Capacity management for transactions".)
//! - An item that is in a transaction refuses other writes, with `TransactionConflict`. (The same, "Transaction conflict
//!   handling"; Idziorek et al., "Distributed Transactions at Scale in Amazon DynamoDB", USENIX ATC 2023, for the two
//!   phases.)
//! - A batch answers what there was capacity for, and names what it left out. (`BatchGetItem` in the API reference.)
//!
//! What is not published is assumed, and a parameter: how long calls take (the guide promises single-digit
//! milliseconds; the paper's figures have no units), for how long a transaction holds an item between its two phases,
//! over what time a partition's limit is kept (a tenth of a second), and on how many partitions the items are (as
//! many as there are shards, up to 16, dealt out evenly; DynamoDB decides that by hashes, and splits partitions that
//! are busy). The tables of carts, orders and users have a key for each buyer, so nobody waits for capacity there.
//! Lambda serves 1,000 requests at once, the default of an account, and refuses more. Starts of processes, API Gateway
//! and the network before it are not in it, nor is the look for holds that are over.

mod buyer;
mod dynamodb;
mod latency;
mod outcome;
mod report;
#[cfg(test)]
mod targets;
mod world;

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use shared::error::Cause;
use shared::inventory::looks::AT_ONCE;
use shared::inventory::spread::stock_items;

use latency::Spread;
use outcome::Outcome;
use report::{Report, Row};
use world::World;

/// Who comes, to what, and how long things take.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many buyers come.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    buyers: u32,
    /// How many units each wants.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=999))]
    units: u32,
    /// How they buy.
    #[arg(long, value_delimiter = ',', default_values_t = [Mode::Reserve, Mode::Sell])]
    mode: Vec<Mode>,
    /// Over how many shards the SKU is spread.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 16, 32, 64], value_parser = clap::value_parser!(u16).range(1..=99))]
    shards: Vec<u16>,
    /// How many stock items a shard is, instead of what the shop makes it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=99))]
    items_a_shard: Option<u16>,
    /// On how many partitions these are, at most.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    partitions: u16,
    /// In how many of the items all units are, instead of in each as many.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    filled: Option<u16>,
    /// How much there is for them.
    #[arg(long, value_delimiter = ',', default_values_t = [Stock::Plenty, Stock::Exact, Stock::Scarce])]
    stock: Vec<Stock>,
    /// Writes of the SKU that buyers ask for, a second; 6,500, or plainly 13,000, unless given.
    #[arg(long)]
    rate: Option<f64>,
    /// Everybody comes within one second.
    #[arg(long, conflicts_with = "rate")]
    burst: bool,
    /// Looks for the highest rate that the targets allow, instead of offering one.
    #[arg(long, conflicts_with_all = ["rate", "burst"])]
    find_rate: bool,
    /// How long a buyer thinks between the cart and the checkout, in the mean.
    #[arg(long, default_value_t = 2_000, value_name = "MILLISECONDS")]
    think_ms: u64,
    #[command(flatten)]
    latencies: Latencies,
    /// How many requests the shop's functions serve at once, at most.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
    processes: u16,
    /// What every draw follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Has buyers look at all items at once, as the shop once did.
    #[arg(long)]
    look_at_all: bool,
    /// Has buyers read what is so now, for twice the read units, as the shop once did.
    #[arg(long)]
    consistent: bool,
    /// Has processes remember nothing, as the shop once did.
    #[arg(long)]
    forgetful: bool,
    /// Prints a list of JSON objects.
    #[arg(long)]
    json: bool,
}

/// How long calls take, each as its median and 99th percentile in milliseconds, such as 3:10.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Latencies {
    /// A read.
    #[arg(long, default_value = "3:10", value_name = "MEDIAN:P99")]
    read_ms: Spread,
    /// A single write.
    #[arg(long, default_value = "4:12", value_name = "MEDIAN:P99")]
    write_ms: Spread,
    /// A transaction, without the time for which it holds its items.
    #[arg(long, default_value = "6:20", value_name = "MEDIAN:P99")]
    transaction_ms: Spread,
    /// For how long a transaction holds its items, between its two phases.
    #[arg(long, default_value = "2:6", value_name = "MEDIAN:P99")]
    hold_ms: Spread,
}

/// How buyers buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Into the cart: one transaction of the stock and the cart.
    Reserve,
    /// Into the cart, and then the checkout: another transaction of the same stock.
    Sell,
    /// What it would be by single conditional writes, which no cart would agree with. Not what the shop does.
    Plain,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stock {
    /// Ten times what is wanted.
    Plenty,
    /// What is wanted.
    Exact,
    /// A tenth of what is wanted.
    Scarce,
}

/// One sale that is played.
#[derive(Debug, Clone)]
struct Sale {
    mode: Mode,
    buyers: u32,
    units: u32,
    items: u16,
    filled: u16,
    partitions: u16,
    stock: u32,
    buyers_per_second: f64,
    think_ms: u64,
    latencies: Latencies,
    /// From the request to the answer, at most: what a function has, less what it keeps back for the answer.
    time_for_a_request: Duration,
    processes: usize,
    looks: usize,
    consistent: bool,
    forgetful: bool,
    seed: u64,
}

/// Every draw of a search is made anew: so often is the range of rates halved.
const HALVINGS: u32 = 8;

/// Plays every sale that is asked for, and prints what they came to.
///
/// # Errors
/// The report is no JSON, or units were left although somebody was refused.
pub(crate) fn run(options: &Options) -> Result<(), Cause> {
    let mut rows = Vec::new();
    for mode in &options.mode {
        for stock in &options.stock {
            for shards in &options.shards {
                rows.push(play(options, *mode, *stock, *shards));
            }
        }
    }
    let report = Report { rows };
    report.print(options.json)?;
    report.verdict()
}

fn play(options: &Options, mode: Mode, stock: Stock, shards: u16) -> Row {
    if options.find_rate {
        return find_rate(options, mode, stock, shards);
    }
    let rate = if options.burst { f64::from(options.buyers) } else { options.rate.unwrap_or(mode.usual_rate()) };
    let outcome = World::play(&sale(options, mode, stock, shards, rate));
    Row::new(mode, stock, shards, rate, &outcome)
}

/// The highest rate of which nearly all is served within the targets.
fn find_rate(options: &Options, mode: Mode, stock: Stock, shards: u16) -> Row {
    let (mut low, mut high) = (0.0, 2.0 * mode.usual_rate());
    let mut best = None;
    for _ in 0..HALVINGS {
        let rate: f64 = f64::midpoint(low, high);
        let outcome = World::play(&sale(options, mode, stock, shards, rate));
        let row = Row::new(mode, stock, shards, rate, &outcome);
        if row.is_within_targets() {
            low = rate;
            best = Some(row);
        } else {
            high = rate;
        }
    }
    best.unwrap_or_else(|| {
        let outcome = World::play(&sale(options, mode, stock, shards, low.max(1.0)));
        Row::new(mode, stock, shards, low.max(1.0), &outcome)
    })
}

fn sale(options: &Options, mode: Mode, stock: Stock, shards: u16, rate: f64) -> Sale {
    /// The template's timeout of ten seconds, less half a second.
    const TIME_FOR_A_REQUEST: Duration = Duration::from_millis(9_500);
    let wanted = options.buyers.saturating_mul(options.units);
    let items = options.items_a_shard.map_or_else(|| stock_items(shards, 1), |items| shards.saturating_mul(items));
    Sale {
        mode,
        buyers: options.buyers,
        units: options.units,
        items,
        filled: options.filled.unwrap_or(items).min(items),
        partitions: options.partitions.min(shards),
        stock: match stock {
            Stock::Plenty => wanted.saturating_mul(10),
            Stock::Exact => wanted,
            Stock::Scarce => wanted / 10,
        },
        // Whoever checks out writes twice.
        buyers_per_second: if mode == Mode::Sell { rate / 2.0 } else { rate },
        think_ms: options.think_ms,
        latencies: options.latencies,
        time_for_a_request: TIME_FOR_A_REQUEST,
        processes: options.processes.into(),
        looks: if options.look_at_all { usize::MAX } else { AT_ONCE },
        consistent: options.consistent,
        forgetful: options.forgetful,
        seed: options.seed,
    }
}

impl Mode {
    /// A bit more than the target: four fifths of what 16 partitions serve.
    fn usual_rate(self) -> f64 {
        if self == Mode::Plain { 13_000.0 } else { 6_500.0 }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mode::Reserve => "reserve",
            Mode::Sell => "sell",
            Mode::Plain => "plain",
        })
    }
}

impl std::fmt::Display for Stock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stock::Plenty => "plenty",
            Stock::Exact => "exact",
            Stock::Scarce => "scarce",
        })
    }
}
