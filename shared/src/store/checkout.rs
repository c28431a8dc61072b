//! Checkout: a cart becomes an order, in one transaction, or nothing changes.
//!
//! The transaction moves the stock, empties the cart at the version that was read, puts the orders if
//! there are none with their ids, and redeems the coupon if it is still active. The order's id is
//! derived from the idempotency key, or without one from this filling of the cart: whoever tries
//! again finds the first order instead of making a second.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table};
use super::limits::{most_held, skus_of};
use super::orders::{OrderEntry, order_id_of};
use super::placing::{Placed, coupon_key, purchase};
use super::shortage::Basis;
use crate::cart::{Cart, LastCheckout, Line};
use crate::catalog::Product;
use crate::coupon::Coupon;
use crate::error::{Error, FieldError, Shortage};
use crate::ids::{IdempotencyKey, ItemId, OrderId, UserId};
use crate::inventory::{self, Allocation, Level};
use crate::metrics::{Metric, count};
use crate::order::{CheckoutRequest, PaymentMethod, PurchasedLine};
use crate::time::Timestamp;
use crate::user::Profile;

/// What a checkout read of its cart and buyer.
struct Reading {
    profile: Profile,
    cart: Cart,
    coupon: Option<Coupon>,
    /// What is kept under the id that the idempotency key stands for.
    entry: Option<OrderEntry>,
}

impl Store {
    /// Orders what is in the cart of `user_id`, as `placed_by` asks. A cart whose stock is held costs
    /// one read and one transaction.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::CartEmpty`], [`Error::AddressRequired`],
    /// [`Error::IdempotencyKeyReused`], [`Error::InsufficientStock`] naming every line that falls
    /// short, [`Error::HoldLimit`], [`Error::ValidationFailed`] for what is no longer for sale, [`Error::PriceChanged`], and
    /// those of [`Coupon::apply`].
    pub async fn checkout(
        &self,
        user_id: UserId,
        placed_by: UserId,
        request: &CheckoutRequest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Placed, Error> {
        // A checkout is of the filling it first sees. If another checkout orders that one, this gets
        // the same orders, even if something has been added to the cart since.
        let filling = &OnceLock::new();
        self.decide(|attempts| async move {
            let placed = async {
                let Reading { profile, mut cart, coupon, entry } = self.basis(user_id, request, key).await?;
                if let Some((entry, key)) = entry.zip(key) {
                    return self.replay(entry, key).await;
                }
                let overtaken_by = cart.last_checkout.filter(|checkout| filling.get() == Some(&checkout.cart_id));
                if let Some(checkout) = overtaken_by {
                    return self.join(checkout.order_id, key, now).await;
                }
                let Some(cart_id) = cart.cart_id else {
                    return Err(Error::CartEmpty.into());
                };
                if *filling.get_or_init(|| cart_id) != cart_id {
                    return Err(Error::Conflict.into());
                }
                let buyer = self.buyer(&profile, placed_by, request.terms())?;
                // A cart whose stock is held has its prices and needs nothing more. Only when writing it
                // failed is it worth asking what is wrong with it.
                let lines = if attempts == 0 && cart.lines.values().all(|line| cart.holds(line, now)) {
                    cart.lines.values().map(as_held).collect()
                } else {
                    self.price_and_allocate(&cart, attempts, now).await?
                };
                let split = request.split.unwrap_or_default();
                let purchase = purchase(lines, coupon, request.terms(), split, user_id, now)?;
                if let Some(expected) = request.expected_total.filter(|expected| *expected != purchase.total()) {
                    return Err(Error::PriceChanged { expected, actual: purchase.total() }.into());
                }
                let first_id = key.map_or_else(|| OrderId::derived(&format!("cart/{cart_id}")), order_id_of);
                cart.empty_out();
                cart.last_checkout = Some(LastCheckout { cart_id, order_id: first_id });
                let mut transaction = self.transaction();
                let orders = transaction.place(purchase, first_id, Some(cart_id), &buyer, key, now)?;
                let mut held = 0;
                if buyer.payment_method == PaymentMethod::Online {
                    cart.remember_unpaid(&orders, now);
                    self.keep_to_limits(&mut cart, &skus_of(&orders), &orders).await?;
                    held = most_held(&cart, &skus_of(&orders));
                }
                transaction.put_cart(&cart, now)?;
                transaction.commit().await?;
                count(Metric::Checkouts, 1);
                count(Metric::UnitsHeld, held);
                Ok(Placed::new(orders))
            };
            self.unless_served(placed.await, key).await
        })
        .await
    }

    async fn basis(
        &self,
        user_id: UserId,
        request: &CheckoutRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<Reading, Failure> {
        let coupon = coupon_key(request.terms());
        let order = key.map(|key| Key::order(order_id_of(key)));
        let keys = [Key::user(user_id), Key::cart(user_id)].into_iter().chain(coupon).chain(order);
        let mut found = self.get_all(keys).await?;
        Ok(Reading {
            profile: found.one(Table::Users)?.ok_or(Error::UserNotFound)?,
            cart: found.one(Table::Carts)?.unwrap_or_else(|| Cart::empty(user_id)),
            coupon: found.one(Table::Coupons)?,
            entry: found.one_item(Table::Orders).map(OrderEntry::from_item).transpose()?,
        })
    }

    /// Prices the lines for now and finds stock for those that hold none.
    async fn price_and_allocate(
        &self,
        cart: &Cart,
        attempts: u32,
        now: Timestamp,
    ) -> Result<Vec<PurchasedLine>, Failure> {
        let skus: BTreeSet<_> = cart.lines.values().map(Line::sku).collect();
        let (_, products, mut stock) = self.stock_for(cart.user_id, &skus, [], attempts, now).await?;
        let price = |levels: &mut [Level]| price_lines(cart, &products, levels, now);
        Ok(self.plan_with(&mut stock, Basis::with_cart(cart), now, price).await?.0)
    }

    /// Answers a checkout that another checkout of the same cart overtook: it gets that one's orders,
    /// and so does its key from now on.
    async fn join(&self, first_id: OrderId, key: Option<&IdempotencyKey>, now: Timestamp) -> Result<Placed, Failure> {
        if let Some(key) = key {
            self.put_alias(key, first_id, now).await?;
        }
        self.served(self.order(first_id).await?).await
    }
}

/// A line whose stock is held, at the price it is held at.
fn as_held(line: &Line) -> PurchasedLine {
    PurchasedLine {
        variation: line.variation.clone(),
        name: line.name.clone(),
        seller_id: line.seller_id,
        unit_price: line.unit_price,
        held: line.allocation.clone(),
        unheld: Allocation::default(),
    }
}

/// All lines at their prices of `now`, with stock taken off `levels` for what is not held.
///
/// # Errors
/// [`Error::ValidationFailed`] for what is no longer for sale, [`Error::InsufficientStock`] naming every line that falls
/// short.
fn price_lines(
    cart: &Cart,
    products: &[Product],
    levels: &mut [Level],
    now: Timestamp,
) -> Result<Vec<PurchasedLine>, Error> {
    let mut lines = Vec::new();
    let (mut withdrawn, mut short) = (Vec::new(), Vec::new());
    for (item_id, line) in &cart.lines {
        let product = products.iter().find(|product| product.product_id == line.variation.product_id);
        let Some(product) = product.filter(|product| product.is_active()) else {
            let message = format!("{} is no longer for sale; remove it from the cart", line.name);
            withdrawn.push(FieldError { field: format!("items.{item_id}"), message });
            continue;
        };
        match price_line(cart, *item_id, line, product, levels, now) {
            Ok(line) => lines.push(line),
            Err(shortage) => short.push(shortage),
        }
    }
    if !withdrawn.is_empty() {
        return Err(Error::ValidationFailed(withdrawn));
    }
    if short.is_empty() { Ok(lines) } else { Err(Error::InsufficientStock(short)) }
}

/// A line at its price of `now`. What a hold that is over still keeps is bought first; the rest is
/// taken off `levels`.
fn price_line(
    cart: &Cart,
    item_id: ItemId,
    line: &Line,
    product: &Product,
    levels: &mut [Level],
    now: Timestamp,
) -> Result<PurchasedLine, Shortage> {
    if cart.holds(line, now) {
        return Ok(as_held(line));
    }
    let (sku, held) = (line.sku(), line.allocation.total());
    let unheld = inventory::allocate(levels, &sku, cart.user_id, line.quantity - held).map_err(|left| {
        let size = sku.size.as_deref();
        Shortage::new(sku.product_id, &product.name, size, line.quantity, held + left).of_line(item_id)
    })?;
    Ok(PurchasedLine {
        name: product.name.clone(),
        seller_id: product.seller_id,
        unit_price: product.price,
        unheld,
        ..as_held(line)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cart::HoldPolicy;
    use crate::cart::tests::{levels, now, product, variation};
    use crate::money::Money;

    #[test]
    fn what_is_not_held_any_more_is_bought_as_it_is_today() {
        let (mut cart, item_id) = (Cart::empty(UserId::derived("ada")), variation("red").item_id());
        cart.add(&variation("red"), 3, &product(None), &mut levels(10), now()).unwrap();
        let today = Product { name: "Big mug".to_owned(), price: Money::from_cents(20_00), ..product(None) };
        let bought = |cart: &Cart, line: &Line, available| {
            let mut levels = levels(available);
            let priced = price_line(cart, item_id, line, &today, &mut levels, now());
            priced.map(|line| (line.name, line.unit_price, line.held.total(), line.unheld.total(), levels[0].available))
        };
        let more = Line { quantity: 5, ..cart.lines[&item_id].clone() };
        assert_eq!(bought(&cart, &more, 4), Ok(("Big mug".to_owned(), today.price, 3, 2, 2)));
        let short = bought(&cart, &more, 1).unwrap_err();
        assert_eq!(
            (short.name.as_str(), short.requested, short.available, short.item_id),
            ("Big mug", 5, 4, Some(item_id))
        );

        let policy = HoldPolicy { length: Duration::from_secs(60), max_units: 9, max_unpaid_orders: 9 };
        cart.extend_hold(policy, now());
        let held = bought(&cart, &cart.lines[&item_id], 4);
        assert_eq!(held, Ok(("Mug".to_owned(), Money::from_cents(12_50), 3, 0, 4)));
    }
}
