//! What one user may hold at once, so that nobody keeps a shop's stock from the others: units in the cart, and units
//! of online orders that wait for their payment. The cart remembers those orders, and whoever makes one writes the
//! cart at its version: two requests at once cannot both take the last of what is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cart, HoldPolicy};
use crate::error::Error;
use crate::ids::OrderId;
use crate::inventory::Sku;
use crate::order::{Order, OrderStatus};
use crate::time::Timestamp;

/// For how long after its deadline an unpaid order is still counted, unless it is known that it waits no longer: what
/// cancels it comes by every minute, and may be late.
const COUNTED_PAST_DEADLINE: Duration = Duration::from_mins(15);

/// An online order that may still wait for its payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpaidOrder {
    /// The order.
    pub order_id: OrderId,
    /// When its payment is due.
    pub due: Timestamp,
    /// How many units it holds of each SKU.
    pub units: BTreeMap<Sku, u32>,
}

impl UnpaidOrder {
    fn counts_until(&self) -> Timestamp {
        self.due + COUNTED_PAST_DEADLINE
    }
}

impl Cart {
    /// How many units of a SKU its user holds, in the cart and in orders that may still wait for their payment.
    pub fn units_of_user(&self, sku: &Sku) -> u32 {
        let unpaid: u32 = self.unpaid_orders.iter().filter_map(|order| order.units.get(sku)).sum();
        unpaid + self.units_held_of(sku)
    }

    /// Remembers those of a checkout's orders that wait for their payment, and forgets what is long over.
    pub fn remember_unpaid(&mut self, orders: &[Order], now: Timestamp) {
        self.unpaid_orders.retain(|known| known.counts_until() > now);
        for order in orders.iter().filter(|order| order.summary.status == OrderStatus::UnderPaying) {
            let mut units = BTreeMap::new();
            for item in &order.items {
                *units.entry(item.sku()).or_default() += item.quantity;
            }
            let due = order.summary.payment.deadline.unwrap_or(now);
            self.unpaid_orders.push(UnpaidOrder { order_id: order.summary.order_id, due, units });
        }
    }

    /// Forgets all unpaid orders but these, which still wait.
    pub fn forget_unpaid_but(&mut self, waiting: &BTreeSet<OrderId>) {
        self.unpaid_orders.retain(|known| waiting.contains(&known.order_id));
    }

    /// Until when the cart must be kept because of the orders it remembers.
    pub fn remembers_until(&self) -> Option<Timestamp> {
        self.unpaid_orders.iter().map(UnpaidOrder::counts_until).max()
    }

    /// Refuses a user who holds more units of one of `skus` than the policy allows.
    ///
    /// # Errors
    /// [`Error::HoldLimit`].
    pub fn must_keep_to_units<'a>(
        &self,
        policy: HoldPolicy,
        skus: impl IntoIterator<Item = &'a Sku>,
    ) -> Result<(), Error> {
        let most = skus.into_iter().map(|sku| self.units_of_user(sku)).max().unwrap_or_default();
        if most <= policy.max_units {
            return Ok(());
        }
        Err(Error::HoldLimit(format!(
            "At most {} of one product may be held at once, in the cart and in orders that wait for their payment; \
             pay or cancel one of them first",
            policy.max_units
        )))
    }

    /// Refuses a user of whom more orders wait for their payment than the policy allows.
    ///
    /// # Errors
    /// [`Error::HoldLimit`].
    pub fn must_keep_to_orders(&self, policy: HoldPolicy) -> Result<(), Error> {
        if self.unpaid_orders.len() <= usize::try_from(policy.max_unpaid_orders).unwrap_or(usize::MAX) {
            return Ok(());
        }
        Err(Error::HoldLimit(format!(
            "At most {} orders may wait for their payment at once; pay or cancel one of them first",
            policy.max_unpaid_orders
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::{product, variation};
    use crate::ids::{ProductId, UserId};
    use crate::inventory::{Level, StockId};
    use crate::order::tests::order;

    const POLICY: HoldPolicy = HoldPolicy { length: Duration::from_secs(1_800), max_units: 5, max_unpaid_orders: 2 };

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_155_693_120)
    }

    fn sku(size: &str) -> Sku {
        Sku { product_id: ProductId::derived("mug"), size: Some(size.to_owned()) }
    }

    fn cart(orders: &[(&str, u32)]) -> Cart {
        let mut cart = Cart::empty(UserId::derived("ada"));
        for (number, (size, units)) in orders.iter().enumerate() {
            let order_id = OrderId::derived(&number.to_string());
            let units = BTreeMap::from([(sku(size), *units)]);
            cart.unpaid_orders.push(UnpaidOrder { order_id, due: now(), units });
        }
        cart
    }

    #[test]
    fn units_of_all_orders_count_for_each_sku() {
        let held = cart(&[("S", 3), ("M", 5), ("S", 2)]);
        assert!(held.must_keep_to_units(POLICY, [&sku("S"), &sku("M"), &sku("L")]).is_ok());
        let more = cart(&[("S", 3), ("M", 5), ("S", 3)]);
        assert!(more.must_keep_to_units(POLICY, [&sku("M")]).is_ok());
        assert!(matches!(more.must_keep_to_units(POLICY, [&sku("M"), &sku("S")]), Err(Error::HoldLimit(_))));
    }

    #[test]
    fn so_many_orders_may_wait_and_no_more() {
        assert!(cart(&[("S", 1), ("S", 1)]).must_keep_to_orders(POLICY).is_ok());
        assert!(cart(&[("S", 1), ("S", 1), ("S", 1)]).must_keep_to_orders(POLICY).is_err());
    }

    #[test]
    fn an_order_counts_until_it_is_known_to_wait_no_longer_or_long_overdue() {
        let mut held = cart(&[("S", 1), ("S", 2)]);
        let quarter = Duration::from_secs(900);
        held.remember_unpaid(&[], now() + quarter - Duration::from_secs(1));
        assert_eq!(held.units_of_user(&sku("S")), 3);
        held.forget_unpaid_but(&BTreeSet::from([OrderId::derived("1")]));
        assert_eq!(held.units_of_user(&sku("S")), 2);
        assert_eq!(held.remembers_until(), Some(now() + quarter));
        held.remember_unpaid(&[], now() + quarter);
        assert_eq!(held.units_of_user(&sku("S")), 0);
    }

    #[test]
    fn what_is_kept_reads_back() {
        let held = cart(&[("a # b", 1)]);
        let text = serde_json::to_string(&held).unwrap();
        assert_eq!(serde_json::from_str::<Cart>(&text).unwrap(), held);
    }

    #[test]
    fn the_cart_and_unpaid_orders_count_together() {
        let mug = Sku { product_id: ProductId::derived("mug"), size: None };
        let mut cart = Cart::empty(UserId::derived("ada"));
        let mut bought = order(OrderStatus::UnderPaying);
        let again = bought.items[0].clone();
        bought.items.push(again);
        bought.summary.payment.deadline = Some(now());
        cart.remember_unpaid(&[bought, order(OrderStatus::Placed)], now());
        assert_eq!((cart.unpaid_orders.len(), cart.unpaid_orders[0].due), (1, now()));
        assert_eq!(cart.units_of_user(&mug), 4, "two lines of two");

        let mut levels = [Level { id: StockId { sku: mug.clone(), shard: 0 }, available: 9 }];
        cart.add(&variation("red"), 3, &product(None), &mut levels, now()).unwrap();
        assert_eq!(cart.units_of_user(&mug), 7);
    }
}
