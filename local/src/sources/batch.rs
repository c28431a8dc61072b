//! What Lambda does with a batch of a stream that fails: it halves it, tries again, and gives up.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

/// Records that are handed over together, in their order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Batch {
    pub(super) records: Vec<Value>,
    /// How often they were handed over.
    pub(super) tries: u32,
    /// How many of those count towards the most that there may be.
    retries: u32,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// All that comes before this one is done.
    FailedFrom(usize),
}

/// What comes after a failure.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// The first of what is to be done is tried at once.
    AtOnce,
    /// It is tried after a pause.
    Later,
    /// These are not tried any more, for this reason.
    GiveUp(Batch, &'static str),
}

/// When to give up, and whether to halve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) bisects: bool,
    pub(super) max_retries: Option<u32>,
    pub(super) max_age: Option<Duration>,
}

impl Batch {
    pub(super) fn new(records: Vec<Value>) -> Batch {
        Batch { records, tries: 0, retries: 0 }
    }

    /// A record's number in its shard.
    pub(super) fn sequence_number(record: &Value) -> &str {
        record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
    }

    /// When its oldest record was made, in seconds since 1970.
    pub(super) fn since(&self) -> f64 {
        self.records
            .first()
            .map_or(0.0, |record| record["dynamodb"]["ApproximateCreationDateTime"].as_f64().unwrap_or_default())
    }
}

impl Policy {
    /// Puts what is left of a batch that failed back in front of what is `to_do`. Lambda counts neither a
    /// try that got further than the one before nor one that a halving follows.
    pub(super) fn after_failure(&self, to_do: &mut VecDeque<Batch>, mut batch: Batch, from: usize, now: f64) -> Next {
        batch.tries += 1;
        let got_further = from > 0;
        batch.records.drain(..from);
        if self.max_age.is_some_and(|max_age| now - batch.since() > max_age.as_secs_f64()) {
            return Next::GiveUp(batch, "RecordAgeExceeded");
        }
        if !got_further && self.bisects && batch.records.len() > 1 {
            let second = batch.records.split_off(batch.records.len().div_ceil(2));
            to_do.push_front(Batch { records: second, ..batch });
            to_do.push_front(batch);
            return Next::AtOnce;
        }
        if !got_further {
            if self.max_retries.is_some_and(|max_retries| batch.retries >= max_retries) {
                return Next::GiveUp(batch, "RetryAttemptsExhausted");
            }
            batch.retries += 1;
        }
        to_do.push_front(batch);
        Next::Later
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records(numbers: &[u32]) -> Vec<Value> {
        let record = |number: &u32| json!({"dynamodb": {"SequenceNumber": number.to_string(), "ApproximateCreationDateTime": 100}});
        numbers.iter().map(record).collect()
    }

    /// Hands over `1, 2, 3, 4` to a function that fails from the first record on that `fails` names;
    /// answers what was handed over and what was given up.
    fn work(policy: Policy, fails: &[u32]) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
        let numbers = |batch: &Batch| -> Vec<u32> {
            batch.records.iter().map(|record| Batch::sequence_number(record).parse().unwrap()).collect()
        };
        let mut to_do = VecDeque::from([Batch::new(records(&[1, 2, 3, 4]))]);
        let (mut handed, mut given_up) = (Vec::new(), Vec::new());
        while let Some(batch) = to_do.pop_front() {
            handed.push(numbers(&batch));
            let Some(from) = numbers(&batch).iter().position(|number| fails.contains(number)) else { continue };
            if let Next::GiveUp(batch, _) = policy.after_failure(&mut to_do, batch, from, 100.0) {
                given_up.push(numbers(&batch));
            }
        }
        (handed, given_up)
    }

    const TWICE: Policy = Policy { bisects: true, max_retries: Some(1), max_age: None };

    #[test]
    fn one_bad_record_is_found_and_given_up_alone() {
        let (handed, given_up) = work(TWICE, &[3]);
        assert_eq!(handed, [vec![1, 2, 3, 4], vec![3, 4], vec![3], vec![3], vec![4]]);
        assert_eq!(given_up, [vec![3]]);
    }

    #[test]
    fn without_halving_the_rest_of_the_batch_goes_with_it() {
        let (handed, given_up) = work(Policy { bisects: false, ..TWICE }, &[3]);
        assert_eq!(handed, [vec![1, 2, 3, 4], vec![3, 4], vec![3, 4]]);
        assert_eq!(given_up, [vec![3, 4]]);
    }

    #[test]
    fn what_is_too_old_is_given_up_when_it_fails() {
        let policy = Policy { max_retries: None, max_age: Some(Duration::from_secs(60)), ..TWICE };
        let next = policy.after_failure(&mut VecDeque::new(), Batch::new(records(&[1])), 0, 161.0);
        assert!(matches!(next, Next::GiveUp(_, "RecordAgeExceeded")));
        let mut to_do = VecDeque::new();
        assert_eq!(policy.after_failure(&mut to_do, Batch::new(records(&[1])), 0, 160.0), Next::Later);
        assert_eq!(to_do.len(), 1);
    }
}
