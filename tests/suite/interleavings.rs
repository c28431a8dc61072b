//! Every interleaving: for every two operations that touch the same, the second runs to its end before each call
//! of the first. What comes of it must be what comes of them one after the other, in one order or the other: what
//! is in the tables, who is mailed, and what both are told.
//!
//! docs/interleavings.md has what was seen. It is checked here, and written with `WRITE_DOCS=1`. [`guards`] has
//! each guard taken away, and shows what comes of it then.

mod document;
pub(crate) mod guards;
mod operations;
mod scene;
mod stage;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use tests::shop::is_elsewhere;

use self::document::{DOCUMENT, Seen};
use self::operations::{ALL, Operation, Thing};
use self::stage::{Outcome, Stage, Time, Turn};

/// Outcomes by when and by the operations' names.
type Outcomes = HashMap<(Time, [&'static str; 2]), Outcome>;

/// What comes of two operations one after the other.
static SERIAL: LazyLock<Mutex<Outcomes>> = LazyLock::new(Mutex::default);

/// When two operations may meet: sweeps once there is something for them; whatever changes a cart also when its
/// hold was ended, and its stock has to be found.
fn times(first: &Operation, second: &Operation) -> &'static [Time] {
    let both = [first, second];
    if both.iter().any(|operation| operation.is_sweep()) {
        &[Time::Later]
    } else if both.iter().all(|operation| operation.touches.contains(&Thing::Cart)) {
        &[Time::Soon, Time::Swept]
    } else {
        &[Time::Soon]
    }
}

/// Two operations one after the other. Their outcome is sound.
async fn serially(stage: &Stage, both: [&'static Operation; 2]) -> Outcome {
    let which = (stage.time, both.map(|operation| operation.name));
    let known = SERIAL.lock().unwrap_or_else(PoisonError::into_inner).get(&which).cloned();
    if let Some(outcome) = known {
        return outcome;
    }
    let outcome = stage.plays(both, Turn::FirstThenSecond, None).await;
    assert_eq!(outcome.violations, Vec::<String>::new(), "{which:?} one after the other");
    SERIAL.lock().unwrap_or_else(PoisonError::into_inner).insert(which, outcome.clone());
    outcome
}

/// The same, in both orders; what the first is told comes first in both.
async fn both_ways(stage: &Stage, both: [&'static Operation; 2]) -> [Outcome; 2] {
    let before = serially(stage, both).await;
    let mut after = serially(stage, [both[1], both[0]]).await;
    after.told.reverse();
    [before, after]
}

async fn everyone_acts_in_the_middle_of(name: &str) {
    // Nothing here depends on which DynamoDB it is, and Amazon's is slow.
    if is_elsewhere() {
        return;
    }
    let first = operations::named(name);
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    let mut broken = Vec::new();
    for time in [Time::Soon, Time::Later, Time::Swept] {
        let rivals = || ALL.iter().filter(|second| first.meets(second) && times(first, second).contains(&time));
        if rivals().next().is_none() {
            continue;
        }
        let stage = Stage::open(time).await;
        let calls = stage.calls_of(first).await;
        for second in rivals() {
            let serial = both_ways(&stage, [first, second]).await;
            for (number, operation) in &calls {
                let outcome = stage.plays([first, second], Turn::SecondBeforeCall(*number), None).await;
                if let Err(why) = seen.entry(second.name).or_default().count([first, second], &outcome, &serial) {
                    broken.push(format!("{}, before call {number} ({operation}), {time:?}: {why}", second.name));
                }
            }
        }
        stage.close().await;
    }
    assert!(broken.is_empty(), "in the middle of \"{name}\":\n{}", broken.join("\n"));
    let rows: Vec<_> = seen.iter().map(|(second, seen)| seen.row(name, second)).collect();
    DOCUMENT.check(name, &rows);
}

/// A test for each operation, so that they run side by side.
macro_rules! operations {
    ($($test:ident $name:literal),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                everyone_acts_in_the_middle_of($name).await;
            }
        )*

        const NAMES: &[&str] = &[$($name),*];
    };
}

operations! {
    an_add "add the last mug to the cart",
    the_first_add "add to a new cart",
    a_line_that_grows "take the last mug for a line",
    a_removal "remove the line",
    a_clearance "clear the cart",
    the_end_of_a_hold "end the hold",
    a_checkout "check out",
    another_checkout "check out under another key",
    a_checkout_with_a_coupon "check out with a coupon",
    a_direct_order "order the last mug",
    a_direct_order_with_a_coupon "order with a coupon",
    a_direct_order_with_the_coupon_of_a_failed_one "order with the coupon of a failed order",
    a_payment "pay the mug",
    a_failed_payment "fail to pay the mug",
    a_cancellation_of_a_part "cancel the unpaid mug",
    a_cancellation_of_the_other_part "cancel the unpaid pen",
    a_cancellation_of_what_earned_the_coupon_of_others "cancel what earned the coupon of the unpaid",
    an_expiry "expire the unpaid",
    a_shipment "ship",
    a_cancellation_of_what_earned_a_coupon "cancel what earned a coupon",
    a_mail "mail that it is placed",
    a_grant "grant Ada's first",
    another_grant "grant Ada's second",
    a_grant_to_another "grant Ben's",
    a_cancellation_of_what_is_to_be_evaluated "cancel Ada's first",
    a_deletion_of_a_rule "delete the rule",
    a_late_payment "pay late",
    a_deletion "delete the failed order",
    a_payment_of_what_was_called_off "pay what was called off",
    another_payment_of_it "pay it again",
    a_write_off "write one mug off",
    a_count "count five mugs",
    another_count "count seven mugs",
    an_archival "archive the mug",
    another_first_add "add a pen to a new cart",
    an_order_of_plenty "order a pen",
    a_delivery "take ten pens in",
}

#[test]
fn every_operation_has_its_test_and_the_document_has_them_all() {
    let names: BTreeSet<_> = ALL.iter().map(|operation| operation.name).collect();
    assert_eq!(NAMES.iter().copied().collect::<BTreeSet<_>>(), names);
    DOCUMENT.check_whole(&names);
}
