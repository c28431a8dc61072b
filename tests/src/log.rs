//! What a test's own thread logs: its shop runs on that, unless the test is of many threads.

use std::cell::RefCell;
use std::sync::Once;

use serde_json::Value;
use shared::lambda::log::Lines;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

thread_local! {
    /// What this thread has logged, in the lines that a function would write.
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Has every thread keep its log from now on, and forgets what this one has said. A subscriber of one
/// thread only would miss events: whether one is of interest may be decided, once for all, by a thread
/// that has none.
pub fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let keep = Lines(|line| LOG.with_borrow_mut(|log| log.push(line.to_owned())));
        tracing_subscriber::registry().with(keep).with(LevelFilter::INFO).init();
    });
    LOG.take();
}

/// What this thread has logged since it was last asked, line by line.
pub fn heard() -> Vec<Value> {
    LOG.take().iter().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}
