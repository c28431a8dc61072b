//! Cancelling online orders whose payment did not come in time, so that none keeps stock for ever.

use serde::Serialize;

use super::Store;
use super::cancel::Cancellation;
use super::keys::{PENDING_SHARDS, Table, string};
use super::sweep::{DueIndex, Swept};
use crate::error::Error;
use crate::ids::OrderId;
use crate::order::{Actor, OrderStatus};
use crate::time::Timestamp;

const PAYMENT_DUE: DueIndex = DueIndex {
    table: Table::Orders,
    name: "payment_due",
    shard: "payment_due_shard",
    due: "payment_due",
    key: "order_id",
};

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExpiryReport {
    /// Orders that were cancelled.
    pub orders_cancelled: u32,
    /// Units that became available again.
    pub units_released: u32,
    /// Orders that could not be cancelled; the next round finds them again.
    pub orders_failed: u32,
    /// Whether every order that was due has been looked at, or time ran out first.
    pub complete: bool,
}

impl Store {
    /// Cancels every order whose payment was due at `now`. It stops early when time runs out; what is
    /// left is found again by the next round.
    ///
    /// # Errors
    /// Only if the index cannot be read.
    pub async fn expire_unpaid(&self, now: Timestamp) -> Result<ExpiryReport, Error> {
        let shards = (0..PENDING_SHARDS).map(string);
        let Swept { done, units, failed, complete, .. } =
            self.sweep(&PAYMENT_DUE, shards, now, |order_id| self.expire_order(order_id, now)).await?;
        Ok(ExpiryReport { orders_cancelled: done, units_released: units, orders_failed: failed, complete })
    }

    async fn expire_order(&self, order_id: OrderId, now: Timestamp) -> Result<u32, Error> {
        self.decide(|_| async move {
            let record = match self.order(order_id).await {
                Err(Error::OrderNotFound) => return Ok(0),
                found => found?,
            };
            let order = &record.order.summary;
            let overdue = order.payment.deadline.is_some_and(|deadline| deadline <= now);
            if order.status != OrderStatus::UnderPaying || !overdue {
                return Ok(0);
            }
            let timeout = Cancellation { actor: Actor::Payment, by: None, reason: Some("payment_timeout") };
            self.cancel(&record, timeout, now).await?;
            Ok(record.allocations.iter().map(|allocation| allocation.total()).sum())
        })
        .await
    }
}
