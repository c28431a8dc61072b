//! The inventory list: every SKU that is for sale, with all its counters.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Store;
use super::call::Failure;
use super::inventory::inventory_item;
use super::keys::{Item, Table, string};
use super::query::{QUERY_PAGE, Query};
use super::transaction::Expression;
use crate::catalog::{Product, StockStatus};
use crate::error::Error;
use crate::ids::{ProductId, UserId};
use crate::inventory::adjustment::InventoryItem;
use crate::openapi::inline_schema;
use crate::paging::{Cursors, Page, PageRequest};

/// Which SKUs need somebody's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowStock {
    /// Those of which some are left, but no more than the threshold.
    LimitedStock,
    /// Those of which none is left.
    OutOfStock,
}

inline_schema!(LowStock: {"type": "string", "enum": ["limited_stock", "out_of_stock"]});

impl FromStr for LowStock {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<LowStock, &'static str> {
        match text {
            "limited_stock" => Ok(LowStock::LimitedStock),
            "out_of_stock" => Ok(LowStock::OutOfStock),
            _ => Err("must be limited_stock or out_of_stock"),
        }
    }
}

/// Where a page of the catalogue's SKUs ended: the sort key of the product, and the place of the SKU.
#[derive(Clone, Serialize, Deserialize)]
struct CataloguePosition(String, usize);

/// Where a page of low SKUs ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct LowPosition(u32, ProductId, Option<String>);

/// A product for sale, and where the catalogue has it.
#[derive(Deserialize)]
struct Listed {
    #[serde(flatten)]
    product: Product,
    listed_at: String,
}

impl Store {
    /// A page of the SKUs for sale in the order of the catalogue, of one seller if one is given.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn inventory(
        &self,
        seller: Option<UserId>,
        page: &PageRequest,
        cursors: &Cursors<'_>,
    ) -> Result<Page<InventoryItem>, Error> {
        let after: Option<CataloguePosition> = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let newest = after.as_ref().map(|CataloguePosition(listed_at, _)| listed_at.as_str());
        let (mut items, mut start) = (Vec::new(), None);
        while items.len() <= page.limit {
            let (listed, next) = self.for_sale(seller, newest, page.limit + 1, start).await?;
            let products: Vec<Product> = listed.iter().map(|listed| listed.product.clone()).collect();
            let stock = self.stock_items(&products).await?;
            for Listed { product, listed_at } in &listed {
                // The product that the last page ended in may have been withdrawn since.
                let ended_here = after.as_ref().filter(|CataloguePosition(ended_at, _)| ended_at == listed_at);
                let seen = ended_here.map_or(0, |CataloguePosition(_, last)| last + 1);
                for (place, sku) in product.skus().into_iter().enumerate().skip(seen) {
                    let position = CataloguePosition(listed_at.clone(), place);
                    items.push((position, inventory_item(product, sku, &stock)));
                }
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        let page = Page::cut(items, page.limit, cursors, |(last, _)| last.clone())?;
        Ok(page.map(|(_, item)| item))
    }

    /// A page of the SKUs for sale that are low, those with the fewest units first, of one seller if one
    /// is given. It looks at the whole catalogue to find them.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn low_inventory(
        &self,
        low: LowStock,
        seller: Option<UserId>,
        page: &PageRequest,
        cursors: &Cursors<'_>,
    ) -> Result<Page<InventoryItem>, Error> {
        let wanted = match low {
            LowStock::LimitedStock => StockStatus::LimitedStock,
            LowStock::OutOfStock => StockStatus::OutOfStock,
        };
        let after: Option<LowPosition> = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let (listed, next) = self.for_sale(seller, None, QUERY_PAGE, start).await?;
            let products: Vec<Product> = listed.into_iter().map(|listed| listed.product).collect();
            let stock = self.stock_items(&products).await?;
            let skus = products.iter().flat_map(|product| product.skus().into_iter().map(move |sku| (product, sku)));
            let skus = skus.map(|(product, sku)| inventory_item(product, sku, &stock));
            items.extend(skus.filter(|item| item.status == wanted).map(|item| (low_position(&item), item)));
            start = next;
            if start.is_none() {
                break;
            }
        }
        items.retain(|(position, _)| after.as_ref().is_none_or(|after| position > after));
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page = Page::cut(items, page.limit, cursors, |(last, _)| last.clone())?;
        Ok(page.map(|(_, item)| item))
    }

    /// Some products for sale, newest first, from one on if its sort key is given.
    async fn for_sale(
        &self,
        seller: Option<UserId>,
        newest: Option<&str>,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<Listed>, Option<Item>), Failure> {
        let mut which = Expression::when("#status = :status").name("status").value("status", string("active"));
        if let Some(newest) = newest {
            which = which.and("#listed_at <= :newest").name("listed_at").value("newest", string(newest));
        }
        let (mut filter, mut limit) = (None, limit);
        if let Some(seller) = seller {
            which = which.name("seller_id").value("seller", string(seller));
            (filter, limit) = (Some("#seller_id = :seller"), QUERY_PAGE);
        }
        let (table, index) = (Table::Products, "by_status");
        self.query(&Query { table, index, which, filter, newest_first: true, limit: Some(limit) }, start).await
    }
}

fn low_position(item: &InventoryItem) -> LowPosition {
    LowPosition(item.available, item.product_id, item.size.clone())
}
