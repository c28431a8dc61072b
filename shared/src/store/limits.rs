//! Keeping users to what they may hold at once.

use std::collections::BTreeSet;

use super::Store;
use super::call::Failure;
use super::keys::Key;
use super::orders::orders_in;
use crate::cart::Cart;
use crate::error::Error;
use crate::ids::OrderId;
use crate::inventory::Sku;
use crate::order::{Order, OrderStatus};

impl Store {
    /// Refuses a user who would hold too much of `skus` with the cart as it is to be written, or have too many orders
    /// waiting for their payment if `placed` are among them. Only who would is it worth asking which of the orders
    /// that the cart remembers still wait.
    pub(super) async fn keep_to_limits(
        &self,
        cart: &mut Cart,
        skus: &BTreeSet<Sku>,
        placed: &[Order],
    ) -> Result<(), Failure> {
        let check = |cart: &Cart| -> Result<(), Error> {
            cart.must_keep_to_units(self.hold_policy, skus)?;
            if placed.is_empty() { Ok(()) } else { cart.must_keep_to_orders(self.hold_policy) }
        };
        if check(cart).is_err() {
            let placed: BTreeSet<OrderId> = placed.iter().map(|order| order.summary.order_id).collect();
            self.forget_settled(cart, placed).await?;
        }
        Ok(check(cart)?)
    }

    /// Has the cart forget the orders that wait for their payment no longer, but those of `placed`, which nobody can
    /// read yet. An order never comes to wait again, so they may be forgotten whenever the cart is written.
    async fn forget_settled(&self, cart: &mut Cart, placed: BTreeSet<OrderId>) -> Result<(), Failure> {
        let known = cart.unpaid_orders.iter().map(|order| order.order_id).filter(|id| !placed.contains(id));
        let mut found = self.get_all(known.map(Key::order)).await?;
        let orders = orders_in(&mut found)?.into_iter().map(|record| record.order.summary);
        let waiting = orders.filter(|order| order.status == OrderStatus::UnderPaying).map(|order| order.order_id);
        cart.forget_unpaid_but(&waiting.chain(placed).collect());
        Ok(())
    }
}

/// The SKUs of orders.
pub(super) fn skus_of(orders: &[Order]) -> BTreeSet<Sku> {
    orders.iter().flat_map(|order| &order.items).map(|item| item.sku()).collect()
}

/// How many units its user holds of what they just took; of several SKUs, the most.
pub(super) fn most_held(cart: &Cart, skus: &BTreeSet<Sku>) -> u64 {
    skus.iter().map(|sku| cart.units_of_user(sku)).max().unwrap_or_default().into()
}
