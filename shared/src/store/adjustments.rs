//! The adjustments table: setting the stock right by hand, with a record of who did and why.

use std::collections::BTreeSet;

use super::Store;
use super::call::Failure;
use super::inventory::{inventory_item, levels};
use super::keys::{Key, Table, number, to_item};
use super::transaction::Expression;
use crate::auth::Caller;
use crate::catalog::requests::MAX_STOCK_ITEMS;
use crate::error::Error;
use crate::ids::{IdempotencyKey, KeyId};
use crate::inventory::Sku;
use crate::inventory::adjustment::{Adjustment, AdjustmentRequest, InventoryItem, Target};
use crate::time::Timestamp;

/// What an adjustment came to.
#[derive(Debug)]
pub struct Adjusted {
    /// The SKU as it is now.
    pub item: InventoryItem,
    /// Whether it was made by an earlier request with the same key.
    pub replayed: bool,
}

impl Store {
    /// Adjusts a SKU's stock for `caller`, who manages the shop or sells the product.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`], [`Error::Forbidden`], [`Error::IdempotencyKeyReused`], and those of
    /// [`Product::sku`](crate::catalog::Product::sku), [`AdjustmentRequest::target`] and [`Target::plan`].
    pub async fn adjust_stock(
        &self,
        caller: &Caller,
        request: &AdjustmentRequest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Adjusted, Error> {
        let target = request.target()?;
        let size = request.size.as_ref().map(ToString::to_string);
        let sku = &Sku { product_id: request.product_id, size };
        let adjustment_id = key.map_or_else(KeyId::random, |key| key.id);
        self.decide(|_| async move {
            let context = [Key::adjustment(adjustment_id)];
            let (mut found, mut products, mut stock) =
                self.stock_items_of(&BTreeSet::from([sku.clone()]), context).await?;
            let product = products.pop().ok_or(Error::ProductNotFound)?;
            product.must_be_sold_for(caller.sells_for())?;
            product.sku(sku.size.as_deref())?;
            if let Some((made, key)) = found.one::<Adjustment>(Table::Adjustments)?.zip(key) {
                if made.fingerprint.as_ref() != Some(&key.fingerprint) {
                    return Err(Error::IdempotencyKeyReused.into());
                }
                return Ok(Adjusted { item: inventory_item(&product, sku.clone(), &stock), replayed: true });
            }
            let levels = levels(&stock);
            let (delta, changes) = match target.plan(&product, sku, &levels, adjustment_id) {
                Err(_) if self.is_adjusted(key).await? => return Err(Failure::Stale),
                planned => planned?,
            };
            let adjustment = Adjustment {
                adjustment_id,
                product_id: sku.product_id,
                size: sku.size.clone(),
                delta,
                reason: request.reason.to_string(),
                by: caller.user_id,
                at: now,
                fingerprint: key.map(|key| key.fingerprint.clone()),
            };
            let absent = Expression::when("attribute_not_exists(#adjustment_id)").name("adjustment_id");
            let mut transaction = self.transaction();
            transaction.put(Table::Adjustments, to_item(&adjustment)?, &absent)?;
            match target {
                Target::Delta(_) => transaction.move_stock(&changes)?,
                // How far it is to the aim depends on every shard.
                Target::Available(_) => {
                    transaction.move_stock_as_read(&changes, &stock)?;
                    // A SKU with as many shards as there can be gets no more of them.
                    if stock.len() < MAX_STOCK_ITEMS {
                        let shards = Expression::when("#stock_shards = :shards").name("stock_shards");
                        let shards = shards.value("shards", number(product.stock_shards));
                        transaction.check(&Key::product(sku.product_id), &shards)?;
                    }
                }
            }
            transaction.commit().await?;
            for (stock_id, change) in changes.iter() {
                for item in stock.iter_mut().filter(|item| item.id() == *stock_id) {
                    item.available = item.available.saturating_add_signed(i32::try_from(change.available).unwrap_or(0));
                    item.received = item.received.saturating_add_signed(i32::try_from(change.received).unwrap_or(0));
                }
            }
            Ok(Adjusted { item: inventory_item(&product, sku.clone(), &stock), replayed: false })
        })
        .await
    }

    /// Whether there is an adjustment under `key` after all. A batch is not read at one instant: the adjustment
    /// may have been looked for just before it was made, and its stock just after.
    async fn is_adjusted(&self, key: Option<&IdempotencyKey>) -> Result<bool, Failure> {
        let keys = key.map(|key| Key::adjustment(key.id));
        Ok(self.get_all(keys).await?.one_item(Table::Adjustments).is_some())
    }
}
