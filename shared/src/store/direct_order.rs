//! Buying one product at once, past the cart.

use std::collections::BTreeSet;

use super::Store;
use super::keys::{Key, Table};
use super::limits::{most_held, skus_of};
use super::orders::{OrderEntry, order_id_of};
use super::placing::{Placed, coupon_key, purchase};
use super::shortage::Basis;
use crate::cart::{Cart, Variation};
use crate::catalog::Product;
use crate::error::{Error, Shortage};
use crate::ids::{IdempotencyKey, OrderId, UserId};
use crate::inventory::{self, Allocation, Level};
use crate::metrics::{Metric, count};
use crate::order::{DirectOrder, PaymentMethod, PurchasedLine, Split};
use crate::time::Timestamp;
use crate::user::Profile;

impl Store {
    /// Orders one product for `user_id`, as `placed_by` asks: one read, one transaction. The cart stays
    /// as it is.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::ProductNotFound`], [`Error::AddressRequired`],
    /// [`Error::QuantityLimit`], [`Error::HoldLimit`], [`Error::IdempotencyKeyReused`], [`Error::InsufficientStock`], and those of
    /// [`Product::sku`] and [`Coupon::apply`](crate::coupon::Coupon::apply).
    pub async fn order_directly(
        &self,
        user_id: UserId,
        placed_by: UserId,
        request: &DirectOrder,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Placed, Error> {
        let (variation, terms) = (&request.variation(), request.terms());
        let order_id = key.map_or_else(OrderId::random, order_id_of);
        self.decide(|attempts| async move {
            let placed = async {
                // What a user may hold is known from the cart.
                let online = terms.payment_method == Some(PaymentMethod::Online);
                let context = [Key::user(user_id)].into_iter().chain(online.then(|| Key::cart(user_id)));
                let context = context.chain(coupon_key(terms));
                let context = context.chain(key.map(|key| Key::order(order_id_of(key))));
                let sku = BTreeSet::from([variation.sku()]);
                let (mut found, mut products, mut stock) =
                    self.stock_for(user_id, &sku, context, attempts, now).await?;
                let profile: Profile = found.one(Table::Users)?.ok_or(Error::UserNotFound)?;
                let entry = found.one_item(Table::Orders).map(OrderEntry::from_item).transpose()?;
                if let Some((entry, key)) = entry.zip(key) {
                    return self.replay(entry, key).await;
                }
                let product = products.pop().filter(Product::is_active).ok_or(Error::ProductNotFound)?;
                let buyer = self.buyer(&profile, placed_by, terms)?;
                let take = |levels: &mut [Level]| line_of(&product, variation, request.quantity.get(), user_id, levels);
                let (line, _) = self.plan_with(&mut stock, Basis::without_cart(), now, take).await?;
                let coupon = found.one(Table::Coupons)?;
                let purchase = purchase(vec![line], coupon, terms, Split::None, user_id, now)?;
                let mut transaction = self.transaction();
                let orders = transaction.place(purchase, order_id, None, &buyer, key, now)?;
                let mut held = 0;
                if online {
                    let mut cart = found.one(Table::Carts)?.unwrap_or_else(|| Cart::empty(user_id));
                    cart.remember_unpaid(&orders, now);
                    self.keep_to_limits(&mut cart, &skus_of(&orders), &orders).await?;
                    held = most_held(&cart, &skus_of(&orders));
                    transaction.put_cart(&cart, now)?;
                }
                transaction.commit().await?;
                count(Metric::Checkouts, 1);
                count(Metric::UnitsHeld, held);
                Ok(Placed::new(orders))
            };
            self.unless_served(placed.await, key).await
        })
        .await
    }
}

/// A line of so many units of what is for sale, taken off `levels`.
fn line_of(
    product: &Product,
    variation: &Variation,
    quantity: u32,
    user_id: UserId,
    levels: &mut [Level],
) -> Result<PurchasedLine, Error> {
    let sku = product.sku(variation.size.as_deref())?;
    if quantity > product.quantity_limit() {
        return Err(Error::QuantityLimit { max: product.quantity_limit() });
    }
    let unheld = inventory::allocate(levels, &sku, user_id, quantity).map_err(|left| {
        let size = sku.size.as_deref();
        Error::InsufficientStock(vec![Shortage::new(sku.product_id, &product.name, size, quantity, left)])
    })?;
    Ok(PurchasedLine {
        variation: variation.clone(),
        name: product.name.clone(),
        seller_id: product.seller_id,
        unit_price: product.price,
        held: Allocation::default(),
        unheld,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::{levels, product, variation};

    #[test]
    fn a_direct_order_may_have_the_limit_and_what_there_is() {
        let line = |quantity, available| {
            line_of(&product(Some(5)), &variation("red"), quantity, UserId::derived("ada"), &mut levels(available))
        };
        assert_eq!(line(5, 5).unwrap().unheld.total(), 5);
        assert!(matches!(line(6, 9), Err(Error::QuantityLimit { max: 5 })));
        assert!(matches!(line(5, 4), Err(Error::InsufficientStock(short)) if short[0].available == 4));
    }
}
