//! Stock: who may take units from where. [`movement`] says what that does to the counters, and
//! [`adjustment`] is how they are set right by hand. [`looks`] says at which shards a buyer looks, [`notices`] what
//! buyers tell each other there, [`spread`] how many shards a SKU has and gets.

pub mod adjustment;
pub mod looks;
pub mod movement;
pub mod notices;
pub mod spread;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{ProductId, UserId};

/// What is stocked: a product in one size. Kept as its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Sku {
    /// The product.
    pub product_id: ProductId,
    /// The size; none for a product without sizes.
    pub size: Option<String>,
}

/// One inventory item: a shard, which is a slice of a SKU's stock with counters of its own.
///
/// DynamoDB serves one item about 500 transactional writes a second, and makes concurrent ones
/// conflict; a SKU that sells faster is spread over several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StockId {
    /// The SKU.
    pub sku: Sku,
    /// Which slice of its stock, from 0.
    pub shard: u16,
}

impl fmt::Display for Sku {
    /// The product and the size, `7d9e4b10-…#M`; a dash for a product without sizes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.product_id, self.size.as_deref().unwrap_or("-"))
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> String {
        sku.to_string()
    }
}

impl TryFrom<String> for Sku {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Sku, &'static str> {
        let (product_id, size) = text.split_once('#').ok_or("a SKU is a product, a # and a size")?;
        let product_id = product_id.parse().map_err(|_| "a SKU starts with a product's id")?;
        Ok(Sku { product_id, size: Some(size).filter(|size| *size != "-").map(str::to_owned) })
    }
}

impl fmt::Display for StockId {
    /// The SKU and the shard, `7d9e4b10-…#M#0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.sku, self.shard)
    }
}

/// How many units a shard has available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The shard.
    pub id: StockId,
    /// Units that nobody holds.
    pub available: u32,
}

/// Which shards a line's units are held in: shard → units, none of them zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Allocation(BTreeMap<u16, u32>);

impl Allocation {
    /// How many units it holds.
    pub fn total(&self) -> u32 {
        self.0.values().sum()
    }

    /// The shards and how many units it holds in each.
    pub fn parts(&self) -> impl Iterator<Item = (u16, u32)> + '_ {
        self.0.iter().map(|(shard, units)| (*shard, *units))
    }

    /// In how many shards it holds units.
    pub fn shards(&self) -> usize {
        self.0.len()
    }

    /// Holds what `other` does, too.
    pub fn add(&mut self, other: &Allocation) {
        for (shard, units) in other.parts() {
            *self.0.entry(shard).or_default() += units;
        }
    }

    /// Gives up `units`, from the smallest parts first so that few shards remain; answers those.
    pub fn give_back(&mut self, mut units: u32) -> Allocation {
        let mut parts: Vec<_> = self.parts().collect();
        parts.sort_by_key(|&(_, held)| held);
        let mut given = Allocation::default();
        for (shard, held) in parts {
            let part = held.min(units);
            units -= part;
            if part > 0 {
                given.0.insert(shard, part);
                self.0.insert(shard, held - part);
            }
        }
        self.0.retain(|_, held| *held > 0);
        given
    }
}

/// How many units of `sku` are available over all its shards.
pub fn available(levels: &[Level], sku: &Sku) -> u32 {
    levels.iter().filter(|level| level.id.sku == *sku).map(|level| level.available).sum()
}

/// Chooses shards to take `units` of `sku` from, and takes them off `levels`.
///
/// A single shard that has enough is preferred, the first such in an order that depends on the user
/// ([`looks::preference`]), so that buyers spread over the shards. One that has less than three quarters of the
/// fullest is passed over, so that all shards run out at about the same time, and not everybody comes to the last few.
/// If none has enough, several are emptied, so that no unit is left over while somebody is refused. `levels` may be
/// those of some shards only.
///
/// # Errors
/// How many units there are, if they are too few; `levels` is then as before.
pub fn allocate(levels: &mut [Level], sku: &Sku, user_id: UserId, units: u32) -> Result<Allocation, u32> {
    let total = available(levels, sku);
    if total < units {
        return Err(total);
    }
    let mut shards: Vec<&mut Level> = levels.iter_mut().filter(|level| level.id.sku == *sku).collect();
    shards.sort_by_key(|level| looks::preference(user_id, level.id.shard));
    let most = shards.iter().map(|level| level.available).max().unwrap_or_default();
    let is_enough = |available: u32| available >= units && is_about_full(available, most);
    if let Some(enough) = shards.iter().position(|level| is_enough(level.available)) {
        shards.rotate_left(enough);
    }
    let mut allocation = Allocation::default();
    let mut missing = units;
    for level in shards {
        let part = level.available.min(missing);
        if part > 0 {
            level.available -= part;
            missing -= part;
            allocation.0.insert(level.id.shard, part);
        }
    }
    Ok(allocation)
}

/// Whether a shard has about as much as the fullest: three quarters of it, to the nearest unit. Who always took the
/// fullest would meet everybody else there.
fn is_about_full(available: u32, most: u32) -> bool {
    u64::from(available) * 4 + 1 >= u64::from(most) * 3
}

/// Adds the units that `allocation` gives back to `levels`.
pub fn put_back(levels: &mut [Level], sku: &Sku, allocation: &Allocation) {
    for (shard, units) in allocation.parts() {
        if let Some(level) = levels.iter_mut().find(|level| level.id.sku == *sku && level.id.shard == shard) {
            level.available += units;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku() -> Sku {
        Sku { product_id: ProductId::derived("laptop"), size: None }
    }

    fn levels(available: &[u32]) -> Vec<Level> {
        let level = |(shard, available): (usize, &u32)| Level {
            id: StockId { sku: sku(), shard: u16::try_from(shard).unwrap() },
            available: *available,
        };
        available.iter().enumerate().map(level).collect()
    }

    #[test]
    fn one_shard_is_preferred_and_no_unit_is_stranded() {
        for user in 0..20 {
            let user_id = UserId::derived(&user.to_string());
            let mut stock = levels(&[2, 5, 3]);
            let four = allocate(&mut stock, &sku(), user_id, 4).unwrap();
            assert_eq!(four.parts().collect::<Vec<_>>(), [(1, 4)]);
            let rest = allocate(&mut stock, &sku(), user_id, 6).unwrap();
            assert_eq!(rest.total(), 6);
            assert_eq!(allocate(&mut stock, &sku(), user_id, 1), Err(0));
        }
    }

    #[test]
    fn a_shard_that_has_much_less_than_another_is_passed_over() {
        let chosen = |available: [u32; 2]| {
            let first = |user: u32| allocate(&mut levels(&available), &sku(), UserId::derived(&user.to_string()), 1);
            let chosen =
                (0..20).flat_map(|user| first(user).unwrap().parts().map(|(shard, _)| shard).collect::<Vec<_>>());
            chosen.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        assert_eq!((chosen([40, 30]), chosen([40, 29])), (vec![0, 1], vec![0]));
        assert_eq!((chosen([2, 3]), chosen([1, 2])), (vec![0, 1], vec![1]));
    }

    #[test]
    fn a_shortage_says_what_there_is_and_takes_nothing() {
        let mut stock = levels(&[2, 1]);
        assert_eq!(allocate(&mut stock, &sku(), UserId::random(), 4), Err(3));
        assert_eq!(stock, levels(&[2, 1]));
    }

    #[test]
    fn users_start_at_different_shards() {
        let mut used: Vec<u16> = (0..64)
            .map(|user| allocate(&mut levels(&[9; 4]), &sku(), UserId::derived(&user.to_string()), 1).unwrap())
            .flat_map(|allocation| allocation.parts().map(|(shard, _)| shard).collect::<Vec<_>>())
            .collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, [0, 1, 2, 3]);
    }

    #[test]
    fn giving_back_keeps_the_largest_parts() {
        let mut held = Allocation(BTreeMap::from([(0, 5), (1, 1), (2, 2)]));
        let given = held.give_back(4);
        assert_eq!(given, Allocation(BTreeMap::from([(0, 1), (1, 1), (2, 2)])));
        assert_eq!(held, Allocation(BTreeMap::from([(0, 4)])));
    }

    #[test]
    fn giving_back_little_touches_few_parts() {
        let mut held = Allocation(BTreeMap::from([(0, 5), (1, 1), (2, 2)]));
        assert_eq!(held.give_back(1), Allocation(BTreeMap::from([(1, 1)])));
        assert_eq!((held.shards(), held.total()), (2, 7));
    }

    #[test]
    fn what_is_put_back_goes_where_it_came_from() {
        let mut stock = levels(&[1, 1]);
        let other = Sku { size: Some("M".to_owned()), ..sku() };
        stock.insert(0, Level { id: StockId { sku: other, shard: 1 }, available: 7 });
        put_back(&mut stock, &sku(), &Allocation(BTreeMap::from([(1, 3), (9, 5)])));
        assert_eq!(stock.iter().map(|level| level.available).collect::<Vec<_>>(), [7, 1, 4]);
    }
}
