//! EventBridge: functions that run by the clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use uuid::Uuid;

use crate::lambda::{InvokeError, Lambda};
use crate::tasks::{Stopped, Tasks};
use crate::template::{Deployment, Function, Schedule};

/// Every schedule, by the function it runs.
pub struct Schedules {
    lambda: Arc<Lambda>,
    deployment: Deployment,
    by_function: BTreeMap<String, Schedule>,
}

impl Schedules {
    /// The schedules of these functions.
    pub fn new(lambda: Arc<Lambda>, deployment: Deployment, functions: BTreeMap<String, Function>) -> Schedules {
        let schedules =
            functions.into_iter().filter_map(|(name, function)| Some((name, function.schedules.into_iter().next()?)));
        Schedules { lambda, deployment, by_function: schedules.collect() }
    }

    /// The functions that run by the clock, and how many seconds apart.
    pub fn list(&self) -> impl Iterator<Item = (&str, u64)> {
        self.by_function.iter().map(|(function, schedule)| (function.as_str(), schedule.every.as_secs()))
    }

    /// Runs a scheduled function now. None where no schedule runs it.
    pub async fn fire(&self, function: &str) -> Option<Result<Value, InvokeError>> {
        let schedule = self.by_function.get(function)?;
        let event = schedule.input.clone().unwrap_or_else(|| self.event(function));
        Some(self.lambda.invoke(function, event).await)
    }

    /// Runs every schedule at its rate.
    pub fn run(self: &Arc<Self>, tasks: &mut Tasks) {
        for function in self.by_function.keys() {
            tasks.spawn(self.clone().repeat(function.clone(), tasks.stopped()));
        }
    }

    async fn repeat(self: Arc<Self>, function: String, stopped: Stopped) {
        let Some(every) = self.by_function.get(&function).map(|schedule| schedule.every) else { return };
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopped = stopped.wait();
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                () = &mut stopped => return,
                _ = ticks.tick() => {}
            }
            if let Some(Err(error)) = self.fire(&function).await {
                tracing::error!(%error, function, "a scheduled run failed");
            }
        }
    }

    /// What a rule sends that names no input of its own.
    fn event(&self, function: &str) -> Value {
        let Deployment { region, account_id, stack_name, .. } = &self.deployment;
        let now = DateTime::from_timestamp_millis(self.lambda.now().millis()).unwrap_or_default();
        json!({
            "version": "0",
            "id": Uuid::new_v4(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": account_id,
            "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": region,
            "resources": [format!("arn:aws:events:{region}:{account_id}:rule/{stack_name}-{function}")],
            "detail": {},
        })
    }
}
