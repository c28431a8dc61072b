//! All orders of the shop, newest first. The index has them by day, and each day's over several shards,
//! so that no partition takes all of a busy day's writes; a page is merged from them.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::Store;
use super::call::Failure;
use super::keys::{DAY_SHARDS, Table, day_partition, string};
use super::order_lists::{Position, cut};
use super::query::{QUERY_PAGE, Query};
use super::transaction::Expression;
use crate::error::Error;
use crate::ids::OrderId;
use crate::order::{OrderStatus, OrderSummary};
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::{Day, Timestamp};

/// How many days are queried at once: first, next, and from then on. A busy shop's page is of one day, a quiet shop's
/// spans many.
const DAYS_AT_ONCE: [usize; 3] = [1, 2, 4];

/// There is no order from before: the shop's first version is of that year.
const FIRST_DAY: &str = "2026-01-01";

/// Which orders.
#[derive(Debug, Clone, Copy)]
pub struct OrderFilter {
    /// Those made at this moment or later.
    pub from: Timestamp,
    /// Those made before this moment.
    pub to: Timestamp,
    /// Those of this status only.
    pub status: Option<OrderStatus>,
}

impl OrderFilter {
    /// The last moment from which an order may be that comes after a position.
    fn newest(&self, after: Option<Position>) -> Timestamp {
        let last = self.to - Duration::from_millis(1);
        after.map_or(last, |Position(created_at, _)| created_at.min(last))
    }
}

impl Store {
    /// A page of all orders, newest first. The page may hold fewer than were asked for although more
    /// follow, where they lie so far apart that half of the time is gone before enough are found.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn orders_by_day(
        &self,
        filter: &OrderFilter,
        page: &PageRequest,
        cursors: &Cursors<'_>,
    ) -> Result<Page<OrderSummary>, Error> {
        let after: Option<Position> = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let newest = filter.newest(after);
        let mut orders = Vec::new();
        if newest < filter.from {
            return cut(orders, page, cursors);
        }
        let oldest = filter.from.day().max(FIRST_DAY.parse().map_err(Error::internal)?);
        let (mut days, began) = (newest.day().back_to(oldest).peekable(), Instant::now());
        let half_time = began + self.deadline().saturating_duration_since(began) / 2;
        let [first, next, from_then_on] = DAYS_AT_ONCE;
        for at_once in [first, next].into_iter().chain(std::iter::repeat(from_then_on)) {
            if days.peek().is_none() {
                break;
            }
            let wanted = page.limit + 1 - orders.len();
            let found = days.by_ref().take(at_once).map(|day| self.orders_of_day(day, filter, after, wanted));
            orders.extend(try_join_all(found).await?.into_iter().flatten());
            if orders.len() > page.limit {
                break;
            }
            let is_half_time = half_time.saturating_duration_since(Instant::now()).is_zero();
            if let Some(next_day) = days.peek().filter(|_| is_half_time) {
                let next_cursor = Some(cursors.seal(&Position(next_day.end(), OrderId::LEAST))?);
                return Ok(Page { items: orders, next_cursor });
            }
        }
        cut(orders, page, cursors)
    }

    /// The newest orders of a day that come after a position, at least as many as are wanted or all.
    async fn orders_of_day(
        &self,
        day: Day,
        filter: &OrderFilter,
        after: Option<Position>,
        wanted: usize,
    ) -> Result<Vec<OrderSummary>, Failure> {
        let shards =
            (0..DAY_SHARDS).map(|shard| self.orders_of_shard(day_partition(day, shard), filter, after, wanted));
        let mut orders: Vec<_> = try_join_all(shards).await?.into_iter().flatten().collect();
        orders.sort_by_key(|order| std::cmp::Reverse((order.created_at, order.order_id)));
        orders.truncate(wanted);
        Ok(orders)
    }

    async fn orders_of_shard(
        &self,
        partition: String,
        filter: &OrderFilter,
        after: Option<Position>,
        wanted: usize,
    ) -> Result<Vec<OrderSummary>, Failure> {
        let mut which = Expression::when("#day_shard = :partition AND #created_at BETWEEN :from AND :newest")
            .name("day_shard")
            .name("created_at")
            .value("partition", string(&partition))
            .value("from", string(filter.from))
            .value("newest", string(filter.newest(after)));
        let (mut status_filter, mut limit) = (None, wanted + 1);
        if let Some(status) = filter.status {
            which = which.name("status").value("status", string(status));
            (status_filter, limit) = (Some("#status = :status"), QUERY_PAGE);
        }
        let (table, index) = (Table::Orders, "by_day");
        let query = Query { table, index, which, filter: status_filter, newest_first: true, limit: Some(limit) };
        let (mut orders, mut start) = (Vec::new(), None);
        loop {
            let (found, next) = self.query(&query, start).await?;
            let position = |order: &OrderSummary| Position(order.created_at, order.order_id);
            orders.extend(found.into_iter().filter(|order| after.is_none_or(|after| position(order) < after)));
            start = next;
            if start.is_none() || has_newest(&orders, wanted) {
                return Ok(orders);
            }
        }
    }
}

/// Whether the newest `wanted` are among orders that came newest first. Those of one moment come in no
/// order, so that all of them are needed to tell which are the first.
fn has_newest(orders: &[OrderSummary], wanted: usize) -> bool {
    let newest = orders.get(wanted - 1).zip(orders.last());
    newest.is_some_and(|(wanted, last)| last.created_at < wanted.created_at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(millis: i64) -> OrderSummary {
        let at = Timestamp::from_millis(millis);
        serde_json::from_value(json!({
            "order_id": OrderId::random(), "user_id": OrderId::random(), "seller_id": null, "status": "placed",
            "items_count": 1, "subtotal": "1.00", "discount": "0.00", "total_price": "1.00", "currency": "USD",
            "coupon_code": null, "tracking": null, "created_at": at, "updated_at": at,
            "payment": {"method": "on_delivery", "status": "not_required", "deadline": null, "reference": null},
        }))
        .unwrap()
    }

    #[test]
    fn all_orders_of_a_moment_are_needed_to_tell_which_are_the_first() {
        let has_newest = |moments: &[i64], wanted| {
            let orders: Vec<_> = moments.iter().copied().map(order).collect();
            has_newest(&orders, wanted)
        };
        assert!(!has_newest(&[], 1));
        assert!(!has_newest(&[9], 1), "another one of this moment may follow");
        assert!(has_newest(&[9, 8], 1));
        assert!(!has_newest(&[9, 8], 2));
        assert!(!has_newest(&[9, 8, 8, 8], 2));
        assert!(has_newest(&[9, 8, 8, 8, 7], 2));
        assert!(!has_newest(&[9, 8], 3));
    }

    #[test]
    fn a_list_begins_before_its_end_and_after_the_page_before() {
        let at = Timestamp::from_millis;
        let filter = OrderFilter { from: at(0), to: at(5), status: None };
        let after = |millis| Some(Position(at(millis), OrderId::LEAST));
        assert_eq!([None, after(9), after(3)].map(|after| filter.newest(after)), [at(4), at(4), at(3)]);
    }
}
