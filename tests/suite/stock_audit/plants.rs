//! Corruptions, each planted behind the shop's back on a product of its own.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::books::FindingKind;
use shared::ids::ProductId;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

/// Something planted.
pub(super) struct Plant {
    /// What it is found as.
    pub(super) kind: FindingKind,
    /// What it is about, as the report says it.
    pub(super) subject: String,
    /// Whether it can be put right.
    pub(super) repairable: bool,
    undo: Undo,
}

/// What takes a plant away that the audit cannot.
enum Undo {
    Nothing,
    /// Sets attributes of a stock item.
    Count(String, &'static [(&'static str, i64)]),
    Put(&'static str, HashMap<String, AttributeValue>),
    Delete(String),
    NoCoupon(Vec<String>),
}

impl Plant {
    fn repairable(kind: FindingKind, stock_id: &str) -> Plant {
        Plant { kind, subject: format!("stock {stock_id}"), repairable: true, undo: Undo::Nothing }
    }

    fn lasting(kind: FindingKind, subject: String, undo: Undo) -> Plant {
        Plant { kind, subject, repairable: false, undo }
    }

    /// The kind's name in a report.
    pub(super) fn kind_name(&self) -> String {
        json!(self.kind).as_str().expect("a name").to_owned()
    }
}

/// Sets a counter of a stock item.
pub(super) async fn count(shop: &Shop, stock_id: &str, counter: &str, units: i64) {
    shop.set("inventory", "stock_id", stock_id, counter, AttributeValue::N(units.to_string())).await;
}

fn first_shard(product: &Product) -> String {
    format!("{}#-#0", product.id)
}

/// Plants one of each.
pub(super) async fn all(shop: &Shop) -> Vec<Plant> {
    let ada = shop.shopper("ada").await;
    let mut planted = counters(shop, &ada).await;
    planted.push(dead_cart(shop).await);
    planted.push(units_from_nowhere(shop).await);
    planted.extend(things(shop).await);
    planted.push(half_held_line(shop).await);
    planted.push(coupon_used_twice(shop, &ada).await);
    planted
}

/// Who takes them away.
pub(super) async fn undo(shop: &Shop, planted: &[Plant]) {
    for plant in planted {
        match &plant.undo {
            Undo::Nothing => {}
            Undo::Count(stock_id, counters) => {
                for (counter, units) in *counters {
                    count(shop, stock_id, counter, *units).await;
                }
            }
            Undo::Put(table, item) => put(shop, table, item).await,
            Undo::Delete(stock_id) => delete(shop, "inventory", "stock_id", stock_id).await,
            Undo::NoCoupon(orders) => {
                for order_id in orders {
                    shop.forget("orders", "order_id", order_id, "coupon_code").await;
                }
            }
        }
    }
}

/// A counter that is wrong, while three units are held and five are sold.
async fn counters(shop: &Shop, ada: &User) -> Vec<Plant> {
    let wrong: [(FindingKind, &[(&str, i64)]); 6] = [
        (FindingKind::ReservedTooHigh, &[("reserved", 5)]),
        (FindingKind::ReservedTooLow, &[("reserved", 1), ("available", 94)]),
        (FindingKind::SoldTooHigh, &[("sold", 9), ("available", 88)]),
        (FindingKind::SoldTooLow, &[("sold", 2)]),
        (FindingKind::AvailableDrift, &[("available", 90)]),
        (FindingKind::ReceivedDrift, &[("received", 120)]),
    ];
    let mut planted = Vec::new();
    for (kind, counters) in wrong {
        let product = shop.product(&format!("{kind:?}")).list().await;
        ada.orders_directly(&product, 5).await.is(201);
        ada.adds(&product, 3).await.is(201);
        for (counter, units) in counters {
            count(shop, &first_shard(&product), counter, *units).await;
        }
        planted.push(Plant::repairable(kind, &first_shard(&product)));
    }
    planted
}

/// A cart that held two units is gone, its stock item still reserves them.
async fn dead_cart(shop: &Shop) -> Plant {
    let (ghost, product) = (shop.shopper("ghost").await, shop.product("Ghost's").list().await);
    ghost.adds(&product, 2).await.is(201);
    delete(shop, "carts", "user_id", &ghost.id.to_string()).await;
    Plant::repairable(FindingKind::ReservedTooHigh, &first_shard(&product))
}

/// Five units more than were ever brought, and all counters agree about them.
async fn units_from_nowhere(shop: &Shop) -> Plant {
    let product = shop.product("Found").list().await;
    for counter in ["received", "available"] {
        count(shop, &first_shard(&product), counter, 105).await;
    }
    let undo = Undo::Count(first_shard(&product), &[("received", 100), ("available", 100)]);
    Plant::lasting(FindingKind::ReceivedDrift, format!("sku {}#-", product.id), undo)
}

/// A stock item that is missing, one of no product, one that says it is archived, and one that nobody can read.
async fn things(shop: &Shop) -> Vec<Plant> {
    let product = shop.product("Lost").shards(2).list().await;
    let lost_id = format!("{}#-#1", product.id);
    let lost = item(shop, "inventory", "stock_id", &lost_id).await;
    delete(shop, "inventory", "stock_id", &lost_id).await;
    let undo = Undo::Put("inventory", lost);
    let missing = Plant::lasting(FindingKind::StockItemMissing, format!("stock {lost_id}"), undo);

    let orphan_id = format!("{}#-#0", ProductId::random());
    let mut orphan = item(shop, "inventory", "stock_id", &first_shard(&product)).await;
    orphan.insert("stock_id".to_owned(), AttributeValue::S(orphan_id.clone()));
    put(shop, "inventory", &orphan).await;
    let subject = format!("stock {orphan_id}");
    let orphaned = Plant::lasting(FindingKind::StockItemOrphaned, subject, Undo::Delete(orphan_id));

    let product = shop.product("Hidden").list().await;
    let stock_id = first_shard(&product);
    shop.set("inventory", "stock_id", &stock_id, "archived", AttributeValue::Bool(true)).await;
    let hidden = Plant::repairable(FindingKind::ArchivedMarkDiffers, &stock_id);
    vec![missing, orphaned, hidden]
}

/// A line of four of which three are held.
async fn half_held_line(shop: &Shop) -> Plant {
    let (ben, product) = (shop.shopper("ben").await, shop.product("Half").list().await);
    let line = ben.adds(&product, 3).await.is(201)["item_id"].as_str().expect("an id").to_owned();
    let cart = item(shop, "carts", "user_id", &ben.id.to_string()).await;
    let mut broken = cart.clone();
    let Some(AttributeValue::M(lines)) = broken.get_mut("lines") else { panic!("lines") };
    let Some(AttributeValue::M(half)) = lines.get_mut(&line) else { panic!("a line") };
    half.insert("quantity".to_owned(), AttributeValue::N("4".to_owned()));
    put(shop, "carts", &broken).await;
    let subject = format!("cart {}, line {line}", ben.id);
    Plant::lasting(FindingKind::LineHeldInPart, subject, Undo::Put("carts", cart))
}

/// A coupon that two orders of a buyer say they used.
pub(super) async fn coupon_used_twice(shop: &Shop, ada: &User) -> Plant {
    let product = shop.product("Twice").list().await;
    let mut orders = Vec::new();
    for _ in 0..2 {
        let order = ada.orders_directly(&product, 1).await.is(201);
        orders.push(order["order_id"].as_str().expect("an id").to_owned());
    }
    shop.settle().await;
    for order_id in &orders {
        shop.set("orders", "order_id", order_id, "coupon_code", AttributeValue::S("REWARD-TWICE".to_owned())).await;
    }
    Plant::lasting(FindingKind::CouponUsedTwice, "coupon REWARD-TWICE".to_owned(), Undo::NoCoupon(orders))
}

async fn item(shop: &Shop, table: &str, key: &str, id: &str) -> HashMap<String, AttributeValue> {
    let request = shop.dynamodb.get_item().table_name(shop.table(table)).key(key, AttributeValue::S(id.to_owned()));
    request.consistent_read(true).send().await.expect("it is read").item.expect("it is there")
}

async fn put(shop: &Shop, table: &str, item: &HashMap<String, AttributeValue>) {
    let request = shop.dynamodb.put_item().table_name(shop.table(table)).set_item(Some(item.clone()));
    request.send().await.expect("it is put");
}

async fn delete(shop: &Shop, table: &str, key: &str, id: &str) {
    let request = shop.dynamodb.delete_item().table_name(shop.table(table)).key(key, AttributeValue::S(id.to_owned()));
    request.send().await.expect("it is deleted");
}
