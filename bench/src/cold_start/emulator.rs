//! Lambda's runtime interface emulator, which runs a function as Lambda does: it starts it at the first
//! invocation and says in its log how long that took.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::error::Cause;
// This file has a module of the same name.
use ::tests::api::Api;

use super::process::{child_of, cpu_time, memory};

/// How long the emulator may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// An emulator with its function. It ends when this is dropped, and the function with it.
pub(crate) struct Emulator {
    process: Child,
    api: Api,
    log: PathBuf,
}

impl Emulator {
    /// Starts the emulator `program` for the function `binary`, whose log goes to a file in `scratch`.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(
        program: &Path,
        binary: &Path,
        environment: &BTreeMap<String, String>,
        scratch: &Path,
    ) -> Result<Emulator, Cause> {
        let (port, runtime_port) = (free_port()?, free_port()?);
        let log = scratch.join(format!("{port}.log"));
        let output = File::create(&log)?;
        let process = Command::new(program)
            .args(["--log-level", "info"])
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{runtime_port}")])
            .arg(binary)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let emulator = Emulator { process, api: Api::at(&format!("http://127.0.0.1:{port}")), log };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if started.elapsed() > PATIENCE {
                return Err(format!("the emulator does not start: {}", fs::read_to_string(&emulator.log)?).into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(emulator)
    }

    /// Invokes the function; answers how long that took.
    ///
    /// # Errors
    /// It has no answer, or a function error for one.
    pub(crate) async fn invoke(&self, event: &Value) -> Result<Duration, Cause> {
        const PATH: &str = "/2015-03-31/functions/function/invocations";
        let call = self.api.call("POST", PATH).json(event);
        let started = Instant::now();
        let answer = call.attempt().await?;
        let took = started.elapsed();
        if answer.status != 200 || answer.text.contains("errorType") {
            return Err(format!("the function failed: {} {}", answer.text, fs::read_to_string(&self.log)?).into());
        }
        Ok(took)
    }

    /// How long the function took to start, as the emulator says (`INIT REPORT`).
    ///
    /// # Errors
    /// It does not say.
    pub(crate) fn init(&self) -> Result<Duration, Cause> {
        let log = fs::read_to_string(&self.log)?;
        Ok(init_report(&log).ok_or_else(|| format!("the emulator's log has no INIT REPORT: {log}"))?)
    }

    /// The function's memory in bytes; see [`memory`].
    ///
    /// # Errors
    /// The function does not run.
    pub(crate) fn memory(&self, binary: &Path, field: &str) -> io::Result<u64> {
        memory(self.function(binary)?, field)
    }

    /// The CPU that the function has had; see [`cpu_time`].
    ///
    /// # Errors
    /// The function does not run.
    pub(crate) fn cpu(&self, binary: &Path) -> io::Result<Duration> {
        cpu_time(self.function(binary)?)
    }

    fn function(&self, binary: &Path) -> io::Result<u32> {
        let name = binary.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        child_of(self.process.id(), name)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Ended by a signal that it cannot hear, it would leave the function behind.
        let ended = Command::new("kill").arg(self.process.id().to_string()).status();
        if !ended.is_ok_and(|ended| ended.success()) {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// The duration in a line such as `[INFO] (rapid) INIT REPORT(durationMs: 18.541000)`.
fn init_report(log: &str) -> Option<Duration> {
    let (_, report) = log.split_once("INIT REPORT(")?;
    let (_, millis) = report.split_once("durationMs: ")?;
    let (millis, _) = millis.split_once([')', ','])?;
    let millis: f64 = millis.parse().ok()?;
    Duration::try_from_secs_f64(millis / 1_000.0).ok()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emulators_report_is_read_in_either_form() {
        let short =
            "x [INFO] (rapid) INIT RTDONE(status: success)\nx [INFO] (rapid) INIT REPORT(durationMs: 18.541000)\n";
        assert_eq!(init_report(short), Some(Duration::from_micros(18_541)));
        let long = "INIT REPORT(initType: on-demand, durationMs: 2.50, status: success, phase: init, errorType: )";
        assert_eq!(init_report(long), Some(Duration::from_micros(2_500)));
        assert_eq!(init_report("INIT START(type: on-demand, phase: init)"), None);
    }
}
