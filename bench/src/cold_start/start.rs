//! From a function's start to its first question for work: how long, and on how much CPU.
//!
//! Lambda's runtime API is played here as far as that question goes. Lambda's own emulator does not say
//! when it came, and starts a function only once there is work.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::process::cpu_time;

/// What a function asks when it is ready.
const QUESTION: &[u8] = b"GET /2018-06-01/runtime/invocation/next";

/// How long a function may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// Starts a function, waits until it asks for work, and ends it.
///
/// # Errors
/// It does not start, or asks for something else.
pub(crate) fn start(binary: &Path, environment: &BTreeMap<String, String>) -> io::Result<Start> {
    let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = api.local_addr()?.to_string();
    let mut command = Command::new(binary);
    command.env_clear().envs(environment).env("AWS_LAMBDA_RUNTIME_API", address);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let mut function = command.spawn()?;
    let ready = asked(&api).and_then(|()| {
        let wall = started.elapsed();
        Ok(Start { wall, cpu: cpu_time(function.id())? })
    });
    function.kill()?;
    function.wait()?;
    ready
}

/// Waits for the question.
fn asked(api: &TcpListener) -> io::Result<()> {
    let (mut connection, _) = api.accept()?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let mut heard = vec![0; QUESTION.len()];
    connection.read_exact(&mut heard)?;
    if heard == QUESTION { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
