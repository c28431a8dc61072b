//! The inventory table: reading how much there is, and the one guarded way to move units.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table};
use super::read::Found;
use super::transaction::{Expression, Transaction};
use crate::catalog::Product;
use crate::error::Error;
use crate::ids::ProductId;
use crate::inventory::{Change, Level, Sku, StockChanges, StockId};

/// An inventory item, as far as a buyer is concerned.
#[derive(Deserialize)]
struct StockItem {
    product_id: ProductId,
    size: Option<String>,
    shard: u16,
    available: u32,
}

impl From<StockItem> for Level {
    fn from(item: StockItem) -> Level {
        let sku = Sku { product_id: item.product_id, size: item.size };
        Level { id: StockId { sku, shard: item.shard }, available: item.available }
    }
}

impl Store {
    /// What is available of every SKU of `products`.
    pub(super) async fn levels(&self, products: &[Product]) -> Result<Vec<Level>, Failure> {
        let shards = |product: &Product| {
            let shards = product.stock_shards;
            let of_sku = move |sku: Sku| (0..shards).map(move |shard| Key::stock(&StockId { sku: sku.clone(), shard }));
            product.skus().into_iter().flat_map(of_sku).collect::<Vec<_>>()
        };
        self.get_all(products.iter().flat_map(shards)).await.and_then(|mut found| Ok(levels(&mut found)?))
    }

    /// The products of `skus`, and what is available of each SKU. One call, and a second one for
    /// SKUs with several shards; `context` is read in the first.
    pub(super) async fn stock_of(
        &self,
        skus: &BTreeSet<Sku>,
        context: impl IntoIterator<Item = Key>,
    ) -> Result<(Found, Vec<Product>, Vec<Level>), Failure> {
        // How many shards there are is known from the product only, but every SKU has the first.
        let products = skus.iter().map(|sku| Key::product(sku.product_id));
        let first_shards = skus.iter().map(|sku| Key::stock(&StockId { sku: sku.clone(), shard: 0 }));
        let mut found = self.get_all(products.chain(first_shards).chain(context)).await?;
        let products: Vec<Product> = found.all(Table::Products)?;
        let mut known = levels(&mut found)?;

        let shards_of =
            |sku: &Sku| products.iter().find(|p| p.product_id == sku.product_id).map_or(1, |p| p.stock_shards);
        let others = skus.iter().flat_map(|sku| {
            (1..shards_of(sku)).map(|shard| Key::stock(&StockId { sku: sku.clone(), shard })).collect::<Vec<_>>()
        });
        known.extend(levels(&mut self.get_all(others).await?)?);
        Ok((found, products, known))
    }
}

impl Transaction<'_> {
    /// Moves units. Each counter that shrinks must have what is taken from it, and what is archived
    /// cannot be taken or sold: this is the guard against selling a unit twice.
    pub(super) fn move_stock(&mut self, changes: &StockChanges) -> Result<(), Error> {
        for (stock_id, change) in changes.iter() {
            self.update(&Key::stock(stock_id), &movement(change))?;
        }
        Ok(())
    }
}

fn movement(change: &Change) -> Expression {
    let counters = [("available", change.available), ("reserved", change.reserved), ("sold", change.sold)];
    let mut expression = Expression::default();
    let (mut set, mut conditions) = (Vec::new(), Vec::new());
    for (counter, by) in counters.into_iter().filter(|(_, by)| *by != 0) {
        let sign = if by < 0 { '-' } else { '+' };
        set.push(format!("#{counter} = #{counter} {sign} :{counter}"));
        if by < 0 {
            conditions.push(format!("#{counter} >= :{counter}"));
        }
        expression = expression.name(counter).value(counter, AttributeValue::N(by.unsigned_abs().to_string()));
    }
    if change.available < 0 || change.sold > 0 {
        conditions.push("attribute_not_exists(#archived)".to_owned());
        expression = expression.name("archived");
    }
    expression.update = format!("SET {}", set.join(", "));
    expression.condition = conditions.join(" AND ");
    expression
}

fn levels(found: &mut Found) -> Result<Vec<Level>, Error> {
    Ok(found.all::<StockItem>(Table::Inventory)?.into_iter().map(Level::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_shrinks_is_guarded() {
        let reserve = movement(&Change { available: -2, reserved: 2, sold: 0 });
        assert_eq!(reserve.update, "SET #available = #available - :available, #reserved = #reserved + :reserved");
        assert_eq!(reserve.condition, "#available >= :available AND attribute_not_exists(#archived)");

        let release = movement(&Change { available: 2, reserved: -2, sold: 0 });
        assert_eq!(release.condition, "#reserved >= :reserved");

        let sell = movement(&Change { available: 0, reserved: -1, sold: 1 });
        assert_eq!(sell.condition, "#reserved >= :reserved AND attribute_not_exists(#archived)");
    }
}
