//! What a user's orders come to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{OrderStatus, OrderSummary};
use crate::money::Money;

/// What a user's orders come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
#[schemars(rename = "OrderStatistics")]
pub struct Statistics {
    /// How many there are, of every status.
    pub total_orders: u32,
    /// What those cost together that are neither cancelled nor waiting for their payment.
    pub total_spent: Money,
    /// How many there are of each status that any has.
    pub status_counts: BTreeMap<OrderStatus, u32>,
}

impl Statistics {
    /// What `orders` come to.
    pub fn of(orders: &[OrderSummary]) -> Statistics {
        let mut statistics = Statistics::default();
        for order in orders {
            statistics.total_orders += 1;
            *statistics.status_counts.entry(order.status).or_default() += 1;
            if !matches!(order.status, OrderStatus::Cancelled | OrderStatus::UnderPaying) {
                statistics.total_spent = statistics.total_spent + order.total_price;
            }
        }
        statistics
    }
}
