//! `cargo run -p local`: the development cloud on this machine.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use local::cloud::Cloud;
use local::options::StartError;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    cli::log();
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), StartError> {
    let mut terminated = signal(SignalKind::terminate())?;
    let cloud = Cloud::start(cli.into()).await?;
    cli::greet(&cloud);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    cloud.stop().await;
    Ok(())
}
