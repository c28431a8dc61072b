//! The books of the stock, kept a second time: what every stock item should count, from the carts, orders and
//! adjustments that there are. What is found here is only as true as what was read; the store sees to it that
//! nothing moved meanwhile.

mod finding;

use std::collections::{BTreeMap, BTreeSet};

pub use self::finding::{Finding, FindingKind, Repair, Subject};
use crate::cart::Cart;
use crate::catalog::Product;
use crate::ids::{OrderId, ProductId};
use crate::inventory::{Allocation, Sku, StockId};
use crate::order::{Order, OrderStatus};

/// What a stock item counts. Signed, because nothing can be taken for granted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Units that nobody holds.
    pub available: i64,
    /// Units that carts and unpaid orders hold.
    pub reserved: i64,
    /// Units that orders bought.
    pub sold: i64,
    /// Units there ever were.
    pub received: i64,
}

/// A stock item as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockRecord {
    /// What it counts.
    pub counters: Counters,
    /// How often units of it were moved. As long as this is the same, so is what everybody has of it.
    pub moves: i64,
    /// With how many units it was made; none for one that was made before that was kept.
    pub opened: Option<i64>,
    /// Whether it may not be sold.
    pub archived: bool,
}

/// Everything that bears on the stock.
#[derive(Debug, Clone, Default)]
pub struct Books {
    stock: BTreeMap<StockId, StockRecord>,
    held: BTreeMap<StockId, i64>,
    bought: BTreeMap<StockId, i64>,
    adjusted: BTreeMap<Sku, i64>,
    /// Whether each product is for sale, and its stock items.
    products: BTreeMap<ProductId, (bool, BTreeSet<StockId>)>,
    /// The live orders that used each coupon, by the first order of their checkout.
    uses: BTreeMap<String, BTreeMap<OrderId, Vec<OrderId>>>,
    /// What is wrong whatever else there is.
    findings: Vec<Finding>,
}

impl Books {
    /// Enters a stock item.
    pub fn enter_stock(&mut self, id: StockId, record: StockRecord) {
        self.stock.insert(id, record);
    }

    /// Enters what a cart holds.
    pub fn enter_cart(&mut self, cart: &Cart) {
        for (item_id, line) in &cart.lines {
            let held = line.allocation.total();
            if held != 0 && held != line.quantity {
                let subject = Subject::Line { user_id: cart.user_id, item_id: *item_id };
                let detail = format!("it holds {held} of its {} units", line.quantity);
                self.findings.push(Finding::new(FindingKind::LineHeldInPart, subject, detail));
            }
            add(&mut self.held, &line.sku(), &line.allocation);
        }
    }

    /// Enters what an order holds or bought. `first_id` is the first order of its checkout.
    pub fn enter_order(&mut self, order: &Order, allocations: &[Allocation], first_id: OrderId) {
        let tally = match order.summary.status {
            OrderStatus::UnderPaying => &mut self.held,
            OrderStatus::Placed | OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered => {
                &mut self.bought
            }
            OrderStatus::Cancelled => return,
        };
        for (item, allocation) in order.items.iter().zip(allocations) {
            add(tally, &item.sku(), allocation);
        }
        if let Some(code) = &order.summary.coupon_code {
            let uses = self.uses.entry(code.clone()).or_default();
            uses.entry(first_id).or_default().push(order.summary.order_id);
        }
    }

    /// Enters units that came or, below zero, went by hand.
    pub fn enter_adjustment(&mut self, sku: Sku, delta: i64) {
        *self.adjusted.entry(sku).or_default() += delta;
    }

    /// Enters a product.
    pub fn enter_product(&mut self, product: &Product) {
        let stock = product.stock_ids().into_iter().collect();
        self.products.insert(product.product_id, (product.is_active(), stock));
    }

    /// Notes an item that cannot be read.
    pub fn enter_unreadable(&mut self, subject: Subject, why: String) {
        self.findings.push(Finding::new(FindingKind::Unreadable, subject, why));
    }

    /// A stock item as it was read.
    pub fn stock(&self, id: &StockId) -> Option<&StockRecord> {
        self.stock.get(id)
    }

    /// How many stock items there are.
    pub fn stock_items(&self) -> usize {
        self.stock.len()
    }

    /// The stock items of a SKU.
    pub fn shards_of(&self, sku: &Sku) -> Vec<StockId> {
        let shard = |shard| StockId { sku: sku.clone(), shard };
        self.stock.range(shard(0)..=shard(u16::MAX)).map(|(id, _)| id.clone()).collect()
    }

    /// All that is wrong.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        let received_off = self.received_off();
        let mut explained = BTreeSet::new();
        for (id, record) in &self.stock {
            let off = received_off.get(&id.sku).copied().unwrap_or_default();
            let of_item = self.check_counters(id, record, off);
            if of_item.iter().any(|finding| finding.kind == FindingKind::ReceivedDrift) {
                explained.insert(&id.sku);
            }
            findings.extend(of_item);
        }
        for (sku, off) in received_off.iter().filter(|(sku, off)| **off != 0 && !explained.contains(sku)) {
            let detail =
                format!("received is {off} more than it began with and adjustments brought, over all its shards");
            findings.push(Finding::new(FindingKind::ReceivedDrift, Subject::Sku(sku.clone()), detail));
        }
        self.check_products(&mut findings);
        for (code, uses) in self.uses.iter().filter(|(_, uses)| uses.len() > 1) {
            let orders: Vec<OrderId> = uses.values().flatten().copied().collect();
            let detail = format!("{} checkouts that stand used it: orders {}", uses.len(), list(&orders));
            let subject = Subject::Coupon { code: code.clone(), orders };
            findings.push(Finding::new(FindingKind::CouponUsedTwice, subject, detail));
        }
        findings
    }

    /// By how much `received` is more than what each SKU began with and adjustments brought, where that is known.
    fn received_off(&self) -> BTreeMap<Sku, i64> {
        let mut off: BTreeMap<Sku, Option<i64>> = BTreeMap::new();
        for (id, record) in &self.stock {
            let sum = off.entry(id.sku.clone()).or_insert(Some(0));
            *sum = sum.zip(record.opened).map(|(sum, opened)| sum + record.counters.received - opened);
        }
        let adjusted = |sku: &Sku| self.adjusted.get(sku).copied().unwrap_or_default();
        off.into_iter()
            .filter_map(|(sku, off)| Some((off? - adjusted(&sku), sku)))
            .map(|(off, sku)| (sku, off))
            .collect()
    }

    /// Holds a stock item's counters to what others have of it. `received_off` is by how much its SKU received too
    /// much.
    fn check_counters(&self, id: &StockId, record: &StockRecord, received_off: i64) -> Vec<Finding> {
        let (is, held, bought) = (record.counters, units(&self.held, id), units(&self.bought, id));
        let mut wrong = Vec::new();
        if is.reserved != held {
            let kind = if is.reserved > held { FindingKind::ReservedTooHigh } else { FindingKind::ReservedTooLow };
            wrong.push((kind, format!("reserved is {}, but carts and unpaid orders hold {held}", is.reserved)));
        }
        if is.sold != bought {
            let kind = if is.sold > bought { FindingKind::SoldTooHigh } else { FindingKind::SoldTooLow };
            wrong.push((kind, format!("sold is {}, but orders bought {bought}", is.sold)));
        }
        let beyond = is.available + held + bought - is.received;
        let mut right = Counters { available: is.received - held - bought, reserved: held, sold: bought, ..is };
        if received_off != 0 && beyond == -received_off {
            right = Counters { available: is.available, received: is.received - received_off, ..right };
            let detail = format!("received is {}, but {} were brought", is.received, right.received);
            wrong.push((FindingKind::ReceivedDrift, detail));
        } else if beyond != 0 && is.available + is.reserved + is.sold != is.received {
            let detail = format!("available is {}, but {} of {} are left", is.available, right.available, is.received);
            wrong.push((FindingKind::AvailableDrift, detail));
        }
        if right.available < 0 {
            let detail = format!("carts and orders have {} units of {} received", held + bought, right.received);
            wrong.push((FindingKind::Oversold, detail));
        }
        let repair = (right.available >= 0).then(|| Repair::Counters { id: id.clone(), read: record.clone(), right });
        let finding = |(kind, detail)| Finding {
            repair: repair.clone(),
            ..Finding::new(kind, Subject::Stock(id.clone()), detail)
        };
        wrong.into_iter().map(finding).collect()
    }

    fn check_products(&self, findings: &mut Vec<Finding>) {
        let mut known = BTreeSet::new();
        for (product_id, (active, stock_ids)) in &self.products {
            known.extend(stock_ids);
            for id in stock_ids {
                let archived = !active;
                match self.stock.get(id) {
                    None => {
                        let detail = format!("product {product_id} has no such stock item");
                        findings.push(Finding::new(FindingKind::StockItemMissing, Subject::Stock(id.clone()), detail));
                    }
                    Some(record) if record.archived != archived => {
                        let (is, should) = if archived { ("not ", "is") } else { ("", "is not") };
                        let detail = format!("it is {is}marked as archived, and its product {should}");
                        let repair = Some(Repair::Mark { id: id.clone(), archived });
                        let subject = Subject::Stock(id.clone());
                        findings.push(Finding {
                            repair,
                            ..Finding::new(FindingKind::ArchivedMarkDiffers, subject, detail)
                        });
                    }
                    Some(_) => {}
                }
            }
        }
        for id in self.stock.keys().filter(|id| !known.contains(id)) {
            let detail = "no product has such a stock item".to_owned();
            findings.push(Finding::new(FindingKind::StockItemOrphaned, Subject::Stock(id.clone()), detail));
        }
        let somebodys = self.held.keys().chain(self.bought.keys()).collect::<BTreeSet<_>>();
        for id in somebodys.into_iter().filter(|id| !self.stock.contains_key(id) && !known.contains(id)) {
            let detail =
                format!("carts and orders have {} units of it", units(&self.held, id) + units(&self.bought, id));
            findings.push(Finding::new(FindingKind::StockItemMissing, Subject::Stock(id.clone()), detail));
        }
    }
}

fn add(tally: &mut BTreeMap<StockId, i64>, sku: &Sku, allocation: &Allocation) {
    for (shard, units) in allocation.parts() {
        *tally.entry(StockId { sku: sku.clone(), shard }).or_default() += i64::from(units);
    }
}

fn units(tally: &BTreeMap<StockId, i64>, id: &StockId) -> i64 {
    tally.get(id).copied().unwrap_or_default()
}

fn list(orders: &[OrderId]) -> String {
    orders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
