//! Lambda: every function that template.yaml deploys, ready to be invoked.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use serde_json::Value;
use shared::error::Cause;
use shared::lambda::Function;
use shared::shop::Shop;
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
    shop: Shop,
    functions: BTreeMap<String, Deployed>,
    threads: Option<Handle>,
}

struct Deployed {
    function: Function,
    arn: String,
    timeout: Duration,
}

impl Lambda {
    /// Deploys `code` as `functions` says, to run on `threads` or on those of whoever invokes it. A name that only one of them has is given back as the error.
    ///
    /// # Errors
    /// The names of functions that the template has and the code has not, and the other way round.
    pub fn deploy(
        shop: Shop,
        functions: &BTreeMap<String, template::Function>,
        mut code: BTreeMap<&'static str, Function>,
        threads: Option<Handle>,
    ) -> Result<Lambda, Vec<String>> {
        let mut unmatched = Vec::new();
        let mut deployed = BTreeMap::new();
        for (name, template::Function { arn, timeout, .. }) in functions {
            match code.remove(name.as_str()) {
                Some(function) => {
                    deployed.insert(name.clone(), Deployed { function, arn: arn.clone(), timeout: *timeout });
                }
                None => unmatched.push(name.clone()),
            }
        }
        unmatched.extend(code.into_keys().map(str::to_owned));
        if unmatched.is_empty() { Ok(Lambda { shop, functions: deployed, threads }) } else { Err(unmatched) }
    }

    /// What the functions work with.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Invokes a function and waits for its result. It runs to its end even if nobody waits any more.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke(&self, name: &str, event: Value) -> Result<Value, InvokeError> {
        let deployed = self.functions.get(name).ok_or_else(|| InvokeError::Unknown(name.to_owned()))?;
        let (function, shop, context) = (deployed.function.clone(), self.shop.clone(), context(deployed));
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

fn context(deployed: &Deployed) -> Context {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + deployed.timeout;
    let mut context = Context::default();
    context.request_id = Uuid::new_v4().to_string();
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    context.invoked_function_arn = deployed.arn.clone();
    context
}
