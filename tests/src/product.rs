//! What the shop sells.

use serde_json::Value;
use shared::cart::{Properties, Variation};
use shared::catalog::{DEFAULT_LOW_STOCK_THRESHOLD, NewProduct, Product as Listed, ProductStatus};
use shared::ids::ProductId;
use shared::time::Timestamp;

use crate::shop::Shop;
use crate::user::User;

/// A product that the shop sells.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// What it is called.
    pub name: String,
}

impl Product {
    /// The product that the API showed.
    pub fn shown(product: &Value) -> Product {
        let field = |name: &str| product[name].as_str().expect("a product").to_owned();
        Product { id: field("product_id").parse().expect("a product id"), name: field("name") }
    }

    /// What a buyer names of it: no size, no properties.
    pub fn variation(&self) -> Variation {
        Variation { product_id: self.id, size: None, properties: Properties::default() }
    }

    /// Its path.
    pub fn path(&self) -> String {
        format!("/products/{}", self.id)
    }
}

/// A product to be listed. Unless told otherwise it costs 10.00, has 100 units in one shard and no sizes.
pub struct Draft<'a> {
    shop: &'a Shop,
    product: Listed,
    opening_stock: Vec<(Option<String>, u32)>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(shop: &'a Shop, name: &str) -> Draft<'a> {
        let now = shop.clock.now();
        let product = Listed {
            product_id: ProductId::random(),
            name: name.to_owned(),
            description: format!("{name}, as good as new"),
            price: "10.00".parse().expect("an amount"),
            currency: "USD".to_owned(),
            image_url: None,
            seller_id: None,
            has_sizes: false,
            sizes: Vec::new(),
            max_per_order: None,
            low_stock_threshold: DEFAULT_LOW_STOCK_THRESHOLD,
            status: ProductStatus::Active,
            stock_shards: 1,
            created_at: now,
            updated_at: now,
        };
        Draft { shop, product, opening_stock: vec![(None, 100)] }
    }

    /// With this id.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.product.product_id = id.parse().expect("a product id");
        self
    }

    /// At this price.
    #[must_use]
    pub fn price(mut self, price: &str) -> Self {
        self.product.price = price.parse().expect("an amount");
        self
    }

    /// With so many units.
    #[must_use]
    pub fn stock(mut self, units: u32) -> Self {
        self.opening_stock = vec![(None, units)];
        self
    }

    /// In these sizes, each with so many units.
    #[must_use]
    pub fn sizes(mut self, sizes: &[(&str, u32)]) -> Self {
        self.product.has_sizes = true;
        self.product.sizes = sizes.iter().map(|(size, _)| (*size).to_owned()).collect();
        self.opening_stock = sizes.iter().map(|(size, units)| (Some((*size).to_owned()), *units)).collect();
        self
    }

    /// Its stock spread over so many shards.
    #[must_use]
    pub fn shards(mut self, shards: u16) -> Self {
        self.product.stock_shards = shards;
        self
    }

    /// At most so many in one order.
    #[must_use]
    pub fn max_per_order(mut self, max: u32) -> Self {
        self.product.max_per_order = Some(max);
        self
    }

    /// Limited from so many units down.
    #[must_use]
    pub fn low_stock_threshold(mut self, units: u32) -> Self {
        self.product.low_stock_threshold = units;
        self
    }

    /// Sold by `seller`.
    #[must_use]
    pub fn sold_by(mut self, seller: &User) -> Self {
        self.product.seller_id = Some(seller.id);
        self
    }

    /// Listed at this moment.
    #[must_use]
    pub fn listed_at(mut self, moment: Timestamp) -> Self {
        self.product.created_at = moment;
        self.product.updated_at = moment;
        self
    }

    /// Lists it.
    pub async fn list(self) -> Product {
        let new = NewProduct { product: self.product, opening_stock: self.opening_stock };
        self.shop.store().create_product(&new, None).await.expect("the product is listed");
        Product { id: new.product.product_id, name: new.product.name }
    }
}
