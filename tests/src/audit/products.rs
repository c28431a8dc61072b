//! Promise 7, and promise 1 for adjustments.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::read::{list, number, text};
use super::{Findings, Snapshot};

/// The most units that a SKU starts with.
const MOST_AT_FIRST: i64 = 10_000_000;

pub(super) fn check(data: &Snapshot, findings: &mut Findings) {
    let stock: BTreeMap<&str, &Value> = data.inventory.iter().map(|item| (text(item, "stock_id"), item)).collect();
    let mut known = BTreeSet::new();
    for product in &data.products {
        known.extend(check_stock(product, &stock, findings));
    }
    for id in stock.keys().filter(|id| !known.contains(**id)) {
        findings.expect(7, false, || format!("stock {id}: is of no product"));
    }
    check_adjustments(data, findings);
}

/// A product has a stock item for every shard of every size, each as archived as itself. Answers their ids.
fn check_stock(product: &Value, stock: &BTreeMap<&str, &Value>, findings: &mut Findings) -> Vec<String> {
    let (id, status) = (text(product, "product_id"), text(product, "status"));
    findings.expect(7, ["active", "archived"].contains(&status), || {
        format!("product {id}: has no known status: {status:?}")
    });
    let sizes: Vec<&str> = match list(product, "sizes") {
        [] => vec!["-"],
        sizes => sizes.iter().filter_map(Value::as_str).collect(),
    };
    let items = stock_items(number(product, "stock_shards"), sizes.len());
    let ids: Vec<_> =
        sizes.iter().flat_map(|size| (0..items).map(move |shard| format!("{id}#{size}#{shard}"))).collect();
    findings.expect(7, !ids.is_empty(), || format!("product {id}: can have no stock"));
    for stock_id in &ids {
        let Some(item) = stock.get(stock_id.as_str()) else {
            findings.expect(7, false, || format!("product {id}: has no stock {stock_id}"));
            continue;
        };
        findings.expect(7, (item["archived"] == true) == (status == "archived"), || {
            format!("stock {stock_id}: its product is {status}, but it says {}", item["archived"])
        });
    }
    ids
}

/// How many stock items each size has: one for each shard, or from 16 shards on six for as many of them as all sizes
/// together have no more than 99.
fn stock_items(shards: i64, sizes: usize) -> i64 {
    let most = 99 / i64::try_from(sizes).unwrap_or(i64::MAX);
    if shards < 16 { shards } else { (6 * shards.min(most / 6)).max(shards) }
}

/// What was received is what a SKU started with and what adjustments made of that.
fn check_adjustments(data: &Snapshot, findings: &mut Findings) {
    let mut at_first: BTreeMap<String, i64> = BTreeMap::new();
    for stock in &data.inventory {
        *at_first.entry(sku(stock)).or_default() += number(stock, "received");
    }
    for adjustment in &data.adjustments {
        let known = at_first.get_mut(&sku(adjustment)).map(|units| *units -= number(adjustment, "delta"));
        findings.expect(1, known.is_some(), || format!("an adjustment of no stock: {adjustment}"));
        let told = ["by", "at", "reason"].iter().all(|name| !text(adjustment, name).is_empty());
        findings.expect(1, told, || format!("an adjustment that says not who, when and why: {adjustment}"));
    }
    for (sku, units) in at_first {
        findings.expect(1, (0..=MOST_AT_FIRST).contains(&units), || {
            format!("stock {sku}: without its adjustments, {units} units were received")
        });
    }
}

fn sku(of: &Value) -> String {
    format!("{}#{}", text(of, "product_id"), of["size"].as_str().unwrap_or("-"))
}
