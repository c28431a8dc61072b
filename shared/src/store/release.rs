//! Ending holds whose time is over, so that no cart keeps stock for ever.

use futures_util::future::join_all;
use serde::Serialize;

use super::Store;
use super::call::Failure;
use super::keys::{EXPIRY_SHARDS, Item, Key, Table, number, string};
use super::read::text;
use super::transaction::Expression;
use crate::cart::Cart;
use crate::error::Error;
use crate::ids::UserId;
use crate::time::Timestamp;

/// What one sweep came to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// Ends every hold that is over at `now`, all shards of the index side by side. It stops early
    /// when time runs out; what is left is found again by the next sweep.
    ///
    /// # Errors
    /// Only if the index cannot be read.
    pub async fn release_expired(&self, now: Timestamp) -> Result<ReleaseReport, Error> {
        let shards = join_all((0..EXPIRY_SHARDS).map(|shard| self.release_shard(shard, now))).await;
        let mut report = ReleaseReport { complete: true, ..ReleaseReport::default() };
        for shard in shards {
            let shard = shard?;
            report.carts_released += shard.carts_released;
            report.units_released += shard.units_released;
            report.carts_failed += shard.carts_failed;
            report.complete &= shard.complete;
        }
        Ok(report)
    }

    async fn release_shard(&self, shard: u16, now: Timestamp) -> Result<ReleaseReport, Failure> {
        let mut report = ReleaseReport { complete: true, ..ReleaseReport::default() };
        let mut start = None;
        loop {
            let (carts, next) = self.expired_carts(shard, now, start).await?;
            for user_id in carts {
                if !self.has_time() {
                    return Ok(ReleaseReport { complete: false, ..report });
                }
                match self.release_cart_of(user_id, now).await {
                    Ok(0) => {}
                    Ok(units) => {
                        report.carts_released += 1;
                        report.units_released += units;
                    }
                    Err(error) => {
                        report.carts_failed += 1;
                        tracing::error!(%user_id, error = error.report(), "a hold could not be ended");
                    }
                }
            }
            match next {
                Some(next) => start = Some(next),
                None => return Ok(report),
            }
        }
    }

    async fn expired_carts(
        &self,
        shard: u16,
        now: Timestamp,
        start: Option<Item>,
    ) -> Result<(Vec<UserId>, Option<Item>), Failure> {
        let select = Expression::default()
            .name("expiry_shard")
            .name("reserved_until")
            .value("shard", number(shard))
            .value("now", string(now));
        let request = self
            .client
            .query()
            .table_name(self.table(Table::Carts))
            .index_name("expiring")
            .key_condition_expression("#expiry_shard = :shard AND #reserved_until <= :now")
            .set_expression_attribute_names(select.names())
            .set_expression_attribute_values(select.values())
            .set_exclusive_start_key(start);
        let answer = self.call(|| request.clone().send()).await?;
        let user = |item: &Item| text(item, "user_id")?.parse().map_err(Error::internal);
        let carts = answer.items.unwrap_or_default().iter().map(user).collect::<Result<_, Error>>()?;
        Ok((carts, answer.last_evaluated_key))
    }

    /// Ends the hold of one cart that the index named; answers how many units that released. The
    /// index lags behind the table, so the cart itself is asked.
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
