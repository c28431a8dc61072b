//! Whether the shop is as the model says: what it answers, and what its tables hold.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::time::Timestamp;
use tests::audit::Snapshot;

use super::shown::money;
use super::state::{Line, Model};
use super::steps::Sku;
use super::system::{Stage, Told, no_order};

/// What the model has numbers for.
pub(super) struct Known {
    /// When the history begins.
    pub(super) start: Timestamp,
    /// The orders, as they were first shown.
    pub(super) orders: Vec<Value>,
    /// The codes of the coupons.
    pub(super) codes: Vec<String>,
}

impl Known {
    /// The order of this number, or one that there never was.
    pub(super) fn order(&self, number: usize) -> Value {
        self.orders.get(number).cloned().unwrap_or_else(no_order)
    }

    /// The code of the coupon of this number, or one that there never was.
    pub(super) fn code(&self, number: usize) -> String {
        self.codes.get(number).cloned().unwrap_or_else(|| "REWARD-00000000".to_owned())
    }

    /// What the model's stand-in for an id, a code or a moment means.
    fn meant(&self, expected: &Value) -> Option<Value> {
        let (kind, number) = expected.as_object().filter(|fields| fields.len() == 1)?.iter().next()?;
        let number = number.as_u64()?;
        let place = usize::try_from(number).ok()?;
        match kind.as_str() {
            "order" => Some(self.order(place)["order_id"].clone()),
            "coupon" => Some(json!(self.code(place))),
            "ms" => Some(json!(self.start + std::time::Duration::from_millis(number))),
            _ => None,
        }
    }

    /// Learns the ids of orders that were made just now.
    pub(super) fn learn(&mut self, told: &Told, model: &Model) {
        if self.orders.len() < model.orders.len() {
            self.orders.extend(told.body["orders"].as_array().cloned().unwrap_or_else(|| vec![told.body.clone()]));
        }
    }

    /// Every field that is expected is there, and holds what is expected.
    pub(super) fn is_as_expected(&self, place: &str, expected: &Value, found: &Value) -> Result<(), String> {
        let expected = self.meant(expected).unwrap_or_else(|| expected.clone());
        let differs = || Err(format!("{place}: expected {expected}, found {found}"));
        match (&expected, found) {
            (Value::Object(fields), Value::Object(_)) => fields
                .iter()
                .try_for_each(|(name, field)| self.is_as_expected(&format!("{place}.{name}"), field, &found[name])),
            (Value::Array(items), Value::Array(others)) => {
                if items.len() != others.len() {
                    return differs();
                }
                let pairs = items.iter().zip(others).enumerate();
                pairs
                    .into_iter()
                    .try_for_each(|(at, (item, other))| self.is_as_expected(&format!("{place}[{at}]"), item, other))
            }
            _ if expected == *found => Ok(()),
            _ => differs(),
        }
    }

    /// The answer is the model's.
    pub(super) fn is_told(&self, expected: &Told, told: &Told) -> Result<(), String> {
        if (told.status, told.replayed) != (expected.status, expected.replayed) {
            return Err(format!("expected {expected:?}\nfound {told:?}"));
        }
        self.is_as_expected("the answer", &expected.body, &told.body)
    }

    /// The tables hold what the model does, and the audit finds nothing.
    pub(super) fn is_kept(&mut self, stage: &Stage, model: &Model, data: &Snapshot) -> Result<(), String> {
        let violations = data.violations();
        if !violations.is_empty() {
            return Err(violations.iter().map(|violation| format!("the audit: {violation}\n")).collect());
        }
        self.has_stock(model, data)?;
        self.has_carts(stage, model, data)?;
        self.has_orders(model, data)?;
        self.has_coupons(model, data)
    }

    fn has_stock(&self, model: &Model, data: &Snapshot) -> Result<(), String> {
        let mut found: BTreeMap<(String, Option<&str>), [u64; 3]> = BTreeMap::new();
        for shard in &data.inventory {
            let sku = (shard["product_id"].as_str().unwrap_or_default().to_owned(), shard["size"].as_str());
            let sums = found.entry(sku).or_default();
            for (sum, counter) in sums.iter_mut().zip(["available", "reserved", "sold"]) {
                *sum += shard[counter].as_u64().unwrap_or_default();
            }
        }
        Sku::all().try_for_each(|sku| {
            let found = found.get(&(sku.product_id().to_string(), sku.size)).copied().unwrap_or_default();
            let place = format!("stock of {sku:?}: available, reserved, sold");
            self.is_as_expected(&place, &json!(model.counters(sku)), &json!(found))
        })
    }

    fn has_carts(&self, stage: &Stage, model: &Model, data: &Snapshot) -> Result<(), String> {
        for (user, cart) in stage.users.iter().zip(&model.carts) {
            let kept = data.carts.iter().find(|kept| kept["user_id"] == json!(user.id)).cloned().unwrap_or_default();
            let line = |line: &Line| {
                let price = json!(money(line.price));
                // The price of a line that is not held is nobody's business.
                let price = if line.held > 0 { json!({"unit_price": price}) } else { json!({}) };
                let mut expected = json!({"quantity": line.quantity});
                expected.as_object_mut().expect("an object").extend(price.as_object().expect("one").clone());
                (line.held, expected)
            };
            let lines = kept["lines"].as_object().cloned().unwrap_or_default();
            let place = format!("cart of {}", user.email);
            self.is_as_expected(&format!("{place}: lines"), &json!(cart.lines.len()), &json!(lines.len()))?;
            for (item_id, (held, expected)) in cart.lines.iter().map(|(id, l)| (id.to_string(), line(l))) {
                let found = lines.get(&item_id).cloned().unwrap_or_default();
                let place = format!("{place}, line {item_id}");
                self.is_as_expected(&place, &expected, &found)?;
                let units = found["allocation"].as_object().into_iter().flat_map(|shards| shards.values());
                let units: u64 = units.filter_map(Value::as_u64).sum();
                self.is_as_expected(&format!("{place}: held"), &json!(held), &json!(units))?;
            }
            let hold = cart.hold.map(|(since, until)| (json!({"ms": since}), json!({"ms": until}))).unzip();
            let expected = json!({"held_since": hold.0, "reserved_until": hold.1});
            let found = json!({"held_since": kept["held_since"], "reserved_until": kept["reserved_until"]});
            self.is_as_expected(&place, &expected, &found)?;
        }
        Ok(())
    }

    fn has_orders(&self, model: &Model, data: &Snapshot) -> Result<(), String> {
        let there = model.orders.iter().filter(|order| !order.deleted).count();
        self.is_as_expected("orders", &json!(there), &json!(data.placed_orders().count()))?;
        for (number, order) in model.orders.iter().enumerate().filter(|(_, order)| !order.deleted) {
            let id = &self.order(number)["order_id"];
            let found = data.placed_orders().find(|order| order["order_id"] == *id).cloned().unwrap_or_default();
            let expected = json!({"status": order.status(), "payment": {"status": order.paid}});
            self.is_as_expected(&format!("order {number}"), &expected, &found)?;
        }
        Ok(())
    }

    fn has_coupons(&mut self, model: &Model, data: &Snapshot) -> Result<(), String> {
        self.is_as_expected("coupons", &json!(model.coupons.len()), &json!(data.coupons.len()))?;
        for (number, (order, expires)) in model.coupons.iter().enumerate() {
            let earned_by = &self.order(*order)["order_id"];
            let found = data.coupons.iter().find(|found| found["order_id"] == *earned_by).cloned().unwrap_or_default();
            if number == self.codes.len() {
                self.codes.push(found["code"].as_str().unwrap_or_default().to_owned());
            }
            let (status, redeemed) = model.coupon(number);
            let redeemed = redeemed.map(|order| json!({"order": order}));
            let expected = json!({
                "code": {"coupon": number}, "status": status, "redeemed_order_id": redeemed,
                "expires_at": {"ms": expires},
            });
            self.is_as_expected(&format!("coupon {number}"), &expected, &found)?;
        }
        Ok(())
    }
}
