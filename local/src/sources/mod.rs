//! What invokes functions besides requests: queues, tables' streams and schedules.

mod batch;
pub mod progress;
pub mod queue;
pub mod schedule;
mod stream;
pub(crate) mod workshop;

use std::collections::HashSet;

use serde_json::Value;

/// Which of the things that a function was `sent` it says failed. As Lambda has it, nothing said is
/// success, and an answer that cannot be read or names a thing that was not sent fails all of it.
fn reported_failures(result: &Value, sent: HashSet<String>) -> HashSet<String> {
    let reported = match result.get("batchItemFailures") {
        None | Some(Value::Null) => return HashSet::new(),
        Some(Value::Array(reported)) => reported,
        Some(_) => return sent,
    };
    let ids = reported.iter().map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned));
    match ids.collect::<Option<HashSet<_>>>() {
        Some(ids) if ids.is_subset(&sent) => ids,
        _ => sent,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_readable_report_spares_part_of_a_batch() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<HashSet<_>>();
        let failed = |result: Value| reported_failures(&result, set(&["1", "2"]));
        for success in [json!(null), json!({}), json!({"batchItemFailures": null}), json!({"batchItemFailures": []})] {
            assert!(failed(success.clone()).is_empty(), "{success}");
        }
        assert_eq!(failed(json!({"batchItemFailures": [{"itemIdentifier": "2"}]})), set(&["2"]));
        for unreadable in
            [json!("no"), json!([{}]), json!([{"itemIdentifier": ""}]), json!([{"itemIdentifier": "other"}])]
        {
            assert_eq!(failed(json!({"batchItemFailures": unreadable})), set(&["1", "2"]), "{unreadable}");
        }
    }
}
