//! Reward rules: which orders earn a coupon, which coupon, and under what code. [`requests`] is how an admin
//! makes and changes them.

pub mod requests;

use std::time::Duration;

use hmac::Mac as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coupon::{Coupon, CouponStatus, Discount};
use crate::ids::{OrderId, ProductId, RuleId, UserId};
use crate::money::Money;
use crate::order::{Order, OrderStatus, OrderSummary};
use crate::paging::keyed;
use crate::time::Timestamp;

/// The most coupons that one order earns, however many rules it meets: cancelling the order revokes all
/// of them in the one transaction that puts its stock right, which DynamoDB limits to 100 writes.
pub const MAX_COUPONS_OF_AN_ORDER: usize = 30;

/// A rule: who meets the condition while it is live earns the coupon.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[schemars(rename = "RewardRule")]
pub struct Rule {
    /// Its id.
    pub rule_id: RuleId,
    /// What the shop calls it.
    pub name: String,
    /// Which orders meet it.
    pub condition: Condition,
    /// What they earn.
    pub coupon: Reward,
    /// Whether it is switched on.
    pub active: bool,
    /// From when on it grants.
    pub starts_at: Option<Timestamp>,
    /// Until when it grants.
    pub ends_at: Option<Timestamp>,
    /// The most coupons that it ever grants.
    pub max_coupons: Option<u32>,
    /// Whether a user gets no more than one coupon by it.
    #[serde(default)]
    pub once_per_user: bool,
    /// How many coupons it has granted.
    #[serde(default)]
    pub coupons_granted: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which orders meet a rule.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The total is at least `amount`.
    MinOrderTotal {
        /// The least total.
        amount: Money,
    },
    /// The units are at least `count`.
    MinItems {
        /// The least number of units.
        count: u32,
    },
    /// The order has a line of this product.
    ContainsProduct {
        /// The product.
        product_id: ProductId,
    },
    /// It is the user's first order.
    FirstOrder,
    /// It is the user's `n`th, `2n`th … order.
    EveryNthOrder {
        /// Every how many orders.
        n: u32,
    },
    /// With this order, what the user spent crosses `amount`.
    LifetimeSpent {
        /// The amount to cross.
        amount: Money,
    },
}

/// What an order earns.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Reward {
    /// What the coupon takes off.
    #[serde(flatten)]
    pub discount: Discount,
    /// The subtotal from which on it can be used.
    pub min_order_total: Option<Money>,
    /// For how many days it can be used.
    pub valid_days: u32,
}

/// What a user bought before an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Orders that are not cancelled.
    pub orders: u32,
    /// What those of them cost that are not waiting for payment.
    pub spent: Money,
}

impl History {
    /// What of `orders`, in any order and with or without `this` among them, came before `this`.
    pub fn before(this: &OrderSummary, orders: &[OrderSummary]) -> History {
        let earlier = |order: &&OrderSummary| {
            (order.created_at, order.order_id) < (this.created_at, this.order_id)
                && order.status != OrderStatus::Cancelled
        };
        orders.iter().filter(earlier).fold(History::default(), |history, order| History {
            orders: history.orders + 1,
            spent: match order.status {
                OrderStatus::UnderPaying => history.spent,
                _ => history.spent + order.total_price,
            },
        })
    }
}

impl Condition {
    /// Whether it takes the user's history to tell.
    pub fn looks_back(&self) -> bool {
        matches!(self, Condition::FirstOrder | Condition::EveryNthOrder { .. } | Condition::LifetimeSpent { .. })
    }

    fn is_met(&self, order: &Order, history: &History) -> bool {
        let total = order.summary.total_price;
        match self {
            Condition::MinOrderTotal { amount } => total >= *amount,
            Condition::MinItems { count } => order.summary.items_count >= *count,
            Condition::ContainsProduct { product_id } => order.items.iter().any(|item| item.product_id == *product_id),
            Condition::FirstOrder => history.orders == 0,
            Condition::EveryNthOrder { n } => (history.orders + 1).is_multiple_of(*n),
            Condition::LifetimeSpent { amount } => history.spent < *amount && history.spent + total >= *amount,
        }
    }
}

impl Rule {
    /// Whether it grants at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.active && self.starts_at.is_none_or(|start| start <= now) && self.ends_at.is_none_or(|end| now < end)
    }

    /// Whether `order`, of a user with this `history`, earns the rule's coupon at `now`.
    pub fn is_earned_by(&self, order: &Order, history: &History, now: Timestamp) -> bool {
        self.is_live(now) && self.condition.is_met(order, history)
    }

    /// What `order`, of a user with this `history`, would be granted a coupon for.
    pub fn grant_of(&self, order: &Order, history: &History) -> Grant {
        let user_id = order.summary.user_id;
        if self.once_per_user {
            return Grant::OfUser(user_id);
        }
        match &self.condition {
            Condition::FirstOrder | Condition::EveryNthOrder { .. } => {
                Grant::OfMilestone(user_id, Milestone::Orders(history.orders + 1))
            }
            Condition::LifetimeSpent { amount } => Grant::OfMilestone(user_id, Milestone::Spent(*amount)),
            Condition::MinOrderTotal { .. } | Condition::MinItems { .. } | Condition::ContainsProduct { .. } => {
                Grant::OfOrder(order.summary.order_id)
            }
        }
    }

    /// Whether it has granted all that it may.
    pub fn is_used_up(&self) -> bool {
        self.max_coupons.is_some_and(|max| self.coupons_granted >= max)
    }

    /// The coupon that `order` earns.
    pub fn grant(&self, order: &Order, code: String, now: Timestamp) -> Coupon {
        const DAY: Duration = Duration::from_hours(24);
        Coupon {
            code,
            user_id: order.summary.user_id,
            discount: self.coupon.discount,
            min_order_total: self.coupon.min_order_total,
            status: CouponStatus::Active,
            expires_at: now + DAY * self.coupon.valid_days,
            order_id: order.summary.order_id,
            redeemed_order_id: None,
            rule_id: self.rule_id,
            created_at: now,
        }
    }
}

/// What a coupon is granted for: the same grant has the same code, so that it is made once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// One for each order that earns it.
    OfOrder(OrderId),
    /// One for a user who comes this far, however often: whoever cancels earlier orders comes by again.
    OfMilestone(UserId, Milestone),
    /// One for a user, by whichever order.
    OfUser(UserId),
}

/// How far a user came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// To this many orders.
    Orders(u32),
    /// To having spent this much.
    Spent(Money),
}

/// The code of the coupon that `grant` stands for by `rule_id`: always the same, and not to be guessed
/// without `secret`. `attempt` counts up where another coupon has the code already.
pub fn coupon_code(secret: &str, grant: Grant, rule_id: RuleId, attempt: u32) -> String {
    /// Crockford's base32: no I, L, O or U to misread.
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LENGTH: usize = 8;
    let name = match grant {
        Grant::OfOrder(order_id) => format!("coupon/{order_id}/{rule_id}/{attempt}"),
        Grant::OfMilestone(user_id, Milestone::Orders(count)) => {
            format!("coupon/orders/{count}/{user_id}/{rule_id}/{attempt}")
        }
        Grant::OfMilestone(user_id, Milestone::Spent(amount)) => {
            format!("coupon/spent/{amount}/{user_id}/{rule_id}/{attempt}")
        }
        Grant::OfUser(user_id) => format!("coupon/once/{user_id}/{rule_id}/{attempt}"),
    };
    let mac = keyed(secret).chain_update(name).finalize().into_bytes();
    let symbols = mac.iter().take(LENGTH).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    format!("REWARD-{}", symbols.collect::<String>())
}

#[cfg(test)]
mod tests;
