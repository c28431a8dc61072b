//! Spreading a product over more shards while it sells.
//!
//! First the new shards are made and counted in, in one transaction, without units. Then available units go to them,
//! from shard to shard, each time by a transaction of two writes that is guarded like every movement. So nothing is lost
//! wherever it breaks off, and whoever asks again goes on from there. Who read the product before sees the old shards
//! only: what they take is guarded, and before they are refused, they see that there are others (`shortage.rs`).

use super::Store;
use super::call::Failure;
use super::inventory::levels;
use super::keys::{Key, Table, number, string};
use super::products::{if_absent, stock_item};
use super::transaction::Expression;
use crate::catalog::Product;
use crate::error::Error;
use crate::ids::ProductId;
use crate::inventory::movement::StockChanges;
use crate::inventory::spread::{ReshardRequest, StockShards, shifts};

impl Store {
    /// Gives every size of a product as many shards as `request` says, and evens them out. The number there is already
    /// only evens out.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`], for an archived one too, and those of [`ReshardRequest::plan`].
    pub async fn reshard(&self, product_id: ProductId, request: ReshardRequest) -> Result<StockShards, Error> {
        self.decide(|_| async move {
            let product: Option<Product> = self.get(&Key::product(product_id)).await?;
            let product = product.filter(Product::is_active).ok_or(Error::ProductNotFound)?;
            let stock_shards = request.plan(&product)?;
            let product = self.with_shards(product, stock_shards).await?;
            self.even_out(&product).await?;
            Ok(StockShards { product_id, stock_shards })
        })
        .await
    }

    /// Makes the shards that a product is to have more, and counts them in, if it still has as many as were read.
    async fn with_shards(&self, before: Product, stock_shards: u16) -> Result<Product, Failure> {
        if stock_shards == before.stock_shards {
            return Ok(before);
        }
        let after = Product { stock_shards, ..before.clone() };
        let mut transaction = self.transaction();
        let count = Expression::update("SET #stock_shards = :after", "#stock_shards = :before AND #status = :active")
            .name("stock_shards")
            .name("status")
            .value("after", number(stock_shards))
            .value("before", number(before.stock_shards))
            .value("active", string("active"));
        transaction.update(&Key::product(before.product_id), &count)?;
        for stock_id in after.stock_ids().iter().filter(|stock_id| stock_id.shard >= before.stock_items()) {
            transaction.put(Table::Inventory, stock_item(stock_id, 0), &if_absent("stock_id"))?;
        }
        self.change_product(before.product_id, transaction).await?;
        tracing::info!(product_id = %before.product_id, from = before.stock_shards, to = stock_shards, "a product has more shards");
        Ok(after)
    }

    /// Moves available units until the shards of each SKU are even, but for what is sold meanwhile. Fails as stale if
    /// so much is sold that a shard has not what it was to give.
    async fn even_out(&self, product: &Product) -> Result<(), Failure> {
        let levels = levels(&self.stock_items(std::slice::from_ref(product)).await?);
        for sku in product.skus() {
            for shift in shifts(&levels, &sku) {
                let mut changes = StockChanges::caused_by(product.product_id);
                changes.shift(&sku, shift);
                let mut transaction = self.transaction();
                transaction.move_stock(&changes)?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }
}
