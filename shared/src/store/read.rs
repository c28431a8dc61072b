//! Reading several items at once, as they are now.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItem, BatchGetItemInput};
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemInput};
use aws_sdk_dynamodb::operation::transact_get_items::{TransactGetItems, TransactGetItemsInput};
use aws_sdk_dynamodb::types::{AttributeValue, Get, KeysAndAttributes, TransactGetItem};
use serde::de::DeserializeOwned;

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, from_item};
use crate::error::Error;
use crate::retry::LEFT_OUT_PAUSE;

/// The most keys that DynamoDB takes in a `BatchGetItem`.
const BATCH: usize = 100;

/// How new what is read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As it is now.
    Now,
    /// Stock may be what it was a moment ago, for half the read units ("eventually consistent").
    StockOfLate,
}

/// What was found of the keys that were asked for.
#[derive(Debug, Default)]
pub(super) struct Found(HashMap<Table, Vec<Item>>);

impl Found {
    /// The one item of a table from which one key was asked for.
    pub(super) fn one<T: DeserializeOwned>(&mut self, table: Table) -> Result<Option<T>, Error> {
        self.one_item(table).map(from_item).transpose()
    }

    /// The same, as DynamoDB has it.
    pub(super) fn one_item(&mut self, table: Table) -> Option<Item> {
        self.0.get_mut(&table).and_then(Vec::pop)
    }

    /// Every item of a table, in no order.
    pub(super) fn all<T: DeserializeOwned>(&mut self, table: Table) -> Result<Vec<T>, Error> {
        self.items(table).into_iter().map(from_item).collect()
    }

    /// The same, as DynamoDB has them.
    pub(super) fn items(&mut self, table: Table) -> Vec<Item> {
        self.0.remove(&table).unwrap_or_default()
    }
}

impl Store {
    /// A table's full name.
    pub(super) fn table(&self, table: Table) -> String {
        format!("{}{}", self.table_prefix, table.name())
    }

    /// One item, read consistently.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Failure> {
        Ok(self.get_item(key).await?.map(from_item).transpose()?)
    }

    /// The same, as DynamoDB has it.
    pub(super) async fn get_item(&self, key: &Key) -> Result<Option<Item>, Failure> {
        let input = GetItemInput::builder().table_name(self.table(key.table)).set_key(Some(key.item()));
        let input = input.consistent_read(true).build().map_err(Error::internal)?;
        Ok(self.call::<GetItem>(input).await?.item)
    }

    /// Every item of `keys` that exists, each read consistently; naming one twice is fine. Up to 100
    /// keys are one call.
    pub(super) async fn get_all(&self, keys: impl IntoIterator<Item = Key>) -> Result<Found, Failure> {
        self.get_all_as(keys, Freshness::Now).await
    }

    /// The same, as new as it is to be.
    pub(super) async fn get_all_as(
        &self,
        keys: impl IntoIterator<Item = Key>,
        freshness: Freshness,
    ) -> Result<Found, Failure> {
        let mut wanted: Vec<Key> = keys.into_iter().collect::<HashSet<_>>().into_iter().collect();
        let mut found = Found::default();
        while !wanted.is_empty() {
            let batch = wanted.split_off(wanted.len().saturating_sub(BATCH));
            self.get_batch(batch, freshness, &mut found).await?;
        }
        Ok(found)
    }

    /// Every item of `keys` that exists, all as they are at one instant. Up to 100 keys; each costs twice what
    /// reading it consistently does.
    pub(super) async fn get_at_one_instant(&self, keys: &[Key]) -> Result<Found, Failure> {
        let get = |key: &Key| {
            let get = Get::builder().table_name(self.table(key.table)).set_key(Some(key.item())).build();
            Ok(TransactGetItem::builder().get(get.map_err(Error::internal)?).build())
        };
        let items = keys.iter().map(get).collect::<Result<Vec<_>, Error>>()?;
        let input = TransactGetItemsInput::builder().set_transact_items(Some(items)).build();
        let answer = self.call::<TransactGetItems>(input.map_err(Error::internal)?).await?;
        let mut found = Found::default();
        // The answers are in the order of the keys.
        for (key, answer) in keys.iter().zip(answer.responses.unwrap_or_default()) {
            found.0.entry(key.table).or_default().extend(answer.item);
        }
        Ok(found)
    }

    async fn get_batch(&self, keys: Vec<Key>, freshness: Freshness, found: &mut Found) -> Result<(), Failure> {
        let tables: HashMap<String, Table> = keys.iter().map(|key| (self.table(key.table), key.table)).collect();
        let mut wanted: HashMap<String, KeysAndAttributes> = HashMap::new();
        for (name, table) in &tables {
            let keys = keys.iter().filter(|key| key.table == *table).map(Key::item).collect();
            let is_now = freshness == Freshness::Now || *table != Table::Inventory;
            let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(is_now).build();
            wanted.insert(name.clone(), request.map_err(Error::internal)?);
        }
        let deadline = self.deadline();
        loop {
            let input = BatchGetItemInput::builder().set_request_items(Some(wanted)).build();
            let answer = self.call::<BatchGetItem>(input.map_err(Error::internal)?).await?;
            for (name, items) in answer.responses.unwrap_or_default() {
                let table = tables.get(&name).ok_or_else(|| Error::internal(format!("an answer from table {name}")))?;
                found.0.entry(*table).or_default().extend(items);
            }
            wanted = answer.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Failure::Unavailable("BatchGetItem left keys out until time was up".into()));
            }
            tokio::time::sleep(LEFT_OUT_PAUSE).await;
        }
    }
}

/// A whole number among an item's attributes.
pub(super) fn whole(item: &Item, attribute: &str) -> Option<i64> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

/// A string attribute of an item.
pub(super) fn text(item: &Item, attribute: &str) -> Result<String, Error> {
    let value = item.get(attribute).and_then(|value| AttributeValue::as_s(value).ok());
    value.cloned().ok_or_else(|| Error::internal(format!("an item without its {attribute}")))
}
