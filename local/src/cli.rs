//! The command line: what it takes and what it says.

use std::io::IsTerminal as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use local::cloud::Cloud;
use local::openapi::{self, OpenApiError};
use local::options::Options;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Nobody waits three minutes at a terminal to see a message tried again.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// The shop's whole cloud in one process: API Gateway, Lambda, DynamoDB, SQS, SES and schedules.
///
/// Functions log to stderr from the level that LOG_LEVEL names, warn unless set. Payment events are
/// signed with STRIPE_WEBHOOK_SECRET, whsec_local unless set.
#[derive(Debug, Parser)]
#[command(name = "local", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Address to listen at; 0.0.0.0 lets containers in.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port of the API.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of the AWS services.
    #[arg(long, default_value_t = 4566)]
    aws_port: u16,
    /// Where to keep everything; without it, all is gone when this ends.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Start with no products, users or rules.
    #[arg(long)]
    no_seed: bool,
    /// Seconds that a cart holds its stock.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    reservation_ttl: Option<u64>,
    /// Seconds that an online order waits for its payment.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    payment_deadline: Option<u64>,
}

/// What there is to do besides running the cloud.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write openapi.yaml anew, from what the functions say of themselves.
    Openapi,
}

impl From<Cli> for Options {
    fn from(cli: Cli) -> Options {
        let defaults = Options::default();
        let webhook_secret = std::env::var("STRIPE_WEBHOOK_SECRET").ok().filter(|secret| !secret.is_empty());
        Options {
            host: cli.host,
            port: cli.port,
            aws_port: cli.aws_port,
            data_dir: cli.data_dir,
            seed: !cli.no_seed,
            reservation_ttl: cli.reservation_ttl,
            payment_deadline: cli.payment_deadline,
            stripe_webhook_secret: webhook_secret.unwrap_or(defaults.stripe_webhook_secret),
            run_schedules: true,
            retry_delay: Some(RETRY_DELAY),
            ..defaults
        }
    }
}

/// Logs what functions and services say, for people.
pub(crate) fn log() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    // The embedded DynamoDB warns of every failed condition, which is how the store finds things out.
    let levels =
        Targets::new().with_default(level.unwrap_or(LevelFilter::WARN)).with_target("dynoxide", LevelFilter::ERROR);
    let stderr = tracing_subscriber::fmt::layer()
        .compact()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(stderr).with(levels).init();
}

/// Writes openapi.yaml, and says where.
#[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
pub(crate) fn write_openapi() -> Result<(), OpenApiError> {
    println!("Written: {}", openapi::write()?.display());
    Ok(())
}

/// Says what runs where, and a line to try.
#[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
pub(crate) fn greet(cloud: &Cloud) {
    let (api_url, aws_url) = (cloud.api_url(), cloud.aws_url());
    println!("API       {api_url}");
    println!("AWS       {aws_url}  (DynamoDB, SQS, SES)");
    println!("Console   {api_url}/_local/  (orders, mails, queues, users, schedules)");
    println!("Routes    {api_url}/_local/api  (openapi.yaml, to read)");
    let logins = cloud.console().logins().unwrap_or_default();
    for login in &logins {
        println!(
            "\n{} <{}> {}\n{}",
            login.account.name,
            login.account.email,
            login.account.groups.join(", "),
            login.token
        );
    }
    match logins.first() {
        Some(login) => println!("\nTry:\ncurl {api_url}/users/me -H 'Authorization: Bearer {}'", login.token),
        None => println!("\nTry:\ncurl -d '{{\"email\": \"you@example.com\"}}' {api_url}/_local/users"),
    }
}
