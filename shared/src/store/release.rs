//! Ending holds whose time is over, so that no cart keeps stock for ever.

use std::time::Duration;

use serde::Serialize;

use super::Store;
use super::call::Failure;
use super::keys::{EXPIRY_SHARDS, Key, Table, number};
use super::sweep::{DueIndex, Swept};
use crate::cart::Cart;
use crate::error::Error;
use crate::ids::UserId;
use crate::metrics::{Metric, count, measure};
use crate::time::Timestamp;

pub(super) const EXPIRING: DueIndex =
    DueIndex { table: Table::Carts, name: "expiring", shard: "expiry_shard", due: "reserved_until", key: "user_id" };

/// What one sweep came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReleaseReport {
    /// Carts whose hold was ended.
    pub carts_released: u32,
    /// Units that became available again.
    pub units_released: u32,
    /// Carts that could not be released; the next sweep finds them again.
    pub carts_failed: u32,
    /// Whether every hold that was over has been looked at, or time ran out first.
    pub complete: bool,
}

impl Store {
    /// Ends every hold that is over at `now`. It stops early when time runs out; what is left is found
    /// again by the next sweep.
    ///
    /// # Errors
    /// Only if the index cannot be read.
    pub async fn release_expired(&self, now: Timestamp) -> Result<ReleaseReport, Error> {
        let shards = (0..EXPIRY_SHARDS).map(number);
        let Swept { done, units, failed, complete, oldest } =
            self.sweep(&EXPIRING, shards, now, |user_id| self.release_cart_of(user_id, now)).await?;
        count(Metric::ReservationsReleased, done.into());
        measure(Metric::OldestUnreleasedHold, oldest.map_or(Duration::ZERO, |since| now.since(since)));
        Ok(ReleaseReport { carts_released: done, units_released: units, carts_failed: failed, complete })
    }

    async fn release_cart_of(&self, user_id: UserId, now: Timestamp) -> Result<u32, Error> {
        self.decide(|_| async move {
            match self.get::<Cart>(&Key::cart(user_id)).await? {
                Some(cart) if cart.hold_is_over(now) => self.release_cart(&cart, now).await,
                _ => Ok(0),
            }
        })
        .await
    }

    /// Ends the hold of a cart as it was read, which must be over; answers how many units that
    /// released. Fails as stale if the cart changed meanwhile, as it does when it is checked out.
    pub(super) async fn release_cart(&self, cart: &Cart, now: Timestamp) -> Result<u32, Failure> {
        let units = cart.lines.values().map(|line| line.allocation.total()).sum();
        let mut released = cart.clone();
        let stock = released.release();
        self.write_cart(&released, &stock, now).await?;
        tracing::info!(user_id = %cart.user_id, units, "a hold ended");
        Ok(units)
    }
}
