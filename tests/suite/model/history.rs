//! Random histories: what the shop opens with, and what may happen next. Most steps suit the moment; some do not.

use std::fmt;

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

use super::state::{Model, Order, is_unpaid};
use super::steps::{Off, PAYMENT, PRIZE, Product, Setup, Sku, Step, Target, Terms, Thing, USERS};

/// Makes histories, and shrinks those that fail.
pub(super) struct History;

impl ReferenceStateMachine for History {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        let stock = || prop_oneof![1 => Just(0), 6 => 1_u32..=8, 2 => 9_u32..=14];
        let shards = || prop_oneof![5 => 1_u16..=2, 3 => 3_u16..=4, 1 => 5_u16..=8];
        // Of half of these, an odd percentage is half a cent more.
        let price = || prop_oneof![1_u64..=3_000, (1_u64..=60).prop_map(|count| count * 50)];
        let product = || (price(), weighted(0.4, 1_u32..=6), shards(), [stock(), stock()]);
        let product =
            move || product().prop_map(|(price, limit, shards, stock)| Product { price, limit, shards, stock });
        let percent = prop_oneof![1_u64..=100, (0_u64..=9).prop_map(|count| 2 * count + 1)];
        let off = prop_oneof![2 => percent.prop_map(Off::Percent), 1 => (1_u64..=3_000).prop_map(Off::Fixed)];
        let prize = Thing { sku: Sku { product: PRIZE, size: None }, red: false };
        let wanted = (subsequence(Thing::all().collect::<Vec<_>>(), 1..=4), any::<bool>());
        let wanted = wanted.prop_map(move |(mut wanted, prized)| {
            wanted.extend(Some(prize).filter(|prize| prized && !wanted.contains(prize)));
            wanted
        });
        let setup = ([product(), product(), product()], off, wanted);
        setup.prop_map(|(products, off, wanted)| Model::new(Setup { products, off, wanted })).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        let steps = carts(model).into_iter().chain(orders(model)).chain(shop(model));
        Union::new_weighted(steps.filter(|(weight, _)| *weight > 0).collect()).boxed()
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        step.parts().iter().for_each(|part| drop(model.take(part)));
        model
    }
}

/// What it opened with: the rest follows from the steps.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.setup.fmt(f)
    }
}

/// A step, and how likely it is.
type Likely = (u32, BoxedStrategy<Step>);

fn user() -> impl Strategy<Value = usize> {
    0..USERS
}

fn thing(model: &Model) -> impl Strategy<Value = Thing> + use<> {
    select(model.setup.wanted.clone())
}

fn quantity() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 1_u32..=3, 2 => 4_u32..=8]
}

fn key() -> impl Strategy<Value = Option<u8>> {
    weighted(0.3, 0_u8..=2)
}

fn carts(model: &Model) -> Vec<Likely> {
    let lines = (0..USERS).flat_map(|user| model.carts[user].lines.values().map(move |line| (user, line.thing)));
    let mut lines: Vec<_> = lines.collect();
    let likely = if lines.is_empty() { 0 } else { 1 };
    let any = || (user(), thing(model));
    let what =
        if lines.is_empty() { any().boxed() } else { prop_oneof![2 => any(), 1 => select(lines.clone())].boxed() };
    let add = (what, quantity(), key());
    let add = add.prop_map(|((user, thing), quantity, key)| Step::Add { user, thing, quantity, key });
    // One that is in no cart.
    lines.extend(Thing::all().map(|thing| (0, thing)).find(|line| !lines.contains(line)));
    let change = (select(lines.clone()), quantity());
    let linger = (select(lines.clone()), quantity(), 3_usize..=5);
    let linger = linger.prop_map(|((user, thing), quantity, times)| Step::Linger { user, thing, quantity, times });
    vec![
        (if likely == 0 { 40 } else { 24 }, add.boxed()),
        (10 * likely, change.prop_map(|((user, thing), quantity)| Step::Change { user, thing, quantity }).boxed()),
        (4 * likely, select(lines).prop_map(|(user, thing)| Step::Remove { user, thing }).boxed()),
        (2 * likely, user().prop_map(|user| Step::Clear { user }).boxed()),
        (2 * likely, linger.boxed()),
    ]
}

fn orders(model: &Model) -> Vec<Likely> {
    let numbers = || 0..model.orders.len();
    let likely = if model.orders.is_empty() { 0 } else { 1 };
    // Most are made by whoever can; some by whoever cannot.
    let filled: Vec<_> = (0..USERS).filter(|user| !model.carts[*user].lines.is_empty()).collect();
    let who =
        if filled.is_empty() { user().boxed() } else { prop_oneof![19 => select(filled.clone()), 1 => user()].boxed() };
    let totals: Vec<u64> = (0..USERS).map(|user| model.subtotal(user)).collect();
    let how = (any::<bool>(), weighted(0.25, Just(())), weighted(0.2, 0_u64..=1));
    let check_out = (with_coupon(model, who), how, key());
    let check_out = check_out.prop_map(move |((user, coupon), (online, split, more), key)| {
        let expected = more.map(|more| totals[user] + more);
        let terms = Terms { online, split: split.is_some(), coupon, expected };
        Step::CheckOut { user, terms, key }
    });
    let direct = (with_coupon(model, user().boxed()), thing(model), quantity(), any::<bool>(), key());
    let direct = direct.prop_map(|((user, coupon), thing, quantity, online, key)| {
        let terms = Terms { online, coupon, ..Terms::default() };
        Step::Order { user, thing, quantity, terms, key }
    });
    // One more than there are.
    let order = || prop_oneof![19 => 0..model.orders.len().max(1), 1 => Just(model.orders.len())];
    let cancel = (order(), any::<bool>()).prop_map(|(order, by_staff)| Step::Cancel { order, by_staff });
    let steps = order().prop_map({
        let statuses: Vec<_> = model.orders.iter().map(Order::status).collect();
        move |order| {
            let to = match statuses.get(order) {
                Some(&"placed") => "processing",
                Some(&"processing") => "shipped",
                _ => "delivered",
            };
            Step::Move { order, to }
        }
    });
    let mut online: Vec<_> = numbers().filter(|order| model.orders[*order].due.is_some()).collect();
    // A late payment revives an order, with its coupon.
    let revivable: Vec<_> =
        numbers().filter(|order| model.orders[*order].is_revivable() && !model.orders[*order].deleted).collect();
    let with_coupons = revivable.iter().copied().filter(|order| model.orders[*order].coupon.is_some());
    online.extend(with_coupons.flat_map(|order| [order; 4]).collect::<Vec<_>>());
    online.extend(revivable);
    let is_online = if online.is_empty() { 0 } else { 1 };
    let paid = if online.is_empty() { order().boxed() } else { prop_oneof![9 => select(online), 1 => order()].boxed() };
    let settle = (paid, weighted(0.4, Just(())), any::<bool>());
    let settle =
        settle.prop_map(|(order, failed, by_hand)| Step::Settle { order, succeeded: failed.is_none(), by_hand });
    vec![
        (if filled.is_empty() { 1 } else { 24 }, check_out.boxed()),
        (10, direct.boxed()),
        (10 * likely, cancel.boxed()),
        (6 * likely, steps.boxed()),
        (14 * is_online + likely, settle.boxed()),
        (2 * likely, order().prop_map(|order| Step::Delete { order }).boxed()),
    ]
}

/// Somebody, and perhaps a coupon: mostly one of theirs, if they have any.
fn with_coupon(model: &Model, who: BoxedStrategy<usize>) -> BoxedStrategy<(usize, Option<usize>)> {
    let owners: Vec<_> = model.coupons.iter().map(|(order, _)| model.orders[*order].user).collect();
    let which = (who, weighted(0.6, any::<Index>()), 0_u32..8);
    let which = which.prop_map(move |(user, which, odd)| {
        let theirs = (0..owners.len()).filter(|coupon| owners[*coupon] == user).collect::<Vec<_>>();
        let coupon = match which {
            Some(which) if odd == 0 && !owners.is_empty() => Some(which.index(owners.len() + 1)),
            Some(which) if !theirs.is_empty() => Some(theirs[which.index(theirs.len())]),
            _ => None,
        };
        (user, coupon)
    });
    which.boxed()
}

fn shop(model: &Model) -> Vec<Likely> {
    let target = prop_oneof![
        (-6_i32..=-1).prop_map(Target::Delta),
        (1_i32..=6).prop_map(Target::Delta),
        (0_u32..=9).prop_map(Target::Available)
    ];
    let adjust = (thing(model), target, key());
    let product = || thing(model).prop_map(|thing| thing.sku.product);
    let reprice = |(product, price)| Step::Update { product, price: Some(price), limit: None };
    let limit = |(product, limit)| Step::Update { product, price: None, limit: Some(limit) };
    let served: Vec<_> = model.served.values().map(|(step, ..)| step.clone()).collect();
    let replayed = if served.is_empty() { (0, Just(Step::Sweep).boxed()) } else { (8, select(served).boxed()) };
    let (held, waits) = (model.carts.iter().any(|cart| cart.hold.is_some()), moments(model).next().is_some());
    // Something must be left to be sold.
    let is_for_sale = |thing: &&Thing| model.for_sale(thing.sku.product).is_ok();
    let for_sale = if model.setup.wanted.iter().filter(is_for_sale).count() > 1 { 2 } else { 0 };
    let is_over = model.carts.iter().filter_map(|cart| cart.hold).any(|(_, until)| until <= model.now);
    vec![
        replayed,
        (4, adjust.prop_map(|(thing, to, key)| Step::Adjust { sku: thing.sku, to, key }).boxed()),
        (3, (product(), 1_u64..=3_000).prop_map(reprice).boxed()),
        (2, (product(), weighted(0.7, 1_u32..=6)).prop_map(limit).boxed()),
        (for_sale, product().prop_map(|product| Step::Archive { product }).boxed()),
        (if waits { 18 } else { 2 }, select(spans(model)).prop_map(|ms| Step::Pass { ms }).boxed()),
        (if is_over { 6 } else { u32::from(held) }, Just(Step::Sweep).boxed()),
        (if waits { 2 } else { 0 }, Just(Step::Expire).boxed()),
    ]
}

/// When something will be over.
fn moments(model: &Model) -> impl Iterator<Item = u64> {
    let holds = model.carts.iter().filter_map(|cart| cart.hold).map(|(_, until)| until);
    let payments = model.orders.iter().filter(|order| is_unpaid(order.status())).filter_map(|order| order.due);
    let active = (0..model.coupons.len()).filter(|coupon| model.coupon(*coupon).0 == "active");
    let coupons = active.map(|coupon| model.coupons[coupon].1);
    holds.chain(payments).chain(coupons).filter(|moment| *moment > model.now)
}

/// For how long nothing happens: mostly until something is over, or until just before.
fn spans(model: &Model) -> Vec<u64> {
    let spans = moments(model).flat_map(|moment| [moment - model.now - 1, moment - model.now]).filter(|span| *span > 0);
    spans.chain([1_000, PAYMENT / 2]).collect()
}
