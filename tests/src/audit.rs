//! The promises about the data, checked over every table.
//!
//! The auditor reads the tables in DynamoDB's own protocol and shares no code with the store, not even the SDK, so
//! that a mistake there cannot hide itself here. The promises are numbered:
//!
//! 1. Every counter is at least zero, and `available + reserved + sold = received`, per stock item. What was
//!    received is what there was at first and what every adjustment made of it.
//! 2. `reserved` is what cart lines and unpaid orders hold, per stock item.
//! 3. `sold` is what orders from `placed` to `delivered` bought, per stock item.
//! 4. An order's total is its lines less its discount; a coupon is redeemed by at most one live order.
//! 5. A cart becomes at most one order, or one split of it. A coupon is granted at most once for an
//!    order and rule.
//! 6. No placed order stays unevaluated. The auditor expects that nothing is under way any more, so it
//!    allows none at all.
//! 7. Every product has its stock items, every stock item its product, and both or neither are archived.

mod carts;
mod coupons;
mod orders;
mod products;
mod read;
mod stock;

use std::fmt;

use serde_json::{Map, Number, Value, json};

use crate::api::Api;

/// A promise that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise, by its number.
    pub invariant: u8,
    /// What breaks it.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.invariant, self.text)
    }
}

/// Everything in the tables, each item as JSON.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Profiles.
    pub users: Vec<Value>,
    /// Products.
    pub products: Vec<Value>,
    /// Stock items.
    pub inventory: Vec<Value>,
    /// Carts.
    pub carts: Vec<Value>,
    /// Orders, and the ids that stand for them.
    pub orders: Vec<Value>,
    /// Coupons.
    pub coupons: Vec<Value>,
    /// Reward rules.
    pub reward_rules: Vec<Value>,
    /// Adjustments of the stock.
    pub adjustments: Vec<Value>,
}

impl Snapshot {
    /// Every table's name after the stack's.
    pub const TABLES: [&'static str; 8] =
        ["users", "products", "inventory", "carts", "orders", "coupons", "reward_rules", "adjustments"];

    /// Reads every table. Tables are read one after the other: it is sound only while nothing is written.
    pub async fn take(aws: &Api, stack_name: &str) -> Snapshot {
        let read = |table: &'static str| scan(aws, format!("{stack_name}-{table}"));
        Snapshot {
            users: read("users").await,
            products: read("products").await,
            inventory: read("inventory").await,
            carts: read("carts").await,
            orders: read("orders").await,
            coupons: read("coupons").await,
            reward_rules: read("reward_rules").await,
            adjustments: read("adjustments").await,
        }
    }

    /// The items of each table, with its name and the attribute that is its key.
    pub fn tables(&self) -> [(&'static str, &'static str, &[Value]); 8] {
        let items = [
            &self.users,
            &self.products,
            &self.inventory,
            &self.carts,
            &self.orders,
            &self.coupons,
            &self.reward_rules,
            &self.adjustments,
        ];
        let keys = ["user_id", "product_id", "stock_id", "user_id", "order_id", "code", "rule_id", "adjustment_id"];
        std::array::from_fn(|table| (Snapshot::TABLES[table], keys[table], items[table].as_slice()))
    }

    /// The promises that do not hold.
    pub fn violations(&self) -> Vec<Violation> {
        let mut findings = Findings::default();
        products::check(self, &mut findings);
        stock::check(self, &mut findings);
        carts::check(self, &mut findings);
        orders::check(self, &mut findings);
        coupons::check(self, &mut findings);
        findings.0
    }

    /// The orders themselves, without the ids that stand for them and what is left of deleted ones.
    pub fn placed_orders(&self) -> impl Iterator<Item = &Value> {
        self.orders.iter().filter(|entry| entry["alias_of"].is_null() && entry["deleted_at"].is_null())
    }

    /// What is left of deleted orders.
    pub fn deleted_orders(&self) -> impl Iterator<Item = &Value> {
        self.orders.iter().filter(|entry| !entry["deleted_at"].is_null())
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Violation>);

impl Findings {
    /// Notes a violation of a promise unless what keeps it holds.
    fn expect(&mut self, invariant: u8, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Violation { invariant, text: text() });
        }
    }
}

async fn scan(aws: &Api, table: String) -> Vec<Value> {
    let mut request = json!({"TableName": table, "ConsistentRead": true});
    let mut items = Vec::new();
    loop {
        let answer = aws.call("POST", "/").header("x-amz-target", "DynamoDB_20120810.Scan").json(&request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut page: Value = serde_json::from_str(&answer.text).expect("JSON");
        items.extend(page["Items"].as_array().expect("items").iter().map(as_json));
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
        if request["ExclusiveStartKey"].is_null() {
            return items;
        }
    }
}

fn as_json(item: &Value) -> Value {
    let attributes = item.as_object().expect("an item").iter();
    Value::Object(attributes.map(|(name, value)| (name.clone(), value_as_json(value))).collect::<Map<_, _>>())
}

fn value_as_json(value: &Value) -> Value {
    let kinds = value.as_object().expect("an attribute");
    match kinds.iter().next().map(|(kind, value)| (kind.as_str(), value)) {
        Some(("S" | "BOOL", value)) => value.clone(),
        Some(("N", number)) => Value::Number(number.as_str().unwrap_or_default().parse::<Number>().expect("a number")),
        Some(("NULL", _)) => Value::Null,
        Some(("L", values)) => values.as_array().expect("a list").iter().map(value_as_json).collect(),
        Some(("M", values)) => as_json(values),
        other => panic!("no table has attributes such as {other:?}"),
    }
}
