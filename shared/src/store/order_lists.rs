//! Lists of orders: a user's and a seller's, newest first.

use serde::{Deserialize, Serialize};

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, from_item, string};
use super::transaction::Expression;
use crate::error::Error;
use crate::ids::{OrderId, UserId};
use crate::order::{OrderStatus, OrderSummary};
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::Timestamp;

/// How many summaries a query looks at in one call where it cannot tell how many it needs.
pub(super) const QUERY_PAGE: usize = 100;

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
        let mut orders = Vec::new();
        while orders.len() <= page.limit {
            let limit = if status.is_some() { QUERY_PAGE } else { page.limit + 1 };
            let (found, next) = self.query_orders_of(whose, status, limit, start).await?;
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
        let (mut orders, mut start) = (Vec::new(), None);
        loop {
            let (found, next) = self.query_orders_of(OrdersOf::Buyer(user_id), None, QUERY_PAGE, start).await?;
            orders.extend(found);
            start = next;
            if start.is_none() {
                return Ok(orders);
            }
        }
    }

    async fn query_orders_of(
        &self,
        whose: OrdersOf,
        status: Option<OrderStatus>,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<OrderSummary>, Option<Item>), Failure> {
        let (index, partition, user_id) = whose.index();
        let mut select = Expression::default().name(partition).value("partition", string(user_id));
        if let Some(status) = status {
            select = select.name("status").value("status", string(status));
        }
        let request = self
            .client
            .query()
            .table_name(self.table(Table::Orders))
            .index_name(index)
            .key_condition_expression(format!("#{partition} = :partition"))
            .set_filter_expression(status.map(|_| "#status = :status".to_owned()))
            .set_expression_attribute_names(select.names())
            .set_expression_attribute_values(select.values())
            .scan_index_forward(false)
            .limit(i32::try_from(limit).map_err(Error::internal)?)
            .set_exclusive_start_key(start);
        let answer = self.call(|| request.clone().send()).await?;
        let orders = answer.items.unwrap_or_default().into_iter().map(from_item).collect::<Result<_, _>>()?;
        Ok((orders, answer.last_evaluated_key))
    }
}

/// The page that was asked for, of orders that are more than it holds or all there are.
pub(super) fn cut(
    mut orders: Vec<OrderSummary>,
    page: &PageRequest,
    cursors: &Cursors<'_>,
) -> Result<Page<OrderSummary>, Error> {
    let more = orders.len() > page.limit;
    orders.truncate(page.limit);
    let last = orders.last().filter(|_| more);
    let next_cursor = last.map(|last| cursors.seal(&Position(last.created_at, last.order_id))).transpose()?;
    Ok(Page { items: orders, next_cursor })
}

fn start_key(whose: OrdersOf, Position(created_at, order_id): &Position) -> Item {
    let (_, partition, user_id) = whose.index();
    let mut key = Key::order(*order_id).item();
    key.insert(partition.to_owned(), string(user_id));
    key.insert("created_at".to_owned(), string(created_at));
    key
}
