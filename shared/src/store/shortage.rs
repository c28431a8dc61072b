//! Refusing for want of stock. A buyer hears "sold out" only if no more units than that were available, over all shards,
//! at one instant, and only after holds that are over, but that the sweep has not come by yet, have been ended.
//!
//! Such a refusal costs one read more for each SKU that falls short. Where shards are many, it costs a count of all of
//! them, but one buyer counts for all who come within a second (`counting.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Store;
use super::call::{Failure, pauses_until};
use super::inventory::StockItem;
use super::keys::{Key, Table};
use super::looking::Stock;
use crate::cart::Cart;
use crate::catalog::Product;
use crate::catalog::requests::MAX_STOCK_ITEMS;
use crate::error::{Error, Shortage};
use crate::ids::UserId;
use crate::inventory::looks::are_many;
use crate::inventory::notices::{Board, Notice, Shortages};
use crate::inventory::{self, Level, Sku};
use crate::time::Timestamp;

/// How many units there were of SKUs with many shards, when they were counted and were too few. Whoever makes units
/// available here forgets it.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentShortages(Arc<Mutex<Shortages>>);

/// Whose plan it is, and what it depends on besides the stock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis {
    /// The buyer, and the version of their cart, if the plan depends on it.
    pub(super) cart: Option<(UserId, u64)>,
}

impl RecentShortages {
    fn lock(&self) -> MutexGuard<'_, Shortages> {
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
    /// What `plan` makes of the stock that was looked at, and what that leaves. Where it finds too little, all shards
    /// are looked at, by this buyer or by another, and then the shortage is told only once it is certain; until then it is
    /// stale.
    pub(super) async fn plan_with<T>(
        &self,
        stock: &mut Stock,
        basis: Basis,
        now: Timestamp,
        plan: impl Fn(&mut [Level]) -> Result<T, Error> + Send + Sync,
    ) -> Result<(T, Vec<Level>), Failure> {
        let (begun, mut pauses) = (Instant::now(), pauses_until(self.deadline(), Board::waits()));
        loop {
            let mut levels = stock.levels();
            let short = match plan(&mut levels) {
                Err(Error::InsufficientStock(short)) => short,
                planned => return Ok((planned?, levels)),
            };
            let by_now = now + begun.elapsed();
            if let Some(known) = self.known_shortages(&short, stock, by_now) {
                return Err(Error::InsufficientStock(known).into());
            }
            if self.look_at_boards(stock, &short).await? {
                continue;
            }
            match stock.uncounted(&short) {
                Some(uncounted) => self.count_or_wait(stock, &uncounted, by_now, &mut pauses).await?,
                None => return Err(self.certain(short, stock, basis, now, by_now).await?),
            }
        }
    }

    /// The shortages as they were when they were last counted, if that is known of all of them.
    fn known_shortages(&self, short: &[Shortage], stock: &Stock, now: Timestamp) -> Option<Vec<Shortage>> {
        let (mut known, levels) = (self.recent_shortages.lock(), stock.levels());
        let shortages = short.iter().map(|shortage| {
            let (sku, seen) = (shortage.sku(), inventory::available(&levels, &shortage.sku()));
            let there_were = known.there_were(&sku, stock.notice(&sku, now), now)?;
            // Who sees more than there were has seen something new.
            (seen <= there_were && there_were < shortage.wanted(seen)).then(|| shortage.given(seen, there_were))
        });
        shortages.collect()
    }

    /// What a shortage comes to of which all shards were seen: stale, if there may be enough after all, or the shortage.
    async fn certain(
        &self,
        short: Vec<Shortage>,
        stock: &Stock,
        basis: Basis,
        now: Timestamp,
        counted_at: Timestamp,
    ) -> Result<Failure, Failure> {
        let (mut certain, mut freed) = (Vec::new(), false);
        for shortage in short {
            let sku = shortage.sku();
            let since = self.recent_shortages.lock().since();
            let Some(again) = self.unless_there_was_more(&sku, stock, basis).await? else {
                return Ok(Failure::Stale);
            };
            let [seen, there_is] = [units(stock.of(&sku)), units(&again)];
            let missing = shortage.wanted(seen).saturating_sub(there_is);
            if missing == 0 {
                // Somebody has raised a counter by hand.
                return Ok(Failure::Stale);
            }
            let holds_ended = again.iter().any(|item| item.reserved > 0)
                && self.end_holds_that_are_over(&sku, missing, basis, now).await?;
            if are_many(u16::try_from(again.len()).unwrap_or(u16::MAX)) && !holds_ended {
                let notice = Notice { units: seen, at: counted_at };
                self.recent_shortages.lock().remember(since, sku.clone(), notice);
                self.put_up(&sku, notice).await;
            }
            freed |= holds_ended;
            certain.push(shortage.given(seen, there_is));
        }
        Ok(if freed { Failure::Stale } else { Error::InsufficientStock(certain).into() })
    }

    /// Every shard of a SKU a second time, if there were never more units than were seen the first time. None if units
    /// became available since, the cart that the plan depends on has changed, or the SKU has other shards.
    ///
    /// All shards were read before all are read again. At the instant between, each had as many units as the first time
    /// or fewer, if it has been freed no more often; so the SKU had too few.
    async fn unless_there_was_more(
        &self,
        sku: &Sku,
        stock: &Stock,
        basis: Basis,
    ) -> Result<Option<Vec<StockItem>>, Failure> {
        let seen: BTreeMap<_, _> = stock.of(sku).map(|item| (item.id(), item.freed)).collect();
        let cart = basis.cart.map(|(buyer, _)| Key::cart(buyer));
        // A SKU with as many shards as there can be gets no more of them.
        let product = (seen.len() < MAX_STOCK_ITEMS).then(|| Key::product(sku.product_id));
        let mut found = self.get_all(seen.keys().map(Key::stock).chain(cart).chain(product)).await?;
        let cart: Option<Cart> = found.one(Table::Carts)?;
        let product: Option<Product> = found.one(Table::Products)?;
        let again: Vec<StockItem> = found.all(Table::Inventory)?;
        let is_as_read = basis.cart.is_none_or(|(_, read)| cart.map_or(0, |cart| cart.version) == read)
            && product.is_none_or(|product| usize::from(product.stock_items()) == seen.len())
            && again.iter().all(|item| seen.get(&item.id()) == Some(&item.freed));
        Ok(is_as_read.then_some(again))
    }
}

fn units<'a>(stock: impl IntoIterator<Item = &'a StockItem>) -> u32 {
    stock.into_iter().map(|item| item.available).sum()
}
