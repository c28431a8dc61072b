//! Setting the stock right by hand: goods that arrive, break, or were counted wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::movement::StockChanges;
use super::{Level, Sku, available};
use crate::catalog::{Product, StockStatus};
use crate::error::{Error, Shortage};
use crate::ids::{KeyId, ProductId, UserId};
use crate::number::Whole;
use crate::text::Text;
use crate::time::Timestamp;

/// The most units that a SKU may have available.
pub const MAX_UNITS: i32 = 10_000_000;

/// A number of units that a SKU may have available.
pub type Units = Whole<0, MAX_UNITS>;

/// A request to adjust a SKU's stock. Exactly one of `delta` and `set_available` is given.
#[derive(Debug, Clone, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Adjustment", extend("oneOf" = [
    {"required": ["delta"], "properties": {"delta": {"type": "integer"}, "set_available": {"type": "null"}}},
    {"required": ["set_available"], "properties": {"set_available": {"type": "integer"}, "delta": {"type": "null"}}},
]))]
pub struct AdjustmentRequest {
    /// The product.
    pub product_id: ProductId,
    /// The size, for a product with sizes.
    pub size: Option<Text<50>>,
    /// How many units come, or, below zero, go.
    #[schemars(extend("not" = {"const": 0}))]
    pub delta: Option<Whole<{ -MAX_UNITS }, MAX_UNITS>>,
    /// How many units are to be available.
    pub set_available: Option<Units>,
    /// Why.
    pub reason: Text<200>,
}

/// What an adjustment aims at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// So many units more, or, below zero, fewer.
    Delta(i64),
    /// So many units available.
    Available(u32),
}

/// An adjustment that was made, for the books.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adjustment {
    /// Its id: derived from the idempotency key, if there was one.
    pub adjustment_id: KeyId,
    /// The product.
    pub product_id: ProductId,
    /// The size, for a product with sizes.
    pub size: Option<String>,
    /// How many units came, or, below zero, went.
    pub delta: i64,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Tells the request that made it from others under the same key.
    pub fingerprint: Option<String>,
}

/// A SKU with all its counters, for those who run the shop.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct InventoryItem {
    /// The product.
    pub product_id: ProductId,
    /// What it is called.
    pub name: String,
    /// The size; null for a product without sizes.
    pub size: Option<String>,
    /// Units that nobody holds.
    pub available: u32,
    /// Units that carts and unpaid orders hold.
    pub reserved: u32,
    /// Units that orders bought.
    pub sold: u32,
    /// Units there ever were: the sum of the other three.
    pub received: u32,
    /// How well stocked it is.
    pub status: StockStatus,
}

impl AdjustmentRequest {
    /// What the adjustment aims at.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] unless exactly one aim is given.
    pub fn target(&self) -> Result<Target, Error> {
        match (self.delta, self.set_available) {
            (Some(_), Some(_)) => Err(Error::field("set_available", "cannot be given together with delta")),
            (None, None) => Err(Error::field("delta", "is required, unless set_available is given")),
            (Some(delta), None) if delta.get() == 0 => Err(Error::field("delta", "must not be zero")),
            (Some(delta), None) => Ok(Target::Delta(delta.get().into())),
            (None, Some(units)) => Ok(Target::Available(units.count())),
        }
    }
}

impl Target {
    /// Plans the adjustment of a SKU of `product` whose shards have `levels`, and answers by how much it
    /// changes and how. It evens the shards out as far as it goes.
    ///
    /// # Errors
    /// [`Error::ProductNotFound`] for an archived product, [`Error::InsufficientStock`] if less would be left
    /// than nothing, [`Error::ValidationFailed`] if more than [`MAX_UNITS`].
    pub fn plan(
        self,
        product: &Product,
        sku: &Sku,
        levels: &[Level],
        adjustment_id: KeyId,
    ) -> Result<(i64, StockChanges), Error> {
        if !product.is_active() {
            return Err(Error::ProductNotFound);
        }
        let before = available(levels, sku);
        let (delta, field) = match self {
            Target::Delta(delta) => (delta, "delta"),
            Target::Available(units) => (i64::from(units) - i64::from(before), "set_available"),
        };
        let after = i64::from(before) + delta;
        if after < 0 {
            let wanted = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
            let size = sku.size.as_deref();
            let shortage = Shortage::new(sku.product_id, &product.name, size, wanted, before);
            return Err(Error::InsufficientStock(vec![shortage]));
        }
        if after > i64::from(MAX_UNITS) {
            return Err(Error::field(
                field,
                format!("would leave {after} units; at most {MAX_UNITS} can be available"),
            ));
        }
        let mut stock = StockChanges::caused_by(adjustment_id);
        stock.adjust(sku, &even_out(levels, sku, delta));
        Ok((delta, stock))
    }
}

/// Spreads a change over the shards of a SKU: what comes goes to the emptiest, what goes is taken from
/// the fullest, so that the shards end up as even as the change allows.
pub(super) fn even_out(levels: &[Level], sku: &Sku, delta: i64) -> Vec<(u16, i64)> {
    // Taking from the fullest is filling the emptiest, seen in a mirror.
    let sign = delta.signum();
    let of_sku = levels.iter().filter(|level| level.id.sku == *sku);
    let mut shards: Vec<(i64, u16)> = of_sku.map(|level| (i64::from(level.available) * sign, level.id.shard)).collect();
    shards.sort_unstable();
    // As many of the lowest shards are raised as come out level, or nearly: the first of them one higher.
    for count in (1..).take(shards.len()).collect::<Vec<i64>>().into_iter().rev() {
        let lowest = shards.iter().take(usize::try_from(count).unwrap_or_default());
        let total = lowest.clone().map(|(height, _)| height).sum::<i64>() + delta.abs();
        let (level, higher) = (total.div_euclid(count), total.rem_euclid(count));
        if lowest.clone().all(|(height, _)| *height <= level) {
            let raised = (0..).zip(lowest).map(|(place, (height, shard))| {
                let part = level - height + i64::from(place < higher);
                (*shard, part * sign)
            });
            return raised.filter(|(_, part)| *part != 0).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::StockId;

    fn sku() -> Sku {
        Sku { product_id: ProductId::derived("laptop"), size: None }
    }

    fn levels(available: &[u32]) -> Vec<Level> {
        let level =
            |(shard, available): (u16, &u32)| Level { id: StockId { sku: sku(), shard }, available: *available };
        (0..).zip(available).map(level).collect()
    }

    fn adjusted(available: &[u32], delta: i64) -> Vec<i64> {
        let mut after: Vec<i64> = available.iter().map(|units| i64::from(*units)).collect();
        for (shard, part) in even_out(&levels(available), &sku(), delta) {
            assert_eq!(part.signum(), delta.signum(), "{available:?} {delta}");
            after[usize::from(shard)] += part;
        }
        after
    }

    #[test]
    fn what_comes_fills_the_emptiest_shards() {
        assert_eq!(adjusted(&[0, 0, 0], 10), [4, 3, 3]);
        assert_eq!(adjusted(&[9, 1, 0], 4), [9, 2, 3]);
        assert_eq!(adjusted(&[5], 7), [12]);
    }

    #[test]
    fn what_goes_is_taken_from_the_fullest_shards() {
        assert_eq!(adjusted(&[9, 1, 0], -5), [4, 1, 0]);
        assert_eq!(adjusted(&[4, 4, 4], -12), [0, 0, 0]);
        assert_eq!(adjusted(&[3, 3, 3], -4).iter().sum::<i64>(), 5);
    }

    #[test]
    fn every_unit_is_accounted_for_and_no_shard_falls_below_zero() {
        for stock in [[0, 0, 0, 0], [1, 2, 3, 4], [100, 0, 0, 7], [3, 3, 3, 3]] {
            let total: i64 = stock.iter().map(|units| i64::from(*units)).sum();
            for delta in -total..20 {
                let after = adjusted(&stock, delta);
                assert_eq!(after.iter().sum::<i64>(), total + delta, "{stock:?} {delta}");
                assert!(after.iter().all(|units| *units >= 0), "{stock:?} {delta}: {after:?}");
            }
        }
    }

    #[test]
    fn exactly_one_aim_is_taken() {
        let target = |aims: &str| {
            let product_id = ProductId::derived("laptop");
            let json = format!(r#"{{"product_id": "{product_id}", "reason": "stocktake"{aims}}}"#);
            serde_json::from_str::<AdjustmentRequest>(&json).unwrap().target()
        };
        assert_eq!(target(r#", "delta": -3"#).unwrap(), Target::Delta(-3));
        assert_eq!(target(r#", "set_available": 0"#).unwrap(), Target::Available(0));
        for aims in ["", r#", "delta": 0"#, r#", "delta": 1, "set_available": 1"#, r#", "delta": null"#] {
            assert!(target(aims).is_err(), "{aims}");
        }
    }

    #[test]
    fn an_adjustment_leaves_from_nothing_to_ten_million() {
        let product: Product = serde_json::from_value(serde_json::json!({
            "product_id": sku().product_id, "name": "Laptop", "description": "", "price": "1", "currency": "USD",
            "has_sizes": false, "sizes": [], "low_stock_threshold": 5, "status": "active", "stock_shards": 2,
            "created_at": "2026-11-20T06:21:33.123Z", "updated_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap();
        let plan =
            |target: Target, product: &Product| target.plan(product, &sku(), &levels(&[3, 4]), KeyId::derived("a"));
        for (target, change) in [
            (Target::Delta(-7), Some(-7)),
            (Target::Delta(-8), None),
            (Target::Delta(9_999_993), Some(9_999_993)),
            (Target::Delta(9_999_994), None),
            (Target::Available(0), Some(-7)),
            (Target::Available(9), Some(2)),
        ] {
            let planned = plan(target, &product).ok();
            assert_eq!(planned.as_ref().map(|(delta, _)| *delta), change, "{target:?}");
            let moved = planned.map(|(_, stock)| stock.iter().map(|(_, change)| change.available).sum());
            assert_eq!(moved, change, "{target:?}");
        }
        let Err(Error::InsufficientStock(short)) = plan(Target::Delta(-8), &product) else { panic!("it was planned") };
        assert_eq!((short[0].requested, short[0].available), (8, 7));
        let archived = Product { status: crate::catalog::ProductStatus::Archived, ..product.clone() };
        assert!(matches!(plan(Target::Delta(1), &archived), Err(Error::ProductNotFound)));
    }
}
