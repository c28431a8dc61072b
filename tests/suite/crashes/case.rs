//! What is done, and to what, while something breaks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use tests::shop::Shop;

use crate::acts::Act;

/// Something that a function is for.
pub(super) struct Case {
    /// The function whose calls break.
    pub(super) function: &'static str,
    /// What is special about it.
    pub(super) name: &'static str,
    /// The status that the act is answered with.
    pub(super) status: u16,
    /// What may be otherwise if something breaks.
    pub(super) but: But,
    /// Prepares the act.
    pub(super) setup: Setup,
}

pub(super) type Setup = for<'a> fn(&'a Shop) -> Pin<Box<dyn Future<Output = Act> + 'a>>;

/// What may be otherwise than without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum But {
    /// Nothing.
    Same,
    /// Whoever deletes again what was deleted is told 404.
    Gone,
    /// Whoever asks again is told that it was done before, or how little was left to do.
    DoneBefore,
    /// It reports that a message could not be sent, and the next tick of its schedule sends it.
    NextTick,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.function, self.name)
    }
}
