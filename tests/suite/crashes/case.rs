//! What is done, and to what, while something breaks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;
use tests::api::Call;
use tests::shop::Shop;

use super::effects::plain;

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

/// What somebody does. It can be done again.
pub(super) enum Act {
    /// A request.
    Call(Call),
    /// An invocation, by a service that tries again if it fails.
    Invocation(&'static str, Value),
}

/// What an act was answered, without what is different each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.function, self.name)
    }
}

impl From<Call> for Act {
    fn from(call: Call) -> Act {
        Act::Call(call)
    }
}

impl Act {
    /// A tick of the schedule that runs a function.
    pub(super) fn tick(shop: &Shop, function: &str) -> Act {
        shop.api.call("POST", &format!("/_local/schedules/{function}")).into()
    }

    /// Does it.
    pub(super) async fn happens(&self, shop: &Shop) -> Answer {
        let (status, body) = match self {
            Act::Call(call) => {
                let answer = call.clone().await;
                (answer.status, serde_json::from_str(&answer.text).unwrap_or(Value::Null))
            }
            Act::Invocation(function, event) => match shop.cloud().invoke(function, event.clone()).await {
                Ok(result) => (200, result),
                Err(_) => (500, Value::Null),
            },
        };
        Answer { status, body: plain(&body) }
    }
}

impl Answer {
    /// Whether it says that the same may succeed later.
    pub(super) fn asks_to_come_again(&self) -> bool {
        self.status >= 500 || (self.status == 409 && self.body.contains("\"code\":\"conflict\""))
    }
}
