//! Lambda: every function that template.yaml deploys, ready to be invoked.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use serde_json::Value;
use shared::error::Cause;
use shared::lambda::Function;
use shared::shop::Shop;
use shared::time::{Clock, Timestamp};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::template;

/// Why an invocation has no result.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// No such function is deployed.
    #[error("there is no function {0}")]
    Unknown(String),
    /// It took longer than its timeout allows.
    #[error("the function timed out after {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It answered with an error.
    #[error("the function failed: {0}")]
    Failed(#[source] Cause),
    /// It panicked.
    #[error("the function panicked")]
    Panicked,
}

/// The deployed functions.
pub struct Lambda {
    clock: Clock,
    shop_of: Box<dyn Fn(&str) -> Shop + Send + Sync>,
    functions: BTreeMap<String, Deployed>,
    threads: Option<Handle>,
}

struct Deployed {
    function: Function,
    /// What it works with, made at its first invocation as at a cold start.
    shop: OnceLock<Shop>,
    arn: String,
    timeout: Duration,
}

impl Lambda {
    /// Deploys `code` as `functions` says, each function to work with its `shop_of` its name, on `threads` or on
    /// those of whoever invokes it. A name that only one of them has is given back as the error.
    ///
    /// # Errors
    /// The names of functions that the template has and the code has not, and the other way round.
    pub fn deploy(
        clock: Clock,
        shop_of: impl Fn(&str) -> Shop + Send + Sync + 'static,
        functions: &BTreeMap<String, template::Function>,
        mut code: BTreeMap<&'static str, Function>,
        threads: Option<Handle>,
    ) -> Result<Lambda, Vec<String>> {
        let mut unmatched = Vec::new();
        let mut deployed = BTreeMap::new();
        for (name, template::Function { arn, timeout, .. }) in functions {
            match code.remove(name.as_str()) {
                Some(function) => {
                    let (shop, arn, timeout) = (OnceLock::new(), arn.clone(), *timeout);
                    deployed.insert(name.clone(), Deployed { function, shop, arn, timeout });
                }
                None => unmatched.push(name.clone()),
            }
        }
        unmatched.extend(code.into_keys().map(str::to_owned));
        let shop_of = Box::new(shop_of);
        if unmatched.is_empty() { Ok(Lambda { clock, shop_of, functions: deployed, threads }) } else { Err(unmatched) }
    }

    /// What time it is for the functions.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Invokes a function and waits for its result. It runs to its end even if nobody waits any more.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke(&self, name: &str, event: Value) -> Result<Value, InvokeError> {
        let deployed = self.functions.get(name).ok_or_else(|| InvokeError::Unknown(name.to_owned()))?;
        let shop = deployed.shop.get_or_init(|| (self.shop_of)(name)).clone();
        let (function, context) = (deployed.function.clone(), context(name, deployed, &event));
        let running = async move { function.invoke(&shop, event, context).await };
        let mut running = match &self.threads {
            Some(threads) => threads.spawn(running),
            None => tokio::spawn(running),
        };
        match tokio::time::timeout(deployed.timeout, &mut running).await {
            Ok(Ok(result)) => result.map_err(InvokeError::Failed),
            Ok(Err(_)) => Err(InvokeError::Panicked),
            Err(_) => {
                running.abort();
                Err(InvokeError::TimedOut(deployed.timeout))
            }
        }
    }
}

fn context(name: &str, deployed: &Deployed, event: &Value) -> Context {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = now + deployed.timeout;
    let mut context = Context::default();
    context.request_id = Uuid::new_v4().to_string();
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    context.invoked_function_arn = deployed.arn.clone();
    context.env_config = Arc::new(lambda_runtime::Config { function_name: name.to_owned(), ..Default::default() });
    // A request that is part of a trace already says so in a header.
    let trace = event.pointer("/headers/x-amzn-trace-id").and_then(Value::as_str).map(str::to_owned);
    context.xray_trace_id = trace.or_else(|| Some(new_trace(now)));
    context
}

/// The header of a new trace, as X-Ray makes them of the time and 96 random bits.
fn new_trace(now: Duration) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("Root=1-{:08x}-{};Sampled=0", now.as_secs(), &random[..24])
}
