//! The orders table.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::{UpdateItem, UpdateItemInput};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, day_shard, from_item, pending_shard, string, to_item};
use super::read::Found;
use super::transaction::{Expression, Transaction};
use crate::error::Error;
use crate::ids::{CartId, IdempotencyKey, OrderId};
use crate::inventory::Allocation;
use crate::inventory::movement::{Movement, StockChanges};
use crate::order::{Order, OrderStatus, PlacedOrder};
use crate::time::Timestamp;
use crate::trace;

/// How long an id is kept that stands for another order's, or for one that was deleted. Longer than
/// its key is promised for.
const STAND_IN_KEPT: Duration = Duration::from_hours(48);

/// An order as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Where the units of each line came from, in the lines' order.
    pub allocations: Vec<Allocation>,
    /// The filling of the cart that it was made of; none for a direct order.
    pub cart_id: Option<CartId>,
    /// Tells the request that made it from others under the same key.
    pub fingerprint: Option<String>,
    /// All orders of its checkout in their order, itself among them; empty where there is no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<OrderId>,
    /// Whether payment itself cancelled it, so that a late success may place it after all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled_by_payment: bool,
    /// Its partition of the index of that name, until its rewards have been dealt with.
    pub rewards_pending: Option<String>,
    /// The codes of the coupons it earned, once that is settled.
    pub earned_coupons: Option<Vec<String>>,
    /// The trace of the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// What is kept under an order's id: the order, an id that stands for it because a checkout with a
/// key of its own found the cart already ordered, or what is left of one that was deleted.
#[derive(Debug)]
pub(super) enum OrderEntry {
    Alias(Alias),
    Order(Box<OrderRecord>),
    Deleted,
}

/// An id that stands for another order's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) alias_of: OrderId,
    pub(super) fingerprint: String,
    expires_at: i64,
}

impl Alias {
    fn of(order_id: OrderId, key: &IdempotencyKey, now: Timestamp) -> Alias {
        Alias { alias_of: order_id, fingerprint: key.fingerprint.clone(), expires_at: stands_in_until(now) }
    }
}

/// What is left of a deleted order, so that a retry under its key does not make a second one: in no
/// list, and nothing about its buyer.
#[derive(Debug, Serialize)]
struct Tombstone {
    order_id: OrderId,
    deleted_at: Timestamp,
    status: OrderStatus,
    earned_coupons: Option<Vec<String>>,
    expires_at: i64,
}

impl OrderEntry {
    pub(super) fn from_item(item: Item) -> Result<OrderEntry, Error> {
        if item.contains_key("alias_of") {
            from_item(item).map(OrderEntry::Alias)
        } else if item.contains_key("deleted_at") {
            Ok(OrderEntry::Deleted)
        } else {
            from_item(item).map(OrderEntry::Order)
        }
    }

    fn into_order(self) -> Option<OrderRecord> {
        match self {
            OrderEntry::Order(record) => Some(*record),
            OrderEntry::Alias(_) | OrderEntry::Deleted => None,
        }
    }
}

impl OrderRecord {
    /// The id of the first order of its checkout, under which its coupon is redeemed.
    pub(super) fn first_id(&self) -> OrderId {
        self.parts.first().copied().unwrap_or(self.order.summary.order_id)
    }

    /// The other orders of its checkout.
    pub(super) fn siblings(&self) -> impl Iterator<Item = OrderId> + '_ {
        self.parts.iter().copied().filter(|id| *id != self.order.summary.order_id)
    }

    /// What happens to its stock if all of it is moved.
    pub(super) fn stock_changes(&self, movement: Movement) -> StockChanges {
        let mut stock = StockChanges::caused_by(self.order.summary.order_id);
        for (item, allocation) in self.order.items.iter().zip(&self.allocations) {
            stock.move_units(movement, &item.sku(), allocation);
        }
        stock
    }
}

impl Store {
    /// An order as it is kept.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub async fn order(&self, order_id: OrderId) -> Result<OrderRecord, Error> {
        let entry = self.order_entry(order_id).await?;
        entry.and_then(OrderEntry::into_order).ok_or(Error::OrderNotFound)
    }

    /// What is kept under an order's id.
    pub(super) async fn order_entry(&self, order_id: OrderId) -> Result<Option<OrderEntry>, Failure> {
        Ok(self.get_item(&Key::order(order_id)).await?.map(OrderEntry::from_item).transpose()?)
    }

    /// The orders of one checkout, given one of them; without those that were deleted.
    pub(super) async fn orders_of_checkout(&self, record: OrderRecord) -> Result<Vec<OrderRecord>, Failure> {
        if record.parts.is_empty() {
            return Ok(vec![record]);
        }
        let mut found = self.get_all(record.parts.iter().map(|id| Key::order(*id))).await?;
        let mut orders = orders_in(&mut found)?;
        let place = |order: &OrderRecord| record.parts.iter().position(|id| *id == order.order.summary.order_id);
        orders.sort_by_key(place);
        Ok(orders)
    }

    /// Lets `key` stand for the orders that another checkout of the same cart made.
    pub(super) async fn put_alias(&self, key: &IdempotencyKey, first: OrderId, now: Timestamp) -> Result<(), Failure> {
        let mut item = to_item(&Alias::of(first, key, now))?;
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
        let input = UpdateItemInput::builder()
            .table_name(self.table(Table::Orders))
            .set_key(Some(Key::order(order_id).item()))
            .update_expression(&finish.update)
            .condition_expression(&finish.condition)
            .set_expression_attribute_names(finish.names())
            .build()
            .map_err(Error::internal)?;
        match self.call::<UpdateItem>(input).await {
            Ok(_) | Err(Failure::Stale) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Transaction<'_> {
    /// Puts the orders of one purchase, each only if there is none with its id.
    pub(super) fn put_orders(
        &mut self,
        orders: &[PlacedOrder],
        cart_id: Option<CartId>,
        key: Option<&IdempotencyKey>,
    ) -> Result<(), Error> {
        let ids = orders.iter().map(|placed| placed.order.summary.order_id);
        let parts = if orders.len() > 1 { ids.collect() } else { Vec::new() };
        for PlacedOrder { order, allocations } in orders.iter().cloned() {
            let record = OrderRecord {
                rewards_pending: rewards_pending(&order),
                order,
                allocations,
                cart_id,
                fingerprint: key.map(|key| key.fingerprint.clone()),
                parts: parts.clone(),
                cancelled_by_payment: false,
                earned_coupons: None,
                trace_id: trace::id(),
            };
            self.put(Table::Orders, order_item(&record)?, &if_absent())?;
        }
        Ok(())
    }

    /// Writes what has changed of an order, if its status and payment are as they were read. Whatever
    /// changes an order's stock changes its status or its payment, so that no two such changes can both
    /// be written.
    pub(super) fn change_order(&mut self, before: &OrderRecord, after: &OrderRecord) -> Result<(), Error> {
        let (old, new) = (order_item(before)?, order_item(after)?);
        let mut change = unchanged(Expression::difference(&old, &new), &old)?;
        // Coupons that are granted between the read and the write would outlive the cancelled order.
        if after.order.summary.status == OrderStatus::Cancelled && before.earned_coupons.is_none() {
            change = change.and("attribute_not_exists(#earned_coupons)").name("earned_coupons");
        }
        self.update(&Key::order(before.order.summary.order_id), &change)
    }

    /// Expects that an order is cancelled, or that it is not.
    pub(super) fn expect_cancelled(&mut self, order_id: OrderId, is_cancelled: bool) -> Result<(), Error> {
        let condition = if is_cancelled { "#status = :cancelled" } else { "#status <> :cancelled" };
        let expected = Expression::when(condition).name("status").value("cancelled", string(OrderStatus::Cancelled));
        self.check(&Key::order(order_id), &expected)
    }

    /// Deletes an order if it is as it was read, but for what keeps its key from making another.
    pub(super) fn bury_order(&mut self, record: &OrderRecord, now: Timestamp) -> Result<(), Error> {
        let tombstone = Tombstone {
            order_id: record.order.summary.order_id,
            deleted_at: now,
            status: record.order.summary.status,
            earned_coupons: record.earned_coupons.clone(),
            expires_at: stands_in_until(now),
        };
        self.put(Table::Orders, to_item(&tombstone)?, &unchanged(Expression::default(), &order_item(record)?)?)
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

/// When an id is deleted that is kept from `now` on without an order, in seconds since 1970.
fn stands_in_until(now: Timestamp) -> i64 {
    (now + STAND_IN_KEPT).epoch_seconds()
}

/// The id of the order that a checkout under `key` makes.
pub(super) fn order_id_of(key: &IdempotencyKey) -> OrderId {
    OrderId::derived(&format!("key/{}", key.id))
}

fn if_absent() -> Expression {
    Expression::when("attribute_not_exists(#order_id)").name("order_id")
}

/// An order's partition of the `rewards_pending` index, if it has just been placed.
pub(super) fn rewards_pending(order: &Order) -> Option<String> {
    (order.summary.status == OrderStatus::Placed).then(|| pending_shard(order.summary.order_id))
}

/// The orders among what was found, without ids that stand for others and without deleted ones.
pub(super) fn orders_in(found: &mut Found) -> Result<Vec<OrderRecord>, Error> {
    let entries = found.items(Table::Orders).into_iter().map(OrderEntry::from_item);
    Ok(entries.collect::<Result<Vec<_>, _>>()?.into_iter().filter_map(OrderEntry::into_order).collect())
}

/// The expression, on the condition that an order's status and payment are as in `item`.
fn unchanged(expression: Expression, item: &Item) -> Result<Expression, Error> {
    let payment = item.get("payment").and_then(|payment| payment.as_m().ok()).and_then(|payment| payment.get("status"));
    let (Some(status), Some(paid)) = (item.get("status"), payment) else {
        return Err(Error::internal("an order without its status or its payment's"));
    };
    Ok(expression
        .and("#status = :read_status AND #payment.#status = :read_paid")
        .name("status")
        .name("payment")
        .value("read_status", status.clone())
        .value("read_paid", paid.clone()))
}

/// An order as an item, with what the indexes want of it.
fn order_item(record: &OrderRecord) -> Result<Item, Error> {
    let order = &record.order.summary;
    let mut item = to_item(record)?;
    item.insert("day_shard".to_owned(), string(day_shard(order.order_id, order.created_at)));
    if let (OrderStatus::UnderPaying, Some(deadline)) = (order.status, order.payment.deadline) {
        item.insert("payment_due_shard".to_owned(), string(pending_shard(order.order_id)));
        item.insert("payment_due".to_owned(), string(deadline));
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::KeyId;

    #[test]
    fn an_id_stands_for_another_for_two_days() {
        let key = IdempotencyKey { id: KeyId::derived("k"), fingerprint: "f".to_owned() };
        let now = Timestamp::from_millis(1_795_155_693_120);
        assert_eq!(Alias::of(OrderId::derived("o"), &key, now).expires_at, now.epoch_seconds() + 172_800);
    }
}
