//! How the model makes orders, of carts and past them.

use serde_json::json;
use shared::ids::ItemId;

use super::reference::{DAY, MOST_HELD, MOST_UNPAID, PAYMENT, Told, refused, short, told};
use super::state::{Answer, Cart, Coupon, Line, Model, Order, Served, money, total};
use super::steps::{Off, PRIZE, Sku, Step, Thing};

impl Model {
    /// A checkout or a direct order.
    pub(super) fn order(&mut self, step: &Step, user: usize, key: Option<u8>) -> Told {
        let from_cart = matches!(step, Step::CheckOut { .. });
        let route = if from_cart { "checkout" } else { "order" };
        let known = key.and_then(|key| self.served.get(&(route, user, key))).map(|served| served.order);
        if known.is_some_and(|order| self.orders[order].deleted) {
            return refused(404, "order_not_found");
        }
        if let Some(Served { order, .. }) = self.served(route, user, key, step)? {
            let body = if from_cart { self.shown_checkout(order) } else { self.shown_order(order) };
            return Ok(Answer { status: 201, replayed: true, body });
        }
        let first = self.orders.len();
        match *step {
            Step::CheckOut { online, split, coupon, expected, .. } => {
                let cart = &self.carts[user];
                if cart.lines.is_empty() {
                    return refused(400, "cart_empty");
                }
                let all_held = cart.lines.values().all(|line| self.holds(user, line));
                let lines = if all_held { cart.lines.clone().into_iter().collect() } else { self.plan(user)? };
                self.place(user, lines, online, split, coupon, expected)?;
                self.carts[user] = Cart::default();
            }
            Step::Order { thing, quantity, online, coupon, .. } => {
                let line = self.bought(thing, quantity)?;
                self.place(user, vec![(thing.item_id(), line)], online, false, coupon, None)?;
            }
            _ => unreachable!("it orders nothing"),
        }
        self.remember(route, user, key, step, 201, first);
        told(201, if from_cart { self.shown_checkout(first) } else { self.shown_order(first) })
    }

    /// The lines of a cart at their prices of now, with stock for those that are not held.
    pub(super) fn plan(&mut self, user: usize) -> Result<Vec<(ItemId, Line)>, Answer> {
        loop {
            let mut left = self.stock.clone();
            let (mut lines, mut missing) = (Vec::new(), Vec::new());
            self.must_be_for_sale(self.carts[user].lines.values())?;
            for (item_id, line) in &self.carts[user].lines {
                let more = line.quantity - line.held;
                let stock = left.get_mut(&line.thing.sku).expect("the stock");
                match stock.available.checked_sub(more) {
                    Some(rest) => stock.available = rest,
                    None => missing.push((*item_id, line.clone(), stock.available)),
                }
                lines.push((*item_id, Line { price: self.price(user, line), ..line.clone() }));
            }
            if missing.is_empty() {
                return Ok(lines);
            }
            let (read, mut freed) = (self.stock.clone(), false);
            for (_, line, left) in &missing {
                let sku = line.thing.sku;
                let wanted = read[&sku].available + line.quantity - line.held - left;
                match wanted.saturating_sub(self.stock[&sku].available) {
                    0 => {
                        freed = true;
                        break;
                    }
                    units => freed |= self.look(sku, units, Some(user)),
                }
            }
            if !freed {
                let line = |(item_id, line, left): &(ItemId, Line, u32)| {
                    (Some(*item_id), line.thing.sku, line.quantity, line.held + left)
                };
                return short(&missing.iter().map(line).collect::<Vec<_>>());
            }
        }
    }

    /// What a direct order takes.
    pub(super) fn bought(&mut self, thing: Thing, quantity: u32) -> Result<Line, Answer> {
        let product = self.products[thing.sku.product].clone();
        if !product.active {
            return refused(404, "product_not_found");
        }
        if product.limit.is_some_and(|limit| quantity > limit) {
            return refused(422, "quantity_limit");
        }
        while self.stock[&thing.sku].available < quantity {
            let left = self.stock[&thing.sku].available;
            if !self.look(thing.sku, quantity - left, None) {
                return short(&[(None, thing.sku, quantity, left)]);
            }
        }
        Ok(Line { thing, quantity, price: product.price, held: 0, added: self.now })
    }

    /// Makes orders of lines, one or one for each.
    pub(super) fn place(
        &mut self,
        user: usize,
        lines: Vec<(ItemId, Line)>,
        online: bool,
        split: bool,
        coupon: Option<usize>,
        expected: Option<u64>,
    ) -> Result<(), Answer> {
        let whole = total(lines.iter().map(|(_, line)| line));
        let discount = coupon.map_or(Ok(0), |coupon| self.worth(user, coupon, whole))?;
        if let Some(expected) = expected.filter(|expected| *expected != whole - discount) {
            let error =
                json!({"field": "expected_total", "expected": money(expected), "actual": money(whole - discount)});
            return Err(Answer::new(409, json!({"code": "price_changed", "errors": [error]})));
        }
        let parts = if split { lines.iter().cloned().map(|line| vec![line]).collect() } else { vec![lines.clone()] };
        if online {
            let of = |sku: Sku| {
                lines.iter().filter(move |(_, line)| line.thing.sku == sku).map(|(_, line)| line.quantity - line.held)
            };
            let too_much = |sku: Sku| self.held_by(user, sku) + of(sku).sum::<u32>() > MOST_HELD;
            let waiting =
                self.orders.iter().filter(|order| order.user == user && order.status == "under_paying").count();
            if lines.iter().any(|(_, line)| too_much(line.thing.sku)) || waiting + parts.len() > MOST_UNPAID {
                return refused(422, "quantity_limit");
            }
        }
        self.must_be_for_sale(lines.iter().map(|(_, line)| line))?;
        let first = self.orders.len();
        if let Some(coupon) = coupon {
            (self.coupons[coupon].status, self.coupons[coupon].redeemed) = ("redeemed", Some(first));
        }
        let (mut before, mut given) = (0, 0);
        for lines in parts {
            for (_, line) in &lines {
                self.reserve(line.thing.sku, line.quantity - line.held);
            }
            before += total(lines.iter().map(|(_, line)| line));
            let due = if whole == 0 { 0 } else { (discount * before * 2 + whole) / (whole * 2) };
            let (status, paid) = if online { ("under_paying", "pending") } else { ("under_paying", "not_required") };
            let order = Order {
                user,
                lines,
                discount: due - given,
                coupon,
                due: online.then_some(self.now + PAYMENT),
                status,
                paid,
                history: if online { vec![(status, None)] } else { Vec::new() },
                cancelled_by_payment: false,
                first,
                deleted: false,
            };
            given = due;
            self.orders.push(order);
            if !online {
                self.sell(self.orders.len() - 1);
            }
        }
        Ok(())
    }

    /// What is reserved for an order is sold, and it earns its coupon.
    pub(super) fn sell(&mut self, number: usize) {
        let order = &mut self.orders[number];
        (order.status, order.cancelled_by_payment) = ("placed", false);
        order.history.push(("placed", None));
        for (_, line) in &order.lines {
            let stock = self.stock.get_mut(&line.thing.sku).expect("the stock");
            (stock.reserved, stock.sold) = (stock.reserved - line.quantity, stock.sold + line.quantity);
        }
        if order.lines.iter().any(|(_, line)| line.thing.sku.product == PRIZE) {
            let (user, expires) = (order.user, self.now + DAY);
            self.coupons.push(Coupon { user, order: number, status: "active", redeemed: None, expires });
        }
    }

    /// What a coupon takes off.
    pub(super) fn worth(&self, user: usize, coupon: usize, whole: u64) -> Result<u64, Answer> {
        match self.coupons.get(coupon).filter(|coupon| coupon.user == user) {
            None => refused(404, "coupon_not_found"),
            Some(coupon) if coupon.status == "redeemed" => refused(409, "coupon_already_redeemed"),
            Some(coupon) if coupon.status == "revoked" || coupon.expires <= self.now => {
                refused(422, "coupon_not_applicable")
            }
            Some(_) => Ok(match self.setup.off {
                Off::Percent(percent) => (whole * percent + 50) / 100,
                Off::Fixed(amount) => amount.min(whole),
            }),
        }
    }

    pub(super) fn must_be_for_sale<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> Result<(), Answer> {
        let gone = lines.filter(|line| !self.products[line.thing.sku.product].active);
        let errors: Vec<_> = gone.map(|line| json!({"field": format!("items.{}", line.thing.item_id())})).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Answer::new(422, json!({"code": "validation_failed", "errors": errors})))
        }
    }
}
