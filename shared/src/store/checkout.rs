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
use super::orders::{OrderEntry, OrderRecord, order_id_of};
use crate::cart::{Cart, LastCheckout, Line, MAX_ALLOCATIONS};
use crate::catalog::Product;
use crate::coupon::Coupon;
use crate::error::{Error, FieldError, Shortage};
use crate::ids::{CartId, IdempotencyKey, ItemId, OrderId, UserId};
use crate::inventory::{self, Allocation, Level};
use crate::order::{Buyer, CheckoutRequest, Order, OrderStatus, Purchase, PurchasedLine};
use crate::time::Timestamp;
use crate::user::{Contact, Profile};

/// What a checkout came to.
#[derive(Debug)]
pub struct PlacedCheckout {
    /// The orders as they are now, the first of them first.
    pub orders: Vec<Order>,
    /// Those of them that have not been looked at for rewards.
    pub to_announce: Vec<Order>,
    /// Whether they were made by an earlier request with the same key.
    pub replayed: bool,
}

/// What a checkout read of its cart and buyer.
struct Basis {
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
    /// short, [`Error::ValidationFailed`] for what is no longer for sale, [`Error::PriceChanged`], and
    /// those of [`Coupon::apply`].
    pub async fn checkout(
        &self,
        user_id: UserId,
        placed_by: UserId,
        request: &CheckoutRequest,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<PlacedCheckout, Error> {
        // A checkout is of the filling it first sees. If another checkout orders that one, this gets
        // the same orders, even if something has been added to the cart since.
        let filling = &OnceLock::new();
        self.decide(|attempts| async move {
            let Basis { profile, cart, coupon, entry } = self.basis(user_id, request, key).await?;
            if let Some((entry, key)) = entry.zip(key) {
                return self.replay(entry, key).await;
            }
            let overtaken_by = cart.last_checkout.filter(|checkout| filling.get() == Some(&checkout.cart_id));
            if let Some(checkout) = overtaken_by {
                return self.join(checkout.order_id, key, now).await;
            }
            let Some(cart_id) = cart.cart_id else {
                return self.replay_or_refuse(key).await;
            };
            if *filling.get_or_init(|| cart_id) != cart_id {
                return Err(Error::Conflict.into());
            }
            let buyer = self.buyer(&profile, placed_by, request)?;
            // A cart whose stock is held has its prices and needs nothing more. Only when writing it
            // failed is it worth asking what is wrong with it.
            let lines = if attempts == 0 && cart.lines.values().all(|line| cart.holds(line, now)) {
                cart.lines.values().map(as_held).collect()
            } else {
                self.price_and_allocate(&cart, now).await?
            };
            let purchase = purchase(lines, coupon, request, user_id, now)?;
            let first_id = key.map_or_else(|| OrderId::derived(&format!("cart/{cart_id}")), order_id_of);
            self.place(cart, cart_id, purchase, first_id, &buyer, key, now).await
        })
        .await
    }

    async fn basis(
        &self,
        user_id: UserId,
        request: &CheckoutRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<Basis, Failure> {
        // Codes have capital letters only; a person may type them otherwise.
        let coupon = request.coupon_code.as_ref().map(|code| Key::coupon(&code.as_str().to_ascii_uppercase()));
        let order = key.map(|key| Key::order(order_id_of(key)));
        let keys = [Key::user(user_id), Key::cart(user_id)].into_iter().chain(coupon).chain(order);
        let mut found = self.get_all(keys).await?;
        Ok(Basis {
            profile: found.one(Table::Users)?.ok_or(Error::UserNotFound)?,
            cart: found.one(Table::Carts)?.unwrap_or_else(|| Cart::empty(user_id)),
            coupon: found.one(Table::Coupons)?,
            entry: found.one_item(Table::Orders).map(OrderEntry::from_item).transpose()?,
        })
    }

    fn buyer(&self, profile: &Profile, placed_by: UserId, request: &CheckoutRequest) -> Result<Buyer, Error> {
        let address = request.address.clone().or_else(|| profile.address.clone());
        Ok(Buyer {
            user_id: profile.user_id,
            placed_by,
            contact: Contact::resolve(request.contact.clone(), profile),
            address: address.ok_or(Error::AddressRequired)?,
            payment_method: request.payment_method.unwrap_or_default(),
            payment_deadline: self.payment_deadline,
            currency: self.currency.clone(),
        })
    }

    /// Prices the lines for now and finds stock for those that hold none.
    async fn price_and_allocate(&self, cart: &Cart, now: Timestamp) -> Result<Vec<PurchasedLine>, Failure> {
        let skus: BTreeSet<_> = cart.lines.values().map(Line::sku).collect();
        let (_, products, mut levels) = self.stock_of(&skus, []).await?;
        let mut lines = Vec::new();
        let (mut withdrawn, mut short) = (Vec::new(), Vec::new());
        for (item_id, line) in &cart.lines {
            let product = products.iter().find(|product| product.product_id == line.variation.product_id);
            let Some(product) = product.filter(|product| product.is_active()) else {
                let message = format!("{} is no longer for sale; remove it from the cart", line.name);
                withdrawn.push(FieldError { field: format!("items.{item_id}"), message });
                continue;
            };
            match price_line(cart, *item_id, line, product, &mut levels, now) {
                Ok(line) => lines.push(line),
                Err(shortage) => short.push(shortage),
            }
        }
        if !withdrawn.is_empty() {
            return Err(Error::ValidationFailed(withdrawn).into());
        }
        if !short.is_empty() {
            return Err(Error::InsufficientStock(short).into());
        }
        Ok(lines)
    }

    #[expect(clippy::too_many_arguments, reason = "all of it goes into the one transaction")]
    async fn place(
        &self,
        mut cart: Cart,
        cart_id: CartId,
        purchase: Purchase,
        first_id: OrderId,
        buyer: &Buyer,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<PlacedCheckout, Failure> {
        let stock = purchase.stock_changes(buyer.payment_method);
        if stock.iter().count() > MAX_ALLOCATIONS {
            let reason = "its stock is spread too thin for one order; order a part of it first";
            return Err(Error::CartFull(reason.to_owned()).into());
        }
        let coupon_code = purchase.coupon.as_ref().map(|(code, _)| code.clone());
        let placed = purchase.into_orders(first_id, buyer, now);
        cart.empty_out();
        cart.last_checkout = Some(LastCheckout { cart_id, order_id: first_id });

        let mut transaction = self.transaction();
        transaction.move_stock(&stock)?;
        transaction.put_cart(&cart, now)?;
        transaction.put_orders(&placed, cart_id, key)?;
        if let Some(code) = coupon_code {
            transaction.redeem(&code, buyer.user_id, first_id, now)?;
        }
        transaction.commit().await?;

        let orders: Vec<Order> = placed.into_iter().map(|placed| placed.order).collect();
        let to_announce = orders.iter().filter(|order| order.summary.status == OrderStatus::Placed).cloned().collect();
        Ok(PlacedCheckout { orders, to_announce, replayed: false })
    }

    /// Answers a checkout that found the cart empty. A batch is not read at one instant: the order
    /// under the key may have been looked for just before it was made, and the cart just after.
    async fn replay_or_refuse(&self, key: Option<&IdempotencyKey>) -> Result<PlacedCheckout, Failure> {
        if let Some(key) = key
            && let Some(item) = self.get_item(&Key::order(order_id_of(key))).await?
        {
            return self.replay(OrderEntry::from_item(item)?, key).await;
        }
        Err(Error::CartEmpty.into())
    }

    /// Answers a key that was served before.
    async fn replay(&self, entry: OrderEntry, key: &IdempotencyKey) -> Result<PlacedCheckout, Failure> {
        let (record, fingerprint) = match entry {
            OrderEntry::Order(record) => {
                let fingerprint = record.fingerprint.clone();
                (*record, fingerprint)
            }
            OrderEntry::Alias(alias) => (self.order(alias.alias_of).await?, Some(alias.fingerprint)),
        };
        if fingerprint.as_ref() != Some(&key.fingerprint) {
            return Err(Error::IdempotencyKeyReused.into());
        }
        Ok(PlacedCheckout { replayed: true, ..self.served(record).await? })
    }

    /// Answers a checkout that another checkout of the same cart overtook: it gets that one's orders,
    /// and so does its key from now on.
    async fn join(
        &self,
        first_id: OrderId,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<PlacedCheckout, Failure> {
        if let Some(key) = key {
            self.put_alias(key, first_id, now).await?;
        }
        self.served(self.order(first_id).await?).await
    }

    async fn served(&self, first: OrderRecord) -> Result<PlacedCheckout, Failure> {
        let records = self.orders_of_checkout(first).await?;
        let pending = records.iter().filter(|record| record.rewards_pending.is_some());
        Ok(PlacedCheckout {
            to_announce: pending.map(|record| record.order.clone()).collect(),
            orders: records.into_iter().map(|record| record.order).collect(),
            replayed: false,
        })
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

/// The purchase with its coupon, if its total is what the buyer expects.
fn purchase(
    lines: Vec<PurchasedLine>,
    coupon: Option<Coupon>,
    request: &CheckoutRequest,
    user_id: UserId,
    now: Timestamp,
) -> Result<Purchase, Error> {
    let mut purchase = Purchase { lines, coupon: None, split: request.split.unwrap_or_default() };
    if request.coupon_code.is_some() {
        let coupon = coupon.ok_or(Error::CouponNotFound)?;
        let discount = coupon.apply(user_id, purchase.subtotal(), now)?;
        purchase.coupon = Some((coupon.code, discount));
    }
    match request.expected_total {
        Some(expected) if expected != purchase.total() => {
            Err(Error::PriceChanged { expected, actual: purchase.total() })
        }
        _ => Ok(purchase),
    }
}
