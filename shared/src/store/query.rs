//! Asking an index for some of its items, in its order, or a table for all of its own.

use aws_sdk_dynamodb::operation;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::scan::{Scan, ScanInput};
use serde::de::DeserializeOwned;

use super::Store;
use super::call::Failure;
use super::keys::{Item, Table, from_item};
use super::transaction::Expression;
use crate::error::Error;

/// How many items a query looks at in one call where it cannot tell how many it needs.
pub(super) const QUERY_PAGE: usize = 100;

/// Which items of an index.
pub(super) struct Query {
    pub(super) table: Table,
    pub(super) index: &'static str,
    /// The condition on its key.
    pub(super) which: Expression,
    /// What must hold of those that are answered, besides.
    pub(super) filter: Option<&'static str>,
    /// Whether they come from the end of its order.
    pub(super) newest_first: bool,
    /// How many are looked at, at most; as many as DynamoDB does in one call, if there is none.
    pub(super) limit: Option<usize>,
}

impl Store {
    /// Some items from `start` on, and where the next ones start, if there are more.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        query: &Query,
        start: Option<Item>,
    ) -> Result<(Vec<T>, Option<Item>), Failure> {
        let (items, next) = self.query_items(query, start).await?;
        Ok((items.into_iter().map(from_item).collect::<Result<_, _>>()?, next))
    }

    /// The same, as DynamoDB has them.
    pub(super) async fn query_items(
        &self,
        query: &Query,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Failure> {
        let input = QueryInput::builder()
            .table_name(self.table(query.table))
            .index_name(query.index)
            .key_condition_expression(&query.which.condition)
            .set_filter_expression(query.filter.map(str::to_owned))
            .set_expression_attribute_names(query.which.names())
            .set_expression_attribute_values(query.which.values())
            .scan_index_forward(!query.newest_first)
            .set_limit(query.limit.map(i32::try_from).transpose().map_err(Error::internal)?)
            .set_exclusive_start_key(start)
            .build()
            .map_err(Error::internal)?;
        let answer = self.call::<operation::query::Query>(input).await?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// Some items of a table, read consistently, from `start` on, and where the next ones start, if there are more.
    pub(super) async fn scan_items(
        &self,
        table: Table,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Failure> {
        let input = ScanInput::builder().table_name(self.table(table)).consistent_read(true);
        let input = input.set_exclusive_start_key(start).build().map_err(Error::internal)?;
        let answer = self.call::<Scan>(input).await?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// All of them.
    pub(super) async fn query_all<T: DeserializeOwned>(&self, query: &Query) -> Result<Vec<T>, Failure> {
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let (found, next) = self.query(query, start).await?;
            all.extend(found);
            start = next;
            if start.is_none() {
                return Ok(all);
            }
        }
    }
}
