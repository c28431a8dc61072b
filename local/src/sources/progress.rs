//! How far a stream has been worked off, for those who look and those who wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

/// How far a function is with a stream.
pub struct Progress {
    /// The function.
    pub function: String,
    /// The table that the stream is of.
    pub table: String,
    state: Mutex<StreamState>,
    asked: AtomicU64,
    answered: watch::Sender<u64>,
    wake: Notify,
}

/// What became of the records that the function was to get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamState {
    /// How many it has dealt with.
    pub handled: u64,
    /// How many are tried again.
    pub retrying: usize,
    /// How many were given up.
    pub given_up: u64,
}

impl Progress {
    /// Nothing yet.
    pub fn new(function: String, table: String) -> Progress {
        Progress {
            function,
            table,
            state: Mutex::default(),
            asked: AtomicU64::new(0),
            answered: watch::Sender::new(0),
            wake: Notify::new(),
        }
    }

    /// What became of the records so far.
    pub fn state(&self) -> StreamState {
        *self.lock()
    }

    /// Waits until every change of now or before has been worked off.
    pub async fn caught_up(&self) {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake.notify_one();
        let mut answered = self.answered.subscribe();
        // It fails only if the sender is gone, which is a part of this.
        answered.wait_for(|answered| *answered >= mine).await.ok();
    }

    /// How often somebody has asked; looked at before the stream is.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Whether somebody waits until all is done.
    pub(super) fn is_awaited(&self) -> bool {
        self.asked() != *self.answered.borrow()
    }

    /// Tells everyone who had asked by then that nothing is left to do.
    pub(super) fn answer(&self, asked: u64) {
        self.answered.send_if_modified(|answered| std::mem::replace(answered, asked) != asked);
    }

    /// Returns when somebody asks.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut StreamState)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, StreamState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
