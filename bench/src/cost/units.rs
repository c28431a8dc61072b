//! What DynamoDB charges, reckoned from the sizes of items. Items are in DynamoDB's own JSON.
//!
//! The rules are those of the Amazon DynamoDB Developer Guide: "DynamoDB item sizes and formats", "DynamoDB read and
//! write operations", "Managing transactions" and "Global secondary indexes: provisioned throughput
//! considerations". An index is written after the transaction, so transactions cost double on tables only.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// An item, attributes by name.
pub(crate) type Item = Map<String, Value>;

const READ_BLOCK: usize = 4 * 1024;
const WRITE_BLOCK: usize = 1024;

/// How a read is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// A unit for 4 KB.
    Strong,
    /// Half of that.
    Eventual,
}

/// How a write is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A unit for 1 KB.
    Single,
    /// Twice that: once to prepare, once to commit.
    Transaction,
}

/// An index: what its entries have of an item, and when there is one.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// Its key, and with it the key of the table.
    pub(crate) key: BTreeSet<String>,
    /// The key of the table.
    pub(crate) table_key: BTreeSet<String>,
    /// What entries have beside the keys; everything, if it says none.
    pub(crate) others: Option<BTreeSet<String>>,
}

/// The bytes of an item: its names and its values.
pub(crate) fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

/// The units of a read of `bytes`, which is at least one block.
pub(crate) fn read_units(bytes: usize, consistency: Consistency) -> f64 {
    let units = blocks(bytes, READ_BLOCK);
    match consistency {
        Consistency::Strong => units,
        Consistency::Eventual => units / 2.0,
    }
}

/// The units that the table charges for a write: by the larger of what was there and what is.
pub(crate) fn table_write_units(before: Option<&Item>, after: Option<&Item>, mode: Mode) -> f64 {
    let bytes = before.map_or(0, item_size).max(after.map_or(0, item_size));
    let units = blocks(bytes, WRITE_BLOCK);
    match mode {
        Mode::Single => units,
        Mode::Transaction => units * 2.0,
    }
}

/// The units that an index charges for a write of the table: none if its entry stays as it is, two writes if the
/// entry moves.
pub(crate) fn index_write_units(before: Option<&Item>, after: Option<&Item>, index: &Index) -> f64 {
    let entry = |item: Option<&Item>| item.and_then(|item| index.entry(item));
    let units = |entry: &Item| blocks(item_size(entry), WRITE_BLOCK);
    match (entry(before), entry(after)) {
        (None, None) => 0.0,
        (Some(only), None) | (None, Some(only)) => units(&only),
        (Some(before), Some(after)) if before == after => 0.0,
        (Some(before), Some(after)) if index.key.iter().all(|name| before.get(name) == after.get(name)) => {
            units(&before).max(units(&after))
        }
        (Some(before), Some(after)) => units(&before) + units(&after),
    }
}

impl Index {
    /// What the index has of an item; none, if a part of its key is missing.
    fn entry(&self, item: &Item) -> Option<Item> {
        let projected = |name: &String| match &self.others {
            None => true,
            Some(others) => others.contains(name) || self.key.contains(name) || self.table_key.contains(name),
        };
        let is_indexed = self.key.iter().all(|name| item.contains_key(name));
        let attributes = item.iter().filter(|(name, _)| projected(name));
        is_indexed.then(|| attributes.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

fn blocks(bytes: usize, block: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "an item has at most 400 KB")]
    let count = bytes.div_ceil(block).max(1) as f64;
    count
}

/// The bytes of a value: text by its UTF-8, a number by its digits, a list or map by 3, 1 for each element, and what
/// is in it.
fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    let list = || value.as_array().into_iter().flatten();
    match kind.as_str() {
        "S" => text.len(),
        "N" => number_size(text),
        "B" => text.trim_end_matches('=').len() * 3 / 4,
        "SS" => list().filter_map(Value::as_str).map(str::len).sum(),
        "NS" => list().filter_map(Value::as_str).map(number_size).sum(),
        "L" => 3 + list().map(|element| 1 + value_size(element)).sum::<usize>(),
        "M" => {
            let entries = value.as_object().into_iter().flatten();
            3 + entries.map(|(name, element)| 1 + name.len() + value_size(element)).sum::<usize>()
        }
        // BOOL, NULL.
        _ => 1,
    }
}

/// About a byte for every two significant digits, one more, and one for a minus ("approximately", says the guide).
/// Pairs of digits are counted from the decimal point on.
fn number_size(number: &str) -> usize {
    let digits = number.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    // Zeros at either end are not significant.
    let whole = if fraction.is_empty() { whole.trim_end_matches('0') } else { whole };
    let fraction = if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
    whole.len().div_ceil(2) + fraction.len().div_ceil(2) + 1 + usize::from(number.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(item: Value) -> Item {
        item.as_object().unwrap().clone()
    }

    /// An item of so many bytes.
    fn sized(bytes: usize) -> Item {
        let item = item(json!({"id": {"S": "x".repeat(bytes - 2)}}));
        assert_eq!(item_size(&item), bytes);
        item
    }

    fn index(others: Option<&[&str]>) -> Index {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Index { name: "by_day".to_owned(), key: set(&["day"]), table_key: set(&["id"]), others: others.map(set) }
    }

    #[test]
    fn names_and_values_count_nested_ones_with_their_overhead() {
        assert_eq!(item_size(&item(json!({"id": {"S": "größe"}}))), 2 + 7);
        assert_eq!(item_size(&item(json!({"a": {"BOOL": true}, "b": {"NULL": true}}))), 4);
        assert_eq!(item_size(&item(json!({"l": {"L": []}, "m": {"M": {}}}))), 8);
        assert_eq!(item_size(&item(json!({"l": {"L": [{"S": "ab"}, {"N": "7"}]}}))), 1 + 3 + (1 + 2) + (1 + 2));
        assert_eq!(item_size(&item(json!({"m": {"M": {"key": {"S": "ab"}}}}))), 1 + 3 + (1 + 3 + 2));
        assert_eq!(item_size(&item(json!({"s": {"SS": ["a", "bc"]}, "b": {"B": "aGk="}}))), 1 + 3 + 1 + 2);
    }

    #[test]
    fn a_number_counts_by_its_significant_digits() {
        let sizes = ["0", "7", "42", "-42", "100", "12345", "0.5", "1.25", "0.001", "1795162261507"].map(number_size);
        assert_eq!(sizes, [1, 2, 2, 3, 2, 4, 2, 3, 2, 8]);
    }

    #[test]
    fn a_read_is_charged_by_4_kb_and_half_if_it_may_be_late() {
        let units = [0, 1, 4_096, 4_097].map(|bytes| read_units(bytes, Consistency::Strong));
        assert_eq!(units, [1.0, 1.0, 1.0, 2.0]);
        assert_eq!([1, 4_097].map(|bytes| read_units(bytes, Consistency::Eventual)), [0.5, 1.0]);
    }

    #[test]
    fn a_write_is_charged_by_1_kb_of_the_larger_item_and_double_in_a_transaction() {
        let (small, large) = (sized(1_024), sized(1_025));
        assert_eq!(table_write_units(None, Some(&small), Mode::Single), 1.0);
        assert_eq!(table_write_units(Some(&large), Some(&small), Mode::Single), 2.0);
        assert_eq!(table_write_units(None, Some(&large), Mode::Transaction), 4.0);
        assert_eq!(table_write_units(Some(&small), None, Mode::Transaction), 2.0);
        assert_eq!(table_write_units(None, None, Mode::Transaction), 2.0, "a check of what is not there");
    }

    #[test]
    fn an_index_is_charged_for_what_changes_in_it() {
        let some = |day: &str, note: &str| item(json!({"id": {"S": "1"}, "day": {"S": day}, "note": {"S": note}}));
        let absent = item(json!({"id": {"S": "1"}}));
        let units = |before: &Item, after: &Item, index: &Index| index_write_units(Some(before), Some(after), index);
        let (all, keys, named) = (index(None), index(Some(&[])), index(Some(&["note"])));
        assert_eq!(index_write_units(None, Some(&some("mon", "a")), &keys), 1.0);
        assert_eq!(index_write_units(Some(&some("mon", "a")), None, &keys), 1.0);
        assert_eq!(units(&absent, &absent, &all), 0.0, "a sparse index");
        assert_eq!(units(&some("mon", "a"), &absent, &all), 1.0);
        assert_eq!(units(&some("mon", "a"), &some("mon", "b"), &keys), 0.0, "not projected");
        assert_eq!(units(&some("mon", "a"), &some("mon", "b"), &named), 1.0);
        assert_eq!(units(&some("mon", "a"), &some("tue", "a"), &keys), 2.0, "it moves");
        let long = some("mon", &"x".repeat(1_024));
        assert_eq!(units(&some("mon", "a"), &long, &all), 2.0);
        assert_eq!(units(&some("mon", "a"), &long, &keys), 0.0);
    }
}
