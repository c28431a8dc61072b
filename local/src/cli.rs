//! The command line: what it takes and what it says.

use std::io::IsTerminal as _;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Parser;
use local::cloud::Cloud;
use local::options::Options;
use tracing_subscriber::filter::LevelFilter;

/// The shop's whole cloud in one process: API Gateway, Lambda, DynamoDB, SQS, SES and schedules.
///
/// Functions log to stderr from the level that LOG_LEVEL names, warn unless set.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
pub(crate) struct Cli {
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

impl From<Cli> for Options {
    fn from(cli: Cli) -> Options {
        Options {
            host: cli.host,
            port: cli.port,
            aws_port: cli.aws_port,
            data_dir: cli.data_dir,
            seed: !cli.no_seed,
            reservation_ttl: cli.reservation_ttl,
            payment_deadline: cli.payment_deadline,
            run_schedules: true,
            ..Options::default()
        }
    }
}

/// Logs what functions and services say, for people.
pub(crate) fn log() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .compact()
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::WARN))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// Says what runs where, and a line to try.
#[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
pub(crate) fn greet(cloud: &Cloud) {
    let (api_url, aws_url) = (cloud.api_url(), cloud.aws_url());
    println!("API       {api_url}");
    println!("AWS       {aws_url}  (DynamoDB, SQS, SES)");
    println!("Console   {api_url}/_local/  (mails, queues, users, schedules)");
    let sessions = cloud.console().sessions().unwrap_or_default();
    for session in &sessions {
        println!(
            "\n{} <{}> {}\n{}",
            session.account.name,
            session.account.email,
            session.account.groups.join(", "),
            session.token
        );
    }
    match sessions.first() {
        Some(session) => println!("\nTry:\ncurl {api_url}/users/me -H 'Authorization: Bearer {}'", session.token),
        None => println!("\nTry:\ncurl -d '{{\"email\": \"you@example.com\"}}' {api_url}/_local/users"),
    }
}
