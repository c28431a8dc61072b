//! Settling online orders: what the outcome of a payment does to the order, its stock and its coupon.

use std::collections::BTreeSet;

use super::Store;
use super::call::Failure;
use super::cancel::Cancellation;
use super::keys::Key;
use super::orders::{OrderEntry, OrderRecord, rewards_pending};
use super::transaction::Transaction;
use crate::coupon::{Coupon, CouponStatus};
use crate::error::Error;
use crate::ids::{OrderId, UserId};
use crate::inventory::movement::{Movement, StockChanges};
use crate::inventory::{self, Allocation};
use crate::metrics::{Metric, count};
use crate::order::{Actor, Order, OrderStatus, Outcome, PaymentStatus, Settlement, Transition, minor_units};
use crate::time::Timestamp;

/// What is said of a payment, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct PaymentReport<'a> {
    /// What became of it.
    pub outcome: Outcome,
    /// What the payment provider calls it.
    pub reference: Option<&'a str>,
    /// The sum, where it is the provider that says so: it must be the order's.
    pub sum: Option<Sum<'a>>,
    /// The admin who says so; none for the provider.
    pub by: Option<UserId>,
}

/// A sum of money as the payment provider puts it.
#[derive(Debug, Clone, Copy)]
pub struct Sum<'a> {
    /// How many of the currency's smallest unit.
    pub amount: i64,
    /// The currency, ISO 4217, in any case.
    pub currency: &'a str,
}

/// What a report of a payment came to.
#[derive(Debug)]
pub struct Settled {
    /// The order as it is now.
    pub order: Order,
    /// What the report meant for it.
    pub settlement: Settlement,
    /// The order, if it is placed and nobody has looked at it for rewards yet.
    pub to_announce: Vec<Order>,
}

impl Settled {
    /// Refuses a report that contradicts how the order was settled.
    ///
    /// # Errors
    /// [`Error::InvalidTransition`].
    pub fn unless_contradicted(self) -> Result<Settled, Error> {
        let reason = match (self.settlement, self.order.summary.payment.status) {
            (Settlement::Contradiction, PaymentStatus::NotRequired) => "This order is paid on delivery",
            (Settlement::Contradiction, _) => "The payment of this order has succeeded; cancel the order instead",
            _ => return Ok(self),
        };
        Err(Error::InvalidTransition(reason.to_owned()))
    }
}

impl Store {
    /// Settles an online order as `report` says. However often the same is reported, and in whatever
    /// order different reports come, it ends up the same.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`], and [`Error::ValidationFailed`] for a sum that is not the order's; nothing
    /// is changed then.
    pub async fn settle_payment(
        &self,
        order_id: OrderId,
        report: PaymentReport<'_>,
        now: Timestamp,
    ) -> Result<Settled, Error> {
        self.decide(|_| async move {
            let record = self.order_to_settle(order_id, report).await?;
            if let Some(sum) = report.sum {
                sum.must_be_of(&record.order)?;
            }
            let settlement = Settlement::of(&record.order, record.cancelled_by_payment, report.outcome);
            let settled = match settlement {
                Settlement::Place => self.place_paid(&record, report, now).await?,
                Settlement::Cancel => {
                    let refused = Cancellation { actor: Actor::Payment, by: report.by, reason: Some("payment_failed") };
                    self.cancel(&record, refused, now).await?
                }
                Settlement::Revive => match self.revive(&record, report, now).await? {
                    Some(revived) => revived,
                    None => self.refund(&record, report, now).await?,
                },
                Settlement::Refund => self.refund(&record, report, now).await?,
                Settlement::AlreadyDone | Settlement::Contradiction => {
                    warn_of_second_payment(&record.order, report);
                    record
                }
            };
            let pending = settled.rewards_pending.is_some();
            let to_announce = Some(&settled.order).filter(|_| pending).cloned().into_iter().collect();
            Ok(Settled { order: settled.order, settlement, to_announce })
        })
        .await
    }

    /// An order whose payment is reported. Money for one that was deleted must go back, too.
    async fn order_to_settle(&self, order_id: OrderId, report: PaymentReport<'_>) -> Result<OrderRecord, Failure> {
        match self.order_entry(order_id).await? {
            Some(OrderEntry::Order(record)) => return Ok(*record),
            Some(OrderEntry::Deleted) if report.outcome == Outcome::Succeeded => {
                tracing::warn!(%order_id, reference = report.reference, "a deleted order was paid; refund it");
                count(Metric::RefundRequired, 1);
            }
            _ => {}
        }
        Err(Error::OrderNotFound.into())
    }

    /// Sells what an unpaid order holds.
    async fn place_paid(
        &self,
        before: &OrderRecord,
        report: PaymentReport<'_>,
        now: Timestamp,
    ) -> Result<OrderRecord, Failure> {
        let after = paid(before, report, now)?;
        let mut transaction = self.transaction();
        transaction.move_stock(&before.stock_changes(Movement::Settle))?;
        transaction.change_order(before, &after)?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Places an order after all that payment itself had cancelled, if all of its stock, and the coupon
    /// that its price depends on, can still be had.
    async fn revive(
        &self,
        before: &OrderRecord,
        report: PaymentReport<'_>,
        now: Timestamp,
    ) -> Result<Option<OrderRecord>, Failure> {
        let Some((stock, allocations)) = self.take_again(&before.order).await? else { return Ok(None) };
        let mut after = paid(before, report, now)?;
        after.allocations = allocations;
        let mut transaction = self.transaction();
        transaction.move_stock(&stock)?;
        transaction.change_order(before, &after)?;
        if !self.use_coupon_again(&mut transaction, before).await? {
            return Ok(None);
        }
        transaction.commit().await?;
        tracing::info!(order_id = %before.order.summary.order_id, "a cancelled order was paid, and placed after all");
        Ok(Some(after))
    }

    /// Finds stock for every line of an order, if there is as much, in no more shards than one order may
    /// be in.
    async fn take_again(&self, order: &Order) -> Result<Option<(StockChanges, Vec<Allocation>)>, Failure> {
        let skus: BTreeSet<_> = order.items.iter().map(|item| item.sku()).collect();
        let (_, products, mut levels) = self.stock_of(&skus, []).await?;
        let mut stock = StockChanges::caused_by(order.summary.order_id);
        let mut allocations = Vec::new();
        for item in &order.items {
            let for_sale = products.iter().any(|product| product.product_id == item.product_id && product.is_active());
            match inventory::allocate(&mut levels, &item.sku(), order.summary.user_id, item.quantity) {
                Ok(allocation) if for_sale => {
                    stock.move_units(Movement::SellDirectly, &item.sku(), &allocation);
                    allocations.push(allocation);
                }
                _ => return Ok(None),
            }
        }
        Ok(stock.fits_one_order().then_some((stock, allocations)))
    }

    /// Uses the coupon of a cancelled order on it again; answers whether it still can be. Where another
    /// part of the checkout is live, it is redeemed for that, and so for this one too.
    async fn use_coupon_again(&self, transaction: &mut Transaction<'_>, order: &OrderRecord) -> Result<bool, Failure> {
        let Some(code) = &order.order.summary.coupon_code else { return Ok(true) };
        let first_id = order.first_id();
        match self.get::<Coupon>(&Key::coupon(code)).await? {
            Some(coupon) if coupon.redeemed_order_id == Some(first_id) => transaction.expect_coupon(&coupon)?,
            Some(coupon) if coupon.status == CouponStatus::Active => {
                transaction.redeem_again(code, order.order.summary.user_id, first_id)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Notes that money came for an order that stays cancelled, and has somebody told.
    async fn refund(
        &self,
        before: &OrderRecord,
        report: PaymentReport<'_>,
        now: Timestamp,
    ) -> Result<OrderRecord, Failure> {
        let mut after = before.clone();
        after.order.summary.updated_at = now;
        settle(&mut after.order, PaymentStatus::RefundRequired, report);
        after.cancelled_by_payment = false;
        let mut transaction = self.transaction();
        transaction.change_order(before, &after)?;
        transaction.commit().await?;
        let order_id = before.order.summary.order_id;
        tracing::warn!(%order_id, reference = report.reference, "a cancelled order was paid; refund it");
        count(Metric::RefundRequired, 1);
        Ok(after)
    }
}

impl Sum<'_> {
    /// Refuses a sum that is not the order's.
    fn must_be_of(&self, order: &Order) -> Result<(), Error> {
        let order = &order.summary;
        if !self.currency.eq_ignore_ascii_case(&order.currency) {
            let message = format!("must be {}, the currency of the order", order.currency.to_ascii_lowercase());
            return Err(Error::field("data.object.currency", message));
        }
        let due = minor_units(order.total_price, &order.currency);
        if self.amount != due {
            return Err(Error::field("data.object.amount", format!("must be {due}, the total of the order")));
        }
        Ok(())
    }
}

/// The order, placed because it is paid.
fn paid(before: &OrderRecord, report: PaymentReport<'_>, now: Timestamp) -> Result<OrderRecord, Error> {
    let mut after = before.clone();
    let transition = Transition::new(before.order.summary.status, OrderStatus::Placed, Actor::Payment)?;
    after.order.enter(&transition, report.by, None, now);
    settle(&mut after.order, PaymentStatus::Succeeded, report);
    after.cancelled_by_payment = false;
    after.rewards_pending = rewards_pending(&after.order);
    Ok(after)
}

fn settle(order: &mut Order, status: PaymentStatus, report: PaymentReport<'_>) {
    let payment = &mut order.summary.payment;
    payment.status = status;
    if let Some(reference) = report.reference {
        payment.reference = Some(reference.to_owned());
    }
}

/// An order that was paid by one payment, and now by another one too, was charged twice.
fn warn_of_second_payment(order: &Order, report: PaymentReport<'_>) {
    let known = order.summary.payment.reference.as_deref();
    let is_another = known.zip(report.reference).is_some_and(|(known, reported)| known != reported);
    let unexpected = order.summary.payment.status == PaymentStatus::NotRequired;
    if report.outcome == Outcome::Succeeded && (is_another || unexpected) {
        let order_id = order.summary.order_id;
        tracing::warn!(%order_id, reference = report.reference, "a payment too many for an order; refund it");
        count(Metric::RefundRequired, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::OrderStatus;
    use crate::order::tests::order;

    #[test]
    fn a_report_that_contradicts_is_told_why() {
        let told = |settlement, status| {
            let mut order = order(OrderStatus::Placed);
            order.summary.payment.status = status;
            let settled = Settled { order, settlement, to_announce: Vec::new() };
            settled.unless_contradicted().map_err(|error| error.to_string()).err()
        };
        let on_delivery = "This order is paid on delivery".to_owned();
        assert_eq!(told(Settlement::Contradiction, PaymentStatus::NotRequired), Some(on_delivery));
        let paid = "The payment of this order has succeeded; cancel the order instead".to_owned();
        assert_eq!(told(Settlement::Contradiction, PaymentStatus::Succeeded), Some(paid));
        assert_eq!(told(Settlement::AlreadyDone, PaymentStatus::Succeeded), None);
    }
}
