//! Ending holds that are over, but that the sweep has not come by yet, for a buyer who would be refused their units.
//!
//! That is a query of each of the index's 16 shards, and so at most one a second in a process: a flood of refused
//! buyers becomes no flood of queries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use super::Store;
use super::call::Failure;
use super::keys::{EXPIRY_SHARDS, Key, held_tag, number, string};
use super::release::EXPIRING;
use super::shortage::Basis;
use super::sweep::Narrowed;
use crate::cart::Cart;
use crate::error::Error;
use crate::ids::UserId;
use crate::inventory::Sku;
use crate::metrics::{Metric, count};
use crate::time::Timestamp;

/// How many carts a refused buyer looks into, at most. The sweep takes care of the rest.
const MOST_CARTS: usize = 20;

/// For how long nobody looks again for holds that are over, where nothing was found.
const NOTHING_FOUND_HOLDS_FOR: Duration = Duration::from_secs(1);

/// When this process last looked for holds of a SKU that were over and found none to end. Whoever looks has it to
/// themselves, so that those who are refused at once look once.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentLooks(Arc<Mutex<BTreeMap<Sku, Timestamp>>>);

impl Store {
    /// Ends holds that are over and keep units of a SKU, the oldest first, until so many units are free. What the
    /// buyer's own cart keeps is not free if the plan has counted on it. Answers whether reading the stock again may
    /// show more of it.
    pub(super) async fn end_holds_that_are_over(
        &self,
        sku: &Sku,
        units: u32,
        basis: Basis,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let (mut looks, waited) = match self.recent_looks.0.try_lock() {
            Ok(looks) => (looks, false),
            Err(_) => (self.recent_looks.0.lock().await, true),
        };
        looks.retain(|_, at| now < *at + NOTHING_FOUND_HOLDS_FOR);
        if looks.contains_key(sku) {
            // Who waited has read the stock before others may have ended a hold.
            return Ok(waited);
        }
        let narrowed =
            &Narrowed { filter: "contains(#held, :sku)", name: "held", value: ("sku", string(held_tag(sku))) };
        let shards = (0..EXPIRY_SHARDS).map(number);
        let shards =
            shards.map(|shard| async move { self.due::<UserId>(&EXPIRING, &shard, now, Some(narrowed), None).await });
        let mut over: Vec<_> = try_join_all(shards).await?.into_iter().flat_map(|(carts, _)| carts).collect();
        over.retain(|(user_id, _)| basis.cart.is_none_or(|(buyer, _)| *user_id != buyer));
        over.sort_by_key(|(user_id, since)| (*since, *user_id));

        let mut free = 0;
        for (user_id, _) in over.into_iter().take(MOST_CARTS) {
            match self.end_hold_of(user_id, sku, now).await {
                Ok(units) => free += units,
                // Whoever came first did the same, or bought it.
                Err(Failure::Stale) => {}
                Err(failure) => {
                    let error = Error::from(failure);
                    tracing::error!(%user_id, error = error.report(), "a hold that is over could not be ended");
                }
            }
            if free >= units {
                break;
            }
        }
        if free == 0 {
            looks.insert(sku.clone(), now);
        }
        // Also where nothing was left to end: others may have ended it since the stock was read.
        Ok(true)
    }

    /// Ends the hold of a user's cart if it is over; answers how many units of a SKU that freed. One try: a hold
    /// that cannot be ended keeps no buyer waiting.
    async fn end_hold_of(&self, user_id: UserId, sku: &Sku, now: Timestamp) -> Result<u32, Failure> {
        match self.get::<Cart>(&Key::cart(user_id)).await? {
            Some(cart) if cart.hold_is_over(now) && cart.units_held_of(sku) > 0 => {
                self.release_cart(&cart, now).await?;
                count(Metric::ReservationsReleased, 1);
                Ok(cart.units_held_of(sku))
            }
            _ => Ok(0),
        }
    }
}
