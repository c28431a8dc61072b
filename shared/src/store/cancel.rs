//! Cancelling an order: its stock, the coupon that was used on it and the coupons it earned are put
//! right in the very transaction that cancels it, and so once, whatever else is tried or retried.

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table};
use super::orders::{OrderRecord, orders_in};
use super::transaction::Transaction;
use crate::auth::Caller;
use crate::coupon::{Coupon, CouponStatus};
use crate::error::Error;
use crate::ids::{OrderId, UserId};
use crate::inventory::movement::Movement;
use crate::order::{Actor, Order, OrderStatus, PaymentStatus, Transition};
use crate::time::Timestamp;

/// Who cancels an order, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cancellation<'a> {
    pub(super) actor: Actor,
    pub(super) by: Option<UserId>,
    pub(super) reason: Option<&'a str>,
}

impl Store {
    /// Cancels an order for `caller`, and answers it. One that is cancelled already stays as it is.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`], and [`Error::InvalidTransition`] if it has come too far for the caller.
    pub async fn cancel_order(
        &self,
        order_id: OrderId,
        caller: &Caller,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Order, Error> {
        self.decide(|_| async move {
            let record = self.order(order_id).await?;
            let actor = record.order.actor(caller)?;
            if record.order.summary.status == OrderStatus::Cancelled {
                return Ok(record.order);
            }
            let cancellation = Cancellation { actor, by: Some(caller.user_id), reason };
            Ok(self.cancel(&record, cancellation, now).await?.order)
        })
        .await
    }

    /// Cancels an order as it was read. Fails as stale if it was changed meanwhile.
    pub(super) async fn cancel(
        &self,
        before: &OrderRecord,
        Cancellation { actor, by, reason }: Cancellation<'_>,
        now: Timestamp,
    ) -> Result<OrderRecord, Failure> {
        let mut after = before.clone();
        let transition = Transition::new(before.order.summary.status, OrderStatus::Cancelled, actor)?;
        after.order.enter(&transition, by, reason.map(str::to_owned), now);
        let payment = &mut after.order.summary.payment;
        payment.status = match payment.status {
            PaymentStatus::Pending => PaymentStatus::Failed,
            PaymentStatus::Succeeded => PaymentStatus::RefundRequired,
            other => other,
        };
        after.cancelled_by_payment = actor == Actor::Payment;
        after.rewards_pending = None;

        let unpaid = transition.from() == OrderStatus::UnderPaying;
        let mut transaction = self.transaction();
        transaction.move_stock(&before.stock_changes(if unpaid { Movement::Release } else { Movement::Return }))?;
        transaction.change_order(before, &after)?;
        self.put_coupons_right(&mut transaction, before).await?;
        transaction.commit().await?;
        tracing::info!(order_id = %before.order.summary.order_id, ?actor, "an order was cancelled");
        Ok(after)
    }

    /// Gives the coupon back that was used on an order, and revokes those it earned.
    async fn put_coupons_right(&self, transaction: &mut Transaction<'_>, order: &OrderRecord) -> Result<(), Failure> {
        let used = &order.order.summary.coupon_code;
        let earned = order.earned_coupons.as_deref().unwrap_or_default();
        let coupons = used.iter().chain(earned).map(|code| Key::coupon(code));
        let siblings = order.siblings().filter(|_| used.is_some()).map(Key::order);
        let mut found = self.get_all(coupons.chain(siblings)).await?;
        let siblings = orders_in(&mut found)?;
        for coupon in found.all::<Coupon>(Table::Coupons)? {
            if used.as_ref() == Some(&coupon.code) {
                self.give_coupon_back(transaction, order, &coupon, &siblings).await?;
            } else if coupon.status == CouponStatus::Active {
                transaction.revoke(&coupon.code)?;
            } else {
                transaction.expect_coupon(&coupon)?;
            }
        }
        Ok(())
    }

    /// Gives the coupon of an order back, if no other part of its checkout is live. Whichever is
    /// assumed of the other parts is checked in the transaction, so that of two parts cancelled at once
    /// the second gives the coupon back. If the order that earned the coupon was cancelled itself, the
    /// coupon is revoked instead: nobody keeps a reward for what they gave back.
    async fn give_coupon_back(
        &self,
        transaction: &mut Transaction<'_>,
        order: &OrderRecord,
        coupon: &Coupon,
        siblings: &[OrderRecord],
    ) -> Result<(), Failure> {
        let first_id = order.first_id();
        if coupon.redeemed_order_id != Some(first_id) {
            return Ok(());
        }
        let siblings = siblings.iter().map(|sibling| &sibling.order.summary);
        if let Some(live) = siblings.clone().find(|sibling| sibling.status != OrderStatus::Cancelled) {
            transaction.expect_cancelled(live.order_id, false)?;
            return Ok(());
        }
        for sibling in siblings {
            transaction.expect_cancelled(sibling.order_id, true)?;
        }
        match self.order(coupon.order_id).await {
            Ok(earning) if earning.order.summary.status != OrderStatus::Cancelled => {
                transaction.expect_cancelled(coupon.order_id, false)?;
                transaction.give_back(&coupon.code, first_id, CouponStatus::Active)?;
            }
            Ok(_) | Err(Error::OrderNotFound) => {
                transaction.give_back(&coupon.code, first_id, CouponStatus::Revoked)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
