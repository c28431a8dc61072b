//! What the shop does, in plain maps: what each step is answered, and what is so afterwards.
//!
//! It knows no tables, shards, transactions, retries or versions. Here is how a step is taken, and what is done to the
//! shop as a whole; [`carts`](super::carts), [`orders`](super::orders) and [`changes`](super::changes) are the rest.

use serde_json::{Value, json};
use shared::ids::ItemId;

use super::state::{Answer, Model, Order, Product, Served};
use super::steps::{Sku, Step, Target};

pub(super) const HOLD: u64 = 1_800_000;
pub(super) const LONGEST_HOLD: u64 = 4 * HOLD;
pub(super) const PAYMENT: u64 = 900_000;
pub(super) const DAY: u64 = 86_400_000;
/// How many units of a SKU one user may hold, and how many of their orders may wait for their payment.
pub(super) const MOST_HELD: u32 = 6;
pub(super) const MOST_UNPAID: usize = 2;
/// The round that cancels unpaid orders is never so late.
const LATEST_ROUND: u64 = 900_000;
/// Who was refused and found no hold that was over was the last to look for so long.
pub(super) const LOOK_AGAIN: u64 = 1_000;

/// What is told: an answer, or a refusal that ends the step.
pub(super) type Told = Result<Answer, Answer>;

pub(super) fn told(status: u16, body: Value) -> Told {
    Ok(Answer::new(status, body))
}

pub(super) fn refused<T>(status: u16, code: &str) -> Result<T, Answer> {
    Err(Answer::new(status, json!({"code": code})))
}

pub(super) fn short<T>(lines: &[(Option<ItemId>, Sku, u32, u32)]) -> Result<T, Answer> {
    let error = |(item_id, sku, requested, available): &(Option<ItemId>, Sku, u32, u32)| {
        let (product_id, size) = (sku.product_id(), sku.size);
        json!({"item_id": item_id, "product_id": product_id, "size": size, "requested": requested, "available": available})
    };
    let errors: Vec<_> = lines.iter().map(error).collect();
    Err(Answer::new(409, json!({"code": "insufficient_stock", "errors": errors})))
}

impl Model {
    /// Takes a step, and keeps what it is answered.
    pub(super) fn take(&mut self, step: &Step) {
        let (Ok(answer) | Err(answer)) = match *step {
            Step::Add { user, thing, quantity, key } => self.add(step, user, thing, quantity, key),
            Step::Change { user, thing, quantity } => self.change(user, thing, quantity),
            Step::Remove { user, thing } => self.remove(user, thing),
            Step::Clear { user } => self.clear(user),
            Step::CheckOut { user, key, .. } | Step::Order { user, key, .. } => self.order(step, user, key),
            Step::Cancel { order, by_staff } => self.cancel_for(order, by_staff),
            Step::Move { order, to } => self.move_on(order, to),
            Step::Settle { order, succeeded, by_hand } => self.settle(order, succeeded, by_hand),
            Step::Delete { order } => self.delete(order),
            Step::Adjust { sku, to, key } => self.adjust(step, sku, to, key),
            Step::Reprice { product, price } => self.update(product, |product| product.price = price),
            Step::Limit { product, limit } => self.update(product, |product| product.limit = limit),
            Step::Archive { product } => {
                self.products[product].active = false;
                told(204, Value::Null)
            }
            Step::Pass { ms } => {
                self.now += ms;
                if self.due(LATEST_ROUND).is_empty() { told(0, Value::Null) } else { self.expire() }
            }
            Step::Linger { .. } => return step.parts().iter().for_each(|part| self.take(part)),
            Step::Sweep => self.sweep(),
            Step::Expire => self.expire(),
        };
        self.answer = answer;
    }

    pub(super) fn adjust(&mut self, step: &Step, sku: Sku, to: Target, key: Option<u8>) -> Told {
        if self.served("adjust", 0, key, step)?.is_some() {
            return Ok(Answer { status: 200, replayed: true, body: self.shown_stock(sku) });
        }
        if !self.products[sku.product].active {
            return refused(404, "product_not_found");
        }
        let available = self.stock[&sku].available;
        let after = match to {
            Target::Available(units) => Some(units),
            Target::Delta(units) => available.checked_add_signed(units),
        };
        let Some(after) = after else {
            let Target::Delta(units) = to else { unreachable!("it is not below zero") };
            return short(&[(None, sku, units.unsigned_abs(), available)]);
        };
        self.stock.get_mut(&sku).expect("the stock").available = after;
        self.remember("adjust", 0, key, step, 200, 0);
        told(200, self.shown_stock(sku))
    }

    pub(super) fn update(&mut self, product: usize, change: impl FnOnce(&mut Product)) -> Told {
        if !self.products[product].active {
            return refused(404, "product_not_found");
        }
        change(&mut self.products[product]);
        told(200, self.shown_product(product))
    }

    pub(super) fn sweep(&mut self) -> Told {
        let over: Vec<_> = (0..self.carts.len()).filter(|user| self.is_over(*user)).collect();
        let units: u32 = over.iter().map(|user| self.end(*user)).sum();
        told(200, json!({"carts_released": over.len(), "units_released": units, "carts_failed": 0, "complete": true}))
    }

    pub(super) fn expire(&mut self) -> Told {
        let due = self.due(0);
        let units: u32 = due.iter().map(|order| self.cancel(*order, Some("payment_timeout"), true)).sum();
        told(200, json!({"orders_cancelled": due.len(), "units_released": units, "orders_failed": 0, "complete": true}))
    }

    /// The orders that wait for a payment that was due so long ago.
    pub(super) fn due(&self, ago: u64) -> Vec<usize> {
        let is_due =
            |order: &Order| order.status == "under_paying" && order.due.is_some_and(|due| due + ago <= self.now);
        (0..self.orders.len()).filter(|number| is_due(&self.orders[*number])).collect()
    }

    /// What was served under a key, if it was the same step.
    pub(super) fn served(
        &self,
        route: &'static str,
        user: usize,
        key: Option<u8>,
        step: &Step,
    ) -> Result<Option<Served>, Answer> {
        match key.and_then(|key| self.served.get(&(route, user, key))) {
            Some(served) if served.step != *step => refused(422, "idempotency_key_reused"),
            served => Ok(served.cloned()),
        }
    }

    pub(super) fn remember(
        &mut self,
        route: &'static str,
        user: usize,
        key: Option<u8>,
        step: &Step,
        status: u16,
        order: usize,
    ) {
        let Some(key) = key else { return };
        let (step, at) = (step.clone(), self.now);
        if route == "add" {
            let is_kept = |whose: &(&str, usize, u8), served: &Served| {
                whose.0 != "add" || whose.1 != user || served.at + DAY > at
            };
            self.served.retain(|whose, served| is_kept(whose, served));
        }
        self.served.insert((route, user, key), Served { step, status, order, at });
    }
}
