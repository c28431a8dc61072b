//! Tables, keys and shards by name.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::ids::{KeyId, OrderId, ProductId, RuleId, UserId};
use crate::inventory::{Sku, StockId};
use crate::time::{Day, Timestamp};

/// An item as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;

/// Over how many partitions the carts with a hold are indexed; the sweep queries each.
pub const EXPIRY_SHARDS: u16 = 16;

/// Over how many partitions a day's orders are indexed.
pub const DAY_SHARDS: u16 = 8;

/// Over how many partitions the orders still to be rewarded, and those still to be paid, are indexed.
pub const PENDING_SHARDS: u16 = 4;

/// The tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Profiles by user.
    Users,
    /// Products by id.
    Products,
    /// Counters by SKU and shard.
    Inventory,
    /// Carts by user.
    Carts,
    /// Orders by id, and the ids that stand for them.
    Orders,
    /// Coupons by code.
    Coupons,
    /// Reward rules by id.
    RewardRules,
    /// Adjustments of the stock by id.
    Adjustments,
}

impl Table {
    /// The table's name after the prefix.
    pub fn name(self) -> &'static str {
        match self {
            Table::Users => "users",
            Table::Products => "products",
            Table::Inventory => "inventory",
            Table::Carts => "carts",
            Table::Orders => "orders",
            Table::Coupons => "coupons",
            Table::RewardRules => "reward_rules",
            Table::Adjustments => "adjustments",
        }
    }
}

/// An item's place: its table and its key, which is one string attribute everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) table: Table,
    pub(super) attribute: &'static str,
    pub(super) value: String,
}

impl Key {
    fn new(table: Table, attribute: &'static str, value: impl fmt::Display) -> Key {
        Key { table, attribute, value: value.to_string() }
    }

    pub(super) fn user(user_id: UserId) -> Key {
        Key::new(Table::Users, "user_id", user_id)
    }

    pub(super) fn product(product_id: ProductId) -> Key {
        Key::new(Table::Products, "product_id", product_id)
    }

    pub(super) fn stock(stock_id: &StockId) -> Key {
        Key::new(Table::Inventory, "stock_id", stock_id)
    }

    pub(super) fn cart(user_id: UserId) -> Key {
        Key::new(Table::Carts, "user_id", user_id)
    }

    pub(super) fn order(order_id: OrderId) -> Key {
        Key::new(Table::Orders, "order_id", order_id)
    }

    pub(super) fn coupon(code: &str) -> Key {
        Key::new(Table::Coupons, "code", code)
    }

    pub(super) fn reward_rule(rule_id: RuleId) -> Key {
        Key::new(Table::RewardRules, "rule_id", rule_id)
    }

    pub(super) fn adjustment(adjustment_id: KeyId) -> Key {
        Key::new(Table::Adjustments, "adjustment_id", adjustment_id)
    }

    pub(super) fn item(&self) -> Item {
        Item::from([(self.attribute.to_owned(), string(&self.value))])
    }
}

/// A string attribute.
pub(super) fn string(text: impl fmt::Display) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// A number attribute.
pub(super) fn number(number: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

/// A value as an item. What is null is left out, because an index key must not be null.
pub(super) fn to_item<T: Serialize>(value: &T) -> Result<Item, Error> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(Error::internal)?;
    item.retain(|_, attribute| !attribute.is_null());
    Ok(item)
}

/// An item as a value.
pub(super) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    serde_dynamo::from_item(item).map_err(Error::internal)
}

/// One of `shards`, always the same for an id.
fn shard_of(id: u128, shards: u16) -> u16 {
    u16::try_from(id % u128::from(shards)).unwrap_or_default()
}

/// The partition of the `expiring` index that a user's cart is in while stock is held for it.
pub(super) fn expiry_shard(user_id: UserId) -> AttributeValue {
    AttributeValue::N(shard_of(user_id.as_u128(), EXPIRY_SHARDS).to_string())
}

/// A SKU in four characters. Carts and the `expiring` index name by it what is held: many lines' worth of it fits beside
/// what they have anyway, and two SKUs of one name in sixteen million cost no more than a look.
pub(super) fn held_tag(sku: &Sku) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(sku.to_string())[..3])
}

/// The partition of the `by_day` index that an order is in, `2026-11-20#3`.
pub(super) fn day_shard(order_id: OrderId, created_at: Timestamp) -> String {
    day_partition(created_at.day(), shard_of(order_id.as_u128(), DAY_SHARDS))
}

/// A partition of the `by_day` index.
pub(super) fn day_partition(day: Day, shard: u16) -> String {
    format!("{day}#{shard}")
}

/// The partition of `rewards_pending` or `payment_due` that an order is in while it is.
pub(super) fn pending_shard(order_id: OrderId) -> String {
    shard_of(order_id.as_u128(), PENDING_SHARDS).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_spread_over_all_shards() {
        let shards: BTreeSet<_> = (100..116).map(|id| shard_of(id, EXPIRY_SHARDS)).collect();
        assert_eq!(shards, (0..EXPIRY_SHARDS).collect::<BTreeSet<_>>());
    }

    #[test]
    fn a_days_partitions_and_what_is_held_are_named() {
        assert_eq!(day_partition("2026-11-20".parse().unwrap(), 3), "2026-11-20#3");
        let tag = |name: &str| held_tag(&Sku { product_id: ProductId::derived(name), size: None });
        assert_eq!((tag("mug").len(), tag("mug") == tag("mug"), tag("mug") == tag("pen")), (4, true, false));
    }
}
