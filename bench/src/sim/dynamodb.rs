//! DynamoDB as far as a SKU that sells fast meets its limits: what a partition serves a second, and that an item is
//! in one transaction at a time. See [`super`] for where each rule is from.

#[cfg(test)]
mod tests;

use shared::inventory::Allocation;
use shared::inventory::movement::Movement;
use shared::inventory::notices::{BOARDS, Board, COUNTING_TAKES, Notice};
use shared::retry::Setback;
use shared::time::Timestamp;

/// Microseconds since the simulation began.
pub(super) type Micros = u64;

/// Write units that a partition serves a second.
pub(super) const WRITE_UNITS: f64 = 1_000.0;

/// Read units that a partition serves a second.
pub(super) const READ_UNITS: f64 = 3_000.0;

/// Over what time a partition's limit is kept, in seconds: what was not used of it may still be.
const KEPT_OVER: f64 = 0.1;

/// The stock items of a SKU, its product, and what they cost.
#[derive(Debug)]
pub(super) struct DynamoDb {
    partitions: Vec<Partition>,
    /// What the partition of the product can still be read.
    product: Budget,
    items: Vec<Item>,
    /// The units that nobody has, in all items.
    available: u32,
    /// What went wrong.
    pub(super) seen: Setbacks,
}

/// How often what went wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Setbacks {
    pub(super) conflicts: u64,
    pub(super) conditions_failed: u64,
    pub(super) reads_throttled: u64,
    pub(super) writes_throttled: u64,
}

#[derive(Debug)]
struct Partition {
    reads: Budget,
    writes: Budget,
}

/// What may be consumed of something that comes in at a constant rate.
#[derive(Debug, Clone, Copy)]
struct Budget {
    rate: f64,
    left: f64,
    at: Micros,
}

/// A stock item.
#[derive(Debug, Clone, Copy)]
struct Item {
    partition: usize,
    available: u32,
    reserved: u32,
    sold: u32,
    in_transaction: bool,
    board: Board,
}

impl Budget {
    fn of(rate: f64) -> Budget {
        Budget { rate, left: rate * KEPT_OVER, at: 0 }
    }

    /// Takes `units`, if there are as many.
    fn take(&mut self, units: f64, now: Micros) -> bool {
        let enough = self.has(units, now);
        if enough {
            self.left -= units;
        }
        enough
    }

    /// Whether there are as many as `units`.
    fn has(&mut self, units: f64, now: Micros) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "minutes at most")]
        let passed = (now - self.at) as f64 / 1e6;
        self.left = (self.left + passed * self.rate).min(self.rate * KEPT_OVER);
        self.at = now;
        self.left >= units
    }
}

impl DynamoDb {
    /// A SKU with so many items, dealt out evenly to so many partitions. The first of the items are `filled`, and have
    /// the `units`, each as many.
    pub(super) fn new(items: u16, partitions: u16, filled: u16, units: u32) -> DynamoDb {
        let partition = || Partition { reads: Budget::of(READ_UNITS), writes: Budget::of(WRITE_UNITS) };
        let [count, filled] = [items, filled].map(u32::from);
        let share = |item: u32| if item < filled { units / filled + u32::from(item < units % filled) } else { 0 };
        let item = |item: u32| Item {
            partition: usize::try_from(item).unwrap_or_default() % usize::from(partitions),
            available: share(item),
            reserved: 0,
            sold: 0,
            in_transaction: false,
            board: Board::default(),
        };
        DynamoDb {
            partitions: (0..partitions).map(|_| partition()).collect(),
            product: Budget::of(READ_UNITS),
            items: (0..count).map(item).collect(),
            available: units,
            seen: Setbacks::default(),
        }
    }

    /// Reads the product, unless its partition is read too much already.
    pub(super) fn read_product(&mut self, now: Micros) -> bool {
        let read = self.product.take(1.0, now);
        self.seen.reads_throttled += u64::from(!read);
        read
    }

    /// The units that an item has available and what is on it as a board, for so many read units, unless its partition
    /// is read too much already. An item in a transaction shows what it was before.
    pub(super) fn read(&mut self, item: u16, units: f64, now: Micros) -> Option<(u32, Board)> {
        let Item { partition, available, board, .. } = self.items[usize::from(item)];
        let read = self.partitions[partition].reads.take(units, now);
        self.seen.reads_throttled += u64::from(!read);
        read.then_some((available, board))
    }

    /// Prepares a transaction that says on a board that somebody counts, unless somebody else does at that moment;
    /// [`Self::begin_to_count`] ends it.
    pub(super) fn prepare_to_count(&mut self, board: u16, at: Timestamp, now: Micros) -> Result<(), Setback> {
        self.reach(board, 2.0, now)?;
        if self.items[usize::from(board)].board.is_counted(at) {
            return Err(Setback::Stale);
        }
        self.hold([board], now);
        Ok(())
    }

    /// Somebody counts from `at` on.
    pub(super) fn begin_to_count(&mut self, board: u16, at: Timestamp) {
        let item = &mut self.items[usize::from(board)];
        item.board.counted_until = Some(at + COUNTING_TAKES);
        item.in_transaction = false;
    }

    /// Prepares a transaction that puts up a notice on all boards, unless there is a newer one; [`Self::put_up`] ends it.
    pub(super) fn prepare_to_put_up(&mut self, notice: Notice, now: Micros) -> Result<(), Setback> {
        for board in 0..BOARDS {
            self.reach(board, 2.0, now)?;
            if self.items[usize::from(board)].board.short.is_some_and(|there| there.at >= notice.at) {
                return Err(Setback::Stale);
            }
        }
        self.hold(0..BOARDS, now);
        Ok(())
    }

    /// The notice is on all boards.
    pub(super) fn put_up(&mut self, notice: Notice) {
        for item in &mut self.items[..usize::from(BOARDS)] {
            item.board.short = Some(notice);
            item.in_transaction = false;
        }
    }

    /// Moves units of one shard by a single conditional write of one unit (`UpdateItem`).
    pub(super) fn write(&mut self, shard: u16, units: u32, movement: Movement, now: Micros) -> Result<(), Setback> {
        self.admit(shard, units, movement, 1.0, now)?;
        self.change(shard, units, movement);
        Ok(())
    }

    /// Prepares a transaction that moves units; [`Self::commit`] ends it. A write in a transaction takes two units: one
    /// to prepare, one to commit; what is refused takes the first only.
    pub(super) fn prepare(&mut self, parts: &Allocation, movement: Movement, now: Micros) -> Result<(), Setback> {
        for (shard, units) in parts.parts() {
            self.admit(shard, units, movement, 2.0, now)?;
        }
        self.hold(parts.parts().map(|(shard, _)| shard), now);
        Ok(())
    }

    /// What a transaction has prepared nothing else may write, until it is committed.
    fn hold(&mut self, items: impl IntoIterator<Item = u16>, now: Micros) {
        for item in items {
            let item = &mut self.items[usize::from(item)];
            item.in_transaction = true;
            self.partitions[item.partition].writes.take(1.0, now);
        }
    }

    /// Ends a transaction that was prepared.
    pub(super) fn commit(&mut self, parts: &Allocation, movement: Movement) {
        for (shard, units) in parts.parts() {
            self.change(shard, units, movement);
            self.items[usize::from(shard)].in_transaction = false;
        }
    }

    /// The units that nobody has.
    pub(super) fn available(&self) -> u32 {
        self.available
    }

    /// The units that nobody has, reserved and bought, each counted over all items.
    pub(super) fn counters(&self) -> [u32; 3] {
        let sum = |counter: fn(&Item) -> u32| self.items.iter().map(counter).sum();
        [sum(|item| item.available), sum(|item| item.reserved), sum(|item| item.sold)]
    }

    /// Whether a movement may go on: it reaches the item, and the condition holds.
    fn admit(&mut self, item: u16, units: u32, movement: Movement, needs: f64, now: Micros) -> Result<(), Setback> {
        self.reach(item, needs, now)?;
        let item = &self.items[usize::from(item)];
        let there_are = if movement == Movement::Reserve { item.available } else { item.reserved };
        if there_are < units {
            self.seen.conditions_failed += 1;
            return Err(Setback::Stale);
        }
        Ok(())
    }

    /// Whether a write reaches an item: its partition has the capacity, and no transaction has the item. Takes one unit
    /// to find out.
    fn reach(&mut self, item: u16, needs: f64, now: Micros) -> Result<(), Setback> {
        let item = &self.items[usize::from(item)];
        let writes = &mut self.partitions[item.partition].writes;
        if !writes.has(needs, now) {
            self.seen.writes_throttled += 1;
            return Err(Setback::Unavailable);
        }
        writes.take(1.0, now);
        if item.in_transaction {
            self.seen.conflicts += 1;
            return Err(Setback::Contended);
        }
        Ok(())
    }

    /// A hold, or the sale of what is held.
    fn change(&mut self, shard: u16, units: u32, movement: Movement) {
        let item = &mut self.items[usize::from(shard)];
        if movement == Movement::Reserve {
            item.available -= units;
            item.reserved += units;
            self.available -= units;
        } else {
            item.reserved -= units;
            item.sold += units;
        }
    }
}
