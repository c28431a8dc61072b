//! What the model keeps, in plain maps, and how the API shows it.
//!
//! Amounts are in cents, moments in milliseconds since the beginning. What the model cannot know is shown as a
//! number: `{"order": 0}` is the id of the first order, `{"coupon": 0}` the code of the first coupon, `{"ms": 5}` a
//! moment.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};
use shared::ids::ItemId;

use super::steps::{NewProduct, Setup, Sku, Step, Thing, USERS};

/// From how many available units down the stock is limited.
const LOW: u32 = 5;

/// What is answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The status; 0 where nobody is asked.
    pub(super) status: u16,
    /// Whether it is the answer to an earlier call.
    pub(super) replayed: bool,
    /// What matters of the body.
    pub(super) body: Value,
}

/// The shop.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) setup: Setup,
    pub(super) now: u64,
    pub(super) products: Vec<Product>,
    pub(super) stock: BTreeMap<Sku, Stock>,
    pub(super) carts: Vec<Cart>,
    pub(super) orders: Vec<Order>,
    pub(super) coupons: Vec<Coupon>,
    /// Steps with a key that were served: by route, user and key.
    pub(super) served: BTreeMap<(&'static str, usize, u8), Served>,
    /// When somebody last looked for holds of a SKU that are over, and found none.
    pub(super) looked: BTreeMap<Sku, u64>,
    /// What the last step was answered.
    pub(super) answer: Answer,
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) price: u64,
    pub(super) limit: Option<u32>,
    pub(super) active: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stock {
    pub(super) available: u32,
    pub(super) reserved: u32,
    pub(super) sold: u32,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Cart {
    pub(super) lines: BTreeMap<ItemId, Line>,
    /// Since when it holds stock, and until when.
    pub(super) hold: Option<(u64, u64)>,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) thing: Thing,
    pub(super) quantity: u32,
    pub(super) price: u64,
    /// How many units are held for it: all or none.
    pub(super) held: u32,
    pub(super) added: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) user: usize,
    pub(super) lines: Vec<(ItemId, Line)>,
    pub(super) discount: u64,
    pub(super) coupon: Option<usize>,
    /// Until when its payment must arrive, if it is paid online.
    pub(super) due: Option<u64>,
    pub(super) status: &'static str,
    pub(super) paid: &'static str,
    /// Every status it had, and why.
    pub(super) history: Vec<(&'static str, Option<&'static str>)>,
    pub(super) cancelled_by_payment: bool,
    /// The first order of its checkout.
    pub(super) first: usize,
    pub(super) deleted: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Coupon {
    pub(super) user: usize,
    /// The order that earned it.
    pub(super) order: usize,
    pub(super) status: &'static str,
    /// The first order of the checkout that used it.
    pub(super) redeemed: Option<usize>,
    pub(super) expires: u64,
}

/// A step with a key that was served.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) step: Step,
    pub(super) status: u16,
    /// The first order that it made.
    pub(super) order: usize,
    pub(super) at: u64,
}

/// What it opened with: the rest follows from the steps.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.setup.fmt(f)
    }
}

/// An amount as the API writes it.
pub(super) fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// What it costs.
pub(super) fn total<'a>(lines: impl IntoIterator<Item = &'a Line>) -> u64 {
    lines.into_iter().map(|line| line.price * u64::from(line.quantity)).sum()
}

fn stock_status(available: u32) -> &'static str {
    match available {
        0 => "out_of_stock",
        1..=LOW => "limited_stock",
        _ => "in_stock",
    }
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Answer {
        Answer { status, replayed: false, body }
    }
}

impl Model {
    /// A shop that has just opened.
    pub(super) fn new(setup: Setup) -> Model {
        let product = |new: &NewProduct| Product { price: new.price, limit: new.limit, active: true };
        let stock = |sku: Sku| (sku, Stock { available: setup.stock(sku), ..Stock::default() });
        Model {
            now: 0,
            products: setup.products.iter().map(product).collect(),
            stock: Sku::all().map(stock).collect(),
            carts: vec![Cart::default(); USERS],
            orders: Vec::new(),
            coupons: Vec::new(),
            served: BTreeMap::new(),
            looked: BTreeMap::new(),
            answer: Answer::new(0, Value::Null),
            setup,
        }
    }

    /// How many units of a product other lines of the cart have, and how many the cart may have.
    pub(super) fn others_and_limit(&self, user: usize, thing: Thing) -> (u32, u32) {
        let of_product = |line: &&Line| line.thing.sku.product == thing.sku.product && line.thing != thing;
        let others = self.carts[user].lines.values().filter(of_product).map(|line| line.quantity).sum();
        (others, self.products[thing.sku.product].limit.unwrap_or(999))
    }

    /// Whether the line is held, so that it can be bought at its price.
    pub(super) fn holds(&self, user: usize, line: &Line) -> bool {
        line.held > 0 && self.carts[user].hold.is_some_and(|(_, until)| until > self.now)
    }

    /// What a line costs now.
    pub(super) fn price(&self, user: usize, line: &Line) -> u64 {
        let product = &self.products[line.thing.sku.product];
        if product.active && !self.holds(user, line) { product.price } else { line.price }
    }

    /// What the cart costs now.
    pub(super) fn subtotal(&self, user: usize) -> u64 {
        let lines = self.carts[user].lines.values();
        lines.map(|line| self.price(user, line) * u64::from(line.quantity)).sum()
    }

    pub(super) fn shown_line(&self, user: usize, line: &Line) -> Value {
        let Line { thing, quantity, held, .. } = *line;
        let (product, price) = (&self.products[thing.sku.product], self.price(user, line));
        let available = if product.active { self.stock[&thing.sku].available } else { 0 };
        let (others, limit) = self.others_and_limit(user, thing);
        let most = if product.active { limit.saturating_sub(others).min(available + held) } else { 0 };
        json!({
            "item_id": thing.item_id(), "product_id": thing.sku.product_id(), "size": thing.sku.size,
            "quantity": quantity, "unit_price": money(price), "line_total": money(price * u64::from(quantity)),
            "is_stock_reserved": self.holds(user, line),
            "stock": {"status": stock_status(available), "available": available, "max_quantity": most},
        })
    }

    pub(super) fn shown_cart(&self, user: usize) -> Value {
        let cart = &self.carts[user];
        let mut lines: Vec<_> = cart.lines.iter().collect();
        lines.sort_by_key(|(item_id, line)| (line.added, **item_id));
        json!({
            "items": lines.iter().map(|(_, line)| self.shown_line(user, line)).collect::<Vec<_>>(),
            "item_count": lines.len(),
            "total_quantity": lines.iter().map(|(_, line)| line.quantity).sum::<u32>(),
            "subtotal": money(self.subtotal(user)),
            "reserved_until": cart.hold.filter(|(_, until)| *until > self.now).map(|(_, until)| json!({"ms": until})),
        })
    }

    pub(super) fn shown_order(&self, number: usize) -> Value {
        let order = &self.orders[number];
        let item = |(item_id, line): &(ItemId, Line)| {
            json!({
                "item_id": item_id, "quantity": line.quantity, "unit_price": money(line.price),
                "line_total": money(line.price * u64::from(line.quantity)),
            })
        };
        let subtotal = total(order.lines.iter().map(|(_, line)| line));
        let change = |(status, reason): &(&str, Option<&str>)| json!({"status": status, "reason": reason});
        json!({
            "order_id": {"order": number}, "status": order.status,
            "items": order.lines.iter().map(item).collect::<Vec<_>>(),
            "items_count": order.lines.iter().map(|(_, line)| line.quantity).sum::<u32>(),
            "subtotal": money(subtotal), "discount": money(order.discount),
            "total_price": money(subtotal - order.discount),
            "coupon_code": order.coupon.map(|coupon| json!({"coupon": coupon})),
            "payment": {
                "method": if order.due.is_some() { "online" } else { "on_delivery" },
                "status": order.paid, "deadline": order.due.map(|due| json!({"ms": due})),
            },
            "status_history": order.history.iter().map(change).collect::<Vec<_>>(),
        })
    }

    /// What a checkout became, without what was deleted of it.
    pub(super) fn shown_checkout(&self, first: usize) -> Value {
        let parts = (first..self.orders.len()).filter(|part| self.orders[*part].first == first);
        let parts: Vec<_> = parts.filter(|part| !self.orders[*part].deleted).collect();
        let orders = parts.iter().map(|part| self.shown_order(*part)).collect::<Vec<_>>();
        json!({"order_id": {"order": first}, "orders": orders})
    }

    pub(super) fn shown_stock(&self, sku: Sku) -> Value {
        let Stock { available, reserved, sold } = self.stock[&sku];
        json!({
            "product_id": sku.product_id(), "size": sku.size, "available": available, "reserved": reserved,
            "sold": sold, "received": available + reserved + sold, "status": stock_status(available),
        })
    }

    pub(super) fn shown_product(&self, number: usize) -> Value {
        let (product, of_it) = (&self.products[number], Sku::all().filter(|sku| sku.product == number));
        let stock = |sku: Sku| {
            let available = self.stock[&sku].available;
            json!({"size": sku.size, "status": stock_status(available), "available": available})
        };
        json!({
            "price": money(product.price), "max_per_order": product.limit,
            "stock": of_it.map(stock).collect::<Vec<_>>(),
        })
    }

    pub(super) fn shown_statistics(&self, user: usize) -> Value {
        let orders = || self.orders.iter().filter(|order| order.user == user && !order.deleted);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        orders().for_each(|order| *counts.entry(order.status).or_default() += 1);
        let spent = orders().filter(|order| !["cancelled", "under_paying"].contains(&order.status));
        let spent: u64 = spent.map(|order| total(order.lines.iter().map(|(_, line)| line)) - order.discount).sum();
        json!({"total_orders": orders().count(), "total_spent": money(spent), "status_counts": counts})
    }
}
