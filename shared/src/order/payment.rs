//! How an order is paid, and what becomes of it once that is known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Order, OrderStatus};
use crate::money::Money;
use crate::time::Timestamp;

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Payment {
    /// The way the buyer chose.
    pub method: PaymentMethod,
    /// Where the payment stands.
    pub status: PaymentStatus,
    /// Until when it must arrive.
    pub deadline: Option<Timestamp>,
    /// What the payment provider calls it.
    pub reference: Option<String>,
}

/// The ways to pay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// To whoever brings it.
    #[default]
    OnDelivery,
    /// To a payment provider, before it is sent.
    Online,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Paid on delivery.
    NotRequired,
    /// Not arrived yet.
    Pending,
    /// Arrived.
    Succeeded,
    /// Refused, too late, or not wanted any more because the order was cancelled.
    Failed,
    /// Arrived for an order that is cancelled.
    RefundRequired,
}

/// What the payment provider, or an admin in its place, says of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The money arrived.
    Succeeded,
    /// It was refused.
    Failed,
}

/// What the outcome of a payment means for an order. However often, late and out of order outcomes
/// arrive, an order ends up the same: paid if any of them succeeded and its stock could be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It is paid: its stock is sold.
    Place,
    /// It will not be paid: it is cancelled.
    Cancel,
    /// It was paid after payment itself had cancelled it: it is placed if its stock can still be had,
    /// and otherwise refunded.
    Revive,
    /// It was paid after a person had cancelled it.
    Refund,
    /// It was settled like this before.
    AlreadyDone,
    /// It was settled otherwise, or is not paid online.
    Contradiction,
}

impl Settlement {
    /// What `outcome` means for `order`, which payment itself cancelled or not.
    pub fn of(order: &Order, cancelled_by_payment: bool, outcome: Outcome) -> Settlement {
        match (order.summary.payment.status, outcome) {
            (PaymentStatus::NotRequired, _) => Settlement::Contradiction,
            (_, Outcome::Succeeded) if order.summary.status == OrderStatus::UnderPaying => Settlement::Place,
            (_, Outcome::Failed) if order.summary.status == OrderStatus::UnderPaying => Settlement::Cancel,
            (PaymentStatus::Succeeded | PaymentStatus::RefundRequired, Outcome::Succeeded) => Settlement::AlreadyDone,
            (PaymentStatus::Succeeded | PaymentStatus::RefundRequired, Outcome::Failed) => Settlement::Contradiction,
            (PaymentStatus::Pending | PaymentStatus::Failed, Outcome::Failed) => Settlement::AlreadyDone,
            (PaymentStatus::Pending | PaymentStatus::Failed, Outcome::Succeeded) if cancelled_by_payment => {
                Settlement::Revive
            }
            (PaymentStatus::Pending | PaymentStatus::Failed, Outcome::Succeeded) => Settlement::Refund,
        }
    }
}

/// An amount in the smallest unit that Stripe counts `currency` in: cents for most, but some
/// currencies have no smaller unit, and some are counted in thousandths (Stripe's documentation,
/// "Supported currencies").
pub fn minor_units(amount: Money, currency: &str) -> i64 {
    const WHOLE: [&str; 15] =
        ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
    const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
    let is = |list: &[&str]| list.iter().any(|code| code.eq_ignore_ascii_case(currency));
    let cents = amount.cents();
    if is(&WHOLE) {
        cents / 100
    } else if is(&THOUSANDTHS) {
        cents * 10
    } else {
        cents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripe_counts_in_cents_units_or_thousandths() {
        let amount = Money::from_cents(149_00);
        assert_eq!(minor_units(amount, "USD"), 14_900);
        assert_eq!(minor_units(amount, "jpy"), 149);
        assert_eq!(minor_units(amount, "KWD"), 149_000);
    }
}
