//! Moving an order on its way from placed to delivered, and deleting it once it is cancelled.

use super::Store;
use crate::auth::Caller;
use crate::error::Error;
use crate::ids::OrderId;
use crate::order::{Actor, Order, OrderStatus, Transition};
use crate::time::Timestamp;

impl Store {
    /// Moves an order on for `caller`, its seller or an admin, and answers it. One that is there already
    /// stays as it is.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`], [`Error::Forbidden`] for its buyer, and [`Error::InvalidTransition`].
    pub async fn advance_order(
        &self,
        order_id: OrderId,
        caller: &Caller,
        status: OrderStatus,
        tracking: Option<&str>,
        now: Timestamp,
    ) -> Result<Order, Error> {
        self.decide(|_| async move {
            let before = self.order(order_id).await?;
            if before.order.actor(caller)? != Actor::Staff {
                return Err(Error::Forbidden.into());
            }
            if before.order.summary.status == status {
                return Ok(before.order);
            }
            let transition = Transition::new(before.order.summary.status, status, Actor::Staff)?;
            let mut after = before.clone();
            after.order.enter(&transition, Some(caller.user_id), None, now);
            if let Some(tracking) = tracking {
                after.order.summary.tracking = Some(tracking.to_owned());
            }
            let mut transaction = self.transaction();
            transaction.change_order(&before, &after)?;
            transaction.commit().await?;
            tracing::info!(%order_id, %status, "an order moved on");
            Ok(after.order)
        })
        .await
    }

    /// Deletes a cancelled order. A retry under the key that made it finds it deleted, and makes no other.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`], and [`Error::InvalidTransition`] for an order that stands.
    pub async fn delete_order(&self, order_id: OrderId, now: Timestamp) -> Result<(), Error> {
        self.decide(|_| async move {
            let record = self.order(order_id).await?;
            let status = record.order.summary.status;
            if status != OrderStatus::Cancelled {
                let reason = format!("An order that is {status} cannot be deleted; cancel it first");
                return Err(Error::InvalidTransition(reason).into());
            }
            let mut transaction = self.transaction();
            transaction.bury_order(&record, now)?;
            transaction.commit().await?;
            tracing::info!(%order_id, "an order was deleted");
            Ok(())
        })
        .await
    }
}
