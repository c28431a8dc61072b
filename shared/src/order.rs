//! Orders: what was bought, by whom, for how much, and how far it has come.

mod placing;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::placing::{Buyer, CheckoutRequest, PlacedOrder, Purchase, PurchasedLine, Split};
use crate::cart::Properties;
use crate::error::Error;
use crate::ids::{ItemId, OrderId, ProductId, UserId};
use crate::money::Money;
use crate::time::Timestamp;
use crate::user::{Address, Contact};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Waiting for its online payment; its stock is reserved.
    UnderPaying,
    /// Bought; its stock is sold.
    Placed,
    /// Being packed.
    Processing,
    /// On its way.
    Shipped,
    /// Received.
    Delivered,
    /// Called off; its stock went back.
    Cancelled,
}

impl FromStr for OrderStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<OrderStatus, String> {
        let known = "must be one of under_paying, placed, processing, shipped, delivered, cancelled";
        serde_json::from_value(text.into()).map_err(|_| known.to_owned())
    }
}

/// A status that an order took on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// How an order is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The way the buyer chose.
    pub method: PaymentMethod,
    /// Where the payment stands.
    pub status: PaymentStatus,
    /// Until when it must arrive.
    pub deadline: Option<Timestamp>,
    /// What the payment provider calls it.
    pub reference: Option<String>,
}

/// The ways to pay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// To whoever brings it.
    #[default]
    OnDelivery,
    /// To a payment provider, before it is sent.
    Online,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Paid on delivery.
    NotRequired,
    /// Not arrived yet.
    Pending,
    /// Arrived.
    Succeeded,
    /// Refused, or too late.
    Failed,
    /// Arrived for an order that is cancelled.
    RefundRequired,
}

impl Order {
    /// Lets only those see an order who may: its buyer, its seller, an admin. To anybody else it
    /// does not exist.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub fn visible_to(self, caller: &crate::auth::Caller) -> Result<Order, Error> {
        let owner = self.summary.user_id == caller.user_id;
        let seller = caller.is_seller() && self.summary.seller_id == Some(caller.user_id);
        if owner || seller || caller.is_admin() { Ok(self) } else { Err(Error::OrderNotFound) }
    }
}
