//! How the API shows what the model has.
//!
//! What the model cannot know is shown as a number: `{"order": 0}` is the id of the first order, `{"coupon": 0}` the
//! code of the first coupon, `{"ms": 5}` a moment.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Line, Model, Order, is_unpaid, total};
use super::steps::{Sku, Step, Thing};
use super::system::Told;

/// From how many available units down the stock is limited.
const LOW: u32 = 5;

/// The status that a step is answered with (0 where nobody is asked), and what is shown.
pub(super) type Outcome = Result<(u16, Shows), Refusal>;

/// The same, of a step that has ended there.
pub(super) type Refusal = (u16, Shows);

/// What the body of an answer shows, as it is by then.
#[derive(Debug, Clone)]
pub(super) enum Shows {
    Nothing,
    /// The line of somebody's cart.
    Line(usize, Thing),
    Order(usize),
    /// All orders of a checkout, by the first of them.
    Checkout(usize),
    Stock(Sku),
    Product(usize),
    /// What became of what was said of a payment.
    Result(&'static str),
    /// How many carts were released, and how many units.
    Swept(usize, u32),
    /// How many orders were cancelled, and how many units that freed.
    Expired(usize, u32),
    /// Why the step is refused.
    Code(&'static str),
    /// Of what there is too little.
    Short(Vec<Shortage>),
    NotForSale(Vec<Thing>),
    /// What the total was thought to be, and what it is.
    PriceChanged(u64, u64),
}

#[derive(Debug, Clone)]
pub(super) struct Shortage {
    pub(super) sku: Sku,
    /// How many more units are wanted, and how many are left.
    pub(super) more: u32,
    pub(super) left: u32,
    /// The line of somebody's cart that they are wanted for.
    pub(super) line: Option<(usize, Thing)>,
}

pub(super) fn refused<T>(status: u16, code: &'static str) -> Result<T, Refusal> {
    Err((status, Shows::Code(code)))
}

/// The step goes on only if this is so.
pub(super) fn ensure(is_so: bool, status: u16, code: &'static str) -> Result<(), Refusal> {
    if is_so { Ok(()) } else { refused(status, code) }
}

/// An amount as the API writes it.
pub(super) fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn stock_status(available: u32) -> &'static str {
    match available {
        0 => "out_of_stock",
        1..=LOW => "limited_stock",
        _ => "in_stock",
    }
}

impl Shows {
    /// The body, by a model that has taken the step.
    fn body(&self, model: &Model) -> Value {
        match self {
            Shows::Nothing => Value::Null,
            Shows::Line(user, thing) => {
                // A line that is gone has no units any more.
                let price = model.products[thing.sku.product].price;
                let gone = Line { thing: *thing, quantity: 0, price, held: 0, added: 0 };
                model.shown_line(*user, model.carts[*user].lines.get(&thing.item_id()).unwrap_or(&gone))
            }
            Shows::Order(number) => model.shown_order(*number),
            Shows::Checkout(first) => model.shown_checkout(*first),
            Shows::Stock(sku) => model.shown_stock(*sku),
            Shows::Product(number) => model.shown_product(*number),
            Shows::Result(result) => json!({"result": result}),
            Shows::Swept(carts, units) => {
                json!({"carts_released": carts, "units_released": units, "carts_failed": 0, "complete": true})
            }
            Shows::Expired(orders, units) => {
                json!({"orders_cancelled": orders, "units_released": units, "orders_failed": 0, "complete": true})
            }
            Shows::Code(code) => json!({"code": code}),
            Shows::Short(missing) => {
                let errors: Vec<_> = missing.iter().map(|missing| model.shown_shortage(missing)).collect();
                json!({"code": "insufficient_stock", "errors": errors})
            }
            Shows::NotForSale(things) => {
                let error = |thing: &Thing| json!({"field": format!("items.{}", thing.item_id())});
                json!({"code": "validation_failed", "errors": things.iter().map(error).collect::<Vec<_>>()})
            }
            Shows::PriceChanged(expected, actual) => {
                let (expected, actual) = (money(*expected), money(*actual));
                let error = json!({"field": "expected_total", "expected": expected, "actual": actual});
                json!({"code": "price_changed", "errors": [error]})
            }
        }
    }
}

impl Model {
    /// Takes a step; says what it must be told.
    pub(super) fn tells(&mut self, step: &Step) -> Told {
        let (replayed, outcome) = self.take(step);
        let (Ok((status, shows)) | Err((status, shows))) = outcome;
        Told { status, replayed, body: shows.body(self) }
    }

    /// A line is wanted as a whole, and what it holds already is there for it.
    fn shown_shortage(&self, &Shortage { sku, more, left, line }: &Shortage) -> Value {
        let item_id = line.map(|(_, thing)| thing.item_id());
        let line = line.and_then(|(user, thing)| self.carts[user].lines.get(&thing.item_id()));
        let held = line.map_or(0, |line| line.held);
        json!({
            "item_id": item_id, "product_id": sku.product_id(), "size": sku.size,
            "requested": held + more, "available": held + left,
        })
    }

    fn shown_line(&self, user: usize, line: &Line) -> Value {
        let Line { thing, quantity, held, .. } = *line;
        let price = self.price(user, line);
        let is_for_sale = self.for_sale(thing.sku.product).is_ok();
        let available = if is_for_sale { self.available(thing.sku) } else { 0 };
        let most = if is_for_sale { self.room(user, thing).min(available + held) } else { 0 };
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

    fn shown_order(&self, number: usize) -> Value {
        let order = &self.orders[number];
        let item = |line: &Line| {
            json!({
                "item_id": line.thing.item_id(), "quantity": line.quantity, "unit_price": money(line.price),
                "line_total": money(line.price * u64::from(line.quantity)),
            })
        };
        let subtotal = total(&order.lines);
        let change = |(status, reason): &(&str, Option<&str>)| json!({"status": status, "reason": reason});
        json!({
            "order_id": {"order": number}, "status": order.status(),
            "items": order.lines.iter().map(item).collect::<Vec<_>>(),
            "items_count": order.lines.iter().map(|line| line.quantity).sum::<u32>(),
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
    fn shown_checkout(&self, first: usize) -> Value {
        let parts = (first..self.orders.len()).filter(|part| self.orders[*part].first == first);
        let parts = parts.filter(|part| !self.orders[*part].deleted);
        let orders: Vec<_> = parts.map(|part| self.shown_order(part)).collect();
        json!({"order_id": {"order": first}, "orders": orders})
    }

    /// How many units of a SKU are available, reserved and sold.
    pub(super) fn counters(&self, sku: Sku) -> [u32; 3] {
        let (available, reserved) = (self.available(sku), self.taken(sku, None, is_unpaid));
        [available, reserved, self.received[&sku] - available - reserved]
    }

    fn shown_stock(&self, sku: Sku) -> Value {
        let [available, reserved, sold] = self.counters(sku);
        json!({
            "product_id": sku.product_id(), "size": sku.size, "available": available, "reserved": reserved,
            "sold": sold, "received": self.received[&sku], "status": stock_status(available),
        })
    }

    fn shown_product(&self, number: usize) -> Value {
        let (product, of_it) = (&self.products[number], Sku::all().filter(|sku| sku.product == number));
        let stock = |sku: Sku| {
            let available = self.available(sku);
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
        orders().for_each(|order| *counts.entry(order.status()).or_default() += 1);
        let spent = orders().filter(|order| !["cancelled", "under_paying"].contains(&order.status()));
        let spent: u64 = spent.map(|order: &Order| total(&order.lines) - order.discount).sum();
        json!({"total_orders": orders().count(), "total_spent": money(spent), "status_counts": counts})
    }
}
