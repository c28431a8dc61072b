//! What somebody does, and what they are told.

use serde_json::Value;
use tests::api::Call;
use tests::shop::Shop;

use crate::effects::plain;

/// What somebody does. It can be done again.
pub(crate) enum Act {
    /// A request.
    Call(Box<Call>),
    /// An invocation, by a service that tries again if it fails.
    Invocation(&'static str, Value),
}

/// What an act was answered, without what is different each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl From<Call> for Act {
    fn from(call: Call) -> Act {
        Act::Call(Box::new(call))
    }
}

impl Act {
    /// A tick of the schedule that runs a function.
    pub(crate) fn tick(shop: &Shop, function: &str) -> Act {
        shop.api.call("POST", &format!("/_local/schedules/{function}")).into()
    }

    /// Does it.
    pub(crate) async fn happens(&self, shop: &Shop) -> Answer {
        let (status, body) = match self {
            Act::Call(call) => {
                let answer = Call::clone(call).await;
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
    pub(crate) fn asks_to_come_again(&self) -> bool {
        self.status >= 500 || self.code() == "conflict" || self.body.contains("\"batchItemFailures\":[{")
    }

    /// The code of the problem, or what became of a payment event; empty for any other answer.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).expect("JSON");
        let code = ["code", "result"].iter().find_map(|name| body[name].as_str());
        code.filter(|code| *code != "<code>").unwrap_or_default().to_owned()
    }
}
