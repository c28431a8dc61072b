//! `cargo run -p local`: the development cloud on this machine.

mod cli;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;
use local::cloud::Cloud;
use local::options::StartError;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    cli::log();
    let cli = Cli::parse();
    let done: Result<(), Box<dyn Error>> = match cli.command {
        Some(Command::Openapi) => cli::write_openapi().map_err(Into::into),
        None => run(cli).await.map_err(Into::into),
    };
    match done {
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
