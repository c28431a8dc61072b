//! How far an order has come, and where it may go from there.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Waiting for its online payment; its stock is reserved.
    UnderPaying,
    /// Bought; its stock is sold.
    Placed,
    /// Being packed.
    Processing,
    /// On its way.
    Shipped,
    /// Received.
    Delivered,
    /// Called off; its stock went back.
    Cancelled,
}

/// How far whoever sells an order says that it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Being packed.
    Processing,
    /// On its way.
    Shipped,
    /// Received.
    Delivered,
}

/// Who moves an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Its buyer.
    Owner,
    /// Its seller, or an admin.
    Staff,
    /// Its payment: that it came, failed, or is overdue.
    Payment,
}

/// A step from one status to another that the shop allows. There is no other way to change a status:
/// the store writes the step only if the order still has the status that it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    from: OrderStatus,
    to: OrderStatus,
}

impl OrderStatus {
    pub(super) const ALL: [OrderStatus; 6] = [
        OrderStatus::UnderPaying,
        OrderStatus::Placed,
        OrderStatus::Processing,
        OrderStatus::Shipped,
        OrderStatus::Delivered,
        OrderStatus::Cancelled,
    ];

    /// As requests and answers write it.
    pub fn as_str(self) -> &'static str {
        match self {
            OrderStatus::UnderPaying => "under_paying",
            OrderStatus::Placed => "placed",
            OrderStatus::Processing => "processing",
            OrderStatus::Shipped => "shipped",
            OrderStatus::Delivered => "delivered",
            OrderStatus::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<OrderStatus, String> {
        let read: Result<_, serde::de::value::Error> = OrderStatus::deserialize(text.into_deserializer());
        read.map_err(|_| format!("must be one of {}", list(OrderStatus::ALL)))
    }
}

impl From<Progress> for OrderStatus {
    fn from(progress: Progress) -> OrderStatus {
        match progress {
            Progress::Processing => OrderStatus::Processing,
            Progress::Shipped => OrderStatus::Shipped,
            Progress::Delivered => OrderStatus::Delivered,
        }
    }
}

impl Transition {
    /// The step from one status to another, if `actor` may take it.
    ///
    /// # Errors
    /// [`Error::InvalidTransition`], saying which steps they may take instead.
    pub fn new(from: OrderStatus, to: OrderStatus, actor: Actor) -> Result<Transition, Error> {
        if is_allowed(from, to, actor) {
            return Ok(Transition { from, to });
        }
        let allowed: Vec<_> = OrderStatus::ALL.into_iter().filter(|to| is_allowed(from, *to, actor)).collect();
        let instead = match (allowed.is_empty(), actor, to) {
            (true, Actor::Owner, OrderStatus::Cancelled) => "; ask the shop".to_owned(),
            (true, ..) => String::new(),
            (false, ..) => format!("; it can become {}", list(allowed)),
        };
        Err(Error::InvalidTransition(format!("An order that is {from} cannot become {to}{instead}")))
    }

    /// The status it leaves.
    pub fn from(&self) -> OrderStatus {
        self.from
    }

    /// The status it leads to.
    pub fn to(&self) -> OrderStatus {
        self.to
    }
}

/// The status machine.
fn is_allowed(from: OrderStatus, to: OrderStatus, actor: Actor) -> bool {
    use OrderStatus::{Cancelled, Delivered, Placed, Processing, Shipped, UnderPaying};

    match (from, to) {
        // Paid, or refused or overdue, or paid after all.
        (UnderPaying, Placed) | (Cancelled, Placed) => actor == Actor::Payment,
        (UnderPaying, Cancelled) => true,
        (Placed, Processing) | (Processing, Shipped) | (Shipped, Delivered) | (Shipped, Cancelled) => {
            actor == Actor::Staff
        }
        (Placed | Processing, Cancelled) => actor != Actor::Payment,
        _ => false,
    }
}

fn list(statuses: impl IntoIterator<Item = OrderStatus>) -> String {
    statuses.into_iter().map(OrderStatus::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(actor: Actor) -> Vec<String> {
        let pairs = OrderStatus::ALL.into_iter().flat_map(|from| OrderStatus::ALL.map(|to| (from, to)));
        let allowed = pairs.filter(|(from, to)| Transition::new(*from, *to, actor).is_ok());
        allowed.map(|(from, to)| format!("{from} > {to}")).collect()
    }

    #[test]
    fn each_may_take_these_steps_and_no_others() {
        assert_eq!(steps(Actor::Owner), ["under_paying > cancelled", "placed > cancelled", "processing > cancelled"]);
        assert_eq!(
            steps(Actor::Staff),
            [
                "under_paying > cancelled",
                "placed > processing",
                "placed > cancelled",
                "processing > shipped",
                "processing > cancelled",
                "shipped > delivered",
                "shipped > cancelled",
            ]
        );
        assert_eq!(steps(Actor::Payment), ["under_paying > placed", "under_paying > cancelled", "cancelled > placed"]);
    }

    #[test]
    fn a_refusal_says_what_can_be_done() {
        let refusal = |from, to, actor| Transition::new(from, to, actor).unwrap_err().to_string();
        assert_eq!(
            refusal(OrderStatus::Placed, OrderStatus::Shipped, Actor::Staff),
            "An order that is placed cannot become shipped; it can become processing, cancelled"
        );
        assert_eq!(
            refusal(OrderStatus::Shipped, OrderStatus::Cancelled, Actor::Owner),
            "An order that is shipped cannot become cancelled; ask the shop"
        );
        assert_eq!(
            refusal(OrderStatus::Delivered, OrderStatus::Cancelled, Actor::Staff),
            "An order that is delivered cannot become cancelled"
        );
    }

    #[test]
    fn a_status_is_read_as_it_is_written() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert!("Placed".parse::<OrderStatus>().unwrap_err().starts_with("must be one of under_paying, placed"));
    }
}
