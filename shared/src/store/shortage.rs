//! Refusing for want of stock. A buyer hears "sold out" only if a read of one instant shows it, and only
//! after holds that are over, but that the sweep has not come by yet, have been ended.
//!
//! Such a refusal costs one read more for each SKU that falls short. Where carts or unpaid orders hold units of it,
//! it also costs a query of each of the index's 16 shards and reading all anew, but only once a second in a process: a
//! flood of refused buyers becomes no flood of queries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use super::Store;
use super::call::Failure;
use super::inventory::{Stock, StockItem, levels};
use super::keys::{EXPIRY_SHARDS, Key, Table, held_tag, number, string};
use super::release::EXPIRING;
use super::sweep::Narrowed;
use crate::cart::Cart;
use crate::catalog::Product;
use crate::catalog::requests::MAX_STOCK_ITEMS;
use crate::error::{Error, Shortage};
use crate::ids::UserId;
use crate::inventory::looks::are_many;
use crate::inventory::{self, Level, Sku};
use crate::memory::Memory;
use crate::metrics::{Metric, count};
use crate::time::Timestamp;

/// How many carts a refused buyer looks into, at most. The sweep takes care of the rest.
const MOST_CARTS: usize = 20;

/// For how long nobody looks again for holds that are over, where nothing was found.
const NOTHING_FOUND_HOLDS_FOR: Duration = Duration::from_secs(1);

/// For how long a process need not look at all shards of a SKU again that was short of units, if it has many. So
/// long, and no longer, may a buyer be refused a unit that has just become available elsewhere.
pub const SHORTAGE_REMEMBERED: Duration = Duration::from_secs(1);

/// How many units there were of SKUs with many shards, at instants at which they were too few. Whoever makes units
/// available here forgets it.
#[derive(Debug, Clone)]
pub(super) struct RecentShortages(Arc<std::sync::Mutex<Memory<Sku, u32>>>);

/// When this process last looked for holds of a SKU that were over and found none to end. Whoever looks has it to
/// themselves, so that those who are refused at once look once.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentLooks(Arc<Mutex<BTreeMap<Sku, Timestamp>>>);

/// Whose plan it is, and what it depends on besides the stock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis {
    /// The buyer, and the version of their cart, if the plan depends on it.
    cart: Option<(UserId, u64)>,
}

impl Default for RecentShortages {
    fn default() -> RecentShortages {
        RecentShortages(Arc::new(std::sync::Mutex::new(Memory::of(SHORTAGE_REMEMBERED))))
    }
}

impl RecentShortages {
    fn lock(&self) -> MutexGuard<'_, Memory<Sku, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets SKUs of which there is about to be more, or has just become.
    pub(super) fn forget(&self, skus: &BTreeSet<Sku>) {
        let mut known = self.lock();
        skus.iter().for_each(|sku| known.forget(sku));
    }
}

impl Basis {
    /// A plan that depends on a cart as it was read.
    pub(super) fn with_cart(cart: &Cart) -> Basis {
        Basis { cart: Some((cart.user_id, cart.version)) }
    }

    /// A plan that depends on no cart.
    pub(super) fn without_cart() -> Basis {
        Basis { cart: None }
    }
}

impl Store {
    /// What `plan` makes of the stock that was looked at, and what that leaves. Where it finds too little, more of the
    /// shards are looked at, and where all were, the shortage is told only once it is certain; until then it is stale.
    pub(super) async fn plan_with<T>(
        &self,
        stock: &mut Stock,
        basis: Basis,
        now: Timestamp,
        plan: impl Fn(&mut [Level]) -> Result<T, Error> + Send + Sync,
    ) -> Result<(T, Vec<Level>), Failure> {
        loop {
            let mut levels = stock.levels.clone();
            match plan(&mut levels) {
                Err(Error::InsufficientStock(short)) => {
                    if let Some(known) = self.known_shortages(&short, &stock.levels, now) {
                        return Err(Error::InsufficientStock(known).into());
                    }
                    if !self.look_further(stock, &short).await? {
                        return Err(self.certain(short, &stock.levels, basis, now).await?);
                    }
                }
                planned => return Ok((planned?, levels)),
            }
        }
    }

    /// The shortages as they were at an instant just now, if that is known of all of them.
    fn known_shortages(&self, short: &[Shortage], seen: &[Level], now: Timestamp) -> Option<Vec<Shortage>> {
        let known = self.recent_shortages.lock();
        let shortages = short.iter().map(|shortage| {
            let (sku, seen) = (shortage.sku(), inventory::available(seen, &shortage.sku()));
            let there_were = *known.get(&sku, now)?;
            // Who sees more than there were has seen something new.
            (seen <= there_were && there_were < shortage.wanted(seen)).then(|| shortage.given(seen, there_were))
        });
        shortages.collect()
    }

    /// What a shortage comes to: stale, if there is enough after all, or the shortage as it is at one instant.
    async fn certain(
        &self,
        short: Vec<Shortage>,
        seen: &[Level],
        basis: Basis,
        now: Timestamp,
    ) -> Result<Failure, Failure> {
        let mut certain = Vec::new();
        let mut freed = false;
        for shortage in short {
            let sku = shortage.sku();
            let since = self.recent_shortages.lock().since();
            let Some(stock) = self.stock_at_one_instant(&sku, seen, basis).await? else {
                return Ok(Failure::Stale);
            };
            let (read, there_is) = (inventory::available(seen, &sku), inventory::available(&levels(&stock), &sku));
            let wanted = shortage.wanted(read);
            if there_is >= wanted {
                return Ok(Failure::Stale);
            }
            if stock.iter().any(|item| item.reserved > 0) {
                freed |= self.end_holds_that_are_over(&sku, wanted - there_is, basis, now).await?;
            }
            if are_many(u16::try_from(stock.len()).unwrap_or(u16::MAX)) {
                self.recent_shortages.lock().remember(since, sku, there_is, now);
            }
            certain.push(shortage.given(read, there_is));
        }
        Ok(if freed { Failure::Stale } else { Error::InsufficientStock(certain).into() })
    }

    /// Every shard of a SKU in one instant: units that move from one to another meanwhile are seen once. None if
    /// the cart that the plan depends on is not at its version in that instant, or the SKU has other shards.
    async fn stock_at_one_instant(
        &self,
        sku: &Sku,
        seen: &[Level],
        basis: Basis,
    ) -> Result<Option<Vec<StockItem>>, Failure> {
        let shards: Vec<_> = seen.iter().filter(|level| level.id.sku == *sku).collect();
        let cart = basis.cart.map(|(buyer, _)| Key::cart(buyer));
        // A SKU with as many shards as there can be gets no more of them.
        let product = (shards.len() < MAX_STOCK_ITEMS).then(|| Key::product(sku.product_id));
        let keys: Vec<Key> = shards.iter().map(|level| Key::stock(&level.id)).chain(cart).chain(product).collect();
        let mut found = self.get_at_one_instant(&keys).await?;
        let cart: Option<Cart> = found.one(Table::Carts)?;
        let product: Option<Product> = found.one(Table::Products)?;
        let is_as_read = basis.cart.is_none_or(|(_, read)| cart.map_or(0, |cart| cart.version) == read)
            && product.is_none_or(|product| usize::from(product.stock_shards) == shards.len());
        Ok(if is_as_read { Some(found.all(Table::Inventory)?) } else { None })
    }

    /// Ends holds that are over and keep units of a SKU, the oldest first, until so many units are free. What the
    /// buyer's own cart keeps is not free if the plan has counted on it. Answers whether reading the stock again may
    /// show more of it.
    async fn end_holds_that_are_over(
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
