//! Refusing for want of stock. A buyer hears "sold out" only if a read of one instant shows it, and only
//! after holds that are over, but that the sweep has not come by yet, have been ended.
//!
//! Such a refusal costs one read more for each SKU that falls short. Where carts or unpaid orders hold units of it,
//! it also costs a query of each of the index's 16 shards and reading all anew, but only once a second in a process: a
//! flood of refused buyers becomes no flood of queries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use super::Store;
use super::call::Failure;
use super::inventory::{StockItem, levels};
use super::keys::{EXPIRY_SHARDS, Key, Table, held_tag, number, string};
use super::release::EXPIRING;
use super::sweep::Narrowed;
use crate::cart::Cart;
use crate::error::{Error, Shortage};
use crate::ids::UserId;
use crate::inventory::{self, Level, Sku};
use crate::metrics::{Metric, count};
use crate::time::Timestamp;

/// How many carts a refused buyer looks into, at most. The sweep takes care of the rest.
const MOST_CARTS: usize = 20;

/// For how long nobody looks again for holds that are over, where nothing was found.
const NOTHING_FOUND_HOLDS_FOR: Duration = Duration::from_secs(1);

/// For how long a process need not look again whether a SKU with several shards is sold out.
pub const SHORTAGE_REMEMBERED: Duration = Duration::from_secs(1);

/// When this process last looked for holds of a SKU that were over and found none to end. Whoever looks has it to
/// themselves, so that those who are refused at once look once.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentLooks(Arc<Mutex<BTreeMap<Sku, Timestamp>>>);

/// What a plan was made of: whether there was enough is judged by it.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    buyer: UserId,
    /// The version of the buyer's cart, if the plan depends on it.
    cart_version: Option<u64>,
    /// What was available before anything was taken.
    levels: Vec<Level>,
}

impl Basis {
    /// Stock and a cart, as they were read.
    pub(super) fn with_cart(cart: &Cart, levels: &[Level]) -> Basis {
        Basis { buyer: cart.user_id, cart_version: Some(cart.version), levels: levels.to_vec() }
    }

    /// Stock only.
    pub(super) fn without_cart(buyer: UserId, levels: &[Level]) -> Basis {
        Basis { buyer, cart_version: None, levels: levels.to_vec() }
    }
}

impl Store {
    /// A plan, or why there is none. If it found too little stock, that is told only once it is certain; until
    /// then it is stale.
    pub(super) async fn unless_short<T>(
        &self,
        plan: Result<T, Error>,
        basis: &Basis,
        now: Timestamp,
    ) -> Result<T, Failure> {
        match plan {
            Err(Error::InsufficientStock(short)) => Err(self.certain(short, basis, now).await?),
            plan => Ok(plan?),
        }
    }

    /// What a shortage comes to: stale, if there is enough after all, or the shortage as it is at one instant.
    async fn certain(&self, short: Vec<Shortage>, basis: &Basis, now: Timestamp) -> Result<Failure, Failure> {
        let mut certain = Vec::new();
        let mut freed = false;
        for shortage in short {
            let sku = Sku { product_id: shortage.product_id, size: shortage.size.clone() };
            let Some(stock) = self.stock_at_one_instant(&sku, basis).await? else {
                return Ok(Failure::Stale);
            };
            let (read, there_is) =
                (inventory::available(&basis.levels, &sku), inventory::available(&levels(&stock), &sku));
            let wanted = read + shortage.requested.saturating_sub(shortage.available);
            if there_is >= wanted {
                return Ok(Failure::Stale);
            }
            if stock.iter().any(|item| item.reserved > 0) {
                freed |= self.end_holds_that_are_over(&sku, wanted - there_is, basis.buyer, now).await?;
            }
            let available = (shortage.available + there_is).saturating_sub(read);
            certain.push(shortage.with_available(available));
        }
        Ok(if freed { Failure::Stale } else { Error::InsufficientStock(certain).into() })
    }

    /// Every shard of a SKU in one instant: units that move from one to another meanwhile are seen once. None if
    /// the cart that the plan depends on is not at its version in that instant.
    async fn stock_at_one_instant(&self, sku: &Sku, basis: &Basis) -> Result<Option<Vec<StockItem>>, Failure> {
        let shards = basis.levels.iter().filter(|level| level.id.sku == *sku).map(|level| Key::stock(&level.id));
        let cart = basis.cart_version.map(|_| Key::cart(basis.buyer));
        let keys: Vec<Key> = shards.chain(cart).collect();
        let mut found = self.get_at_one_instant(&keys).await?;
        let cart: Option<Cart> = found.one(Table::Carts)?;
        let is_as_read = basis.cart_version.is_none_or(|read| cart.map_or(0, |cart| cart.version) == read);
        Ok(if is_as_read { Some(found.all(Table::Inventory)?) } else { None })
    }

    /// Ends holds of others that are over and keep units of a SKU, the oldest first, until so many units are
    /// free. Answers whether reading the stock again may show more of it.
    async fn end_holds_that_are_over(
        &self,
        sku: &Sku,
        units: u32,
        buyer: UserId,
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
        over.retain(|(user_id, _)| *user_id != buyer);
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
