//! docs/interleavings.md: who acted in the middle of whom, and what came of it.

use std::collections::BTreeSet;

use super::operations::Operation;
use super::stage::Outcome;
use crate::documents::{Document, Row, sum};

/// The document.
pub(super) const DOCUMENT: Document =
    Document { file: "interleavings.md", tests: "interleavings::", head: include_str!("document/head.md"), foot };

/// What was seen of two operations.
#[derive(Default)]
pub(super) struct Seen {
    before: usize,
    after: usize,
    either: usize,
    joined: usize,
    untold: usize,
    told: BTreeSet<[String; 2]>,
}

impl Seen {
    /// Counts an outcome as that of one of the two orders, or as what it may be besides.
    pub(super) fn count(
        &mut self,
        both: [&Operation; 2],
        outcome: &Outcome,
        serial: &[Outcome; 2],
    ) -> Result<(), String> {
        self.told.insert(outcome.told.clone());
        let [before, after] = serial;
        let counter = match (outcome == before, outcome == after) {
            (true, true) => &mut self.either,
            (true, false) => &mut self.before,
            (false, true) => &mut self.after,
            (false, false) if is_joined(both, outcome, serial) => &mut self.joined,
            (false, false) if is_untold(both, outcome, serial) => &mut self.untold,
            (false, false) => return Err(difference(outcome, serial)),
        };
        *counter += 1;
        Ok(())
    }

    pub(super) fn row(&self, first: &str, second: &str) -> Row {
        let Seen { before, after, either, joined, untold, told } = self;
        let calls = before + after + either + joined + untold;
        let counts = [calls, *before, *after, *either, *joined, *untold].map(|count| count.to_string());
        let told: Vec<_> = told.iter().map(|[first, second]| format!("{first} / {second}")).collect();
        [first.to_owned(), second.to_owned()].into_iter().chain(counts).chain([told.join("; ")]).collect()
    }
}

/// Two checkouts of one cart at once make one order, and both get it; the key of the other stands for it.
fn is_joined(both: [&Operation; 2], outcome: &Outcome, serial: &[Outcome; 2]) -> bool {
    let mut items = outcome.effects.items.clone();
    items.retain(|item| !item.contains("\"alias_of\""));
    let is_as = |expected: &Outcome| items == expected.effects.items && outcome.effects.mails == expected.effects.mails;
    both.iter().all(|operation| operation.function == "checkout")
        && outcome.told.iter().all(|told| told == "201")
        && outcome.violations.is_empty()
        && serial.iter().any(is_as)
}

/// Nobody is mailed a coupon that was revoked since it was granted.
fn is_untold(both: [&Operation; 2], outcome: &Outcome, serial: &[Outcome; 2]) -> bool {
    let without_marks = |items: &[String]| -> Vec<String> {
        let mut items: Vec<_> = items.iter().map(|item| item.replace("\"emailed_at\":\"<time>\",", "")).collect();
        items.sort();
        items
    };
    let is_as = |expected: &Outcome| {
        without_marks(&outcome.effects.items) == without_marks(&expected.effects.items)
            && expected.effects.mails_besides(&outcome.effects).is_some()
    };
    both[0].function == "evaluate-rewards"
        && both[1].function == "cancel-order"
        && outcome.violations.is_empty()
        && serial.iter().any(|expected| outcome.told == expected.told && is_as(expected))
}

/// How an outcome differs from both that may be.
fn difference(outcome: &Outcome, serial: &[Outcome; 2]) -> String {
    let than = |expected: &Outcome| {
        format!(
            "\n  told {:?} and not {:?}; mailed {:?} and not {:?}; {}",
            outcome.told,
            expected.told,
            outcome.effects.mails,
            expected.effects.mails,
            outcome.effects.difference(&expected.effects)
        )
    };
    format!("{:?}{}", outcome.violations, serial.iter().map(than).collect::<String>())
}

fn foot(rows: &[Row]) -> String {
    let [all, before, after, either, joined, untold] = [2, 3, 4, 5, 6, 7].map(|column| sum(rows, column));
    format!(
        "{} pairs, {all} interleavings: {before} came out as if the first had been done before the second, {after} as if \
         after it, and {either} alike in either order. In {joined} both got one order, and in {untold} nobody was mailed what \
         was revoked meanwhile. None came out otherwise.",
        rows.len()
    )
}
