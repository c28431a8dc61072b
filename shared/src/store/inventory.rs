//! The inventory table: reading how much there is, and the one guarded way to move units.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, number};
use super::read::Found;
use super::transaction::{Expression, Transaction};
use crate::catalog::Product;
use crate::error::Error;
use crate::ids::ProductId;
use crate::inventory::adjustment::InventoryItem;
use crate::inventory::movement::{Change, StockChanges};
use crate::inventory::notices::{Board, Notice};
use crate::inventory::{Level, Sku, StockId};
use crate::time::Timestamp;

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
    /// How often units of it became available. As long as that is the same, there were never more of them.
    #[serde(default)]
    pub(super) freed: u64,
    /// What is on it, if it is a board.
    short: Option<Notice>,
    counted_until: Option<Timestamp>,
}

impl StockItem {
    /// Which shard it is.
    pub(super) fn id(&self) -> StockId {
        let sku = Sku { product_id: self.product_id, size: self.size.clone() };
        StockId { sku, shard: self.shard }
    }

    /// What is known of the SKU, if it is a board.
    pub(super) fn board(&self) -> Board {
        Board { short: self.short, counted_until: self.counted_until }
    }

    /// How much of it there is to be had.
    pub(super) fn level(&self) -> Level {
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

impl Store {
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
            |sku: &Sku| products.iter().find(|p| p.product_id == sku.product_id).map_or(1, Product::stock_items);
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
    // The audit sees by `moves` whether anything moved while it read, and who is refused by `freed` whether there was
    // ever more meanwhile.
    let frees = if change.available > 0 { ", #freed :once" } else { "" };
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
    if change.available > 0 {
        expression = expression.name("freed");
    }
    expression.update = format!("{set}ADD #moves :once{frees}");
    expression.condition = conditions.join(" AND ");
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_shrinks_is_guarded() {
        let for_sale = Change { only_for_sale: true, ..Change::default() };
        let reserve = movement(&Change { available: -2, reserved: 2, ..for_sale });
        let update = "SET #available = #available - :available, #reserved = #reserved + :reserved ADD #moves :once";
        assert_eq!(reserve.update, update);
        assert_eq!(reserve.condition, "#available >= :available AND attribute_not_exists(#archived)");

        let release = movement(&Change { available: 2, reserved: -2, ..Change::default() });
        let update = "SET #available = #available + :available, #reserved = #reserved - :reserved ADD #moves :once, #freed :once";
        assert_eq!((release.update.as_str(), release.condition.as_str()), (update, "#reserved >= :reserved"));

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
