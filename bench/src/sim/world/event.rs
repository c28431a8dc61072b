//! What may happen at a moment of a sale.

use shared::retry::Setback;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A buyer's request arrives, the first or the checkout.
    Arrives,
    /// A call reaches DynamoDB.
    Reaches,
    /// A transaction that was prepared is committed.
    Commits,
    /// A call's answer is back.
    Returns(Answer),
}

/// What DynamoDB answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Done,
    Refused(Refusal),
}

/// A setback, in an order for the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    Stale,
    Contended,
    Unavailable,
}

impl From<Setback> for Answer {
    fn from(setback: Setback) -> Answer {
        Answer::Refused(match setback {
            Setback::Stale => Refusal::Stale,
            Setback::Contended => Refusal::Contended,
            Setback::Unavailable => Refusal::Unavailable,
        })
    }
}

impl From<Refusal> for Setback {
    fn from(refusal: Refusal) -> Setback {
        match refusal {
            Refusal::Stale => Setback::Stale,
            Refusal::Contended => Setback::Contended,
            Refusal::Unavailable => Setback::Unavailable,
        }
    }
}
