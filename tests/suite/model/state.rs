//! What the shop is, in plain maps, and what follows from them.
//!
//! Nothing is kept twice: what is available follows from what was received and from who has it, the status of an order
//! from its history, that of a coupon from the orders that earned it and use it. Amounts are in cents, moments in
//! milliseconds since the beginning; people, products, orders and coupons are numbers.

use std::collections::{BTreeMap, BTreeSet};

use shared::ids::ItemId;

use super::shown::{Outcome, Refusal, Shows, ensure, refused};
use super::steps::{Key, Product, Setup, Sku, Step, Thing, USERS};

#[derive(Clone)]
pub(super) struct Model {
    pub(super) setup: Setup,
    pub(super) now: u64,
    /// The products as they are now, and those that are archived.
    pub(super) products: [Product; 3],
    pub(super) archived: BTreeSet<usize>,
    /// How many units there ever were of a SKU.
    pub(super) received: BTreeMap<Sku, u32>,
    pub(super) carts: [Cart; USERS],
    pub(super) orders: Vec<Order>,
    /// Which order earned each coupon, and until when it is good.
    pub(super) coupons: Vec<(usize, u64)>,
    /// The steps with a key that were served, what they were told, and when.
    pub(super) served: BTreeMap<Key, (Step, Outcome, u64)>,
    /// When somebody last looked for holds of a SKU that are over, and found none.
    pub(super) looked: BTreeMap<Sku, u64>,
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
    /// How many of its units are held: all or none.
    pub(super) held: u32,
    pub(super) added: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    pub(super) user: usize,
    pub(super) lines: Vec<Line>,
    pub(super) discount: u64,
    pub(super) coupon: Option<usize>,
    /// Until when its payment must arrive, if it is paid online.
    pub(super) due: Option<u64>,
    pub(super) paid: &'static str,
    /// Every status it had, and why.
    pub(super) history: Vec<(&'static str, Option<&'static str>)>,
    /// The first order of its checkout.
    pub(super) first: usize,
    pub(super) deleted: bool,
}

/// Whether an order waits for its payment: it may still have its stock.
pub(super) fn is_unpaid(status: &str) -> bool {
    status == "under_paying"
}

/// How many units of a SKU lines want that are not held.
pub(super) fn wanted(lines: &[Line], sku: Sku) -> u32 {
    lines.iter().filter(|line| line.thing.sku == sku).map(|line| line.quantity - line.held).sum()
}

pub(super) fn total(lines: &[Line]) -> u64 {
    lines.iter().map(|line| line.price * u64::from(line.quantity)).sum()
}

impl Order {
    pub(super) fn status(&self) -> &'static str {
        self.history[self.history.len() - 1].0
    }

    /// Whether it was cancelled because it was not paid, so that a late payment may revive it.
    pub(super) fn is_revivable(&self) -> bool {
        self.paid == "failed" && self.history[self.history.len() - 1].1.is_some()
    }
}

impl Model {
    /// A shop that has just opened.
    pub(super) fn new(setup: Setup) -> Model {
        let received = Sku::all().map(|sku| (sku, setup.stock(sku))).collect();
        let (products, carts, served) = (setup.products.clone(), Default::default(), BTreeMap::new());
        let (archived, looked, orders, coupons) = Default::default();
        Model { setup, now: 0, products, archived, received, carts, orders, coupons, served, looked }
    }

    /// The status of a coupon, and the first order of the checkout that uses it.
    pub(super) fn coupon(&self, number: usize) -> (&'static str, Option<usize>) {
        let uses = |order: &&Order| order.coupon == Some(number) && order.status() != "cancelled";
        match (self.orders.iter().find(uses), self.orders[self.coupons[number].0].status()) {
            (Some(order), _) => ("redeemed", Some(order.first)),
            (None, "cancelled") => ("revoked", None),
            (None, _) => ("active", None),
        }
    }

    /// How many units of a SKU are in carts and in orders of such statuses, of somebody or of all.
    pub(super) fn taken(&self, sku: Sku, whose: Option<usize>, counts: fn(&str) -> bool) -> u32 {
        let is_theirs = |user: usize| whose.is_none_or(|whose| whose == user);
        let carts = self.carts.iter().enumerate().filter(|(user, _)| is_theirs(*user));
        let held = carts.flat_map(|(_, cart)| cart.lines.values()).map(|line| (line, line.held));
        let orders = self.orders.iter().filter(|order| is_theirs(order.user) && counts(order.status()));
        let ordered = orders.flat_map(|order| &order.lines).map(|line| (line, line.quantity));
        held.chain(ordered).filter(|(line, _)| line.thing.sku == sku).map(|(_, units)| units).sum()
    }

    pub(super) fn available(&self, sku: Sku) -> u32 {
        self.received[&sku] - self.taken(sku, None, |status| status != "cancelled")
    }

    /// How many units of a product the cart may have in this line.
    pub(super) fn room(&self, user: usize, thing: Thing) -> u32 {
        let is_other = |line: &&Line| line.thing.sku.product == thing.sku.product && line.thing != thing;
        let others = self.carts[user].lines.values().filter(is_other).map(|line| line.quantity).sum();
        self.products[thing.sku.product].limit.unwrap_or(999).saturating_sub(others)
    }

    /// Whether the line is held, so that it can be bought at its price.
    pub(super) fn holds(&self, user: usize, line: &Line) -> bool {
        line.held > 0 && self.carts[user].hold.is_some_and(|(_, until)| until > self.now)
    }

    /// What a unit of a line costs now.
    pub(super) fn price(&self, user: usize, line: &Line) -> u64 {
        let product = line.thing.sku.product;
        let is_fixed = self.archived.contains(&product) || self.holds(user, line);
        if is_fixed { line.price } else { self.products[product].price }
    }

    /// What the cart costs now.
    pub(super) fn subtotal(&self, user: usize) -> u64 {
        let lines = self.carts[user].lines.values();
        lines.map(|line| self.price(user, line) * u64::from(line.quantity)).sum()
    }

    /// The orders that wait for a payment that was due so long ago.
    pub(super) fn due(&self, ago: u64) -> Vec<usize> {
        let is_due = |order: &Order| is_unpaid(order.status()) && order.due.is_some_and(|due| due + ago <= self.now);
        (0..self.orders.len()).filter(|number| is_due(&self.orders[*number])).collect()
    }

    pub(super) fn found(&self, order: usize) -> Result<&Order, Refusal> {
        let order = self.orders.get(order).filter(|order| !order.deleted);
        order.map_or_else(|| refused(404, "order_not_found"), Ok)
    }

    pub(super) fn for_sale(&self, product: usize) -> Result<(), Refusal> {
        ensure(!self.archived.contains(&product), 404, "product_not_found")
    }

    pub(super) fn all_for_sale(&self, lines: &[Line]) -> Result<(), Refusal> {
        let gone = lines.iter().filter(|line| self.archived.contains(&line.thing.sku.product));
        let gone: Vec<_> = gone.map(|line| line.thing).collect();
        if gone.is_empty() { Ok(()) } else { Err((422, Shows::NotForSale(gone))) }
    }
}
