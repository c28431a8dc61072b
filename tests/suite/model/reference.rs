//! The reference model: what the shop does with its maps, and what it tells.
//!
//! It knows no tables, shards, transactions, retries or versions.

use std::collections::BTreeMap;

use super::shown::{Outcome, Refusal, Shortage, Shows, ensure, refused};
use super::state::{Cart, Line, Model, Order, is_unpaid, total, wanted};
use super::steps::{
    DAY, HOLD, LATEST_ROUND, LONGEST_HOLD, LOOK_AGAIN, MOST_HELD, MOST_UNPAID, Off, PAYMENT, PRIZE, Product, Sku, Step,
    Target, Terms, USERS,
};

impl Model {
    /// What a step is told. One that was served under its key is told the same again.
    pub(super) fn take(&mut self, step: &Step) -> (bool, Outcome) {
        match step.key().and_then(|key| self.served.get(&key)) {
            Some((_, Ok((_, Shows::Order(first) | Shows::Checkout(first))), _)) if self.orders[*first].deleted => {
                (false, refused(404, "order_not_found"))
            }
            Some((served, ..)) if served != step => (false, refused(422, "idempotency_key_reused")),
            Some((_, told, _)) => (true, told.clone()),
            None => {
                let told = self.act(step);
                if let Some(key @ (route, user, _)) = step.key().filter(|_| told.is_ok()) {
                    // A cart forgets keys after a day.
                    let is_old = |at: u64| route == "add" && at + DAY <= self.now;
                    self.served.retain(|other, (.., at)| (other.0, other.1) != (route, user) || !is_old(*at));
                    self.served.insert(key, (step.clone(), told.clone(), self.now));
                }
                (false, told)
            }
        }
    }

    fn act(&mut self, step: &Step) -> Outcome {
        match *step {
            Step::Add { user, thing, quantity, .. } => {
                self.for_sale(thing.sku.product)?;
                self.end_if_over(user);
                let line = self.carts[user].lines.get(&thing.item_id()).cloned();
                let status = if line.is_some() { 200 } else { 201 };
                let line = line.unwrap_or(Line { thing, quantity: 0, price: 0, held: 0, added: self.now });
                let quantity = line.quantity + quantity;
                self.set(user, line, quantity, status)
            }
            Step::Change { user, thing, quantity } => {
                ensure(self.carts[user].lines.contains_key(&thing.item_id()), 404, "cart_item_not_found")?;
                self.end_if_over(user);
                self.set(user, self.carts[user].lines[&thing.item_id()].clone(), quantity, 200)
            }
            Step::Remove { user, thing } => {
                if self.carts[user].lines.contains_key(&thing.item_id()) {
                    self.end_if_over(user);
                    self.carts[user].lines.remove(&thing.item_id());
                    self.extend(user);
                }
                Ok((204, Shows::Nothing))
            }
            Step::Clear { user } => {
                self.carts[user] = Cart::default();
                Ok((204, Shows::Nothing))
            }
            Step::CheckOut { user, terms, .. } => {
                let mut lines: Vec<_> = self.carts[user].lines.values().cloned().collect();
                ensure(!lines.is_empty(), 400, "cart_empty")?;
                if !lines.iter().all(|line| self.holds(user, line)) {
                    self.all_for_sale(&lines)?;
                    lines.iter_mut().for_each(|line| line.price = self.price(user, line));
                    self.find(&lines, Some(user))?;
                }
                let first = self.place(user, &lines, terms)?;
                self.carts[user] = Cart::default();
                Ok((201, Shows::Checkout(first)))
            }
            Step::Order { user, thing, quantity, terms, .. } => {
                self.for_sale(thing.sku.product)?;
                let Product { price, limit, .. } = self.products[thing.sku.product];
                ensure(limit.is_none_or(|limit| quantity <= limit), 422, "quantity_limit")?;
                let lines = [Line { thing, quantity, price, held: 0, added: self.now }];
                self.find(&lines, None)?;
                Ok((201, Shows::Order(self.place(user, &lines, terms)?)))
            }
            Step::Cancel { order, .. } | Step::Move { order, .. } => {
                let to = if let Step::Move { to, .. } = *step { to } else { "cancelled" };
                let from = self.found(order)?.status();
                let may = match (from, to) {
                    ("placed", "processing") | ("processing", "shipped") | ("shipped", "delivered") => true,
                    ("under_paying" | "placed" | "processing", "cancelled") => true,
                    ("shipped", "cancelled") => matches!(step, Step::Cancel { by_staff: true, .. }),
                    _ => from == to,
                };
                ensure(may, 409, "invalid_transition")?;
                if from != to {
                    self.turn(order, to, None);
                }
                Ok((200, Shows::Order(order)))
            }
            Step::Settle { order, succeeded, by_hand } => match self.settle(order, succeeded) {
                "ignored" if by_hand => self.found(order).and(refused(409, "invalid_transition")),
                result => Ok((200, if by_hand { Shows::Order(order) } else { Shows::Result(result) })),
            },
            Step::Delete { order } => {
                ensure(self.found(order)?.status() == "cancelled", 409, "invalid_transition")?;
                self.orders[order].deleted = true;
                Ok((204, Shows::Nothing))
            }
            Step::Adjust { sku, to, .. } => {
                self.for_sale(sku.product)?;
                let available = self.available(sku);
                let after = match to {
                    Target::Available(units) => Ok(units),
                    Target::Delta(units) => available.checked_add_signed(units).ok_or(units.unsigned_abs()),
                };
                let short = |more| Err((409, Shows::Short(vec![Shortage { sku, more, left: available, line: None }])));
                self.received.insert(sku, self.received[&sku] - available + after.or_else(short)?);
                Ok((200, Shows::Stock(sku)))
            }
            Step::Update { product, price, limit } => {
                self.for_sale(product)?;
                let now = &mut self.products[product];
                (now.price, now.limit) = (price.unwrap_or(now.price), limit.unwrap_or(now.limit));
                Ok((200, Shows::Product(product)))
            }
            Step::Archive { product } => {
                self.archived.insert(product);
                Ok((204, Shows::Nothing))
            }
            Step::Pass { ms } => {
                self.now += ms;
                if self.due(LATEST_ROUND).is_empty() { Ok((0, Shows::Nothing)) } else { self.act(&Step::Expire) }
            }
            Step::Linger { .. } => unreachable!("it is taken in parts"),
            Step::Sweep => {
                let ended: Vec<_> = (0..USERS).filter_map(|user| self.end_if_over(user)).collect();
                Ok((200, Shows::Swept(ended.len(), ended.iter().sum())))
            }
            Step::Expire => {
                let due = self.due(0);
                let units = due.iter().map(|order| self.turn(*order, "cancelled", Some("payment_timeout"))).sum();
                Ok((200, Shows::Expired(due.len(), units)))
            }
        }
    }

    /// Gives a line another quantity and holds all of it.
    fn set(&mut self, user: usize, mut line: Line, quantity: u32, status: u16) -> Outcome {
        let (thing, more) = (line.thing, quantity.saturating_sub(line.held));
        ensure(quantity <= line.quantity.max(self.room(user, thing)), 422, "quantity_limit")?;
        ensure(more == 0 || !self.archived.contains(&thing.sku.product), 422, "validation_failed")?;
        self.find(&[Line { quantity: more, held: 0, ..line.clone() }], Some(user))?;
        ensure(more == 0 || self.taken(thing.sku, Some(user), is_unpaid) + more <= MOST_HELD, 422, "quantity_limit")?;
        line.price = if line.held > 0 { line.price } else { self.products[thing.sku.product].price };
        (line.quantity, line.held) = (quantity, quantity);
        self.carts[user].lines.insert(thing.item_id(), line);
        self.extend(user);
        Ok((status, Shows::Line(user, thing)))
    }

    /// Starts or extends a hold after a change of the cart.
    fn extend(&mut self, user: usize) {
        let cart = &mut self.carts[user];
        let since = cart.hold.map_or(self.now, |(since, _)| since);
        let holds = cart.lines.values().any(|line| line.held > 0);
        cart.hold = holds.then_some((since, (self.now + HOLD).min(since + LONGEST_HOLD)));
    }

    /// Ends the hold of a cart, if it is over; answers how many units that frees.
    fn end_if_over(&mut self, user: usize) -> Option<u32> {
        self.carts[user].hold.filter(|(_, until)| *until <= self.now)?;
        self.carts[user].hold = None;
        Some(self.carts[user].lines.values_mut().map(|line| std::mem::take(&mut line.held)).sum())
    }

    /// Sees to it that there is enough for lines that are not held, if need be by ending holds of other carts.
    fn find(&mut self, lines: &[Line], cart: Option<usize>) -> Result<(), Refusal> {
        loop {
            let (mut taken, mut short) = (BTreeMap::<Sku, u32>::new(), Vec::new());
            for &Line { thing, quantity, .. } in lines.iter().filter(|line| line.held == 0) {
                let taken = taken.entry(thing.sku).or_default();
                match self.available(thing.sku) - *taken {
                    left if left >= quantity => *taken += quantity,
                    left => {
                        let line = cart.map(|user| (user, thing));
                        short.push(Shortage { sku: thing.sku, more: quantity, left, line });
                    }
                }
            }
            if !short.iter().any(|Shortage { sku, more, left, .. }| self.free(*sku, more - left, cart)) {
                return if short.is_empty() { Ok(()) } else { Err((409, Shows::Short(short))) };
            }
        }
    }

    /// Ends holds of a SKU that are over, the oldest first, until so many more units are free; says whether any are.
    fn free(&mut self, sku: Sku, units: u32, except: Option<usize>) -> bool {
        let has_looked = self.looked.get(&sku).is_some_and(|at| self.now < at + LOOK_AGAIN);
        if has_looked || self.taken(sku, None, is_unpaid) == 0 {
            return false;
        }
        let holds = |user: &usize| Some(*user) != except && self.taken(sku, Some(*user), |_| false) > 0;
        let (mut holders, before) = ((0..USERS).filter(holds).collect::<Vec<_>>(), self.available(sku));
        holders.sort_by_key(|user| self.carts[*user].hold.map(|(_, until)| until));
        for user in holders {
            if self.available(sku) < before + units {
                self.end_if_over(user);
            }
        }
        let are_free = self.available(sku) > before;
        self.looked.extend((!are_free).then_some((sku, self.now)));
        are_free
    }

    /// Makes orders of lines, one or one for each; answers the first.
    fn place(&mut self, user: usize, lines: &[Line], terms: Terms) -> Result<usize, Refusal> {
        let (Terms { online, split, coupon, expected }, whole) = (terms, total(lines));
        let discount = coupon.map_or(Ok(0), |coupon| self.worth(user, coupon, whole))?;
        if let Some(expected) = expected.filter(|expected| *expected != whole - discount) {
            return Err((409, Shows::PriceChanged(expected, whole - discount)));
        }
        let too_much = |line: &Line| {
            let sku = line.thing.sku;
            self.taken(sku, Some(user), is_unpaid) + wanted(lines, sku) > MOST_HELD
        };
        let waiting = self.orders.iter().filter(|order| order.user == user && is_unpaid(order.status())).count();
        let count = if split { lines.len() } else { 1 };
        let is_too_much = online && (waiting + count > MOST_UNPAID || lines.iter().any(too_much));
        ensure(!is_too_much, 422, "quantity_limit")?;
        self.all_for_sale(lines)?;
        let (status, paid) = if online { ("under_paying", "pending") } else { ("placed", "not_required") };
        let (first, mut before, mut given) = (self.orders.len(), 0, 0);
        for (number, lines) in (first..).zip(lines.chunks(lines.len().div_ceil(count))) {
            before += total(lines);
            let share = (discount * before * 2 + whole) / (whole * 2) - given;
            let lines = lines.iter().map(|line| Line { held: 0, ..line.clone() }).collect();
            let due = online.then_some(self.now + PAYMENT);
            let order = Order { user, lines, discount: share, coupon, due, paid, first, ..Order::default() };
            self.orders.push(order);
            self.turn(number, status, None);
            given += share;
        }
        Ok(first)
    }

    /// An order gets another status; answers its units. One that is placed earns its coupon.
    fn turn(&mut self, number: usize, to: &'static str, reason: Option<&'static str>) -> u32 {
        let order = &mut self.orders[number];
        order.history.push((to, reason));
        match (to, order.paid) {
            ("cancelled", "pending") => order.paid = "failed",
            ("cancelled", "succeeded") => order.paid = "refund_required",
            ("placed", _) if order.lines.iter().any(|line| line.thing.sku.product == PRIZE) => {
                self.coupons.push((number, self.now + DAY));
            }
            _ => {}
        }
        self.orders[number].lines.iter().map(|line| line.quantity).sum()
    }

    /// What is said of a payment.
    fn settle(&mut self, number: usize, succeeded: bool) -> &'static str {
        let Ok(order) = self.found(number) else { return "ignored" };
        match (order.paid, succeeded) {
            ("not_required", _) | ("succeeded" | "refund_required", false) => return "ignored",
            ("succeeded" | "refund_required", true) | ("failed", false) => return "already_applied",
            (_, false) => drop(self.turn(number, "cancelled", Some("payment_failed"))),
            (_, true) if is_unpaid(order.status()) || self.can_revive(order) => {
                self.orders[number].paid = "succeeded";
                self.turn(number, "placed", None);
            }
            (_, true) => self.orders[number].paid = "refund_required",
        }
        "applied"
    }

    /// Whether the stock and the coupon of an order are still there that was not paid in time.
    fn can_revive(&self, order: &Order) -> bool {
        let is_there = |line: &Line| self.available(line.thing.sku) >= wanted(&order.lines, line.thing.sku);
        let is_usable = |coupon| match self.coupon(coupon) {
            (status, None) => status == "active",
            (_, Some(first)) => first == order.first,
        };
        let has_stock = self.all_for_sale(&order.lines).is_ok() && order.lines.iter().all(is_there);
        order.is_revivable() && has_stock && order.coupon.is_none_or(is_usable)
    }

    /// What a coupon takes off.
    fn worth(&self, user: usize, coupon: usize, whole: u64) -> Result<u64, Refusal> {
        let theirs = self.coupons.get(coupon).filter(|(order, _)| self.orders[*order].user == user);
        let Some((_, expires)) = theirs else { return refused(404, "coupon_not_found") };
        let (status, _) = self.coupon(coupon);
        ensure(status != "redeemed", 409, "coupon_already_redeemed")?;
        ensure(status == "active" && *expires > self.now, 422, "coupon_not_applicable")?;
        Ok(match self.setup.off {
            Off::Percent(percent) => (whole * percent + 50) / 100,
            Off::Fixed(amount) => amount.min(whole),
        })
    }
}
