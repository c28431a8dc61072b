//! Reading items that may hold anything.

use serde_json::Value;

/// A text, empty where there is none.
pub(super) fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name].as_str().unwrap_or_default()
}

/// A whole number. What is none is so small that no sum comes out right with it.
pub(super) fn number(item: &Value, name: &str) -> i64 {
    whole(&item[name])
}

fn whole(value: &Value) -> i64 {
    value.as_i64().unwrap_or(-1_000_000_000_000)
}

/// An amount in cents, from its text with two places.
pub(super) fn cents(item: &Value, name: &str) -> i64 {
    let amount = text(item, name).split_once('.').filter(|(_, cents)| cents.len() == 2);
    let cents = amount.and_then(|(units, cents)| format!("{units}{cents}").parse().ok());
    cents.unwrap_or(-1_000_000_000_000)
}

/// A list, empty where there is none.
pub(super) fn list<'a>(item: &'a Value, name: &str) -> &'a [Value] {
    item[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The entries of a map, none where there is none.
pub(super) fn entries<'a>(item: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    item[name].as_object().into_iter().flatten()
}

/// What an allocation holds of a product in a size: the ids of stock items, and units.
pub(super) fn allocated(of: &Value, allocation: &Value) -> Vec<(String, i64)> {
    let size = of["size"].as_str().unwrap_or("-");
    let product_id = text(of, "product_id");
    let parts = allocation.as_object().into_iter().flatten();
    parts.map(|(shard, units)| (format!("{product_id}#{size}#{shard}"), whole(units))).collect()
}

/// The units of an allocation.
pub(super) fn units(allocation: &Value) -> i64 {
    allocation.as_object().into_iter().flatten().map(|(_, units)| whole(units)).sum()
}

/// Whether an order still stands.
pub(super) fn is_live(order: &Value) -> bool {
    text(order, "status") != "cancelled"
}
