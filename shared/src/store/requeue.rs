//! Finding placed orders that nobody looked at for rewards, so that none is forgotten.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use super::Store;
use super::keys::{PENDING_SHARDS, Table, string};
use super::sweep::{DueIndex, Swept};
use crate::error::Error;
use crate::ids::OrderId;
use crate::metrics::{Metric, measure};
use crate::order::Order;
use crate::time::Timestamp;

/// How long an order's own announcement has before it is announced again.
const RESEND_AFTER: Duration = Duration::from_mins(5);

const REWARDS_PENDING: DueIndex = DueIndex {
    table: Table::Orders,
    name: "rewards_pending",
    shard: "rewards_pending",
    due: "created_at",
    key: "order_id",
};

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RequeueReport {
    /// Orders that were announced again.
    pub orders_requeued: u32,
    /// Orders that could not be; the next round finds them again.
    pub orders_failed: u32,
    /// Whether every order that is pending has been looked at, or time ran out first.
    pub complete: bool,
}

impl Store {
    /// Has every order announced that was made five minutes before `now` or earlier and whose rewards are
    /// still pending. It stops early when time runs out; what is left is found again by the next round.
    ///
    /// # Errors
    /// Only if the index cannot be read.
    pub async fn requeue_pending<F>(
        &self,
        now: Timestamp,
        announce: impl Fn(Order) -> F,
    ) -> Result<RequeueReport, Error>
    where
        F: Future<Output = Result<(), Error>>,
    {
        let announce = &announce;
        let requeue = |order_id: OrderId| async move {
            let record = match self.order(order_id).await {
                Err(Error::OrderNotFound) => return Ok(0),
                found => found?,
            };
            if record.rewards_pending.is_none() {
                return Ok(0);
            }
            announce(record.order).await?;
            Ok(1)
        };
        let shards = (0..PENDING_SHARDS).map(string);
        let Swept { done, failed, complete, oldest, .. } =
            self.sweep(&REWARDS_PENDING, shards, now - RESEND_AFTER, requeue).await?;
        measure(Metric::OldestUnevaluatedOrder, oldest.map_or(Duration::ZERO, |since| now.since(since)));
        Ok(RequeueReport { orders_requeued: done, orders_failed: failed, complete })
    }
}
