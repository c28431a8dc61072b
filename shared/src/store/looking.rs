//! Looking for stock on a buyer's behalf: of a SKU with many shards at few of them, and at more if those have too little.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Store;
use super::call::Failure;
use super::inventory::StockItem;
use super::keys::{Key, Table};
use super::read::{Found, Freshness};
use crate::catalog::Product;
use crate::error::Shortage;
use crate::ids::{ProductId, UserId};
use crate::inventory::looks::{Looks, are_many};
use crate::inventory::notices::{Board, Notice};
use crate::inventory::{Level, Sku, StockId, available};
use crate::memory::Memory;
use crate::time::Timestamp;

/// For how long a process need not read a product with many shards again. Its partition serves 3,000 reads a
/// second, which is fewer than its shards serve buyers. So long may a buyer be given a price that has just changed; what
/// is archived is known from the shards.
pub const PRODUCT_REMEMBERED: Duration = Duration::from_secs(1);

/// Products with many shards that this process has read a moment ago. Whoever changes one here forgets it.
#[derive(Debug, Clone)]
pub(super) struct RecentProducts(Arc<Mutex<Memory<ProductId, Product>>>);

/// Stock that is looked at for a buyer: of a SKU with many shards, few of them at first.
#[derive(Debug, Clone)]
pub(super) struct Stock {
    seen: BTreeMap<StockId, StockItem>,
    /// The shards that were not.
    looks: BTreeMap<Sku, Looks>,
    /// How new it must be. What is planned with is guarded anyway, and what is refused is read again; whoever was misled
    /// once reads what is so now.
    freshness: Freshness,
}

/// A SKU with many shards of which not all were seen.
#[derive(Debug)]
pub(super) struct Uncounted {
    pub(super) sku: Sku,
    /// The buyer's board, and what was on it.
    pub(super) board: (StockId, Board),
}

impl Default for RecentProducts {
    fn default() -> RecentProducts {
        RecentProducts(Arc::new(Mutex::new(Memory::of(PRODUCT_REMEMBERED))))
    }
}

impl RecentProducts {
    fn lock(&self) -> MutexGuard<'_, Memory<ProductId, Product>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a product that is about to change.
    pub(super) fn forget(&self, product_id: ProductId) {
        self.lock().forget(&product_id);
    }
}

impl Stock {
    /// Nothing was looked at yet; so often was everything decided before.
    fn unseen(attempts: u32) -> Stock {
        let freshness = if attempts == 0 { Freshness::StockOfLate } else { Freshness::Now };
        Stock { seen: BTreeMap::new(), looks: BTreeMap::new(), freshness }
    }

    /// How much there is to be had of what was seen.
    pub(super) fn levels(&self) -> Vec<Level> {
        self.seen.values().map(StockItem::level).collect()
    }

    /// The shards of a SKU that were seen.
    pub(super) fn of<'a>(&'a self, sku: &'a Sku) -> impl Iterator<Item = &'a StockItem> {
        self.seen.iter().filter(move |(id, _)| id.sku == *sku).map(|(_, item)| item)
    }

    /// Enters what was seen, in place of what was before.
    fn enter(&mut self, items: Vec<StockItem>) {
        self.seen.extend(items.into_iter().map(|item| (item.id(), item)));
    }

    /// The keys of the buyer's boards of those SKUs that fall short, which were not looked at yet.
    fn unseen_boards(&mut self, short: &[Shortage]) -> Vec<Key> {
        let skus = short.iter().map(Shortage::sku).collect::<BTreeSet<_>>();
        let looks = self.looks.iter_mut().filter(|(sku, _)| skus.contains(sku));
        looks.flat_map(|(sku, looks)| keys(sku, looks.unseen_board())).collect()
    }

    /// The newest notice on the boards of a SKU that were seen.
    pub(super) fn notice(&self, sku: &Sku, now: Timestamp) -> Option<Notice> {
        self.of(sku).filter_map(|item| item.board().notice(now)).max_by_key(|notice| notice.at)
    }

    /// A SKU that falls short and of which not all shards were seen.
    pub(super) fn uncounted(&self, short: &[Shortage]) -> Option<Uncounted> {
        let sku =
            short.iter().map(Shortage::sku).find(|sku| self.looks.get(sku).is_some_and(|l| l.left().count() > 0))?;
        let id = StockId { shard: self.looks[&sku].board()?, sku: sku.clone() };
        let board = self.seen.get(&id).map(StockItem::board).unwrap_or_default();
        Some(Uncounted { sku, board: (id, board) })
    }

    /// What there is for people to see: shards that nobody looked at are taken for like those that somebody did.
    pub(super) fn shown(&self, left: &[Level]) -> Vec<Level> {
        let mut shown = left.to_vec();
        for (sku, looks) in &self.looks {
            let seen = u32::try_from(left.iter().filter(|level| level.id.sku == *sku).count()).unwrap_or(u32::MAX);
            let like_the_others = available(left, sku) / seen.max(1);
            let unseen = looks.left().map(|shard| StockId { sku: sku.clone(), shard });
            shown.extend(unseen.map(|id| Level { id, available: like_the_others }));
        }
        shown
    }
}

fn keys(sku: &Sku, shards: impl IntoIterator<Item = u16>) -> impl Iterator<Item = Key> {
    shards.into_iter().map(move |shard| Key::stock(&StockId { sku: sku.clone(), shard }))
}

impl Store {
    /// The products of `skus`, and for a buyer what is available of each SKU: all of it, or where shards are many, what
    /// those few of them have that the buyer prefers. One call, and a second one for a SKU with several
    /// shards, unless its product is remembered; `context` is read in the first. A first attempt trusts what is
    /// remembered; `attempts` says how many came before.
    pub(super) async fn stock_for(
        &self,
        user_id: UserId,
        skus: &BTreeSet<Sku>,
        context: impl IntoIterator<Item = Key>,
        attempts: u32,
        now: Timestamp,
    ) -> Result<(Found, Vec<Product>, Stock), Failure> {
        let (since, remembered) = {
            let recent = self.recent_products.lock();
            let product = |sku: &Sku| recent.get(&sku.product_id, now).cloned().map(|known| (sku.product_id, known));
            (recent.since(), skus.iter().filter_map(product).collect::<BTreeMap<_, _>>())
        };
        let mut stock = Stock::unseen(attempts);
        let mut first = Vec::new();
        for sku in skus {
            if let Some(product) = remembered.get(&sku.product_id) {
                let mut looks = Looks::of(user_id, product.stock_items());
                first.extend(keys(sku, looks.further()));
                stock.looks.insert(sku.clone(), looks);
            } else {
                // How many shards there are is known from the product only, but every SKU has the first.
                first.extend(keys(sku, [0]));
            }
        }
        let is_trusted = |product_id: &ProductId| attempts == 0 && remembered.contains_key(product_id);
        let asked = skus.iter().map(|sku| sku.product_id).filter(|id| !is_trusted(id)).map(Key::product);
        let mut found = self.get_all_as(asked.chain(first).chain(context), stock.freshness).await?;
        let mut products: Vec<Product> = found.all(Table::Products)?;
        for product in products.iter().filter(|product| are_many(product.stock_items())) {
            self.recent_products.lock().remember(since, product.product_id, product.clone(), now);
        }
        if attempts == 0 {
            products.extend(remembered.into_values());
        }
        stock.enter(found.all(Table::Inventory)?);
        self.look(user_id, skus, &products, &mut stock).await?;
        Ok((found, products, stock))
    }

    /// Looks at a buyer's first shards where it was not known yet how many there are.
    async fn look(
        &self,
        user_id: UserId,
        skus: &BTreeSet<Sku>,
        products: &[Product],
        stock: &mut Stock,
    ) -> Result<(), Failure> {
        let mut unseen = Vec::new();
        for sku in skus {
            let shards = products.iter().find(|p| p.product_id == sku.product_id).map_or(1, Product::stock_items);
            let seen: Vec<u16> = stock.of(sku).map(|item| item.id().shard).collect();
            if stock.looks.get(sku).is_some_and(|looks| looks.left().count() + seen.len() == usize::from(shards)) {
                continue;
            }
            let mut looks = Looks::of(user_id, shards);
            looks.leave_out(&seen);
            unseen.extend(keys(sku, looks.further()));
            stock.looks.insert(sku.clone(), looks);
        }
        stock.enter(self.get_all_as(unseen, stock.freshness).await?.all(Table::Inventory)?);
        Ok(())
    }

    /// Looks at the buyer's boards of the SKUs that fall short; answers whether there were any that had not been seen.
    pub(super) async fn look_at_boards(&self, stock: &mut Stock, short: &[Shortage]) -> Result<bool, Failure> {
        let keys = stock.unseen_boards(short);
        let is_more = !keys.is_empty();
        stock.enter(self.get_all_as(keys, stock.freshness).await?.all(Table::Inventory)?);
        Ok(is_more)
    }

    /// Looks at a board again, and at a few more shards of its SKU.
    pub(super) async fn look_further(&self, stock: &mut Stock, board: &StockId) -> Result<(), Failure> {
        let further = stock.looks.get_mut(&board.sku).map(Looks::further).unwrap_or_default();
        let keys = keys(&board.sku, further).chain([Key::stock(board)]);
        stock.enter(self.get_all_as(keys, stock.freshness).await?.all(Table::Inventory)?);
        Ok(())
    }

    /// Looks at all shards of a SKU, also at those that were seen before.
    pub(super) async fn look_at_all(&self, stock: &mut Stock, sku: &Sku) -> Result<(), Failure> {
        let Some(looks) = stock.looks.get_mut(sku) else { return Ok(()) };
        let left: Vec<u16> = looks.left().collect();
        looks.leave_out(&left);
        let seen: Vec<u16> = stock.of(sku).map(|item| item.id().shard).collect();
        let all = keys(sku, [left, seen].concat());
        stock.enter(self.get_all_as(all, stock.freshness).await?.all(Table::Inventory)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_that_nobody_looked_at_are_shown_like_those_that_somebody_did() {
        let [mug, pen] = ["mug", "pen"].map(|name| Sku { product_id: ProductId::derived(name), size: None });
        let level = |sku: &Sku, shard, available| Level { id: StockId { sku: sku.clone(), shard }, available };
        let mut looks = Looks::of(UserId::derived("ada"), 16);
        let mut left: Vec<_> = looks.further().into_iter().map(|shard| level(&mug, shard, 6)).collect();
        left.push(level(&pen, 0, 50));
        let stock = Stock { looks: BTreeMap::from([(mug.clone(), looks)]), ..Stock::unseen(0) };
        let shown = stock.shown(&left);
        assert_eq!((available(&shown, &mug), available(&shown, &pen)), (16 * 6, 50));
    }
}
