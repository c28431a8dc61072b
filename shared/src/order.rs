//! Orders: what was bought, by whom, for how much, and how far it has come.

mod notice;
mod payment;
mod placing;
mod requests;
mod statistics;
mod status;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::notice::Notice;
pub use self::payment::{Outcome, Payment, PaymentMethod, PaymentStatus, Settlement, minor_units};
pub use self::placing::{Buyer, PlacedOrder, Purchase, PurchasedLine, Split};
pub use self::requests::{CheckoutRequest, DirectOrder, Terms};
pub use self::statistics::Statistics;
pub use self::status::{Actor, OrderStatus, Progress, Transition};
use crate::auth::Caller;
use crate::cart::Properties;
use crate::error::Error;
use crate::ids::{ItemId, OrderId, ProductId, UserId};
use crate::inventory::Sku;
use crate::money::Money;
use crate::time::Timestamp;
use crate::user::{Address, Contact};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Order {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: OrderSummary,
    /// What was bought, at the price it was bought for.
    pub items: Vec<OrderLine>,
    /// Whom to reach about it.
    pub contact: Contact,
    /// Where it goes.
    pub address: Address,
    /// Every status it had, oldest first.
    pub status_history: Vec<StatusChange>,
}

/// An order without its lines and its buyer's particulars.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct OrderSummary {
    /// Its id.
    pub order_id: OrderId,
    /// Who bought.
    pub user_id: UserId,
    /// Who sells all of it; null if that is nobody or not one alone.
    pub seller_id: Option<UserId>,
    /// How far it has come.
    pub status: OrderStatus,
    /// How many units, over all lines.
    pub items_count: u32,
    /// The sum of its lines.
    pub subtotal: Money,
    /// What a coupon took off.
    pub discount: Money,
    /// What is paid: subtotal less discount.
    pub total_price: Money,
    /// The currency, ISO 4217.
    pub currency: String,
    /// The coupon that was used.
    pub coupon_code: Option<String>,
    /// How it is paid.
    pub payment: Payment,
    /// The carrier's tracking number.
    pub tracking: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A line of an order, frozen when it was made.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct OrderLine {
    /// The line's id, the same as in the cart.
    pub item_id: ItemId,
    /// The product.
    pub product_id: ProductId,
    /// Who sells it.
    pub seller_id: Option<UserId>,
    /// What it was called.
    pub name: String,
    /// Its size.
    pub size: Option<String>,
    /// What the buyer chose.
    pub product_properties: Properties,
    /// Size and properties as text.
    pub variation_key: String,
    /// What one cost.
    pub unit_price: Money,
    /// How many.
    pub quantity: u32,
    /// What they cost together.
    pub line_total: Money,
}

/// A status that an order took on.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct StatusChange {
    /// The status.
    pub status: OrderStatus,
    /// When.
    pub at: Timestamp,
    /// Who brought it about; null for the shop itself.
    pub by: Option<UserId>,
    /// Why.
    pub reason: Option<String>,
}

impl OrderLine {
    /// What is stocked of it.
    pub fn sku(&self) -> Sku {
        Sku { product_id: self.product_id, size: self.size.clone() }
    }
}

impl Order {
    /// What `caller` is to the order. To whoever is nothing to it, it does not exist.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub fn actor(&self, caller: &Caller) -> Result<Actor, Error> {
        let sells_it = caller.is_seller() && self.summary.seller_id == Some(caller.user_id);
        if caller.is_admin() || sells_it {
            Ok(Actor::Staff)
        } else if self.summary.user_id == caller.user_id {
            Ok(Actor::Owner)
        } else {
            Err(Error::OrderNotFound)
        }
    }

    /// Gives the order a new status.
    pub fn enter(&mut self, transition: &Transition, by: Option<UserId>, reason: Option<String>, now: Timestamp) {
        let status = transition.to();
        self.summary.status = status;
        self.summary.updated_at = now;
        self.status_history.push(StatusChange { status, at: now, by, reason });
    }
}

#[cfg(test)]
pub(crate) mod tests;
