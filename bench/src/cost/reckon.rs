//! What a call comes to by the sizes of the items that it reads and writes.

use serde_json::Value;

use super::meter::Units;
use super::schema::Schema;
use super::units::{Consistency, Item, Mode, index_write_units, item_size, read_units, table_write_units};

/// An item before and after a write.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) table: String,
    pub(crate) key: Item,
    pub(crate) before: Option<Item>,
    pub(crate) after: Option<Item>,
}

/// The items that a call writes, or makes a condition of its writes: their tables and keys.
pub(crate) fn writes(operation: &str, request: &Value, schema: &Schema) -> Vec<(String, Item)> {
    let written = |write: &Value| {
        let table = write["TableName"].as_str()?.to_owned();
        let key = match write["Item"].as_object() {
            Some(item) => schema.table(&table).key_of(item),
            None => write["Key"].as_object()?.clone(),
        };
        Some((table, key))
    };
    match operation {
        "TransactWriteItems" => {
            let writes = request["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
            writes.flat_map(|write| write.values().filter_map(written)).collect()
        }
        "PutItem" | "UpdateItem" | "DeleteItem" => written(request).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The units of a call.
pub(crate) fn reckon(operation: &str, request: &Value, answer: &Value, images: &[Image], schema: &Schema) -> Units {
    match operation {
        "GetItem" => read(read_units(size(&answer["Item"]), consistency(request))),
        // Each item is rounded up by itself; one that is not there is charged as one that is.
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object().into_iter().flatten();
            read(tables.map(|(name, table)| batch_units(table, &answer["Responses"][name])).sum())
        }
        // Everything on the page together is rounded up once.
        "Query" | "Scan" => {
            let items = answer["Items"].as_array().into_iter().flatten();
            read(read_units(items.map(size).sum(), consistency(request)))
        }
        "TransactWriteItems" => write(images, Mode::Transaction, schema),
        _ => write(images, Mode::Single, schema),
    }
}

impl Image {
    /// What of it was charged: the table and the units, then those of each index.
    pub(crate) fn describe(&self, schema: &Schema) -> String {
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        let size = |item: Option<&Item>| item.map_or("-".to_owned(), |item| item_size(item).to_string());
        let indexes =
            schema.table(&self.table).indexes.iter().map(|index| (index, index_write_units(before, after, index)));
        let charged: String = indexes
            .filter(|(_, units)| *units > 0.0)
            .map(|(index, units)| format!(" +{units} {}", index.name))
            .collect();
        let table = self.table.rsplit('-').next().unwrap_or_default();
        format!("{table}: {} -> {} bytes{charged}", size(before), size(after))
    }
}

fn batch_units(table: &Value, found: &Value) -> f64 {
    let found = found.as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = table["Keys"].as_array().map_or(0, Vec::len);
    let consistency = consistency(table);
    let missing = std::iter::repeat_n(0, asked.saturating_sub(found.len()));
    found.iter().map(size).chain(missing).map(|bytes| read_units(bytes, consistency)).sum()
}

fn write(images: &[Image], mode: Mode, schema: &Schema) -> Units {
    let units = |image: &Image| {
        let (before, after) = (image.before.as_ref(), image.after.as_ref());
        let indexes = schema.table(&image.table).indexes.iter().map(|index| index_write_units(before, after, index));
        table_write_units(before, after, mode) + indexes.sum::<f64>()
    };
    Units { read: 0.0, write: images.iter().map(units).sum() }
}

fn read(units: f64) -> Units {
    Units { read: units, write: 0.0 }
}

fn size(item: &Value) -> usize {
    item.as_object().map_or(0, item_size)
}

fn consistency(request: &Value) -> Consistency {
    if request["ConsistentRead"] == true { Consistency::Strong } else { Consistency::Eventual }
}
