//! What the model does with carts, and with the stock that they hold.

use serde_json::Value;

use super::reference::{HOLD, LONGEST_HOLD, LOOK_AGAIN, MOST_HELD, Told, refused, short, told};
use super::state::{Answer, Cart, Line, Model};
use super::steps::{Sku, Step, Thing};

impl Model {
    pub(super) fn add(&mut self, step: &Step, user: usize, thing: Thing, quantity: u32, key: Option<u8>) -> Told {
        let (product, item_id) = (self.products[thing.sku.product].clone(), thing.item_id());
        let new = Line { thing, quantity: 0, price: product.price, held: 0, added: self.now };
        if let Some(served) = self.served("add", user, key, step)? {
            // A line that is gone has no units any more.
            let body = self.shown_line(user, self.carts[user].lines.get(&item_id).unwrap_or(&new));
            return Ok(Answer { status: served.status, replayed: true, body });
        }
        if !product.active {
            return refused(404, "product_not_found");
        }
        self.end_if_over(user);
        let before = self.carts[user].lines.get(&item_id).cloned();
        let status = if before.is_some() { 200 } else { 201 };
        let line = before.unwrap_or(new);
        let quantity = line.quantity + quantity;
        self.set(user, line, quantity)?;
        self.remember("add", user, key, step, status, 0);
        told(status, self.shown_line(user, &self.carts[user].lines[&item_id]))
    }

    pub(super) fn change(&mut self, user: usize, thing: Thing, quantity: u32) -> Told {
        if !self.carts[user].lines.contains_key(&thing.item_id()) {
            return refused(404, "cart_item_not_found");
        }
        self.end_if_over(user);
        let line = self.carts[user].lines[&thing.item_id()].clone();
        self.set(user, line, quantity)?;
        told(200, self.shown_line(user, &self.carts[user].lines[&thing.item_id()]))
    }

    /// Gives a line another quantity and holds all of it.
    pub(super) fn set(&mut self, user: usize, mut line: Line, quantity: u32) -> Result<(), Answer> {
        let (sku, held, product) = (line.thing.sku, line.held, self.products[line.thing.sku.product].clone());
        let (others, limit) = self.others_and_limit(user, line.thing);
        if quantity > line.quantity && quantity + others > limit {
            return refused(422, "quantity_limit");
        }
        if quantity > held && !product.active {
            return refused(422, "validation_failed");
        }
        let more = quantity.saturating_sub(held);
        while self.stock[&sku].available < more {
            let left = self.stock[&sku].available;
            if !self.look(sku, more - left, Some(user)) {
                return short(&[(Some(line.thing.item_id()), sku, quantity, held + left)]);
            }
        }
        if more > 0 && self.held_by(user, sku) + more > MOST_HELD {
            return refused(422, "quantity_limit");
        }
        self.reserve(sku, more);
        self.free(sku, held.saturating_sub(quantity));
        line.price = if held == 0 { product.price } else { line.price };
        (line.quantity, line.held) = (quantity, quantity);
        self.carts[user].lines.insert(line.thing.item_id(), line);
        self.extend(user);
        Ok(())
    }

    pub(super) fn remove(&mut self, user: usize, thing: Thing) -> Told {
        if self.carts[user].lines.contains_key(&thing.item_id()) {
            self.end_if_over(user);
            let line = self.carts[user].lines.remove(&thing.item_id()).expect("the line");
            self.free(thing.sku, line.held);
            self.extend(user);
        }
        told(204, Value::Null)
    }

    pub(super) fn clear(&mut self, user: usize) -> Told {
        self.end(user);
        self.carts[user] = Cart::default();
        told(204, Value::Null)
    }

    pub(super) fn is_over(&self, user: usize) -> bool {
        self.carts[user].hold.is_some_and(|(_, until)| until <= self.now)
    }

    pub(super) fn end_if_over(&mut self, user: usize) {
        if self.is_over(user) {
            self.end(user);
        }
    }

    /// Ends the hold of a cart; answers how many units that frees.
    pub(super) fn end(&mut self, user: usize) -> u32 {
        self.carts[user].hold = None;
        let held = |line: &mut Line| (line.thing.sku, std::mem::take(&mut line.held));
        let freed: Vec<_> = self.carts[user].lines.values_mut().map(held).collect();
        freed.iter().for_each(|(sku, units)| self.free(*sku, *units));
        freed.iter().map(|(_, units)| units).sum()
    }

    /// Starts or extends a hold after a change of the cart.
    pub(super) fn extend(&mut self, user: usize) {
        let cart = &mut self.carts[user];
        let holds = cart.lines.values().any(|line| line.held > 0);
        let since = cart.hold.map_or(self.now, |(since, _)| since);
        cart.hold = holds.then_some((since, (self.now + HOLD).min(since + LONGEST_HOLD)));
    }

    /// Ends holds that are over, the oldest first, until so many units of a SKU are free.
    pub(super) fn look(&mut self, sku: Sku, units: u32, except: Option<usize>) -> bool {
        let held =
            |cart: &Cart| cart.lines.values().filter(|line| line.thing.sku == sku).map(|line| line.held).sum::<u32>();
        let now = self.now;
        self.looked.retain(|_, at| now < *at + LOOK_AGAIN);
        if self.stock[&sku].reserved == 0 || self.looked.contains_key(&sku) {
            return false;
        }
        let over = (0..self.carts.len()).filter(|user| Some(*user) != except && self.is_over(*user));
        let mut over: Vec<_> = over.filter(|user| held(&self.carts[*user]) > 0).collect();
        over.sort_by_key(|user| self.carts[*user].hold.map(|(_, until)| until));
        let mut free = 0;
        for user in over {
            if free < units {
                free += held(&self.carts[user]);
                self.end(user);
            }
        }
        if free == 0 {
            self.looked.insert(sku, now);
        }
        free > 0
    }

    /// How many units of a SKU a user holds, in the cart and in orders that wait for their payment.
    pub(super) fn held_by(&self, user: usize, sku: Sku) -> u32 {
        let in_cart = self.carts[user].lines.values().filter(|line| line.thing.sku == sku).map(|line| line.held);
        let waiting = self.orders.iter().filter(|order| order.user == user && order.status == "under_paying");
        let ordered = waiting.flat_map(|order| &order.lines).filter(|(_, line)| line.thing.sku == sku);
        in_cart.sum::<u32>() + ordered.map(|(_, line)| line.quantity).sum::<u32>()
    }

    pub(super) fn reserve(&mut self, sku: Sku, units: u32) {
        let stock = self.stock.get_mut(&sku).expect("the stock");
        (stock.available, stock.reserved) = (stock.available - units, stock.reserved + units);
    }

    pub(super) fn free(&mut self, sku: Sku, units: u32) {
        let stock = self.stock.get_mut(&sku).expect("the stock");
        (stock.reserved, stock.available) = (stock.reserved - units, stock.available + units);
    }
}
