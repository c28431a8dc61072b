//! The products table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, from_item, number, string, to_item};
use super::query::Query;
use super::transaction::{Expression, Transaction};
use crate::catalog::requests::UpdateProduct;
use crate::catalog::{Listing, NewProduct, Product};
use crate::error::Error;
use crate::ids::{IdempotencyKey, ProductId, UserId};
use crate::inventory::movement::StockChanges;
use crate::inventory::{Level, StockId};
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::Timestamp;

/// What creating a product came to.
#[derive(Debug)]
pub struct CreatedProduct {
    /// The product as it is now.
    pub listing: Listing,
    /// Whether it was made by an earlier request with the same key.
    pub replayed: bool,
}

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
        Ok(self.listed(product.filter(Product::is_active).ok_or(Error::ProductNotFound)?).await?)
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
        let which = Expression::when("#status = :status").name("status").value("status", string("active"));
        let (table, index, limit) = (Table::Products, "by_status", Some(page.limit + 1));
        let query = Query { table, index, which, filter: None, newest_first: true, limit };
        let (products, _): (Vec<Product>, _) = self.query(&query, start).await?;
        let position = |last: &Product| Position(listed_at(last), last.product_id);
        let products = Page::cut(products, page.limit, cursors, position)?;
        let levels = self.levels(&products.items).await?;
        Ok(products.map(|product| Listing::new(product, &levels)))
    }

    /// Lists a new product with its opening stock, spread evenly over its shards.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`], and without a key [`Error::Conflict`] if there is a product with
    /// this id.
    pub async fn create_product(
        &self,
        new: &NewProduct,
        key: Option<&IdempotencyKey>,
    ) -> Result<CreatedProduct, Error> {
        let product_id = new.product.product_id;
        self.decide(|attempts| async move {
            if attempts > 0 {
                return self.created_before(product_id, key).await;
            }
            let mut transaction = self.transaction();
            let mut item = product_item(&new.product)?;
            item.extend(key.map(|key| ("fingerprint".to_owned(), string(&key.fingerprint))));
            transaction.put(Table::Products, item, &if_absent("product_id"))?;
            let mut opened = StockChanges::caused_by(product_id);
            let mut levels = Vec::new();
            for sku in new.product.skus() {
                let opening = new.opening_stock.iter().filter(|(size, _)| *size == sku.size);
                let units: u32 = opening.map(|(_, units)| units).sum();
                let shards = u32::from(new.product.stock_items());
                for shard in 0..new.product.stock_items() {
                    let available = units / shards + u32::from(u32::from(shard) < units % shards);
                    let id = StockId { sku: sku.clone(), shard };
                    transaction.put(Table::Inventory, stock_item(&id, available), &if_absent("stock_id"))?;
                    levels.push(Level { id, available });
                }
                opened.open(&sku, units);
            }
            transaction.log_stock(&opened);
            transaction.commit().await?;
            Ok(CreatedProduct { listing: Listing::new(new.product.clone(), &levels), replayed: false })
        })
        .await
    }

    /// Answers a key that was served before.
    async fn created_before(
        &self,
        product_id: ProductId,
        key: Option<&IdempotencyKey>,
    ) -> Result<CreatedProduct, Failure> {
        let item = self.get_item(&Key::product(product_id)).await?;
        let (Some(item), Some(key)) = (item, key) else { return Err(Error::Conflict.into()) };
        if item.get("fingerprint") != Some(&string(&key.fingerprint)) {
            return Err(Error::IdempotencyKeyReused.into());
        }
        Ok(CreatedProduct { listing: self.listed(from_item(item)?).await?, replayed: true })
    }

    /// Changes a product, and answers it with its stock. Who `sells_for` one seller changes only theirs.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`], for an archived one too, and [`Error::Forbidden`].
    pub async fn update_product(
        &self,
        product_id: ProductId,
        sells_for: Option<UserId>,
        update: &UpdateProduct,
        now: Timestamp,
    ) -> Result<Listing, Error> {
        let key = &Key::product(product_id);
        self.decide(|_| async move {
            let before: Product = self.get(key).await?.ok_or(Error::ProductNotFound)?;
            before.must_be_sold_for(sells_for)?;
            if !before.is_active() {
                return Err(Error::ProductNotFound.into());
            }
            let mut after = before.clone();
            update.clone().apply(&mut after);
            if after != before {
                after.updated_at = now;
                let change = Expression::difference(&to_item(&before)?, &to_item(&after)?)
                    .and("#status = :active")
                    .name("status")
                    .value("active", string("active"));
                let mut transaction = self.transaction();
                transaction.update(key, &change)?;
                self.change_product(product_id, transaction).await?;
            }
            self.listed(after).await
        })
        .await
    }

    /// Withdraws a product: it is no longer listed, and its stock can be neither reserved nor sold. Who
    /// `sells_for` one seller withdraws only theirs. One that is withdrawn already stays so.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`] and [`Error::Forbidden`].
    pub async fn archive_product(
        &self,
        product_id: ProductId,
        sells_for: Option<UserId>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = &Key::product(product_id);
        self.decide(|_| async move {
            let product: Product = self.get(key).await?.ok_or(Error::ProductNotFound)?;
            product.must_be_sold_for(sells_for)?;
            if !product.is_active() {
                return Ok(());
            }
            let mut transaction = self.transaction();
            // The stock items are all that there are only as long as their number is the same.
            let archive = Expression::update("SET #status = :archived, #updated_at = :now", "#stock_shards = :shards")
                .name("status")
                .name("updated_at")
                .name("stock_shards")
                .value("archived", string("archived"))
                .value("now", string(now))
                .value("shards", number(product.stock_shards));
            transaction.update(key, &archive)?;
            for stock_id in product.stock_ids() {
                let withdraw = Expression::update("SET #archived = :archived", "attribute_exists(#stock_id)")
                    .name("archived")
                    .name("stock_id")
                    .value("archived", AttributeValue::Bool(true));
                transaction.update(&Key::stock(&stock_id), &withdraw)?;
            }
            self.change_product(product_id, transaction).await
        })
        .await
    }

    /// Writes what changes a product, and forgets what it was.
    pub(super) async fn change_product(
        &self,
        product_id: ProductId,
        transaction: Transaction<'_>,
    ) -> Result<(), Failure> {
        self.recent_products.forget(product_id);
        let written = transaction.commit().await;
        // Also where it failed: its answer may have been lost.
        self.recent_products.forget(product_id);
        written
    }

    async fn listed(&self, product: Product) -> Result<Listing, Failure> {
        let levels = self.levels(std::slice::from_ref(&product)).await?;
        Ok(Listing::new(product, &levels))
    }
}

pub(super) fn if_absent(key: &str) -> Expression {
    Expression::when(&format!("attribute_not_exists(#{key})")).name(key)
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

/// A new shard with so many units.
pub(super) fn stock_item(stock_id: &StockId, units: u32) -> Item {
    let mut item = Key::stock(stock_id).item();
    item.insert("product_id".to_owned(), string(stock_id.sku.product_id));
    item.extend(stock_id.sku.size.iter().map(|size| ("size".to_owned(), string(size))));
    item.insert("shard".to_owned(), number(stock_id.shard));
    // What it began with stays as it is; with the adjustments it must add up to what was received.
    for (counter, units) in [("available", units), ("reserved", 0), ("sold", 0), ("received", units), ("opened", units)]
    {
        item.insert(counter.to_owned(), number(units));
    }
    item
}
