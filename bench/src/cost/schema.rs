//! The tables as DynamoDB describes them: what the key of an item is, and what its indexes have of it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{KeySchemaElement, ProjectionType};

use super::units::{Index, Item};

/// Tables by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema(BTreeMap<String, Table>);

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) key: BTreeSet<String>,
    pub(crate) indexes: Vec<Index>,
}

impl Schema {
    /// Reads the descriptions of these tables.
    pub(crate) async fn read(client: &Client, tables: impl IntoIterator<Item = String>) -> Schema {
        let mut schema = Schema::default();
        for name in tables {
            let described = client.describe_table().table_name(&name).send().await.expect("the table is described");
            let table = described.table.expect("a table");
            let key = names(table.key_schema());
            let indexes = table.global_secondary_indexes().iter().map(|index| {
                let projection = index.projection().expect("a projection");
                let named = projection.non_key_attributes().iter().cloned().collect();
                Index {
                    name: index.index_name().expect("a name").to_owned(),
                    key: names(index.key_schema()),
                    table_key: key.clone(),
                    others: (projection.projection_type() != Some(&ProjectionType::All)).then_some(named),
                }
            });
            schema.0.insert(name, Table { indexes: indexes.collect(), key });
        }
        schema
    }

    /// The table of this name.
    pub(crate) fn table(&self, name: &str) -> &Table {
        self.0.get(name).unwrap_or_else(|| panic!("no table {name} is known"))
    }
}

impl Table {
    /// The key of an item.
    pub(crate) fn key_of(&self, item: &Item) -> Item {
        item.iter()
            .filter(|(name, _)| self.key.contains(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn names(key: &[KeySchemaElement]) -> BTreeSet<String> {
    key.iter().map(|element| element.attribute_name().to_owned()).collect()
}
