//! `bench cold-start`: what a function's start takes, beside that of the least function that there can be.
//!
//! [`package`] has cargo-lambda build the functions as for Lambda. [`mod@start`] measures from a process's start to its
//! first question for work; [`mod@emulator`] invokes it under Lambda's own runtime interface emulator, with the
//! development cloud as its AWS. [`process`] is what the kernel knows. Starts take turns with those of the least
//! function, so that what else the machine does slows down both.

mod emulator;
mod package;
mod process;
mod start;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use local::cloud::Cloud;
use serde::Serialize;
use serde_json::{Value, json};
use shared::error::Cause;

use crate::progress;
use crate::stats::{Sample, millis, rounded};

use emulator::Emulator;
use package::{HELLO, Packages, all_functions, root};
use start::start;

/// What to start, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Which functions; all, unless named.
    #[arg(long, value_delimiter = ',')]
    functions: Vec<String>,
    /// How often each is started to see when it is ready.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// How often each is started under the emulator.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    emulations: u64,
    /// How often it is invoked there after the first time.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    warm: u64,
    /// Invokes each function so often more, and looks at its memory before and after.
    #[arg(long, value_name = "REQUESTS")]
    soak: Option<u64>,
    /// Measures what an earlier run built.
    #[arg(long)]
    no_build: bool,
    /// The runtime interface emulator; unless named here or by LAMBDA_RIE, the one that the SAM CLI brings.
    #[arg(long)]
    rie: Option<PathBuf>,
    /// Prints a list of JSON objects.
    #[arg(long)]
    json: bool,
}

/// What a function's start takes. Durations are medians.
#[derive(Debug, Serialize)]
struct ColdStart {
    function: String,
    /// What is uploaded.
    zip_bytes: u64,
    /// From the process's start to its first question for work.
    ready_ms: f64,
    ready_cpu_ms: f64,
    /// Beside the least function's, measured in turns.
    ready_ratio: f64,
    ready_cpu_ratio: f64,
    /// The start as the emulator reports it.
    init_ms: f64,
    /// The first invocation as its caller sees it, the start included.
    first_ms: f64,
    warm_ms: f64,
    /// The function's own CPU for an invocation after the first.
    warm_cpu_ms: f64,
    /// The most memory that the process ever had in RAM.
    peak_rss_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    soak: Option<Soak>,
}

/// A function's memory over many invocations.
#[derive(Debug, Clone, Copy, Serialize)]
struct Soak {
    requests: u64,
    rss_bytes_before: u64,
    rss_bytes_after: u64,
}

/// What functions are started with.
struct Setting {
    packages: Packages,
    environment: BTreeMap<String, String>,
    emulator: PathBuf,
    scratch: PathBuf,
}

/// Measures and prints.
///
/// # Errors
/// Something cannot be built or started, or a function fails.
pub(crate) fn run(options: &Options) -> Result<(), Cause> {
    let mut functions = options.functions.clone();
    if functions.is_empty() {
        functions = all_functions()?;
    }
    let packages = Packages::new();
    if !options.no_build {
        packages.build(&functions)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let cloud = runtime.block_on(Cloud::start(local::options::Options { seed: true, ..Default::default() }))?;
    let scratch = std::env::temp_dir().join(format!("cold-start-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let setting =
        Setting { packages, environment: environment(cloud.aws_url()), emulator: emulator(options)?, scratch };
    let measured = setting.measure_all(&functions, options, &runtime);
    fs::remove_dir_all(&setting.scratch)?;
    runtime.block_on(cloud.stop());
    print(&measured?, options.json)
}

impl Setting {
    fn measure_all(
        &self,
        functions: &[String],
        options: &Options,
        runtime: &tokio::runtime::Runtime,
    ) -> Result<Vec<ColdStart>, Cause> {
        let steps = options.rounds + options.emulations + options.soak.map_or(0, |_| 1);
        let bar = progress::bar(steps * (functions.len() as u64 + 1));
        let mut measured = Vec::new();
        for function in functions.iter().map(String::as_str).chain([HELLO]) {
            bar.set_message(function.to_owned());
            measured.push(self.measure(function, options, runtime, &|| bar.inc(1))?);
        }
        bar.finish_and_clear();
        Ok(measured)
    }

    fn measure(
        &self,
        function: &str,
        options: &Options,
        runtime: &tokio::runtime::Runtime,
        step: &dyn Fn(),
    ) -> Result<ColdStart, Cause> {
        let binary = self.packages.binary(function);
        let failed = |what: &str, error: &dyn std::fmt::Display| format!("{function} {what}: {error}");
        let (mut mine, mut least) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            least.push(
                start(&self.packages.binary(HELLO), &self.environment).map_err(|error| failed("(hello)", &error))?,
            );
            mine.push(start(&binary, &self.environment).map_err(|error| failed("does not start", &error))?);
            step();
        }
        let wall = |starts: &[start::Start]| starts.iter().map(|start| start.wall).collect::<Sample>().median();
        let cpu = |starts: &[start::Start]| starts.iter().map(|start| start.cpu).collect::<Sample>().median();
        let ratio = |mine: Duration, least: Duration| rounded(mine.as_secs_f64() / least.as_secs_f64());

        let event = event(function)?;
        let (mut init, mut first, mut warm, mut warm_cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut peak_rss_bytes, mut soak) = (0, None);
        for emulation in 0..options.emulations {
            let emulator = {
                let _within = runtime.enter();
                Emulator::start(&self.emulator, &binary, &self.environment, &self.scratch)?
            };
            first.push(runtime.block_on(emulator.invoke(&event))?);
            let cpu_before = emulator.cpu(&binary)?;
            for _ in 0..options.warm {
                warm.push(runtime.block_on(emulator.invoke(&event))?);
            }
            let invocations = u32::try_from(options.warm)?;
            warm_cpu.push(emulator.cpu(&binary)?.saturating_sub(cpu_before) / invocations);
            init.push(emulator.init()?);
            if let Some(requests) = options.soak.filter(|_| emulation == 0) {
                let rss_bytes_before = emulator.memory(&binary, "VmRSS")?;
                runtime.block_on(repeat(&emulator, &event, requests))?;
                let rss_bytes_after = emulator.memory(&binary, "VmRSS")?;
                soak = Some(Soak { requests, rss_bytes_before, rss_bytes_after });
                step();
            }
            peak_rss_bytes = peak_rss_bytes.max(emulator.memory(&binary, "VmHWM")?);
            step();
        }
        let median = |durations: Vec<Duration>| millis(durations.into_iter().collect::<Sample>().median());
        Ok(ColdStart {
            function: function.to_owned(),
            zip_bytes: self.packages.zip_bytes(function)?,
            ready_ms: millis(wall(&mine)),
            ready_cpu_ms: millis(cpu(&mine)),
            ready_ratio: ratio(wall(&mine), wall(&least)),
            ready_cpu_ratio: ratio(cpu(&mine), cpu(&least)),
            init_ms: median(init),
            first_ms: median(first),
            warm_ms: median(warm),
            warm_cpu_ms: median(warm_cpu),
            peak_rss_bytes,
            soak,
        })
    }
}

async fn repeat(emulator: &Emulator, event: &Value, requests: u64) -> Result<(), Cause> {
    let bar = progress::bar(requests);
    for _ in 0..requests {
        emulator.invoke(event).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// The event of a function; anything is one for the least of them.
fn event(function: &str) -> Result<Value, Cause> {
    if function == HELLO {
        return Ok(json!({}));
    }
    let path = root().join("events").join(format!("{function}.json"));
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// What Lambda and template.yaml give every function, but for where AWS is.
fn environment(aws_url: &str) -> BTreeMap<String, String> {
    let queue_url = format!("{aws_url}/000000000000/local-order-events");
    let settings = [
        ("AWS_ENDPOINT_URL", aws_url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "local"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("TABLE_PREFIX", "local-"),
        ("ORDER_EVENTS_QUEUE_URL", &queue_url),
        ("RESERVATION_TTL_SECONDS", "1800"),
        ("PAYMENT_DEADLINE_SECONDS", "900"),
        ("CURRENCY", "USD"),
        ("SHOP_NAME", "Cartwright"),
        ("SHOP_URL", "https://shop.example.com"),
        ("MAIL_SENDER", "shop@example.com"),
        ("SIGNING_SECRET", "of-the-cold-starts"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_local"),
        ("LOG_LEVEL", "INFO"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The emulator that was named, or else that of the SAM CLI, as the Python on the PATH has it.
fn emulator(options: &Options) -> Result<PathBuf, Cause> {
    if let Some(path) = options.rie.clone().or_else(|| std::env::var_os("LAMBDA_RIE").map(PathBuf::from)) {
        return Ok(path);
    }
    const WHERE: &str = "import os, samcli; print(os.path.dirname(samcli.__file__))";
    let found = Command::new("python3").args(["-c", WHERE]).output()?;
    let name = format!("aws-lambda-rie-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" });
    let path = Path::new(String::from_utf8(found.stdout)?.trim()).join("local/rapid").join(name);
    match found.status.success() && path.exists() {
        true => Ok(path),
        false => Err("no runtime interface emulator: `pip install aws-sam-cli`, or name one with --rie".into()),
    }
}

#[expect(clippy::print_stdout, reason = "it is what the command is run to see")]
fn print(measured: &[ColdStart], json: bool) -> Result<(), Cause> {
    if json {
        println!("{}", serde_json::to_string_pretty(measured)?);
        return Ok(());
    }
    const COLUMNS: [&str; 10] =
        ["zip KB", "ready ms", "× hello", "CPU ms", "× hello", "init ms", "first ms", "warm ms", "CPU ms", "peak MB"];
    println!("{:<24}{}", "function", COLUMNS.map(|column| format!("{column:>10}")).concat());
    for start in measured {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let (zip, peak) = (start.zip_bytes as f64 / 1_000.0, start.peak_rss_bytes as f64 / 1e6);
        let ColdStart { ready_ms, ready_ratio, ready_cpu_ms, ready_cpu_ratio, .. } = start;
        let ColdStart { init_ms, first_ms, warm_ms, warm_cpu_ms, .. } = start;
        println!(
            "{:<24}{zip:>10.0}{ready_ms:>10.1}{ready_ratio:>10.2}{ready_cpu_ms:>10.1}{ready_cpu_ratio:>10.2}\
             {init_ms:>10.1}{first_ms:>10.1}{warm_ms:>10.2}{warm_cpu_ms:>10.3}{peak:>10.1}",
            start.function
        );
        if let Some(Soak { requests, rss_bytes_before, rss_bytes_after }) = start.soak {
            println!("    memory {rss_bytes_before} bytes before and {rss_bytes_after} after {requests} requests more");
        }
    }
    Ok(())
}
