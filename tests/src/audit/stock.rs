//! Promises 1 to 3: counters add up, and each unit that is not available is somebody's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::read::{allocated, entries, list, number, text, units};
use super::{Findings, Snapshot};

const COUNTERS: [&str; 4] = ["available", "reserved", "sold", "received"];

/// Units per stock item.
type Tally = BTreeMap<String, i64>;

pub(super) fn check(data: &Snapshot, findings: &mut Findings) {
    let (reserved, sold) = (reserved(data, findings), sold(data));
    for stock in &data.inventory {
        let id = text(stock, "stock_id");
        check_counters(stock, findings);
        for (invariant, counter, tally) in [(2, "reserved", &reserved), (3, "sold", &sold)] {
            let (counted, expected) = (number(stock, counter), tally.get(id).copied().unwrap_or_default());
            findings.expect(invariant, counted == expected, || {
                format!("stock {id}: {counter} is {counted}, but carts and orders have {expected}")
            });
        }
    }
    let known: BTreeSet<&str> = data.inventory.iter().map(|stock| text(stock, "stock_id")).collect();
    for (invariant, tally) in [(2, &reserved), (3, &sold)] {
        for (id, units) in tally {
            findings.expect(invariant, known.contains(id.as_str()), || format!("{units} units of no stock: {id}"));
        }
    }
}

fn check_counters(stock: &Value, findings: &mut Findings) {
    let id = text(stock, "stock_id");
    let [available, reserved, sold, received] = COUNTERS.map(|counter| number(stock, counter));
    findings.expect(1, [available, reserved, sold, received].iter().all(|units| *units >= 0), || {
        format!("stock {id}: a counter is below zero or no number: {stock}")
    });
    findings.expect(1, available + reserved + sold == received, || {
        format!("stock {id}: {available} available + {reserved} reserved + {sold} sold is not {received} received")
    });
}

fn reserved(data: &Snapshot, findings: &mut Findings) -> Tally {
    let mut tally = Tally::new();
    for cart in &data.carts {
        for (item_id, line) in entries(cart, "lines") {
            let (held, quantity) = (units(&line["allocation"]), number(line, "quantity"));
            findings.expect(2, held == 0 || held == quantity, || {
                format!("cart of {}, line {item_id}: holds {held} of {quantity}", text(cart, "user_id"))
            });
            add(&mut tally, allocated(&line["variation"], &line["allocation"]));
        }
    }
    for order in data.placed_orders().filter(|order| text(order, "status") == "under_paying") {
        add_order(&mut tally, order);
    }
    tally
}

fn sold(data: &Snapshot) -> Tally {
    let mut tally = Tally::new();
    let bought = ["placed", "processing", "shipped", "delivered"];
    for order in data.placed_orders().filter(|order| bought.contains(&text(order, "status"))) {
        add_order(&mut tally, order);
    }
    tally
}

fn add_order(tally: &mut Tally, order: &Value) {
    for (item, allocation) in list(order, "items").iter().zip(list(order, "allocations")) {
        add(tally, allocated(item, allocation));
    }
}

fn add(tally: &mut Tally, parts: Vec<(String, i64)>) {
    for (id, units) in parts {
        *tally.entry(id).or_default() += units;
    }
}
