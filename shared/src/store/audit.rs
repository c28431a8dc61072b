//! Auditing the stock while the shop sells.
//!
//! A pass reads every stock item first, then every cart, order, adjustment and product, and then those stock items
//! again that do not agree with the rest. Whatever changes what somebody has of a stock item counts one up on that item,
//! in the same transaction. So if that number is the same before and after, nothing of the item moved while all the
//! others were read, and what was read is what there was at one instant. If not, the item is looked at in another pass;
//! one that never stands still is neither sound nor unsound, and named as such. What is not about counters is
//! confirmed by a read of one instant.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, from_item, number, string};
use super::orders::{OrderEntry, orders_in};
use super::read::{text, whole};
use super::transaction::Expression;
use crate::books::{Books, Counters, Finding, FindingKind, Repair, StockRecord, Subject};
use crate::cart::Cart;
use crate::catalog::Product;
use crate::error::Error;
use crate::inventory::adjustment::Adjustment;
use crate::inventory::{Sku, StockId};
use crate::metrics::{Metric, count};
use crate::order::OrderStatus;

/// How often everything is read, as long as something that does not agree was moved meanwhile.
const PASSES: u32 = 4;

/// How many findings a report names.
const MOST_NAMED: usize = 100;

/// What an audit came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// How many stock items there are.
    pub stock_items: usize,
    /// How often everything was read.
    pub passes: u32,
    /// How many things are wrong.
    pub found: usize,
    /// How many of them were put right.
    pub repaired: usize,
    /// Stock items that did not seem to agree with the rest, but were moved during each pass.
    pub unsettled: Vec<String>,
    /// What is wrong, a hundred of it at most.
    pub findings: Vec<Finding>,
}

impl Store {
    /// Holds what every stock item counts to what carts, orders and adjustments say, and puts right what can be if
    /// it is told to. It may run while the shop sells.
    ///
    /// # Errors
    /// Those of the store itself, also if there is not enough time to read everything once.
    pub async fn audit_stock(&self, repair: bool) -> Result<AuditReport, Error> {
        let mut report = AuditReport {
            stock_items: 0,
            passes: 0,
            found: 0,
            repaired: 0,
            unsettled: Vec::new(),
            findings: Vec::new(),
        };
        for pass in 1..=PASSES {
            let books = self.read_books().await?;
            report.passes = pass;
            report.stock_items = books.stock_items();
            let (mut settled, unsettled) = self.settle(&books).await?;
            report.unsettled = unsettled.iter().map(ToString::to_string).collect();
            settled
                .retain(|new| !report.findings.iter().any(|old| (old.kind, &old.subject) == (new.kind, &new.subject)));
            if repair {
                self.repair(&mut settled).await?;
            }
            report.findings.extend(settled);
            if report.unsettled.is_empty() || !self.has_time() {
                break;
            }
        }
        report.found = report.findings.len();
        let drift = report.findings.iter().filter(|finding| !finding.repaired).map(|_| 1).sum();
        report.repaired = report.findings.iter().filter(|finding| finding.repaired).count();
        for finding in &report.findings {
            let Finding { kind, subject, detail, repair, repaired } = finding;
            let repairable = repair.is_some();
            tracing::error!(?kind, %subject, detail, repairable, repaired, "the stock is not what it should be");
        }
        report.findings.truncate(MOST_NAMED);
        count(Metric::StockDrift, drift);
        Ok(report)
    }

    /// Reads everything, the stock items first.
    async fn read_books(&self) -> Result<Books, Failure> {
        let mut books = Books::default();
        self.scan(Table::Inventory, |item| match stock_record(&item) {
            Some((id, record)) => books.enter_stock(id, record),
            None => books.enter_unreadable(subject(Table::Inventory, "stock_id", &item), "no counters".to_owned()),
        })
        .await?;
        self.scan(Table::Carts, |item| {
            let subject = subject(Table::Carts, "user_id", &item);
            enter(&mut books, subject, from_item::<Cart>(item), |books, cart| books.enter_cart(&cart));
        })
        .await?;
        self.scan(Table::Orders, |item| {
            let subject = subject(Table::Orders, "order_id", &item);
            enter(&mut books, subject, OrderEntry::from_item(item), |books, entry| {
                if let OrderEntry::Order(record) = entry {
                    books.enter_order(&record.order, &record.allocations, record.first_id());
                }
            });
        })
        .await?;
        self.scan(Table::Adjustments, |item| {
            let subject = subject(Table::Adjustments, "adjustment_id", &item);
            enter(&mut books, subject, from_item::<Adjustment>(item), |books, made| {
                books.enter_adjustment(Sku { product_id: made.product_id, size: made.size }, made.delta);
            });
        })
        .await?;
        self.scan(Table::Products, |item| {
            let subject = subject(Table::Products, "product_id", &item);
            enter(&mut books, subject, from_item::<Product>(item), |books, product| books.enter_product(&product));
        })
        .await?;
        Ok(books)
    }

    /// Every item of a table, read consistently, page by page.
    async fn scan(&self, table: Table, mut note: impl FnMut(Item)) -> Result<(), Failure> {
        let mut start = None;
        loop {
            if !self.has_time() {
                return Err(Failure::Unavailable("there is no time left to read everything".into()));
            }
            let (items, next) = self.scan_items(table, start).await?;
            items.into_iter().for_each(&mut note);
            start = next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// What of the findings is certain, and the stock items of which it is not, because they were moved.
    async fn settle(&self, books: &Books) -> Result<(Vec<Finding>, BTreeSet<StockId>), Failure> {
        let findings = books.findings();
        let at_issue: BTreeSet<StockId> = findings.iter().flat_map(|finding| counted(finding, books)).collect();
        let mut found = self.get_all(at_issue.iter().map(Key::stock)).await?;
        let now: Vec<_> = found.items(Table::Inventory).iter().filter_map(stock_record).collect();
        let stands_still = |id: &StockId| {
            let record = now.iter().find(|(read, _)| read == id).map(|(_, record)| record);
            record.is_some_and(|record| books.stock(id) == Some(record))
        };
        let moved: BTreeSet<StockId> = at_issue.into_iter().filter(|id| !stands_still(id)).collect();
        let (mut settled, mut unsettled) = (Vec::new(), BTreeSet::new());
        for finding in findings {
            let in_motion: Vec<StockId> =
                counted(&finding, books).into_iter().filter(|id| moved.contains(id)).collect();
            if !in_motion.is_empty() {
                unsettled.extend(in_motion);
            } else if self.is_still_so(&finding).await? {
                settled.push(finding);
            }
        }
        Ok((settled, unsettled))
    }

    /// Looks again, at one instant, at what is not about counters.
    async fn is_still_so(&self, finding: &Finding) -> Result<bool, Failure> {
        match (&finding.subject, finding.kind) {
            (Subject::Stock(id), FindingKind::StockItemMissing) => {
                Ok(self.get_at_one_instant(&[Key::stock(id)]).await?.items(Table::Inventory).is_empty())
            }
            (Subject::Stock(id), FindingKind::ArchivedMarkDiffers) => {
                let mut found = self.get_at_one_instant(&[Key::stock(id), Key::product(id.sku.product_id)]).await?;
                let product: Option<Product> = found.one(Table::Products)?;
                let record = found.one_item(Table::Inventory).as_ref().and_then(stock_record);
                Ok(product.zip(record).is_some_and(|(product, (_, record))| product.is_active() == record.archived))
            }
            (Subject::Coupon { code, orders }, _) => {
                let keys: Vec<Key> = orders.iter().take(100).map(|id| Key::order(*id)).collect();
                let orders = orders_in(&mut self.get_at_one_instant(&keys).await?)?;
                let using = orders.iter().filter(|record| {
                    let order = &record.order.summary;
                    order.status != OrderStatus::Cancelled && order.coupon_code.as_ref() == Some(code)
                });
                Ok(using.map(|record| record.first_id()).collect::<BTreeSet<_>>().len() > 1)
            }
            _ => Ok(true),
        }
    }

    /// Puts right what can be, each thing once, and only if it is still as it was read.
    async fn repair(&self, findings: &mut [Finding]) -> Result<(), Failure> {
        let mut tried: Vec<(Repair, bool)> = Vec::new();
        for finding in findings {
            let Some(repair) = &finding.repair else { continue };
            finding.repaired = match tried.iter().find(|(known, _)| known == repair) {
                Some((_, repaired)) => *repaired,
                None => {
                    let repaired = self.write_repair(repair).await?;
                    tried.push((repair.clone(), repaired));
                    repaired
                }
            };
        }
        Ok(())
    }

    async fn write_repair(&self, repair: &Repair) -> Result<bool, Failure> {
        let mut transaction = self.transaction();
        match repair {
            Repair::Counters { id, read, right } => transaction.update(&Key::stock(id), &correction(read, right))?,
            Repair::Mark { id, archived } => {
                let mark = if *archived { "SET #archived = :archived" } else { "REMOVE #archived" };
                let mark = Expression::update(mark, "attribute_exists(#stock_id)").name("archived").name("stock_id");
                let mark = if *archived { mark.value("archived", AttributeValue::Bool(true)) } else { mark };
                transaction.update(&Key::stock(id), &mark)?;
                let status = if *archived { "archived" } else { "active" };
                let agrees = Expression::when("#status = :status").name("status").value("status", string(status));
                transaction.check(&Key::product(id.sku.product_id), &agrees)?;
            }
        }
        match transaction.commit().await {
            Ok(()) => {
                tracing::warn!(?repair, "the stock was put right");
                Ok(true)
            }
            Err(Failure::Stale) => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

/// The stock items whose counters a finding is about. Where the units of a SKU came from is judged by all of its
/// shards.
fn counted(finding: &Finding, books: &Books) -> Vec<StockId> {
    use FindingKind::{
        AvailableDrift, Oversold, ReceivedDrift, ReservedTooHigh, ReservedTooLow, SoldTooHigh, SoldTooLow,
    };

    match (&finding.subject, finding.kind) {
        (Subject::Sku(sku), _) => books.shards_of(sku),
        (
            Subject::Stock(id),
            AvailableDrift | Oversold | ReceivedDrift | ReservedTooHigh | ReservedTooLow | SoldTooHigh | SoldTooLow,
        ) => books.shards_of(&id.sku),
        _ => Vec::new(),
    }
}

fn correction(read: &StockRecord, right: &Counters) -> Expression {
    let counters = |counters: &Counters| {
        let Counters { available, reserved, sold, received } = *counters;
        [("available", available), ("reserved", reserved), ("sold", sold), ("received", received)]
    };
    let mut expression = Expression::update("", "").name("moves").name("freed").value("once", number(1));
    let (mut set, mut conditions) = (Vec::new(), Vec::new());
    for ((counter, was), (_, becomes)) in counters(&read.counters).into_iter().zip(counters(right)) {
        set.push(format!("#{counter} = :{counter}"));
        conditions.push(format!("#{counter} = :read_{counter}"));
        expression = expression.name(counter).value(counter, number(becomes));
        expression = expression.value(&format!("read_{counter}"), number(was));
    }
    if read.moves == 0 {
        conditions.push("attribute_not_exists(#moves)".to_owned());
    } else {
        conditions.push("#moves = :moves".to_owned());
        expression = expression.value("moves", number(read.moves));
    }
    expression.update = format!("SET {} ADD #moves :once, #freed :once", set.join(", "));
    expression.condition = conditions.join(" AND ");
    expression
}

/// A stock item by its key, if it has all counters.
fn stock_record(item: &Item) -> Option<(StockId, StockRecord)> {
    let key = text(item, "stock_id").ok()?;
    let (sku, shard) = key.rsplit_once('#')?;
    let id = StockId { sku: Sku::try_from(sku.to_owned()).ok()?, shard: shard.parse().ok()? };
    let counters = Counters {
        available: whole(item, "available")?,
        reserved: whole(item, "reserved")?,
        sold: whole(item, "sold")?,
        received: whole(item, "received")?,
    };
    let archived = item.get("archived").is_some_and(|archived| archived.as_bool() == Ok(&true));
    let moves = whole(item, "moves").unwrap_or_default();
    Some((id, StockRecord { counters, moves, opened: whole(item, "opened"), archived }))
}

fn subject(table: Table, key: &str, item: &Item) -> Subject {
    Subject::Item { table: table.name(), key: text(item, key).unwrap_or_default() }
}

fn enter<T>(books: &mut Books, subject: Subject, item: Result<T, Error>, note: impl FnOnce(&mut Books, T)) {
    match item {
        Ok(item) => note(books, item),
        Err(error) => books.enter_unreadable(subject, error.report()),
    }
}
