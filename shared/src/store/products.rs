//! The products table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::Store;
use super::keys::{Item, Key, Table, from_item, number, string, to_item};
use super::transaction::Expression;
use crate::catalog::{Listing, NewProduct, Product};
use crate::error::Error;
use crate::ids::ProductId;
use crate::inventory::StockId;
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::Timestamp;

/// Where a page of the catalogue ended: the sort key of its last product, and its id.
#[derive(Serialize, Deserialize)]
struct Position(String, ProductId);

impl Store {
    /// A product for sale, with its stock.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`], for an archived one too.
    pub async fn listing(&self, product_id: ProductId) -> Result<Listing, Error> {
        let product: Option<Product> = self.get(&Key::product(product_id)).await?;
        let product = product.filter(Product::is_active).ok_or(Error::ProductNotFound)?;
        let levels = self.levels(std::slice::from_ref(&product)).await?;
        Ok(Listing::new(product, &levels))
    }

    /// A page of the products for sale, newest first, with their stock.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn listings(&self, page: &PageRequest, cursors: &Cursors<'_>) -> Result<Page<Listing>, Error> {
        let start = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let start = start.map(|Position(listed_at, product_id)| {
            let mut key = Key::product(product_id).item();
            key.insert("status".to_owned(), string("active"));
            key.insert("listed_at".to_owned(), string(listed_at));
            key
        });
        let select = Expression::default().name("status").value("status", string("active"));
        let request = self
            .client
            .query()
            .table_name(self.table(Table::Products))
            .index_name("by_status")
            .key_condition_expression("#status = :status")
            .set_expression_attribute_names(select.names())
            .set_expression_attribute_values(select.values())
            .scan_index_forward(false)
            .limit(i32::try_from(page.limit + 1).map_err(Error::internal)?)
            .set_exclusive_start_key(start);
        let answer = self.call(|| request.clone().send()).await?;

        let items = answer.items.unwrap_or_default().into_iter();
        let mut products: Vec<Product> = items.map(from_item).collect::<Result<_, _>>()?;
        let more = products.len() > page.limit;
        products.truncate(page.limit);
        let last = products.last().filter(|_| more);
        let next_cursor = last.map(|last| cursors.seal(&Position(listed_at(last), last.product_id))).transpose()?;

        let levels = self.levels(&products).await?;
        Ok(Page { items: products.into_iter().map(|product| Listing::new(product, &levels)).collect(), next_cursor })
    }

    /// Lists a new product with its opening stock, spread evenly over its shards.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is a product with this id.
    pub async fn create_product(&self, new: &NewProduct) -> Result<(), Error> {
        let product = &new.product;
        let mut transaction = self.transaction();
        let guard = Expression::when("attribute_not_exists(#product_id)").name("product_id");
        transaction.put(Table::Products, product_item(product)?, &guard)?;
        for sku in product.skus() {
            let opening = new.opening_stock.iter().filter(|(size, _)| *size == sku.size);
            let units: u32 = opening.map(|(_, units)| units).sum();
            let shards = u32::from(product.stock_shards);
            for shard in 0..product.stock_shards {
                let part = units / shards + u32::from(u32::from(shard) < units % shards);
                let guard = Expression::when("attribute_not_exists(#stock_id)").name("stock_id");
                let stock_id = StockId { sku: sku.clone(), shard };
                transaction.put(Table::Inventory, stock_item(&stock_id, part), &guard)?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// Withdraws a product: it is no longer listed, and its stock can be neither reserved nor sold.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`].
    pub async fn archive_product(&self, product_id: ProductId, now: Timestamp) -> Result<(), Error> {
        let key = Key::product(product_id);
        let product: Product = self.get(&key).await?.ok_or(Error::ProductNotFound)?;
        let mut transaction = self.transaction();
        let archive =
            Expression::update("SET #status = :archived, #updated_at = :now", "attribute_exists(#product_id)")
                .name("status")
                .name("updated_at")
                .name("product_id")
                .value("archived", string("archived"))
                .value("now", string(now));
        transaction.update(&key, &archive)?;
        for sku in product.skus() {
            for shard in 0..product.stock_shards {
                let withdraw = Expression::update("SET #archived = :archived", "attribute_exists(#stock_id)")
                    .name("archived")
                    .name("stock_id")
                    .value("archived", AttributeValue::Bool(true));
                transaction.update(&Key::stock(&StockId { sku: sku.clone(), shard }), &withdraw)?;
            }
        }
        Ok(transaction.commit().await?)
    }
}

/// The sort key of the `by_status` index.
fn listed_at(product: &Product) -> String {
    format!("{}#{}", product.created_at, product.product_id)
}

fn product_item(product: &Product) -> Result<Item, Error> {
    let mut item = to_item(product)?;
    item.insert("stock_shards".to_owned(), number(product.stock_shards));
    item.insert("listed_at".to_owned(), string(listed_at(product)));
    Ok(item)
}

fn stock_item(stock_id: &StockId, units: u32) -> Item {
    let mut item = Key::stock(stock_id).item();
    item.insert("product_id".to_owned(), string(stock_id.sku.product_id));
    item.extend(stock_id.sku.size.iter().map(|size| ("size".to_owned(), string(size))));
    item.insert("shard".to_owned(), number(stock_id.shard));
    for (counter, units) in [("available", units), ("reserved", 0), ("sold", 0), ("received", units)] {
        item.insert(counter.to_owned(), number(units));
    }
    item
}
