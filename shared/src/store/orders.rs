//! The orders table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, day_shard, from_item, pending_shard, string, to_item};
use super::transaction::{Expression, Transaction};
use crate::error::Error;
use crate::ids::{CartId, IdempotencyKey, OrderId, UserId};
use crate::inventory::Allocation;
use crate::order::{Order, OrderStatus, OrderSummary, PlacedOrder};
use crate::paging::{Cursors, Page, PageRequest};
use crate::time::Timestamp;

/// How long an id that stands for another order's is kept. Longer than its key is promised for.
const ALIAS_KEPT_SECONDS: i64 = 2 * 24 * 60 * 60;

/// How many summaries a filtered query looks at in one call.
const FILTERED_PAGE: usize = 100;

/// An order as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Where the units of each line came from, in the lines' order.
    pub allocations: Vec<Allocation>,
    /// The filling of the cart that it was made of.
    pub cart_id: Option<CartId>,
    /// Tells the request that made it from others under the same key.
    pub fingerprint: Option<String>,
    /// All orders of its checkout, this one first; on the first only, and only where there are several.
    #[serde(default)]
    pub parts: Vec<OrderId>,
    /// Its partition of the index of that name, until its rewards have been dealt with.
    pub rewards_pending: Option<String>,
    /// The codes of the coupons it earned, once that is settled.
    pub earned_coupons: Option<Vec<String>>,
}

/// What is kept under an order's id: the order, or the id that stands for it because a checkout with
/// a key of its own found the cart already ordered.
#[derive(Debug)]
pub(super) enum OrderEntry {
    Alias(Alias),
    Order(Box<OrderRecord>),
}

/// An id that stands for another order's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) alias_of: OrderId,
    pub(super) fingerprint: String,
    expires_at: i64,
}

impl OrderEntry {
    pub(super) fn from_item(item: Item) -> Result<OrderEntry, Error> {
        if item.contains_key("alias_of") {
            from_item(item).map(OrderEntry::Alias)
        } else {
            from_item(item).map(OrderEntry::Order)
        }
    }
}

/// Where a page of a user's orders ended.
#[derive(Serialize, Deserialize)]
struct Position(Timestamp, OrderId);

impl Store {
    /// An order as it is kept.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub async fn order(&self, order_id: OrderId) -> Result<OrderRecord, Error> {
        let item = self.get_item(&Key::order(order_id)).await?;
        match item.map(OrderEntry::from_item).transpose()? {
            Some(OrderEntry::Order(record)) => Ok(*record),
            Some(OrderEntry::Alias(_)) | None => Err(Error::OrderNotFound),
        }
    }

    /// A page of a user's orders, newest first.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn orders_of(
        &self,
        user_id: UserId,
        status: Option<OrderStatus>,
        page: &PageRequest,
        cursors: &Cursors<'_>,
    ) -> Result<Page<OrderSummary>, Error> {
        let start = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let mut start = start.map(|position| start_key(user_id, &position));
        let mut orders = Vec::new();
        while orders.len() <= page.limit {
            let limit = if status.is_some() { FILTERED_PAGE } else { page.limit + 1 };
            let (found, next) = self.query_orders_of(user_id, status, limit, start).await?;
            orders.extend(found);
            start = next;
            if start.is_none() {
                break;
            }
        }
        let more = orders.len() > page.limit;
        orders.truncate(page.limit);
        let last = orders.last().filter(|_| more);
        let next_cursor = last.map(|last| cursors.seal(&Position(last.created_at, last.order_id))).transpose()?;
        Ok(Page { items: orders, next_cursor })
    }

    /// Every order of a user, newest first, as the index has them.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn all_orders_of(&self, user_id: UserId) -> Result<Vec<OrderSummary>, Error> {
        let (mut orders, mut start) = (Vec::new(), None);
        loop {
            let (found, next) = self.query_orders_of(user_id, None, FILTERED_PAGE, start).await?;
            orders.extend(found);
            start = next;
            if start.is_none() {
                return Ok(orders);
            }
        }
    }

    async fn query_orders_of(
        &self,
        user_id: UserId,
        status: Option<OrderStatus>,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<OrderSummary>, Option<Item>), Failure> {
        let mut select = Expression::default().name("user_id").value("user_id", string(user_id));
        if let Some(status) = status {
            let status = serde_dynamo::to_attribute_value(status).map_err(Error::internal)?;
            select = select.name("status").value("status", status);
        }
        let request = self
            .client
            .query()
            .table_name(self.table(Table::Orders))
            .index_name("by_user")
            .key_condition_expression("#user_id = :user_id")
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

    /// The orders of one checkout, given the id of the first.
    pub(super) async fn orders_of_checkout(&self, first: OrderRecord) -> Result<Vec<OrderRecord>, Failure> {
        if first.parts.is_empty() {
            return Ok(vec![first]);
        }
        let parts = first.parts.clone();
        let mut found: Vec<OrderRecord> =
            self.get_all(parts.iter().map(|id| Key::order(*id))).await?.all(Table::Orders)?;
        let place = |record: &OrderRecord| parts.iter().position(|id| *id == record.order.summary.order_id);
        found.sort_by_key(place);
        Ok(found)
    }

    /// Lets `key` stand for the orders that another checkout of the same cart made.
    pub(super) async fn put_alias(&self, key: &IdempotencyKey, first: OrderId, now: Timestamp) -> Result<(), Failure> {
        let alias = Alias {
            alias_of: first,
            fingerprint: key.fingerprint.clone(),
            expires_at: now.epoch_seconds() + ALIAS_KEPT_SECONDS,
        };
        let mut item = to_item(&alias)?;
        item.extend(Key::order(order_id_of(key)).item());
        let mut transaction = self.transaction();
        transaction.put(Table::Orders, item, &if_absent())?;
        transaction.commit().await
    }

    /// Marks an order's rewards as dealt with: it is not announced again.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn finish_rewards(&self, order_id: OrderId) -> Result<(), Error> {
        let finish = Expression::update("REMOVE #rewards_pending", "attribute_exists(#order_id)")
            .name("rewards_pending")
            .name("order_id");
        let request = self
            .client
            .update_item()
            .table_name(self.table(Table::Orders))
            .set_key(Some(Key::order(order_id).item()))
            .update_expression(&finish.update)
            .condition_expression(&finish.condition)
            .set_expression_attribute_names(finish.names());
        match self.call(|| request.clone().send()).await {
            Ok(_) | Err(Failure::Stale) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Transaction<'_> {
    /// Puts the orders of one checkout, each only if there is none with its id.
    pub(super) fn put_orders(
        &mut self,
        orders: &[PlacedOrder],
        cart_id: CartId,
        key: Option<&IdempotencyKey>,
    ) -> Result<(), Error> {
        let ids: Vec<OrderId> = orders.iter().map(|placed| placed.order.summary.order_id).collect();
        for (index, placed) in orders.iter().enumerate() {
            let parts = if index == 0 && ids.len() > 1 { ids.clone() } else { Vec::new() };
            self.put(Table::Orders, order_item(placed, cart_id, parts, key)?, &if_absent())?;
        }
        Ok(())
    }

    /// Settles which coupons an order earned, unless that was done before or the order was cancelled:
    /// then the transaction fails as stale.
    pub(super) fn settle_rewards(&mut self, order_id: OrderId, codes: &[String]) -> Result<(), Error> {
        let codes = AttributeValue::L(codes.iter().map(string).collect());
        let settle = Expression::update(
            "SET #earned_coupons = :codes",
            "attribute_not_exists(#earned_coupons) AND attribute_exists(#rewards_pending) AND #status <> :cancelled",
        )
        .name("earned_coupons")
        .name("rewards_pending")
        .name("status")
        .value("codes", codes)
        .value("cancelled", string("cancelled"));
        self.update(&Key::order(order_id), &settle)
    }
}

/// The id of the order that a checkout under `key` makes.
pub(super) fn order_id_of(key: &IdempotencyKey) -> OrderId {
    OrderId::derived(&format!("key/{}", key.id))
}

fn if_absent() -> Expression {
    Expression::when("attribute_not_exists(#order_id)").name("order_id")
}

fn order_item(
    placed: &PlacedOrder,
    cart_id: CartId,
    parts: Vec<OrderId>,
    key: Option<&IdempotencyKey>,
) -> Result<Item, Error> {
    let PlacedOrder { order, allocations } = placed.clone();
    let (order_id, created_at) = (order.summary.order_id, order.summary.created_at);
    let deadline = order.summary.payment.deadline;
    let record = OrderRecord {
        rewards_pending: (order.summary.status == OrderStatus::Placed).then(|| pending_shard(order_id)),
        order,
        allocations,
        cart_id: Some(cart_id),
        fingerprint: key.map(|key| key.fingerprint.clone()),
        parts,
        earned_coupons: None,
    };
    let mut item = to_item(&record)?;
    item.insert("day_shard".to_owned(), string(day_shard(order_id, created_at)));
    if let Some(deadline) = deadline {
        item.insert("payment_due_shard".to_owned(), string(pending_shard(order_id)));
        item.insert("payment_due".to_owned(), string(deadline));
    }
    Ok(item)
}

fn start_key(user_id: UserId, Position(created_at, order_id): &Position) -> Item {
    let mut key = Key::order(*order_id).item();
    key.insert("user_id".to_owned(), string(user_id));
    key.insert("created_at".to_owned(), string(created_at));
    key
}
