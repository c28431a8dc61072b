//! Cancelling online orders whose payment did not come in time, so that none keeps stock for ever.

use serde::Serialize;

use super::Store;
use super::call::Failure;
use super::keys::{Key, PENDING_SHARDS, Table, string};
use super::orders::OrderRecord;
use super::sweep::{DueIndex, Swept};
use super::transaction::{Expression, Transaction};
use crate::coupon::Coupon;
use crate::error::Error;
use crate::ids::OrderId;
use crate::inventory::{Movement, Sku, StockChanges};
use crate::order::{OrderStatus, StatusChange};
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
        let Swept { done, units, failed, complete } =
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
            self.cancel_unpaid(&record, now).await
        })
        .await
    }

    /// Cancels an unpaid order as it was read, gives its stock and its coupon back, and answers how many
    /// units that were. Fails as stale if the order was paid or cancelled meanwhile.
    async fn cancel_unpaid(&self, record: &OrderRecord, now: Timestamp) -> Result<u32, Failure> {
        let order_id = record.order.summary.order_id;
        let mut stock = StockChanges::default();
        for (item, allocation) in record.order.items.iter().zip(&record.allocations) {
            let sku = Sku { product_id: item.product_id, size: item.size.clone() };
            stock.move_units(Movement::Release, &sku, allocation);
        }
        let mut transaction = self.transaction();
        transaction.move_stock(&stock)?;
        transaction.cancel_unpaid(order_id, now)?;
        self.give_coupon_back(&mut transaction, record).await?;
        transaction.commit().await?;
        tracing::info!(%order_id, "an order was not paid in time");
        Ok(record.allocations.iter().map(|allocation| allocation.total()).sum())
    }

    /// Gives the coupon of an order back, if no other part of its checkout is live. Whichever is
    /// assumed of the other parts is checked in the transaction, so that of two parts cancelled at once
    /// the second gives the coupon back.
    async fn give_coupon_back(&self, transaction: &mut Transaction<'_>, record: &OrderRecord) -> Result<(), Failure> {
        let Some(code) = &record.order.summary.coupon_code else { return Ok(()) };
        let coupon: Option<Coupon> = self.get(&Key::coupon(code)).await?;
        let Some(first_id) = coupon.and_then(|coupon| coupon.redeemed_order_id) else { return Ok(()) };
        let parts = self.orders_of_checkout(self.order(first_id).await?).await?;
        let others: Vec<_> = parts
            .iter()
            .map(|part| &part.order.summary)
            .filter(|part| part.order_id != record.order.summary.order_id)
            .collect();
        let is = |condition: &str| Expression::when(condition).name("status").value("cancelled", string("cancelled"));
        if let Some(live) = others.iter().find(|part| part.status != OrderStatus::Cancelled) {
            transaction.check(&Key::order(live.order_id), &is("#status <> :cancelled"))?;
            return Ok(());
        }
        for other in others {
            transaction.check(&Key::order(other.order_id), &is("#status = :cancelled"))?;
        }
        transaction.give_back(code, first_id)?;
        Ok(())
    }
}

impl Transaction<'_> {
    fn cancel_unpaid(&mut self, order_id: OrderId, now: Timestamp) -> Result<(), Error> {
        let change = StatusChange {
            status: OrderStatus::Cancelled,
            at: now,
            by: None,
            reason: Some("payment_timeout".to_owned()),
        };
        let cancel = Expression::update(
            "SET #status = :cancelled, #payment.#status = :failed, #updated_at = :now, \
             #status_history = list_append(#status_history, :change) \
             REMOVE #payment_due, #payment_due_shard",
            "#status = :under_paying",
        )
        .name("status")
        .name("payment")
        .name("updated_at")
        .name("status_history")
        .name("payment_due")
        .name("payment_due_shard")
        .value("cancelled", string("cancelled"))
        .value("failed", string("failed"))
        .value("under_paying", string("under_paying"))
        .value("now", string(now))
        .value("change", serde_dynamo::to_attribute_value([change]).map_err(Error::internal)?);
        self.update(&Key::order(order_id), &cancel)
    }
}
