//! Sweeping an index of things that are due: holds that are over, payments that did not come.

use std::fmt::Display;
use std::future::Future;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;

use super::Store;
use super::call::Failure;
use super::keys::{Item, Table, string};
use super::query::Query;
use super::read::text;
use super::transaction::Expression;
use crate::error::Error;
use crate::time::Timestamp;

/// A sparse index over several shards, sorted by when its items are due.
pub(super) struct DueIndex {
    pub(super) table: Table,
    pub(super) name: &'static str,
    /// The attributes: the shard, when an item is due, and the key of the table.
    pub(super) shard: &'static str,
    pub(super) due: &'static str,
    pub(super) key: &'static str,
}

/// Which of an index's items are meant, by an attribute that it projects.
#[derive(Debug, Clone)]
pub(super) struct Narrowed {
    pub(super) filter: &'static str,
    pub(super) name: &'static str,
    pub(super) value: (&'static str, AttributeValue),
}

/// What a sweep came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swept {
    /// Items that were dealt with.
    pub(super) done: u32,
    /// Units that became available again.
    pub(super) units: u32,
    /// Items that could not be dealt with; the next sweep finds them again.
    pub(super) failed: u32,
    /// Whether everything that was due has been looked at, or time ran out first.
    pub(super) complete: bool,
    /// Since when the first of them was due.
    pub(super) oldest: Option<Timestamp>,
}

impl Swept {
    const NOTHING: Swept = Swept { done: 0, units: 0, failed: 0, complete: true, oldest: None };

    /// Both together.
    fn and(self, other: Swept) -> Swept {
        Swept {
            done: self.done + other.done,
            units: self.units + other.units,
            failed: self.failed + other.failed,
            complete: self.complete && other.complete,
            oldest: self.oldest.into_iter().chain(other.oldest).min(),
        }
    }
}

impl Store {
    /// Deals with every item that is due at `now`, all shards side by side. `act` answers how many
    /// units it released, none if the item, asked itself, turned out not to be due: the index lags.
    /// One that fails does not keep the others waiting. Needs no cursor: what has been dealt with is
    /// no longer in the index.
    pub(super) async fn sweep<K, F>(
        &self,
        index: &DueIndex,
        shards: impl IntoIterator<Item = AttributeValue>,
        now: Timestamp,
        act: impl Fn(K) -> F,
    ) -> Result<Swept, Error>
    where
        K: FromStr<Err: std::error::Error + Send + Sync + 'static> + Display + Copy,
        F: Future<Output = Result<u32, Error>>,
    {
        let act = &act;
        let shards = shards.into_iter().map(|shard| self.sweep_shard(index, shard, now, act));
        let mut swept = Swept::NOTHING;
        for shard in join_all(shards).await {
            swept = swept.and(shard?);
        }
        Ok(swept)
    }

    async fn sweep_shard<K, F>(
        &self,
        index: &DueIndex,
        shard: AttributeValue,
        now: Timestamp,
        act: &impl Fn(K) -> F,
    ) -> Result<Swept, Failure>
    where
        K: FromStr<Err: std::error::Error + Send + Sync + 'static> + Display + Copy,
        F: Future<Output = Result<u32, Error>>,
    {
        let mut swept = Swept::NOTHING;
        let mut start = None;
        loop {
            let (found, next) = self.due(index, &shard, now, None, start).await?;
            for (key, due) in found {
                // The first one found is the oldest: that is how the index sorts.
                swept.oldest.get_or_insert(due);
                if !self.has_time() {
                    return Ok(Swept { complete: false, ..swept });
                }
                match act(key).await {
                    Ok(0) => {}
                    Ok(units) => {
                        swept.done += 1;
                        swept.units += units;
                    }
                    Err(error) => {
                        swept.failed += 1;
                        tracing::error!(index = index.name, %key, error = error.report(), "not dealt with");
                    }
                }
            }
            match next {
                Some(next) => start = Some(next),
                None => return Ok(swept),
            }
        }
    }

    /// The keys of the items of a shard that are due at `now`, the oldest first, each with since when; and where
    /// the next ones start.
    pub(super) async fn due<K>(
        &self,
        index: &DueIndex,
        shard: &AttributeValue,
        now: Timestamp,
        narrowed: Option<&Narrowed>,
        start: Option<Item>,
    ) -> Result<(Vec<(K, Timestamp)>, Option<Item>), Failure>
    where
        K: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let mut which = Expression::when(&format!("#{} = :shard AND #{} <= :now", index.shard, index.due))
            .name(index.shard)
            .name(index.due)
            .value("shard", shard.clone())
            .value("now", string(now));
        if let Some(Narrowed { name, value: (alias, value), .. }) = narrowed {
            which = which.name(name).value(alias, value.clone());
        }
        let (table, index_name, filter) = (index.table, index.name, narrowed.map(|narrowed| narrowed.filter));
        let query = Query { table, index: index_name, which, filter, newest_first: false, limit: None };
        let (items, next) = self.query_items(&query, start).await?;
        let read = |item: &Item| {
            let due = text(item, index.due)?.parse().map_err(Error::internal)?;
            Ok((text(item, index.key)?.parse().map_err(Error::internal)?, due))
        };
        Ok((items.iter().map(read).collect::<Result<_, Error>>()?, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shards_came_to_is_added_up() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        let one = Swept { done: 2, units: 3, failed: 4, complete: true, oldest: at(5) };
        let other = Swept { done: 10, units: 20, failed: 30, complete: false, oldest: at(1) };
        for Swept { done, units, failed, complete, oldest } in [one.and(other), other.and(one)] {
            assert_eq!((done, units, failed, complete, oldest), (12, 23, 34, false, at(1)));
        }
        let alone = Swept::NOTHING.and(one);
        assert_eq!((alone.complete, alone.oldest), (true, at(5)));
    }
}
