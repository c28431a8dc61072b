//! The inventory table: reading how much there is, and the one guarded way to move units.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, number};
use super::read::Found;
use super::transaction::{Expression, Transaction};
use crate::catalog::Product;
use crate::error::{Error, Shortage};
use crate::ids::{ProductId, UserId};
use crate::inventory::adjustment::InventoryItem;
use crate::inventory::looks::{Looks, are_many};
use crate::inventory::movement::{Change, StockChanges};
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
#[derive(Debug, Clone, Default)]
pub(super) struct Stock {
    /// What was seen.
    pub(super) levels: Vec<Level>,
    /// The shards that were not.
    looks: BTreeMap<Sku, Looks>,
}

/// An inventory item: a shard with its counters.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct StockItem {
    product_id: ProductId,
    size: Option<String>,
    shard: u16,
    pub(super) available: u32,
    pub(super) reserved: u32,
    pub(super) sold: u32,
    pub(super) received: u32,
}

impl StockItem {
    /// Which shard it is.
    pub(super) fn id(&self) -> StockId {
        let sku = Sku { product_id: self.product_id, size: self.size.clone() };
        StockId { sku, shard: self.shard }
    }

    /// How much of it there is to be had.
    fn level(&self) -> Level {
        Level { id: self.id(), available: self.available }
    }
}

/// How much there is to be had of each.
pub(super) fn levels(stock: &[StockItem]) -> Vec<Level> {
    stock.iter().map(StockItem::level).collect()
}

/// A SKU of `product` with the counters of all its shards taken together.
pub(super) fn inventory_item(product: &Product, sku: Sku, stock: &[StockItem]) -> InventoryItem {
    let of_sku = || stock.iter().filter(|item| item.product_id == sku.product_id && item.size == sku.size);
    let available = of_sku().map(|item| item.available).sum();
    InventoryItem {
        product_id: product.product_id,
        name: product.name.clone(),
        status: product.stock_status(available),
        available,
        reserved: of_sku().map(|item| item.reserved).sum(),
        sold: of_sku().map(|item| item.sold).sum(),
        received: of_sku().map(|item| item.received).sum(),
        size: sku.size,
    }
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
    /// The keys of the shards to look at next: of those SKUs that fall short, which were not looked at yet.
    pub(super) fn further(&mut self, short: &[Shortage]) -> Vec<Key> {
        let skus = short.iter().map(Shortage::sku).collect::<BTreeSet<_>>();
        let looks = self.looks.iter_mut().filter(|(sku, _)| skus.contains(sku));
        looks.flat_map(|(sku, looks)| keys(sku, looks.further())).collect()
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

fn keys(sku: &Sku, shards: Vec<u16>) -> impl Iterator<Item = Key> {
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
        let mut stock = Stock::default();
        let mut first = Vec::new();
        for sku in skus {
            if let Some(product) = remembered.get(&sku.product_id) {
                let mut looks = Looks::of(user_id, product.stock_shards);
                first.extend(keys(sku, looks.further()));
                stock.looks.insert(sku.clone(), looks);
            } else {
                // How many shards there are is known from the product only, but every SKU has the first.
                first.extend(keys(sku, vec![0]));
            }
        }
        let is_trusted = |product_id: &ProductId| attempts == 0 && remembered.contains_key(product_id);
        let asked = skus.iter().map(|sku| sku.product_id).filter(|id| !is_trusted(id)).map(Key::product);
        let mut found = self.get_all(asked.chain(first).chain(context)).await?;
        let mut products: Vec<Product> = found.all(Table::Products)?;
        for product in products.iter().filter(|product| are_many(product.stock_shards)) {
            self.recent_products.lock().remember(since, product.product_id, product.clone(), now);
        }
        if attempts == 0 {
            products.extend(remembered.into_values());
        }
        self.look(user_id, skus, &products, &mut stock, found.all(Table::Inventory)?).await?;
        Ok((found, products, stock))
    }

    /// Enters the shards that were seen, and looks at a buyer's first ones where it was not known yet how many there
    /// are.
    async fn look(
        &self,
        user_id: UserId,
        skus: &BTreeSet<Sku>,
        products: &[Product],
        stock: &mut Stock,
        seen: Vec<StockItem>,
    ) -> Result<(), Failure> {
        stock.levels = levels(&seen);
        let mut unseen = Vec::new();
        for sku in skus {
            let shards = products.iter().find(|p| p.product_id == sku.product_id).map_or(1, |p| p.stock_shards);
            let seen: Vec<u16> =
                stock.levels.iter().filter(|level| level.id.sku == *sku).map(|level| level.id.shard).collect();
            if stock.looks.get(sku).is_some_and(|looks| looks.left().count() + seen.len() == usize::from(shards)) {
                continue;
            }
            let mut looks = Looks::of(user_id, shards);
            looks.leave_out(&seen);
            unseen.extend(keys(sku, looks.further()));
            stock.looks.insert(sku.clone(), looks);
        }
        stock.levels.extend(levels(&self.get_all(unseen).await?.all::<StockItem>(Table::Inventory)?));
        Ok(())
    }

    /// Looks at more shards of the SKUs that fall short; answers whether there were any.
    pub(super) async fn look_further(&self, stock: &mut Stock, short: &[Shortage]) -> Result<bool, Failure> {
        let keys = stock.further(short);
        let is_more = !keys.is_empty();
        stock.levels.extend(levels(&self.get_all(keys).await?.all::<StockItem>(Table::Inventory)?));
        Ok(is_more)
    }

    /// What is available of every SKU of `products`.
    pub(super) async fn levels(&self, products: &[Product]) -> Result<Vec<Level>, Failure> {
        Ok(levels(&self.stock_items(products).await?))
    }

    /// Every inventory item of `products`.
    pub(super) async fn stock_items(&self, products: &[Product]) -> Result<Vec<StockItem>, Failure> {
        let keys = products.iter().flat_map(|product| product.stock_ids()).map(|stock_id| Key::stock(&stock_id));
        Ok(self.get_all(keys).await?.all(Table::Inventory)?)
    }

    /// The products of `skus`, and what is available of each SKU. One call, and a second one for
    /// SKUs with several shards; `context` is read in the first.
    pub(super) async fn stock_of(
        &self,
        skus: &BTreeSet<Sku>,
        context: impl IntoIterator<Item = Key>,
    ) -> Result<(Found, Vec<Product>, Vec<Level>), Failure> {
        let (found, products, stock) = self.stock_items_of(skus, context).await?;
        Ok((found, products, levels(&stock)))
    }

    /// The same, with all counters.
    pub(super) async fn stock_items_of(
        &self,
        skus: &BTreeSet<Sku>,
        context: impl IntoIterator<Item = Key>,
    ) -> Result<(Found, Vec<Product>, Vec<StockItem>), Failure> {
        // How many shards there are is known from the product only, but every SKU has the first.
        let products = skus.iter().map(|sku| Key::product(sku.product_id));
        let first_shards = skus.iter().map(|sku| Key::stock(&StockId { sku: sku.clone(), shard: 0 }));
        let mut found = self.get_all(products.chain(first_shards).chain(context)).await?;
        let products: Vec<Product> = found.all(Table::Products)?;
        let mut stock: Vec<StockItem> = found.all(Table::Inventory)?;

        let shards_of =
            |sku: &Sku| products.iter().find(|p| p.product_id == sku.product_id).map_or(1, |p| p.stock_shards);
        let others = skus.iter().flat_map(|sku| {
            (1..shards_of(sku)).map(|shard| Key::stock(&StockId { sku: sku.clone(), shard })).collect::<Vec<_>>()
        });
        stock.extend(self.get_all(others).await?.all::<StockItem>(Table::Inventory)?);
        Ok((found, products, stock))
    }
}

impl Transaction<'_> {
    /// Moves units. Each counter that shrinks must have what is taken from it, and what is archived
    /// cannot be taken: this is the guard against selling a unit twice.
    pub(super) fn move_stock(&mut self, changes: &StockChanges) -> Result<(), Error> {
        for (stock_id, change) in changes.iter() {
            self.update(&Key::stock(stock_id), &movement(change))?;
        }
        self.free(changes);
        self.log_stock(changes);
        Ok(())
    }

    /// Moves units of a SKU if all of its shards have as many available as was read.
    pub(super) fn move_stock_as_read(&mut self, changes: &StockChanges, stock: &[StockItem]) -> Result<(), Error> {
        for item in stock {
            let stock_id = item.id();
            let change = changes.iter().find(|(changed, _)| **changed == stock_id);
            let read = number(item.available);
            let expression = change.map_or_else(Expression::default, |(_, change)| movement(change));
            let expression = expression.and("#available = :read").name("available").value("read", read);
            match change {
                Some(_) => self.update(&Key::stock(&stock_id), &expression)?,
                None => self.check(&Key::stock(&stock_id), &expression)?,
            }
        }
        self.free(changes);
        self.log_stock(changes);
        Ok(())
    }
}

fn movement(change: &Change) -> Expression {
    let counters = [
        ("available", change.available),
        ("reserved", change.reserved),
        ("sold", change.sold),
        ("received", change.received),
    ];
    // The audit sees by `moves` whether anything moved while it read.
    let mut expression = Expression::default().name("moves").value("once", number(1));
    let (mut set, mut conditions) = (Vec::new(), Vec::new());
    for (counter, by) in counters.into_iter().filter(|(_, by)| *by != 0) {
        let sign = if by < 0 { '-' } else { '+' };
        set.push(format!("#{counter} = #{counter} {sign} :{counter}"));
        if by < 0 {
            conditions.push(format!("#{counter} >= :{counter}"));
        }
        expression = expression.name(counter).value(counter, AttributeValue::N(by.unsigned_abs().to_string()));
    }
    if change.only_for_sale {
        conditions.push("attribute_not_exists(#archived)".to_owned());
        expression = expression.name("archived");
    }
    let set = if set.is_empty() { String::new() } else { format!("SET {} ", set.join(", ")) };
    expression.update = format!("{set}ADD #moves :once");
    expression.condition = conditions.join(" AND ");
    expression
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
        let shown = Stock { levels: Vec::new(), looks: BTreeMap::from([(mug.clone(), looks)]) }.shown(&left);
        assert_eq!((available(&shown, &mug), available(&shown, &pen)), (16 * 6, 50));
    }

    #[test]
    fn whatever_shrinks_is_guarded() {
        let for_sale = Change { only_for_sale: true, ..Change::default() };
        let reserve = movement(&Change { available: -2, reserved: 2, ..for_sale });
        let update = "SET #available = #available - :available, #reserved = #reserved + :reserved ADD #moves :once";
        assert_eq!(reserve.update, update);
        assert_eq!(reserve.condition, "#available >= :available AND attribute_not_exists(#archived)");

        let release = movement(&Change { available: 2, reserved: -2, ..Change::default() });
        assert_eq!(release.condition, "#reserved >= :reserved");

        let sell = movement(&Change { reserved: -1, sold: 1, ..for_sale });
        assert_eq!(sell.condition, "#reserved >= :reserved AND attribute_not_exists(#archived)");

        let hand_on = movement(&Change { handed_on: true, ..for_sale });
        assert_eq!(hand_on.update, "ADD #moves :once");
        assert_eq!(hand_on.condition, "attribute_not_exists(#archived)");

        let settle = movement(&Change { reserved: -1, sold: 1, ..Change::default() });
        assert_eq!(settle.condition, "#reserved >= :reserved");

        let lost = movement(&Change { available: -1, received: -1, ..for_sale });
        let condition = "#available >= :available AND #received >= :received AND attribute_not_exists(#archived)";
        assert_eq!(lost.condition, condition);
    }
}
