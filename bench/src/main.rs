//! What the shop takes, measured: `cargo run --release -p bench -- <command>`.
//!
//! [`load`] sends shoppers through the shop and says how many it serves, how fast, and on how much CPU. [`cost`]
//! says what each operation takes of DynamoDB, and what that costs. [`cold_start`] says what a function's start takes.
//! [`sim`] says what a product that everybody wants at once takes, on a DynamoDB that is only reckoned with.
//! Beneath: [`stats`] (what a set of measurements says) and [`progress`] (a bar, while somebody watches).

mod cold_start;
mod cost;
mod load;
mod progress;
mod sim;
mod stats;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What the shop takes, measured.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends shoppers through the shop: throughput, latency, CPU, and an audit of the data.
    Load(load::Options),
    /// Invokes every busy operation once: DynamoDB calls, read and write units, dollars.
    Cost(cost::Options),
    /// Starts functions as Lambda does, beside the least that a function can be: size, time, CPU, memory.
    ColdStart(cold_start::Options),
    /// Simulates a product that everybody wants at once, on DynamoDB's published limits, with the shop's own code.
    Sim(sim::Options),
}

fn main() -> ExitCode {
    log();
    let measured = match Cli::parse().command {
        Command::Load(options) => load::run(&options),
        Command::Cost(options) => cost::run(&options),
        Command::ColdStart(options) => cold_start::run(&options),
        Command::Sim(options) => sim::run(&options),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Logs at the level that functions have in production, or that LOG_LEVEL names, as JSON as they do, but to nowhere:
/// what a log costs is measured, and what it says is not of interest.
fn log() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let levels = Targets::new().with_target("dynoxide", LevelFilter::OFF).with_default(level);
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false);
    tracing_subscriber::registry().with(lines.with_writer(std::io::sink)).with(levels).init();
}
