//! Rivals at the same moment: whoever wins, the data stays sound and nobody is told anything untrue.

mod adjustments;
mod cancels;
mod cancels_at_worst_moments;
mod carts;
mod catalogue;
mod checkouts;
mod counting;
mod direct_orders;
mod give_backs;
mod holds;
mod last_units;
mod payments;
mod resharding;
mod rewards;
mod rules;
mod shortages;
mod unswept;
mod worst_moments;

use std::future::IntoFuture;

use futures_util::future::join_all;
use tests::api::{Answer, Call};

/// How often each race is run in one test.
const ROUNDS: u32 = 12;

/// Makes all calls at once, each in a task of its own.
pub(crate) async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let calls: Vec<_> = calls.into_iter().map(|call| tokio::spawn(call.into_future())).collect();
    join_all(calls).await.into_iter().map(|answer| answer.expect("the call ends")).collect()
}

/// How many answers have this status.
fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}
