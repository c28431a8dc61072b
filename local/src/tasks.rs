//! Tasks that run until they are told to stop.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// A group of tasks. Dropped, it takes them down at once.
pub struct Tasks {
    stop: watch::Sender<()>,
    running: JoinSet<()>,
}

/// Hears when its task is to stop.
#[derive(Clone)]
pub struct Stopped(watch::Receiver<()>);

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Tasks {
        Tasks { stop: watch::Sender::new(()), running: JoinSet::new() }
    }

    /// What a new task listens to.
    pub fn stopped(&self) -> Stopped {
        Stopped(self.stop.subscribe())
    }

    /// Runs a task.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.running.spawn(task);
    }

    /// Tells every task to stop and waits until they have, but not for ever.
    pub async fn stop(self, patience: Duration) {
        let Tasks { stop, mut running } = self;
        drop(stop);
        let all = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("some work was not finished in time");
        }
    }
}

impl Default for Tasks {
    fn default() -> Tasks {
        Tasks::new()
    }
}

impl Stopped {
    /// Returns once the task is to stop.
    pub async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
