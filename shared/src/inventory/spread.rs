//! Over how many inventory items a SKU is spread, and spreading it over more while it sells.
//!
//! Who asks for a *stock shard* asks for what one of DynamoDB's partitions serves: 500 transactional writes a second. An
//! item takes part in one transaction at a time, so one item of a partition does not reach that: it would be busy most
//! of the time, and most transactions would find it so. From [`MANY`](super::looks::MANY) on a stock shard is
//! therefore [`ITEMS_A_SHARD`] items, each with counters of its own. With fewer, buyers look at all items, and more of
//! them would cost more reads than they save conflicts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adjustment::even_out;
use super::looks::are_many;
use super::{Level, Sku, available};
use crate::catalog::Product;
use crate::catalog::requests::MAX_STOCK_ITEMS;
use crate::error::Error;
use crate::ids::ProductId;
use crate::number::Whole;

/// How many inventory items a stock shard is, where stock shards are many. See `bench sim` for what that is worth.
pub const ITEMS_A_SHARD: u16 = 6;

/// Over how many inventory items each SKU of a product with so many SKUs is spread: [`ITEMS_A_SHARD`] for each stock
/// shard, as far as all of them together are at most [`MAX_STOCK_ITEMS`], which is as many as one transaction can
/// withdraw from sale; never fewer than stock shards.
pub fn stock_items(stock_shards: u16, skus: usize) -> u16 {
    if !are_many(stock_shards) {
        return stock_shards;
    }
    let most = u16::try_from(MAX_STOCK_ITEMS / skus.max(1)).unwrap_or(u16::MAX);
    (stock_shards.min(most / ITEMS_A_SHARD) * ITEMS_A_SHARD).max(stock_shards)
}

/// A request to spread a product's stock over so many shards.
#[derive(Debug, Clone, Copy, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Resharding")]
pub struct ReshardRequest {
    /// Over how many shards each size's stock is to be spread: as many as there are, or more.
    pub stock_shards: Whole<1, 99>,
}

/// Over how many shards a product's stock is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
pub struct StockShards {
    /// The product.
    pub product_id: ProductId,
    /// Over how many shards each size's stock is spread.
    pub stock_shards: u16,
}

/// Available units that go from one shard to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// The shard that has too many.
    pub from: u16,
    /// The shard that has too few.
    pub to: u16,
    /// How many.
    pub units: u32,
}

impl ReshardRequest {
    /// How many shards each SKU of `product` is to have.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if they would be fewer than there are, because carts and orders have units of
    /// those; or more than one transaction can withdraw from sale.
    pub fn plan(self, product: &Product) -> Result<u16, Error> {
        let (wanted, there_are) =
            (u16::try_from(self.stock_shards.count()).map_err(Error::internal)?, product.stock_shards);
        if wanted < there_are {
            return Err(Error::field(
                "stock_shards",
                format!("must be at least {there_are}, as many as there are: carts and orders have units of each"),
            ));
        }
        if usize::from(wanted) * product.skus().len() > MAX_STOCK_ITEMS && wanted > there_are {
            return Err(Error::field(
                "stock_shards",
                format!("must be fewer: sizes times stock_shards must be at most {MAX_STOCK_ITEMS}"),
            ));
        }
        Ok(wanted)
    }
}

/// What makes the shards of a SKU as even as they can be, in as few shifts.
pub fn shifts(levels: &[Level], sku: &Sku) -> Vec<Shift> {
    // Taking everything away and filling the emptied shards says how many units each should have.
    let emptied: Vec<Level> = levels.iter().map(|level| Level { available: 0, ..level.clone() }).collect();
    let even = even_out(&emptied, sku, available(levels, sku).into());
    let share = |shard: u16| even.iter().find(|(of, _)| *of == shard).map_or(0, |(_, units)| *units);
    let mut off: Vec<(i64, u16)> = levels
        .iter()
        .filter(|level| level.id.sku == *sku)
        .map(|level| (i64::from(level.available) - share(level.id.shard), level.id.shard))
        .collect();
    off.sort_unstable();
    let (mut shifts, mut low, mut high) = (Vec::new(), 0, off.len().saturating_sub(1));
    while low < high {
        let units = off[high].0.min(-off[low].0);
        if units > 0 {
            let units = u32::try_from(units).unwrap_or_default();
            shifts.push(Shift { from: off[high].1, to: off[low].1, units });
        }
        off[high].0 -= units.max(0);
        off[low].0 += units.max(0);
        if off[low].0 >= 0 {
            low += 1;
        } else {
            high -= 1;
        }
    }
    shifts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::StockId;

    fn sku() -> Sku {
        Sku { product_id: ProductId::derived("laptop"), size: None }
    }

    fn evened(available: &[u32]) -> (Vec<u32>, usize) {
        let level =
            |(shard, available): (u16, &u32)| Level { id: StockId { sku: sku(), shard }, available: *available };
        let mut levels: Vec<Level> = (0..).zip(available).map(level).collect();
        let shifts = shifts(&levels, &sku());
        for Shift { from, to, units } in &shifts {
            levels[usize::from(*from)].available -= units;
            levels[usize::from(*to)].available += units;
        }
        (levels.iter().map(|level| level.available).collect(), shifts.len())
    }

    #[test]
    fn shards_become_even_in_as_few_shifts_as_there_are_others() {
        assert_eq!(evened(&[12, 0, 0, 0]), (vec![3, 3, 3, 3], 3));
        assert_eq!(evened(&[9, 1, 5]), (vec![5, 5, 5], 1));
        assert_eq!(evened(&[4, 4]).1, 0);
        for uneven in [&[7, 0, 0, 1, 30][..], &[0, 0, 2], &[1, 0, 0, 0, 0, 9, 3]] {
            let (even, shifts) = evened(uneven);
            assert_eq!(even.iter().sum::<u32>(), uneven.iter().sum::<u32>());
            assert!(even.iter().max().unwrap() - even.iter().min().unwrap() <= 1, "{uneven:?} {even:?}");
            assert!(shifts < uneven.len(), "{uneven:?}");
        }
        assert_eq!((evened(&[5]), evened(&[])), ((vec![5], 0), (vec![], 0)));
    }

    /// Whether a product with so many sizes and shards may have so many shards.
    fn may_have(sizes: &[&str], there_are: u16, wanted: u16) -> bool {
        let product: Product = serde_json::from_value(serde_json::json!({
            "product_id": ProductId::derived("shirt"), "name": "Shirt", "description": "", "price": "12.50",
            "currency": "USD", "has_sizes": !sizes.is_empty(), "sizes": sizes, "low_stock_threshold": 5,
            "status": "active", "stock_shards": there_are, "created_at": "2026-11-20T06:21:33.123Z",
            "updated_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap();
        let request: ReshardRequest = serde_json::from_value(serde_json::json!({"stock_shards": wanted})).unwrap();
        request.plan(&product).is_ok_and(|shards| shards == wanted)
    }

    #[test]
    fn a_shard_is_several_items_where_they_are_many_and_fit_into_a_transaction() {
        let of_one_sku = [1, 15, 16, 17, 99].map(|shards| stock_items(shards, 1));
        assert_eq!(of_one_sku, [1, 15, 96, 96, 99]);
        assert_eq!(
            [(16, 2), (16, 3), (16, 6), (16, 7)].map(|(shards, skus)| stock_items(shards, skus)),
            [48, 30, 16, 16]
        );
        assert!(
            (1..99).all(|shards| stock_items(shards, 1) <= stock_items(shards + 1, 1)),
            "more shards are no fewer items"
        );
    }

    #[test]
    fn a_product_gets_no_fewer_shards_and_no_more_than_can_be_withdrawn() {
        assert!(may_have(&[], 3, 99) && may_have(&["S", "M", "L"], 3, 33));
        assert!(!may_have(&["S", "M", "L"], 3, 34));
        assert!(may_have(&[], 3, 3) && !may_have(&[], 3, 2));
        assert!(may_have(&["S", "M"], 60, 60), "what has too many already can be evened out");
    }
}
