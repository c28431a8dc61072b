//! Lists of orders: a user's and a seller's, newest first.

use serde::{Deserialize, Serialize};

use super::Store;
use super::keys::{Item, Key, Table, string};
use super::query::{QUERY_PAGE, Query};
use super::transaction::Expression;
use crate::error::Error;
use crate::ids::{OrderId, UserId};
use crate::order::{OrderStatus, OrderSummary};
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::Timestamp;

/// Whose orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrdersOf {
    /// Those that a user bought.
    Buyer(UserId),
    /// Those that are all of one seller's.
    Seller(UserId),
}

/// Where a page of orders ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position(pub(super) Timestamp, pub(super) OrderId);

impl OrdersOf {
    /// The index, the attribute that it is partitioned by, and that attribute's value.
    fn index(self) -> (&'static str, &'static str, UserId) {
        match self {
            OrdersOf::Buyer(user_id) => ("by_user", "user_id", user_id),
            OrdersOf::Seller(user_id) => ("by_seller", "seller_id", user_id),
        }
    }
}

impl Store {
    /// A page of somebody's orders, newest first; of one status, if one is given.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn orders_of(
        &self,
        whose: OrdersOf,
        status: Option<OrderStatus>,
        page: &PageRequest,
        cursors: &Cursors<'_>,
    ) -> Result<Page<OrderSummary>, Error> {
        let start = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let mut start = start.map(|position| start_key(whose, &position));
        let query = of(whose, status, Some(if status.is_some() { QUERY_PAGE } else { page.limit + 1 }));
        let mut orders = Vec::new();
        while orders.len() <= page.limit {
            let (found, next) = self.query(&query, start).await?;
            orders.extend(found);
            start = next;
            if start.is_none() {
                break;
            }
        }
        cut(orders, page, cursors)
    }

    /// Every order of a user, newest first, as the index has them.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn all_orders_of(&self, user_id: UserId) -> Result<Vec<OrderSummary>, Error> {
        Ok(self.query_all(&of(OrdersOf::Buyer(user_id), None, None)).await?)
    }
}

/// The page that was asked for, of orders that are more than it holds or all there are.
pub(super) fn cut(
    orders: Vec<OrderSummary>,
    page: &PageRequest,
    cursors: &Cursors<'_>,
) -> Result<Page<OrderSummary>, Error> {
    Page::cut(orders, page.limit, cursors, |last| Position(last.created_at, last.order_id))
}

fn of(whose: OrdersOf, status: Option<OrderStatus>, limit: Option<usize>) -> Query {
    let (index, partition, user_id) = whose.index();
    let which = Expression::when(&format!("#{partition} = :partition"));
    let mut which = which.name(partition).value("partition", string(user_id));
    if let Some(status) = status {
        which = which.name("status").value("status", string(status));
    }
    let filter = status.map(|_| "#status = :status");
    Query { table: Table::Orders, index, which, filter, newest_first: true, limit }
}

fn start_key(whose: OrdersOf, Position(created_at, order_id): &Position) -> Item {
    let (_, partition, user_id) = whose.index();
    let mut key = Key::order(*order_id).item();
    key.insert(partition.to_owned(), string(user_id));
    key.insert("created_at".to_owned(), string(created_at));
    key
}
