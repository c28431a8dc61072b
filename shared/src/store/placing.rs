//! What checkout and direct order have in common: the buyer, the coupon, the writes that place orders,
//! and the answer to a key that was served before.

use super::Store;
use super::call::Failure;
use super::keys::Key;
use super::orders::{OrderEntry, OrderRecord, order_id_of};
use super::transaction::Transaction;
use crate::coupon::Coupon;
use crate::error::Error;
use crate::ids::{CartId, IdempotencyKey, OrderId, UserId};
use crate::order::{Buyer, Order, OrderStatus, Purchase, PurchasedLine, Split, Terms};
use crate::time::Timestamp;
use crate::trace;
use crate::user::{Contact, Profile};

/// What a checkout or direct order came to.
#[derive(Debug)]
pub struct Placed {
    /// The orders as they are now, the first of them first.
    pub orders: Vec<Order>,
    /// Those of them that have not been looked at for rewards.
    pub to_announce: Vec<Order>,
    /// Whether they were made by an earlier request with the same key.
    pub replayed: bool,
}

impl Placed {
    /// Orders that have just been made.
    pub(super) fn new(orders: Vec<Order>) -> Placed {
        if let Some(first) = orders.first() {
            trace::is_about(first.summary.order_id);
        }
        let placed = orders.iter().filter(|order| order.summary.status == OrderStatus::Placed);
        Placed { to_announce: placed.cloned().collect(), orders, replayed: false }
    }
}

impl Store {
    pub(super) fn buyer(&self, profile: &Profile, placed_by: UserId, terms: Terms<'_>) -> Result<Buyer, Error> {
        let address = terms.address.or(profile.address.as_ref());
        Ok(Buyer {
            user_id: profile.user_id,
            placed_by,
            contact: Contact::resolve(terms.contact.cloned(), profile),
            address: address.cloned().ok_or(Error::AddressRequired)?,
            payment_method: terms.payment_method.unwrap_or_default(),
            payment_deadline: self.payment_deadline,
            currency: self.currency.clone(),
        })
    }

    /// Answers a key that was served before.
    pub(super) async fn replay(&self, entry: OrderEntry, key: &IdempotencyKey) -> Result<Placed, Failure> {
        let (record, fingerprint) = match entry {
            OrderEntry::Order(record) => {
                let fingerprint = record.fingerprint.clone();
                (*record, fingerprint)
            }
            OrderEntry::Alias(alias) => (self.order(alias.alias_of).await?, Some(alias.fingerprint)),
            OrderEntry::Deleted => return Err(Error::OrderNotFound.into()),
        };
        if fingerprint.as_ref() != Some(&key.fingerprint) {
            return Err(Error::IdempotencyKeyReused.into());
        }
        Ok(Placed { replayed: true, ..self.served(record).await? })
    }

    /// The answer of an attempt, unless it refuses a key that was served before. A batch is not read at
    /// one instant: the order under the key may have been looked for just before it was made, and the
    /// cart, the stock and the coupon just after it took them.
    pub(super) async fn unless_served(
        &self,
        attempt: Result<Placed, Failure>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placed, Failure> {
        if let (Err(Failure::Final(_)), Some(key)) = (&attempt, key)
            && let Some(entry) = self.order_entry(order_id_of(key)).await?
        {
            return self.replay(entry, key).await;
        }
        attempt
    }

    /// The orders of a checkout that was served before, as they are now.
    pub(super) async fn served(&self, record: OrderRecord) -> Result<Placed, Failure> {
        trace::is_about(record.first_id());
        let records = self.orders_of_checkout(record).await?;
        let pending = records.iter().filter(|record| record.rewards_pending.is_some());
        Ok(Placed {
            to_announce: pending.map(|record| record.order.clone()).collect(),
            orders: records.into_iter().map(|record| record.order).collect(),
            replayed: false,
        })
    }
}

impl Transaction<'_> {
    /// Makes the orders of a purchase: moves its stock, puts the orders if absent, redeems its coupon.
    pub(super) fn place(
        &mut self,
        purchase: Purchase,
        first_id: OrderId,
        cart_id: Option<CartId>,
        buyer: &Buyer,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Vec<Order>, Error> {
        let stock = purchase.stock_changes(buyer.payment_method, first_id);
        if !stock.fits_one_order() {
            let reason = "its stock is spread too thin for one order; order a part of it first";
            return Err(Error::CartFull(reason.to_owned()));
        }
        self.move_stock(&stock)?;
        if let Some((code, _)) = &purchase.coupon {
            self.redeem(code, buyer.user_id, first_id, now)?;
        }
        let placed = purchase.into_orders(first_id, buyer, now);
        self.put_orders(&placed, cart_id, key)?;
        Ok(placed.into_iter().map(|placed| placed.order).collect())
    }
}

/// The key of the coupon that `terms` name. Codes have capital letters only; a person may type them
/// otherwise.
pub(super) fn coupon_key(terms: Terms<'_>) -> Option<Key> {
    terms.coupon_code.map(|code| Key::coupon(&code.as_str().to_ascii_uppercase()))
}

/// The purchase of `lines`, with its coupon if `terms` name one.
pub(super) fn purchase(
    lines: Vec<PurchasedLine>,
    coupon: Option<Coupon>,
    terms: Terms<'_>,
    split: Split,
    user_id: UserId,
    now: Timestamp,
) -> Result<Purchase, Error> {
    let mut purchase = Purchase { lines, coupon: None, split };
    if terms.coupon_code.is_some() {
        let coupon = coupon.ok_or(Error::CouponNotFound)?;
        let discount = coupon.apply(user_id, purchase.subtotal(), now)?;
        purchase.coupon = Some((coupon.code, discount));
    }
    Ok(purchase)
}
