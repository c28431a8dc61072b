//! The cart: what a user means to buy, and the stock that is held for it.
//!
//! Every change here is planned in memory, together with what it does to the stock; the store then
//! writes both in one transaction that fails if the cart is no longer as it was read.

mod limits;
mod quantity;
mod variation;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::limits::UnpaidOrder;
pub use self::quantity::Quantity;
pub use self::variation::{Properties, Variation};
pub use self::view::{CartView, LineView};
use crate::catalog::{MAX_QUANTITY, Product};
use crate::error::{Error, Shortage};
use crate::ids::{CartId, ItemId, KeyId, OrderId, ProductId, UserId};
use crate::inventory::movement::{Movement, StockChanges};
use crate::inventory::{self, Allocation, Level, Sku};
use crate::money::Money;
use crate::time::Timestamp;

/// The most lines of a cart.
pub const MAX_LINES: usize = 30;

/// The most shards that a cart's lines may hold units in. DynamoDB takes 100 writes in a transaction;
/// checkout needs one a shard, one an order (at most [`MAX_LINES`]), one each for cart and coupon.
pub const MAX_ALLOCATIONS: usize = 60;

/// How many adds are remembered by their idempotency keys, and for how long.
const MAX_RECENT_ADDS: usize = 100;
const RECENT_ADDS_KEPT: Duration = Duration::from_hours(24);

/// A hold may be extended to this many times its length, counted from its start.
const MAX_HOLD_LENGTHS: u32 = 4;

/// One user's cart, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    /// Whose it is.
    pub user_id: UserId,
    /// How often it was written; 0 for one that was never kept.
    pub version: u64,
    /// Names this filling of the cart; none while it is empty.
    pub cart_id: Option<CartId>,
    /// What is in it.
    pub lines: BTreeMap<ItemId, Line>,
    /// When stock was first held for it.
    pub held_since: Option<Timestamp>,
    /// Until when stock is held for it; none if none is.
    pub reserved_until: Option<Timestamp>,
    /// The latest adds that carried an idempotency key, oldest first.
    pub recent_adds: Vec<RecentAdd>,
    /// What its latest checkout made of it.
    pub last_checkout: Option<LastCheckout>,
    /// Its user's online orders that may still wait for their payment, made of this cart or past it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpaid_orders: Vec<UnpaidOrder>,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub variation: Variation,
    /// Its name when it was last priced.
    pub name: String,
    /// Who sells it.
    pub seller_id: Option<UserId>,
    /// How many.
    pub quantity: u32,
    /// What one costs, as long as it is held.
    pub unit_price: Money,
    /// When that price was taken.
    pub priced_at: Timestamp,
    /// The stock that is held for it: all of its quantity, or nothing.
    pub allocation: Allocation,
    /// When it was added.
    pub added_at: Timestamp,
}

/// An add that was served, so that its retry is answered and not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentAdd {
    /// The key it came with.
    pub key: KeyId,
    /// The body it came with.
    pub fingerprint: String,
    /// The line it made or made grow.
    pub item_id: ItemId,
    /// Whether it made the line.
    pub created: bool,
    /// When.
    pub at: Timestamp,
}

/// Which order a filling of the cart became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCheckout {
    /// The filling.
    pub cart_id: CartId,
    /// The order, or the first of its parts.
    pub order_id: OrderId,
}

/// The rules that a hold follows.
#[derive(Debug, Clone, Copy)]
pub struct HoldPolicy {
    /// How long stock is held after the cart's last change.
    pub length: Duration,
    /// How many units of a SKU a user may hold at once, in the cart and in orders that wait for their payment.
    pub max_units: u32,
    /// How many orders of a user may wait for their payment at once.
    pub max_unpaid_orders: u32,
}

impl Line {
    /// A line without units yet, at the product's price of now.
    pub fn of(variation: &Variation, product: &Product, now: Timestamp) -> Line {
        Line {
            variation: variation.clone(),
            name: product.name.clone(),
            seller_id: product.seller_id,
            quantity: 0,
            unit_price: product.price,
            priced_at: now,
            allocation: Allocation::default(),
            added_at: now,
        }
    }

    /// What the line costs at its price.
    pub fn total(&self) -> Money {
        self.unit_price * self.quantity
    }

    /// What is stocked of it.
    pub fn sku(&self) -> Sku {
        self.variation.sku()
    }

    fn reprice(&mut self, product: &Product, now: Timestamp) {
        self.name.clone_from(&product.name);
        self.seller_id = product.seller_id;
        self.unit_price = product.price;
        self.priced_at = now;
    }
}

impl Cart {
    /// The cart of a user who has none.
    pub fn empty(user_id: UserId) -> Cart {
        Cart {
            user_id,
            version: 0,
            cart_id: None,
            lines: BTreeMap::new(),
            held_since: None,
            reserved_until: None,
            recent_adds: Vec::new(),
            last_checkout: None,
            unpaid_orders: Vec::new(),
        }
    }

    /// Whether stock is kept for the cart although its time is over and the sweep has not come by.
    pub fn hold_is_over(&self, now: Timestamp) -> bool {
        self.reserved_until.is_some_and(|until| until <= now)
    }

    /// Whether the stock of `line` is held, so that it can be bought at its price.
    pub fn holds(&self, line: &Line, now: Timestamp) -> bool {
        line.quantity > 0
            && line.allocation.total() == line.quantity
            && self.reserved_until.is_some_and(|until| until > now)
    }

    /// How many units of a SKU its lines hold.
    pub fn units_held_of(&self, sku: &Sku) -> u32 {
        self.lines.values().filter(|line| line.sku() == *sku).map(|line| line.allocation.total()).sum()
    }

    /// The SKUs that its lines hold units of.
    pub fn held_skus(&self) -> BTreeSet<Sku> {
        self.lines.values().filter(|line| line.allocation.total() > 0).map(Line::sku).collect()
    }

    /// The add that an idempotency key stands for.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if it came with another body.
    pub fn recent_add(&self, key: KeyId, fingerprint: &str) -> Result<Option<&RecentAdd>, Error> {
        match self.recent_adds.iter().find(|add| add.key == key) {
            Some(add) if add.fingerprint != fingerprint => Err(Error::IdempotencyKeyReused),
            found => Ok(found),
        }
    }

    /// Remembers an add by its key, and forgets those that are too old or too many.
    pub fn remember(&mut self, add: RecentAdd) {
        self.recent_adds.retain(|known| known.at + RECENT_ADDS_KEPT > add.at);
        let surplus = (self.recent_adds.len() + 1).saturating_sub(MAX_RECENT_ADDS);
        self.recent_adds.drain(..surplus);
        self.recent_adds.push(add);
    }

    /// No changes to the stock yet, on account of this filling of the cart.
    fn stock_changes(&self) -> StockChanges {
        StockChanges::caused_by(self.cart_id.map(|cart_id| cart_id.to_string()).unwrap_or_default())
    }

    /// How many units of a product the cart has, in all its variations but `except`.
    fn units_of(&self, product_id: ProductId, except: ItemId) -> u32 {
        let others = self.lines.iter().filter(|(id, line)| **id != except && line.variation.product_id == product_id);
        others.map(|(_, line)| line.quantity).sum()
    }

    /// Adds `quantity` of a variation, as a new line or to the one there is, and holds their stock.
    /// Takes the units off `levels`.
    ///
    /// # Errors
    /// [`Error::CartFull`], [`Error::QuantityLimit`] or [`Error::InsufficientStock`].
    pub fn add(
        &mut self,
        variation: &Variation,
        quantity: u32,
        product: &Product,
        levels: &mut [Level],
        now: Timestamp,
    ) -> Result<StockChanges, Error> {
        let item_id = variation.item_id();
        if !self.lines.contains_key(&item_id) && self.lines.len() >= MAX_LINES {
            return Err(Error::CartFull(format!("it has {MAX_LINES} lines, the most a cart can have")));
        }
        let before = self.lines.get(&item_id).map_or(0, |line| line.quantity);
        self.lines.entry(item_id).or_insert_with(|| Line::of(variation, product, now));
        self.cart_id.get_or_insert_with(CartId::random);
        self.set_quantity(item_id, before.saturating_add(quantity), product, levels, now)
    }

    /// Gives the line `item_id` this quantity and holds all of it; takes the units off `levels`, or
    /// puts them back. A line that was not held takes the product's price of today.
    ///
    /// # Errors
    /// [`Error::CartItemNotFound`], [`Error::QuantityLimit`], [`Error::InsufficientStock`],
    /// [`Error::CartFull`], or [`Error::ValidationFailed`] if the product is no longer for sale.
    pub fn set_quantity(
        &mut self,
        item_id: ItemId,
        quantity: u32,
        product: &Product,
        levels: &mut [Level],
        now: Timestamp,
    ) -> Result<StockChanges, Error> {
        let others = self.units_of(product.product_id, item_id);
        let user_id = self.user_id;
        let mut stock = self.stock_changes();
        let line = self.lines.get_mut(&item_id).ok_or(Error::CartItemNotFound)?;
        if quantity > MAX_QUANTITY || (quantity > line.quantity && quantity + others > product.quantity_limit()) {
            return Err(Error::QuantityLimit { max: product.quantity_limit() });
        }
        let (sku, held) = (line.sku(), line.allocation.total());
        if quantity > held {
            if !product.is_active() {
                return Err(Error::field(
                    "quantity",
                    "cannot be reserved: the product is no longer for sale; remove the item",
                ));
            }
            let more = inventory::allocate(levels, &sku, user_id, quantity - held).map_err(|left| {
                let size = sku.size.as_deref();
                let shortage = Shortage::new(sku.product_id, &product.name, size, quantity, held + left);
                Error::InsufficientStock(vec![shortage.of_line(item_id)])
            })?;
            stock.move_units(Movement::Reserve, &sku, &more);
            line.allocation.add(&more);
        } else {
            let less = line.allocation.give_back(held - quantity);
            stock.move_units(Movement::Release, &sku, &less);
            inventory::put_back(levels, &sku, &less);
        }
        if held == 0 {
            line.reprice(product, now);
        }
        line.quantity = quantity;
        if self.lines.values().map(|line| line.allocation.shards()).sum::<usize>() > MAX_ALLOCATIONS {
            return Err(Error::CartFull("its stock is spread too thin; order what is in it first".to_owned()));
        }
        Ok(stock)
    }

    /// Takes a line out and releases its stock; none if there is no such line.
    pub fn remove(&mut self, item_id: ItemId) -> Option<StockChanges> {
        let mut stock = self.stock_changes();
        let line = self.lines.remove(&item_id)?;
        stock.move_units(Movement::Release, &line.sku(), &line.allocation);
        Some(stock)
    }

    /// Releases the stock of every line; the lines stay.
    pub fn release(&mut self) -> StockChanges {
        let mut stock = self.stock_changes();
        for line in self.lines.values_mut() {
            stock.move_units(Movement::Release, &line.sku(), &std::mem::take(&mut line.allocation));
        }
        self.held_since = None;
        self.reserved_until = None;
        stock
    }

    /// Empties the cart; what it held is the caller's to move.
    pub fn empty_out(&mut self) {
        self.lines.clear();
        self.cart_id = None;
        self.held_since = None;
        self.reserved_until = None;
    }

    /// Starts or extends the hold after a change by the user: to the policy's length from now, but
    /// never beyond four times that from when it started.
    pub fn extend_hold(&mut self, policy: HoldPolicy, now: Timestamp) {
        if self.lines.is_empty() {
            self.empty_out();
        } else if self.lines.values().any(|line| line.allocation.total() > 0) {
            let since = *self.held_since.get_or_insert(now);
            self.reserved_until = Some((now + policy.length).min(since + policy.length * MAX_HOLD_LENGTHS));
        } else {
            self.held_since = None;
            self.reserved_until = None;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
