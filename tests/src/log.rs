//! What a test's own thread logs: its shop runs on that, unless the test is of many threads.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use serde_json::Value;

thread_local! {
    /// What this thread has logged, in lines of JSON.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(text));
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has every thread keep its log from now on, and forgets what this one has said. A subscriber of one
/// thread only would miss events: whether one is of interest may be decided, once for all, by a thread
/// that has none.
pub fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
        lines.with_span_list(false).with_writer(|| Log).init();
    });
    LOG.take();
}

/// What this thread has logged since it was last asked, each event as its fields, `level` and `target`.
pub fn heard() -> Vec<Value> {
    let log = LOG.take();
    let lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
}
