//! Making orders out of what is bought: totals, discount, and the split over several orders.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Order, OrderLine, OrderStatus, OrderSummary, Payment, PaymentMethod, PaymentStatus, StatusChange};
use crate::cart::Variation;
use crate::coupon;
use crate::ids::{OrderId, UserId};
use crate::inventory::Allocation;
use crate::inventory::movement::{Movement, StockChanges};
use crate::money::Money;
use crate::time::Timestamp;
use crate::user::{Address, Contact};

/// How what is bought is divided into orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// All in one.
    #[default]
    None,
    /// One for each line.
    PerItem,
    /// One for each seller.
    PerSeller,
}

/// Who buys, and how it is to be delivered and paid.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// Whose order it is.
    pub user_id: UserId,
    /// Who asked for it: the buyer, or an admin for them.
    pub placed_by: UserId,
    /// Whom to reach.
    pub contact: Contact,
    /// Where it goes.
    pub address: Address,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// How long an online payment may take.
    pub payment_deadline: Duration,
    /// The currency of every amount.
    pub currency: String,
}

/// Something bought, with the stock it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchasedLine {
    /// What it is.
    pub variation: Variation,
    /// What it is called.
    pub name: String,
    /// Who sells it.
    pub seller_id: Option<UserId>,
    /// What one costs.
    pub unit_price: Money,
    /// Units that a cart holds for it.
    pub held: Allocation,
    /// Units that nobody holds yet.
    pub unheld: Allocation,
}

/// A purchase: lines at their prices, and the coupon used on them.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// What is bought.
    pub lines: Vec<PurchasedLine>,
    /// The coupon and what it takes off, never more than the lines cost.
    pub coupon: Option<(String, Money)>,
    /// How it is divided.
    pub split: Split,
}

/// An order with the stock of each of its lines, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    /// The order.
    pub order: Order,
    /// Where the units of each line came from, and would go back to.
    pub allocations: Vec<Allocation>,
}

/// What goes into one order: lines, each with its share of the discount.
struct Part {
    seller_id: Option<UserId>,
    lines: Vec<(PurchasedLine, Money)>,
}

impl PurchasedLine {
    fn quantity(&self) -> u32 {
        self.held.total() + self.unheld.total()
    }

    fn total(&self) -> Money {
        self.unit_price * self.quantity()
    }
}

impl Purchase {
    /// What the lines cost together.
    pub fn subtotal(&self) -> Money {
        self.lines.iter().map(PurchasedLine::total).sum()
    }

    /// What the coupon takes off.
    pub fn discount(&self) -> Money {
        self.coupon.as_ref().map_or(Money::ZERO, |(_, discount)| *discount)
    }

    /// What is paid.
    pub fn total(&self) -> Money {
        self.subtotal().saturating_sub(self.discount())
    }

    /// What the purchase does to the stock. Paid on delivery, it is sold at once; paid online, it is
    /// reserved until the payment arrives, and belongs to the order from now on.
    /// `first_id` is the first order made of it.
    pub fn stock_changes(&self, method: PaymentMethod, first_id: OrderId) -> StockChanges {
        let mut changes = StockChanges::caused_by(first_id);
        for line in &self.lines {
            let sku = line.variation.sku();
            match method {
                PaymentMethod::OnDelivery => {
                    changes.move_units(Movement::Sell, &sku, &line.held);
                    changes.move_units(Movement::SellDirectly, &sku, &line.unheld);
                }
                PaymentMethod::Online => {
                    changes.move_units(Movement::HandOn, &sku, &line.held);
                    changes.move_units(Movement::Reserve, &sku, &line.unheld);
                }
            }
        }
        changes
    }

    /// Divides the purchase into orders, the first of them `first_id`. Their totals add up to its own.
    pub fn into_orders(self, first_id: OrderId, buyer: &Buyer, now: Timestamp) -> Vec<PlacedOrder> {
        let totals: Vec<Money> = self.lines.iter().map(PurchasedLine::total).collect();
        let discounts = coupon::spread(self.discount(), &totals);
        let coupon_code = self.coupon.map(|(code, _)| code);
        let mut parts: Vec<Part> = Vec::new();
        for (line, discount) in self.lines.into_iter().zip(discounts) {
            let seller_id = line.seller_id;
            let part = match self.split {
                Split::None => parts.first_mut(),
                Split::PerItem => None,
                Split::PerSeller => parts.iter_mut().find(|part| part.seller_id == seller_id),
            };
            match part {
                Some(part) => part.lines.push((line, discount)),
                None => parts.push(Part { seller_id, lines: vec![(line, discount)] }),
            }
        }
        let order = |(index, part): (usize, Part)| {
            let order_id = if index == 0 { first_id } else { OrderId::derived(&format!("{first_id}/{index}")) };
            place(order_id, part.lines, coupon_code.clone(), buyer, now)
        };
        parts.into_iter().enumerate().map(order).collect()
    }
}

fn place(
    order_id: OrderId,
    lines: Vec<(PurchasedLine, Money)>,
    coupon_code: Option<String>,
    buyer: &Buyer,
    now: Timestamp,
) -> PlacedOrder {
    let (status, payment) = opening(buyer, now);
    let discount: Money = lines.iter().map(|(_, discount)| *discount).sum();
    let seller_id = lines.first().and_then(|(line, _)| line.seller_id);
    let (mut items, mut allocations) = (Vec::new(), Vec::new());
    for (line, _) in lines {
        items.push(OrderLine {
            item_id: line.variation.item_id(),
            product_id: line.variation.product_id,
            seller_id: line.seller_id,
            variation_key: line.variation.key(),
            unit_price: line.unit_price,
            quantity: line.quantity(),
            line_total: line.total(),
            name: line.name,
            size: line.variation.size,
            product_properties: line.variation.properties,
        });
        let mut allocation = line.held;
        allocation.add(&line.unheld);
        allocations.push(allocation);
    }
    let subtotal: Money = items.iter().map(|item| item.line_total).sum();
    let summary = OrderSummary {
        order_id,
        user_id: buyer.user_id,
        seller_id: seller_id.filter(|seller| items.iter().all(|item| item.seller_id == Some(*seller))),
        status,
        items_count: items.iter().map(|item| item.quantity).sum(),
        subtotal,
        discount,
        total_price: subtotal.saturating_sub(discount),
        currency: buyer.currency.clone(),
        coupon_code,
        payment,
        tracking: None,
        created_at: now,
        updated_at: now,
    };
    let order = Order {
        summary,
        items,
        contact: buyer.contact.clone(),
        address: buyer.address.clone(),
        status_history: vec![StatusChange { status, at: now, by: Some(buyer.placed_by), reason: None }],
    };
    PlacedOrder { order, allocations }
}

fn opening(buyer: &Buyer, now: Timestamp) -> (OrderStatus, Payment) {
    let (status, payment, deadline) = match buyer.payment_method {
        PaymentMethod::OnDelivery => (OrderStatus::Placed, PaymentStatus::NotRequired, None),
        PaymentMethod::Online => (OrderStatus::UnderPaying, PaymentStatus::Pending, Some(now + buyer.payment_deadline)),
    };
    (status, Payment { method: buyer.payment_method, status: payment, deadline, reference: None })
}

#[cfg(test)]
mod tests;
