//! Requests that change the catalogue.

mod schema;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{F64Deserializer, I64Deserializer, U64Deserializer};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{DEFAULT_LOW_STOCK_THRESHOLD, NewProduct, Product, ProductStatus};
use crate::auth::Caller;
use crate::error::Error;
use crate::ids::{ProductId, UserId};
use crate::inventory::adjustment::Units;
use crate::money::Money;
use crate::number::Whole;
use crate::shape::{not_null, nullable};
use crate::text::{Prose, Text, WebUrl};
use crate::time::Timestamp;

/// The most inventory items of one product, over all its sizes and shards: they are made, and later
/// withdrawn, in one transaction with it, which DynamoDB limits to 100 writes.
pub const MAX_STOCK_ITEMS: usize = 99;

/// How many units one order may have.
pub type OrderLimit = Whole<1, 999>;

/// The price of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(Money);

/// A request to list a product.
#[derive(Debug, Clone, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewProduct")]
pub struct CreateProduct {
    /// What it is called.
    pub name: Text<200>,
    /// What one unit costs.
    pub price: Price,
    /// What it is.
    pub description: Option<Prose<5000>>,
    /// A picture.
    pub image_url: Option<WebUrl>,
    /// The sizes it comes in; none if left out.
    #[schemars(length(max = MAX_STOCK_ITEMS), extend("uniqueItems" = true))]
    pub sizes: Option<Vec<Text<50>>>,
    /// How many units there are; none if left out.
    pub stock: Option<OpeningStock>,
    /// Who sells it.
    pub seller_id: Option<UserId>,
    /// The most units that one order may hold.
    pub max_per_order: Option<OrderLimit>,
    /// Up to how many units count as limited stock.
    pub low_stock_threshold: Option<Units>,
    /// Over how many shards a size's stock is spread: more for what sells very fast.
    pub stock_shards: Option<Whole<1, 99>>,
}

/// How many units there are of a new product: a number, or one for each size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningStock {
    /// Of a product without sizes.
    Units(u32),
    /// Of each size; none of those left out.
    BySize(BTreeMap<String, u32>),
}

/// A request to change a product. What is left out stays as it is; null clears what may be absent.
#[derive(Debug, Clone, Default, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ProductUpdate")]
pub struct UpdateProduct {
    /// What it is called.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Text<200>")]
    pub name: Option<Text<200>>,
    /// What it is.
    #[serde(default, deserialize_with = "nullable")]
    pub description: Option<Option<Prose<5000>>>,
    /// What one unit costs.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Price")]
    pub price: Option<Price>,
    /// A picture.
    #[serde(default, deserialize_with = "nullable")]
    pub image_url: Option<Option<WebUrl>>,
    /// The most units that one order may hold.
    #[serde(default, deserialize_with = "nullable")]
    pub max_per_order: Option<Option<OrderLimit>>,
    /// Up to how many units count as limited stock; null for the usual number.
    #[serde(default, deserialize_with = "nullable")]
    pub low_stock_threshold: Option<Option<Units>>,
}

impl CreateProduct {
    /// Whose the product will be: an admin says whose, or the shop's own; a seller's is theirs.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for whoever may not sell that.
    pub fn seller_for(&self, caller: &Caller) -> Result<Option<UserId>, Error> {
        caller.must_be_staff()?;
        match (caller.sells_for(), self.seller_id) {
            (None, named) => Ok(named),
            (Some(own), None) => Ok(Some(own)),
            (Some(own), Some(named)) if named == own => Ok(Some(own)),
            (Some(_), Some(_)) => Err(Error::Forbidden),
        }
    }

    /// The product that is asked for.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for sizes, stock and shards that do not go together.
    pub fn into_product(
        self,
        product_id: ProductId,
        seller_id: Option<UserId>,
        currency: &str,
        now: Timestamp,
    ) -> Result<NewProduct, Error> {
        let sizes: Vec<String> = self.sizes.iter().flatten().map(ToString::to_string).collect();
        for (index, size) in sizes.iter().enumerate() {
            if sizes[..index].contains(size) {
                return Err(Error::field(format!("sizes[{index}]"), format!("names {size} a second time")));
            }
        }
        let stock_shards = self.stock_shards.map_or(1, Whole::count);
        let stock_items = usize::try_from(stock_shards).unwrap_or(usize::MAX).saturating_mul(sizes.len().max(1));
        if stock_items > MAX_STOCK_ITEMS {
            let field = if self.stock_shards.is_some() { "stock_shards" } else { "sizes" };
            let problem = format!("sizes times stock_shards must be at most {MAX_STOCK_ITEMS}");
            return Err(Error::field(field, problem));
        }
        let opening_stock = opening_stock(&sizes, self.stock)?;
        let product = Product {
            product_id,
            name: self.name.to_string(),
            description: self.description.unwrap_or_default().to_string(),
            price: self.price.0,
            currency: currency.to_owned(),
            image_url: self.image_url.map(|url| url.to_string()),
            seller_id,
            has_sizes: !sizes.is_empty(),
            sizes,
            max_per_order: self.max_per_order.map(Whole::count),
            low_stock_threshold: self.low_stock_threshold.map_or(DEFAULT_LOW_STOCK_THRESHOLD, Whole::count),
            status: ProductStatus::Active,
            stock_shards: u16::try_from(stock_shards).map_err(Error::internal)?,
            created_at: now,
            updated_at: now,
        };
        Ok(NewProduct { product, opening_stock })
    }
}

fn opening_stock(sizes: &[String], stock: Option<OpeningStock>) -> Result<Vec<(Option<String>, u32)>, Error> {
    match stock {
        None => Ok(Vec::new()),
        Some(OpeningStock::Units(units)) if sizes.is_empty() => Ok(vec![(None, units)]),
        Some(OpeningStock::Units(_)) => {
            Err(Error::field("stock", format!("must give the units of each size: {}", sizes.join(", "))))
        }
        Some(OpeningStock::BySize(_)) if sizes.is_empty() => {
            Err(Error::field("stock", "must be a number, or \"sizes\" must name the sizes"))
        }
        Some(OpeningStock::BySize(units)) => match units.keys().find(|size| !sizes.contains(size)) {
            Some(unknown) => {
                Err(Error::field(format!("stock.{unknown}"), format!("must be one of the sizes: {}", sizes.join(", "))))
            }
            None => Ok(units.into_iter().map(|(size, units)| (Some(size), units)).collect()),
        },
    }
}

impl UpdateProduct {
    /// Changes what the request names.
    pub fn apply(self, product: &mut Product) {
        if let Some(name) = self.name {
            product.name = name.to_string();
        }
        if let Some(description) = self.description {
            product.description = description.unwrap_or_default().to_string();
        }
        if let Some(Price(price)) = self.price {
            product.price = price;
        }
        if let Some(image_url) = self.image_url {
            product.image_url = image_url.map(|url| url.to_string());
        }
        if let Some(max_per_order) = self.max_per_order {
            product.max_per_order = max_per_order.map(Whole::count);
        }
        if let Some(threshold) = self.low_stock_threshold {
            product.low_stock_threshold = threshold.map_or(DEFAULT_LOW_STOCK_THRESHOLD, Whole::count);
        }
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Price, D::Error> {
        // The largest order, of 30 lines of 999 such units, is still an amount.
        let max = Money::from_cents(99_999_999_99);
        let price = Money::deserialize(deserializer)?;
        if price <= max { Ok(Price(price)) } else { Err(D::Error::custom(format!("must be at most {max}"))) }
    }
}

impl<'de> Deserialize<'de> for OpeningStock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OpeningStock, D::Error> {
        deserializer.deserialize_any(OpeningStockVisitor)
    }
}

struct OpeningStockVisitor;

impl<'de> Visitor<'de> for OpeningStockVisitor {
    type Value = OpeningStock;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of units, or an object of units by size")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<OpeningStock, E> {
        Units::deserialize(U64Deserializer::new(number)).map(|units| OpeningStock::Units(units.count()))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<OpeningStock, E> {
        Units::deserialize(I64Deserializer::new(number)).map(|units| OpeningStock::Units(units.count()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<OpeningStock, E> {
        Units::deserialize(F64Deserializer::new(number)).map(|units| OpeningStock::Units(units.count()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OpeningStock, A::Error> {
        let mut by_size = BTreeMap::new();
        while let Some((size, units)) = map.next_entry::<Text<50>, Units>()? {
            if by_size.insert(size.to_string(), units.count()).is_some() {
                return Err(A::Error::custom(format!("names {size} twice")));
            }
        }
        Ok(OpeningStock::BySize(by_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(more: &str) -> Result<NewProduct, String> {
        let json = format!(r#"{{"name": "Shirt", "price": "12.50"{more}}}"#);
        let request: CreateProduct = serde_json::from_str(&json).map_err(|problem| problem.to_string())?;
        let now = Timestamp::from_millis(0);
        request.into_product(ProductId::derived("shirt"), None, "USD", now).map_err(|error| error.to_string())
    }

    #[test]
    fn stock_is_of_the_product_or_of_each_size() {
        assert_eq!(listed("").unwrap().opening_stock, []);
        assert_eq!(listed(r#", "stock": 10"#).unwrap().opening_stock, [(None, 10)]);
        let sized = listed(r#", "sizes": ["S", "M"], "stock": {"M": 4}"#).unwrap();
        assert_eq!(sized.opening_stock, [(Some("M".to_owned()), 4)]);
        assert_eq!((sized.product.has_sizes, sized.product.sizes.len()), (true, 2));
        assert!(!listed(r#", "sizes": []"#).unwrap().product.has_sizes);
        assert_eq!(listed(r#", "stock_shards": 99"#).unwrap().product.stock_shards, 99);
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        for (more, problem) in [
            (r#", "sizes": ["S"], "stock": 10"#, "stock: must give the units of each size: S"),
            (r#", "stock": {"S": 1}"#, "stock: must be a number"),
            (r#", "sizes": ["S"], "stock": {"XL": 1}"#, "stock.XL: must be one of the sizes: S"),
            (r#", "sizes": ["S", " S "]"#, "sizes[1]: names S a second time"),
            (r#", "sizes": ["S", "M"], "stock_shards": 50"#, "stock_shards: sizes times stock_shards"),
            (r#", "sizes": ["S", "M", "L", "XL"], "stock_shards": 25"#, "must be at most 99"),
            (r#", "stock": true"#, "expected a number of units, or an object of units by size"),
            (r#", "stock": -1"#, "must be a whole number from 0 to 10000000"),
            (r#", "stock": 1.5"#, "must be a whole number from 0 to 10000000"),
            (r#", "sizes": ["S"], "stock": {"S": 1, "S": 2}"#, "names S twice"),
        ] {
            let refused = listed(more).unwrap_err();
            assert!(refused.contains(problem), "{more}: {refused}");
        }
    }

    #[test]
    fn null_clears_what_may_be_absent_and_only_that() {
        let mut product =
            listed(r#", "max_per_order": 3, "low_stock_threshold": 9, "description": "x""#).unwrap().product;
        let update = |json: &str| serde_json::from_str::<UpdateProduct>(json);
        update("{}").unwrap().apply(&mut product);
        assert_eq!((product.max_per_order, product.low_stock_threshold), (Some(3), 9));
        update(r#"{"max_per_order": null, "low_stock_threshold": null, "description": null, "price": 1}"#)
            .unwrap()
            .apply(&mut product);
        assert_eq!((product.max_per_order, product.low_stock_threshold, product.description.as_str()), (None, 5, ""));
        assert_eq!(product.price, Money::from_cents(1_00));
        for bad in [r#"{"name": null}"#, r#"{"price": null}"#, r#"{"price": "100000000"}"#, r#"{"status": "active"}"#] {
            assert!(update(bad).is_err(), "{bad}");
        }
    }
}
