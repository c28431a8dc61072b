//! The carts table: reading a cart, and changing it together with the stock it holds.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table, expiry_shard, held_tag, number, string, to_item};
use super::limits::most_held;
use super::read::Found;
use super::shortage::Basis;
use super::transaction::{Expression, Transaction};
use crate::cart::{Cart, CartView, Line, LineView, RecentAdd, Variation};
use crate::catalog::Product;
use crate::error::Error;
use crate::ids::{IdempotencyKey, ItemId, UserId};
use crate::inventory::Level;
use crate::inventory::movement::StockChanges;
use crate::metrics::{Metric, count};
use crate::time::Timestamp;
use crate::user::Profile;

/// How long an empty cart is kept after its last change, at least. Longer than its keys are promised for.
const EMPTY_CART_KEPT: Duration = Duration::from_hours(48);

/// What adding to a cart came to.
#[derive(Debug)]
pub struct AddedItem {
    /// The line as it is now.
    pub line: LineView,
    /// Whether the add made the line, rather than making it grow.
    pub created: bool,
    /// Whether the add was served before, under the same key.
    pub replayed: bool,
}

impl Store {
    /// A user's cart as it is shown at `now`.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn cart_view(&self, user_id: UserId, now: Timestamp) -> Result<CartView, Error> {
        let cart = self.cart_of(user_id).await?;
        Ok(self.view_of(&cart, now).await?)
    }

    /// A cart as it is shown at `now`.
    pub(super) async fn view_of(&self, cart: &Cart, now: Timestamp) -> Result<CartView, Failure> {
        let skus: BTreeSet<_> = cart.lines.values().map(Line::sku).collect();
        let (_, products, levels) = self.stock_of(&skus, []).await?;
        Ok(CartView::new(cart, &products, &levels, &self.currency, now))
    }

    /// Adds to a cart and holds the stock: one read, one transaction.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::ProductNotFound`], [`Error::IdempotencyKeyReused`], and those
    /// of [`Product::sku`] and [`Cart::add`], and [`Error::HoldLimit`].
    pub async fn add_to_cart(
        &self,
        user_id: UserId,
        variation: &Variation,
        quantity: u32,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<AddedItem, Error> {
        self.decide(|attempts| async move {
            let context = [Key::user(user_id), Key::cart(user_id)];
            let sku = BTreeSet::from([variation.sku()]);
            let (mut found, mut products, mut stock) = self.stock_for(user_id, &sku, context, attempts, now).await?;
            let cart = cart_in(&mut found, user_id)?;
            let product = products.pop();
            let earlier = key.map(|key| cart.recent_add(key.id, &key.fingerprint)).transpose()?.flatten();
            if let Some(&RecentAdd { item_id, created, .. }) = earlier {
                let product = product.ok_or(Error::ProductNotFound)?;
                // A line that has been ordered or removed since has no units any more.
                let gone = Line::of(variation, &product, now);
                let line = cart.lines.get(&item_id).unwrap_or(&gone);
                let line = LineView::new(&cart, item_id, line, Some(&product), &stock.shown(&stock.levels()), now);
                return Ok(AddedItem { line, created, replayed: true });
            }
            let product = product.filter(Product::is_active).ok_or(Error::ProductNotFound)?;
            product.sku(variation.size.as_deref())?;
            self.release_if_over(&cart, now).await?;

            let item_id = variation.item_id();
            let created = !cart.lines.contains_key(&item_id);
            let add = |levels: &mut [Level]| {
                let mut cart = cart.clone();
                let changes = cart.add(variation, quantity, &product, levels, now)?;
                Ok((cart, changes))
            };
            let ((mut cart, changes), left) = self.plan_with(&mut stock, Basis::with_cart(&cart), now, add).await?;
            self.keep_to_limits(&mut cart, &sku, &[]).await?;
            if let Some(key) = key {
                let fingerprint = key.fingerprint.clone();
                cart.remember(RecentAdd { key: key.id, fingerprint, item_id, created, at: now });
            }
            let held = most_held(&cart, &sku);
            let line = self.change_cart(cart, item_id, &changes, &product, &stock.shown(&left), now).await?;
            count(Metric::UnitsHeld, held);
            Ok(AddedItem { line, created, replayed: false })
        })
        .await
    }

    /// Gives a line another quantity, and holds or releases the difference.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::HoldLimit`] and those of [`Cart::set_quantity`].
    pub async fn set_quantity(
        &self,
        user_id: UserId,
        item_id: ItemId,
        quantity: u32,
        now: Timestamp,
    ) -> Result<LineView, Error> {
        self.decide(|attempts| async move {
            let cart = self.cart_of(user_id).await?;
            let line = cart.lines.get(&item_id).ok_or(Error::CartItemNotFound)?;
            let (sku, held) = (BTreeSet::from([line.sku()]), line.allocation.total());
            self.release_if_over(&cart, now).await?;
            let (_, mut products, mut stock) = self.stock_for(user_id, &sku, [], attempts, now).await?;
            let product = products.pop().ok_or(Error::ProductNotFound)?;
            let set = |levels: &mut [Level]| {
                let mut cart = cart.clone();
                let changes = cart.set_quantity(item_id, quantity, &product, levels, now)?;
                Ok((cart, changes))
            };
            let ((mut cart, changes), left) = self.plan_with(&mut stock, Basis::with_cart(&cart), now, set).await?;
            if quantity > held {
                self.keep_to_limits(&mut cart, &sku, &[]).await?;
            }
            let held = most_held(&cart, &sku);
            let line = self.change_cart(cart, item_id, &changes, &product, &stock.shown(&left), now).await?;
            count(Metric::UnitsHeld, held);
            Ok(line)
        })
        .await
    }

    /// Takes a line out and releases its stock; nothing happens if it is gone already.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn remove_from_cart(&self, user_id: UserId, item_id: ItemId, now: Timestamp) -> Result<(), Error> {
        self.decide(|_| async move {
            let mut cart = self.cart_of(user_id).await?;
            if !cart.lines.contains_key(&item_id) {
                return Ok(());
            }
            self.release_if_over(&cart, now).await?;
            let stock = cart.remove(item_id).unwrap_or_default();
            cart.extend_hold(self.hold_policy, now);
            self.write_cart(&cart, &stock, now).await
        })
        .await
    }

    /// Empties a cart and releases its stock.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub async fn clear_cart(&self, user_id: UserId, now: Timestamp) -> Result<(), Error> {
        self.decide(|_| async move {
            let mut cart = self.cart_of(user_id).await?;
            if cart.lines.is_empty() {
                return Ok(());
            }
            let stock = cart.release();
            cart.empty_out();
            self.write_cart(&cart, &stock, now).await
        })
        .await
    }

    /// The cart of a user who is registered.
    async fn cart_of(&self, user_id: UserId) -> Result<Cart, Failure> {
        let mut found = self.get_all([Key::user(user_id), Key::cart(user_id)]).await?;
        cart_in(&mut found, user_id)
    }

    /// Extends the hold, writes a changed cart with its stock, and shows the line that changed.
    async fn change_cart(
        &self,
        mut cart: Cart,
        item_id: ItemId,
        stock: &StockChanges,
        product: &Product,
        levels: &[Level],
        now: Timestamp,
    ) -> Result<LineView, Failure> {
        cart.extend_hold(self.hold_policy, now);
        let mut transaction = self.cart_and_stock(&cart, stock, now)?;
        transaction.leave(stock, levels);
        transaction.commit().await?;
        let line = cart.lines.get(&item_id).ok_or(Error::CartItemNotFound)?;
        Ok(LineView::new(&cart, item_id, line, Some(product), levels, now))
    }

    /// Ends a hold whose time is over before the cart is changed, as the sweep would have: a change
    /// must not revive prices and stock that the buyer was told are gone.
    async fn release_if_over(&self, cart: &Cart, now: Timestamp) -> Result<(), Failure> {
        if !cart.hold_is_over(now) {
            return Ok(());
        }
        self.release_cart(cart, now).await?;
        Err(Failure::Stale)
    }

    /// Writes a cart and what its change does to the stock, if it is still as it was read.
    pub(super) async fn write_cart(&self, cart: &Cart, stock: &StockChanges, now: Timestamp) -> Result<(), Failure> {
        self.cart_and_stock(cart, stock, now)?.commit().await
    }

    fn cart_and_stock(&self, cart: &Cart, stock: &StockChanges, now: Timestamp) -> Result<Transaction<'_>, Error> {
        let mut transaction = self.transaction();
        transaction.move_stock(stock)?;
        transaction.put_cart(cart, now)?;
        Ok(transaction)
    }
}

impl Transaction<'_> {
    /// Puts a cart if it is still at the version that was read.
    pub(super) fn put_cart(&mut self, cart: &Cart, now: Timestamp) -> Result<(), Error> {
        let guard = match cart.version {
            0 => Expression::when("attribute_not_exists(#user_id)").name("user_id"),
            read => Expression::when("#version = :read").name("version").value("read", number(read)),
        };
        self.put(Table::Carts, cart_item(cart, now)?, &guard)
    }
}

fn cart_item(cart: &Cart, now: Timestamp) -> Result<Item, Error> {
    let mut item = to_item(cart)?;
    item.insert("version".to_owned(), number(cart.version + 1));
    if cart.reserved_until.is_some() {
        item.insert("expiry_shard".to_owned(), expiry_shard(cart.user_id));
        item.insert("held".to_owned(), string(cart.held_skus().iter().map(held_tag).collect::<String>()));
    }
    if cart.lines.is_empty() {
        let remembers_until = cart.remembers_until().unwrap_or(now);
        let kept_until = remembers_until.max(now + EMPTY_CART_KEPT);
        item.insert("expires_at".to_owned(), number(kept_until.epoch_seconds()));
    }
    Ok(item)
}

/// The cart that was read together with its user's profile.
fn cart_in(found: &mut Found, user_id: UserId) -> Result<Cart, Failure> {
    found.one::<Profile>(Table::Users)?.ok_or(Error::UserNotFound)?;
    Ok(found.one(Table::Carts)?.unwrap_or_else(|| Cart::empty(user_id)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cart::UnpaidOrder;
    use crate::ids::{OrderId, ProductId};

    #[test]
    fn an_empty_cart_is_kept_for_as_long_as_it_is_needed() {
        let now = Timestamp::from_millis(1_795_155_693_120);
        let kept_for = |cart: &Cart| {
            let kept_until = cart_item(cart, now).unwrap().remove("expires_at")?;
            Some(kept_until.as_n().unwrap().parse::<i64>().unwrap() - now.epoch_seconds())
        };
        let mut cart = Cart::empty(UserId::derived("ada"));
        assert_eq!(kept_for(&cart), Some(172_800), "two days");
        let due = now + Duration::from_secs(200_000);
        cart.unpaid_orders.push(UnpaidOrder { order_id: OrderId::derived("o"), due, units: BTreeMap::new() });
        assert_eq!(kept_for(&cart), Some(200_900), "until its user's order waits no longer");
        cart.lines.insert(ItemId::derived("mug"), line(now));
        assert_eq!(kept_for(&cart), None, "it is not empty");
    }

    fn line(now: Timestamp) -> Line {
        serde_json::from_value(serde_json::json!({
            "variation": {"product_id": ProductId::derived("mug"), "size": null, "properties": {}},
            "name": "Mug", "seller_id": null, "quantity": 1, "unit_price": "1.00", "priced_at": now, "allocation": {},
            "added_at": now,
        }))
        .unwrap()
    }
}
