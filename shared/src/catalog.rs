//! The catalogue: products, their sizes, and how much of each is left. [`requests`] is how it is changed.

pub mod requests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ids::{ProductId, UserId};
use crate::inventory::spread::stock_items;
use crate::inventory::{Level, Sku, StockId};
use crate::money::Money;
use crate::time::Timestamp;

/// A product for sale.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Product {
    /// Its id.
    pub product_id: ProductId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What one unit costs.
    pub price: Money,
    /// The currency of the price, ISO 4217.
    pub currency: String,
    /// A picture.
    pub image_url: Option<String>,
    /// Who sells it; null for the shop's own.
    pub seller_id: Option<UserId>,
    /// Whether it comes in sizes.
    pub has_sizes: bool,
    /// Its sizes, in the order to show them.
    pub sizes: Vec<String>,
    /// The most units that one order may hold.
    pub max_per_order: Option<u32>,
    /// Up to how many units count as limited stock.
    pub low_stock_threshold: u32,
    /// Whether it can be bought.
    pub status: ProductStatus,
    /// Over how many inventory items a size's stock is spread: the shop's own affair, shown to nobody.
    #[serde(skip_serializing)]
    pub stock_shards: u16,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether a product can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Listed, and for sale.
    Active,
    /// Withdrawn: not listed, not sold, not deleted.
    Archived,
}

/// The threshold of a product that sets none.
pub const DEFAULT_LOW_STOCK_THRESHOLD: u32 = 5;

/// The most units of one line, whatever the product allows.
pub const MAX_QUANTITY: u32 = 999;

/// How well stocked a SKU is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    /// More than the threshold are available.
    InStock,
    /// Some, but no more than the threshold.
    LimitedStock,
    /// None.
    OutOfStock,
}

/// The stock of one SKU, as the catalogue shows it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Stock {
    /// The size; null for a product without sizes.
    pub size: Option<String>,
    /// How well stocked it is.
    pub status: StockStatus,
    /// How many units can be reserved now.
    pub available: u32,
}

/// A product as the catalogue shows it, its stock beside it.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "Product")]
pub struct Listing {
    #[serde(flatten)]
    product: Product,
    /// What there is of each size; one entry for a product without sizes.
    stock: Vec<Stock>,
}

/// A product to be listed, with its opening stock.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// The product.
    pub product: Product,
    /// Units per size, or under `None` for a product without sizes.
    pub opening_stock: Vec<(Option<String>, u32)>,
}

impl Product {
    /// The SKUs of this product, in the order of its sizes.
    pub fn skus(&self) -> Vec<Sku> {
        let sku = |size| Sku { product_id: self.product_id, size };
        if self.has_sizes { self.sizes.iter().cloned().map(Some).map(sku).collect() } else { vec![sku(None)] }
    }

    /// Over how many inventory items each SKU is spread.
    pub fn stock_items(&self) -> u16 {
        stock_items(self.stock_shards, self.sizes.len())
    }

    /// The inventory items of this product, of every SKU.
    pub fn stock_ids(&self) -> Vec<StockId> {
        let shards = |sku: Sku| (0..self.stock_items()).map(move |shard| StockId { sku: sku.clone(), shard });
        self.skus().into_iter().flat_map(shards).collect()
    }

    /// Refuses whoever sells only their own products, unless this is one.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn must_be_sold_for(&self, sells_for: Option<UserId>) -> Result<(), Error> {
        if sells_for.is_none() || sells_for == self.seller_id { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// The SKU that a request for `size` means.
    ///
    /// # Errors
    /// [`Error::SizeRequired`], [`Error::SizeNotAllowed`], or [`Error::ValidationFailed`] for a size
    /// that this product does not come in.
    pub fn sku(&self, size: Option<&str>) -> Result<Sku, Error> {
        match size {
            None if self.has_sizes => Err(Error::SizeRequired(self.sizes.join(", "))),
            Some(_) if !self.has_sizes => Err(Error::SizeNotAllowed),
            Some(size) if !self.sizes.iter().any(|known| known == size) => {
                Err(Error::field("size", format!("must be one of: {}", self.sizes.join(", "))))
            }
            size => Ok(Sku { product_id: self.product_id, size: size.map(str::to_owned) }),
        }
    }

    /// The most units of this product that one order may hold.
    pub fn quantity_limit(&self) -> u32 {
        self.max_per_order.map_or(MAX_QUANTITY, |max| max.min(MAX_QUANTITY))
    }

    /// How well stocked a SKU of this product is with `available` units.
    pub fn stock_status(&self, available: u32) -> StockStatus {
        match available {
            0 => StockStatus::OutOfStock,
            few if few <= self.low_stock_threshold => StockStatus::LimitedStock,
            _ => StockStatus::InStock,
        }
    }

    /// Whether it can be bought.
    pub fn is_active(&self) -> bool {
        self.status == ProductStatus::Active
    }
}

impl Listing {
    /// The product with what `levels` say of its SKUs; levels of other products are passed over.
    pub fn new(product: Product, levels: &[Level]) -> Listing {
        let stock = product.skus().into_iter().map(|sku| {
            let available = crate::inventory::available(levels, &sku);
            Stock { status: product.stock_status(available), available, size: sku.size }
        });
        Listing { stock: stock.collect(), product }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(sizes: &[&str]) -> Product {
        serde_json::from_value(serde_json::json!({
            "product_id": ProductId::derived("shirt"), "name": "Shirt", "description": "", "price": "12.50",
            "currency": "USD", "seller_id": UserId::derived("sue"), "has_sizes": !sizes.is_empty(), "sizes": sizes,
            "low_stock_threshold": 5, "status": "active", "stock_shards": 1,
            "created_at": "2026-11-20T06:21:33.123Z", "updated_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap()
    }

    #[test]
    fn a_product_is_its_sellers_and_the_shops() {
        let shirt = product(&[]);
        assert!(shirt.must_be_sold_for(None).is_ok());
        assert!(shirt.must_be_sold_for(shirt.seller_id).is_ok());
        assert!(matches!(shirt.must_be_sold_for(Some(UserId::derived("sam"))), Err(Error::Forbidden)));
    }

    #[test]
    fn a_size_is_named_where_there_are_sizes_and_nowhere_else() {
        let (plain, sized) = (product(&[]), product(&["S", "M"]));
        assert_eq!(plain.sku(None).unwrap(), Sku { product_id: plain.product_id, size: None });
        assert_eq!(sized.sku(Some("M")).unwrap(), Sku { product_id: sized.product_id, size: Some("M".to_owned()) });
        assert!(matches!(plain.sku(Some("M")), Err(Error::SizeNotAllowed)));
        assert!(matches!(sized.sku(None), Err(Error::SizeRequired(sizes)) if sizes == "S, M"));
        assert_eq!(sized.sku(Some("XL")).unwrap_err().to_string(), "size: must be one of: S, M");
    }

    #[test]
    fn stock_is_limited_up_to_the_threshold() {
        let status = [0, 1, 5, 6].map(|available| product(&[]).stock_status(available));
        use StockStatus::{InStock, LimitedStock, OutOfStock};
        assert_eq!(status, [OutOfStock, LimitedStock, LimitedStock, InStock]);
    }
}
