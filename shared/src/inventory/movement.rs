//! What happens to units of stock, and what that does to the counters.

use std::collections::BTreeMap;
use std::fmt;

use super::spread::Shift;
use super::{Allocation, Level, Sku, StockId};
use crate::cart::MAX_ALLOCATIONS;

/// What happens to units of stock. Units are never made or lost by it: each movement takes from one
/// counter what it adds to another, or to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Available units become reserved, for a cart or an unpaid order.
    Reserve,
    /// Reserved units become available.
    Release,
    /// Units that a cart holds become sold.
    Sell,
    /// Units that a cart holds stay reserved, and belong to an unpaid order from now on.
    HandOn,
    /// Available units become sold.
    SellDirectly,
    /// Units that an unpaid order holds become sold, because it is paid.
    Settle,
    /// Sold units become available, because their order is cancelled.
    Return,
}

/// What one transaction does to the counters of one shard. `available`, `reserved` and `sold` always
/// sum to `received`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// Change of the units that nobody holds.
    pub available: i64,
    /// Change of the units that carts and unpaid orders hold.
    pub reserved: i64,
    /// Change of the units that orders bought.
    pub sold: i64,
    /// Change of the units there ever were.
    pub received: i64,
    /// Whether a product that was withdrawn from sale refuses it: somebody takes units that were not
    /// theirs before, or the stock is adjusted.
    pub only_for_sale: bool,
    /// Whether units are handed on, which no counter shows.
    pub handed_on: bool,
}

/// A buyer who leaves fewer units than that in a shard takes some of its last: others are about to, too.
const LAST_UNITS: u32 = 4;

/// What the log tells of units that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// What happened to them.
    pub kind: &'static str,
    /// Of what.
    pub sku: Sku,
    /// How many; below zero only for an adjustment that takes away.
    pub quantity: i64,
}

/// All that one transaction does to the stock, merged so that each shard is written once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockChanges {
    cause_id: String,
    by_shard: BTreeMap<StockId, Change>,
    log: Vec<LogEntry>,
}

impl Movement {
    fn name(self) -> &'static str {
        match self {
            Movement::Reserve => "reserve",
            Movement::Release => "release",
            Movement::Sell => "sell",
            Movement::HandOn => "hand_on",
            Movement::SellDirectly => "sell_directly",
            Movement::Settle => "settle",
            Movement::Return => "return",
        }
    }
}

impl Change {
    fn is_none(&self) -> bool {
        [self.available, self.reserved, self.sold, self.received] == [0; 4] && !self.handed_on
    }
}

impl StockChanges {
    /// No changes yet. `cause` is the id of the cart, order or adjustment that they will be made for.
    pub fn caused_by(cause: impl fmt::Display) -> StockChanges {
        StockChanges { cause_id: cause.to_string(), ..StockChanges::default() }
    }

    /// Moves every unit of `allocation`.
    pub fn move_units(&mut self, movement: Movement, sku: &Sku, allocation: &Allocation) {
        for (shard, units) in allocation.parts() {
            let change = self.by_shard.entry(StockId { sku: sku.clone(), shard }).or_default();
            let units = i64::from(units);
            let (available, reserved, sold) = match movement {
                Movement::Reserve => (-units, units, 0),
                Movement::Release => (units, -units, 0),
                Movement::Sell | Movement::Settle => (0, -units, units),
                Movement::HandOn => (0, 0, 0),
                Movement::SellDirectly => (-units, 0, units),
                Movement::Return => (units, 0, -units),
            };
            change.available += available;
            change.reserved += reserved;
            change.sold += sold;
            change.only_for_sale |= !matches!(movement, Movement::Release | Movement::Settle | Movement::Return);
            change.handed_on |= movement == Movement::HandOn;
        }
        if allocation.total() > 0 {
            let quantity = i64::from(allocation.total());
            self.log.push(LogEntry { kind: movement.name(), sku: sku.clone(), quantity });
        }
    }

    /// Adds units to the shards of a SKU, or takes away those that are less than zero.
    pub(super) fn adjust(&mut self, sku: &Sku, by_shard: &[(u16, i64)]) {
        for (shard, units) in by_shard {
            let change = self.by_shard.entry(StockId { sku: sku.clone(), shard: *shard }).or_default();
            change.available += units;
            change.received += units;
            change.only_for_sale = true;
        }
        let quantity = by_shard.iter().map(|(_, units)| units).sum();
        self.log.push(LogEntry { kind: "adjust", sku: sku.clone(), quantity });
    }

    /// Has available units of a SKU go from one of its shards to another.
    pub fn shift(&mut self, sku: &Sku, shift: Shift) {
        let Shift { from, to, units } = shift;
        for (shard, units) in [(from, -i64::from(units)), (to, i64::from(units))] {
            let change = self.by_shard.entry(StockId { sku: sku.clone(), shard }).or_default();
            change.available += units;
            change.received += units;
            change.only_for_sale = true;
        }
        self.log.push(LogEntry { kind: "spread", sku: sku.clone(), quantity: units.into() });
    }

    /// Notes the units that a new SKU starts with. Its shards are made with them, so none is changed.
    pub fn open(&mut self, sku: &Sku, units: u32) {
        if units > 0 {
            self.log.push(LogEntry { kind: "open", sku: sku.clone(), quantity: units.into() });
        }
    }

    /// Each shard with what happens to it; those that stay as they are left out.
    pub fn iter(&self) -> impl Iterator<Item = (&StockId, &Change)> {
        self.by_shard.iter().filter(|(_, change)| !change.is_none())
    }

    /// Whether it takes available units of a shard that has few more; `left` is what it leaves. Whoever finds such a
    /// shard in another's transaction does better to look again: what they want has probably just gone.
    pub fn takes_last_units(&self, left: &[Level]) -> bool {
        let are_few = |id: &StockId| left.iter().any(|level| level.id == *id && level.available < LAST_UNITS);
        self.iter().any(|(id, change)| change.available < 0 && are_few(id))
    }

    /// Whether it is in no more shards than one order may be in.
    pub fn fits_one_order(&self) -> bool {
        self.iter().count() <= MAX_ALLOCATIONS
    }

    /// The id of the cart, order or adjustment that all this is done for.
    pub fn cause_id(&self) -> &str {
        &self.cause_id
    }

    /// What the log is to tell once it is done.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ProductId, UserId};
    use crate::inventory::{Level, allocate};

    fn sku() -> Sku {
        Sku { product_id: ProductId::derived("laptop"), size: None }
    }

    fn units(units: u32) -> Allocation {
        let mut levels = [Level { id: StockId { sku: sku(), shard: 0 }, available: units }];
        allocate(&mut levels, &sku(), UserId::derived("ada"), units).unwrap()
    }

    #[test]
    fn who_leaves_fewer_than_four_units_in_a_shard_takes_its_last() {
        let taken = |from: &[u32], wanted: u32| {
            let level =
                |(shard, available): (u16, &u32)| Level { id: StockId { sku: sku(), shard }, available: *available };
            let mut levels: Vec<Level> = (0..).zip(from).map(level).collect();
            let units = allocate(&mut levels, &sku(), UserId::derived("ada"), wanted).unwrap();
            [Movement::Reserve, Movement::Sell, Movement::Release].map(|movement| {
                let mut changes = StockChanges::caused_by("cart");
                changes.move_units(movement, &sku(), &units);
                changes.takes_last_units(&levels)
            })
        };
        assert_eq!(taken(&[5], 2), [true, false, false], "nobody else is after what is held or given back");
        assert!(!taken(&[6], 2)[0]);
        assert!(!taken(&[9, 3], 1)[0], "the other one is not taken from");
        assert!(taken(&[9, 3], 11)[0]);
    }

    #[test]
    fn movements_on_one_shard_merge_and_make_no_units() {
        let mut changes = StockChanges::caused_by("order");
        changes.move_units(Movement::Sell, &sku(), &units(2));
        changes.move_units(Movement::SellDirectly, &sku(), &units(3));
        let merged: Vec<_> = changes.iter().collect();
        let change =
            Change { available: -3, reserved: -2, sold: 5, received: 0, only_for_sale: true, handed_on: false };
        assert_eq!(*merged[0].1, change);
        changes.move_units(Movement::Reserve, &sku(), &units(1));
        changes.move_units(Movement::Release, &sku(), &units(1));
        assert!(changes.iter().all(|(_, change)| change.available + change.reserved + change.sold == change.received));
        let told: Vec<_> = changes.log().iter().map(|entry| (entry.kind, entry.quantity)).collect();
        assert_eq!(told, [("sell", 2), ("sell_directly", 3), ("reserve", 1), ("release", 1)]);
    }

    #[test]
    fn what_is_undone_leaves_no_shard_to_write() {
        let mut changes = StockChanges::caused_by("cart");
        changes.move_units(Movement::Reserve, &sku(), &units(2));
        changes.move_units(Movement::Release, &sku(), &units(2));
        assert_eq!(changes.iter().count(), 0);
    }

    #[test]
    fn what_is_handed_on_is_written_though_no_counter_changes() {
        let mut changes = StockChanges::caused_by("order");
        changes.move_units(Movement::HandOn, &sku(), &units(2));
        let written: Vec<_> = changes.iter().collect();
        assert_eq!(*written[0].1, Change { only_for_sale: true, handed_on: true, ..Change::default() });
    }

    #[test]
    fn an_order_is_in_sixty_shards_at_most() {
        let in_shards = |count: u16| {
            let mut changes = StockChanges::caused_by("order");
            changes.adjust(&sku(), &(0..count).map(|shard| (shard, 1)).collect::<Vec<_>>());
            changes.fits_one_order()
        };
        assert!(in_shards(0) && in_shards(60) && !in_shards(61) && !in_shards(62));
    }

    #[test]
    fn only_who_takes_units_anew_needs_the_product_for_sale() {
        for (movement, only_for_sale) in [
            (Movement::Reserve, true),
            (Movement::Sell, true),
            (Movement::HandOn, true),
            (Movement::SellDirectly, true),
            (Movement::Release, false),
            (Movement::Settle, false),
            (Movement::Return, false),
        ] {
            let mut changes = StockChanges::caused_by("x");
            changes.move_units(movement, &sku(), &units(1));
            assert_eq!(changes.iter().next().unwrap().1.only_for_sale, only_for_sale, "{movement:?}");
        }
    }

    #[test]
    fn an_adjustment_makes_units_or_takes_them_away() {
        let mut changes = StockChanges::caused_by("adjustment");
        changes.adjust(&sku(), &[(0, 5), (1, -2)]);
        changes.open(&sku(), 4);
        changes.open(&sku(), 0);
        changes.move_units(Movement::Reserve, &sku(), &Allocation::default());
        let change = |units| Change { available: units, received: units, only_for_sale: true, ..Change::default() };
        assert_eq!(changes.iter().map(|(_, change)| *change).collect::<Vec<_>>(), [change(5), change(-2)]);
        let told: Vec<_> = changes.log().iter().map(|entry| (entry.kind, entry.quantity)).collect();
        assert_eq!(told, [("adjust", 3), ("open", 4)]);
        assert_eq!(changes.cause_id(), "adjustment");
    }
}
