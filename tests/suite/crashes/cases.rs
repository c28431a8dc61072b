//! The cases, by what they are about.

mod cart;
mod catalogue;
mod deliveries;
mod orders;
mod payments;
mod rewards;

use serde_json::{Value, json};
use shared::reward::History;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::case::{But, Case};
use crate::acts::Act;

/// A [`Case`]: function, what is special about it, status, and what prepares the act. `but` says what may be otherwise.
macro_rules! case {
    ($function:literal, $name:literal, $status:literal, |$shop:ident| $setup:block) => {
        case!($function, $name, $status, $crate::crashes::case::But::Same, |$shop| $setup)
    };
    ($function:literal, $name:literal, $status:literal, $but:expr, |$shop:ident| $setup:block) => {
        Case {
            function: $function,
            name: $name,
            status: $status,
            but: $but,
            setup: |$shop: &Shop| Box::pin(async move { $crate::acts::Act::from($setup) }),
        }
    };
}
use case;

/// All of them.
pub(super) fn all() -> Vec<Case> {
    [catalogue::cases(), cart::cases(), orders::cases(), payments::cases(), rewards::cases(), deliveries::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

/// Ada, with an address, and a mug.
async fn ada_and_a_mug(shop: &Shop) -> (User, Product) {
    (shop.shopper("ada").await, shop.product("Mug").list().await)
}

/// Ada, and a mug of which there are two, each in a shard of its own.
async fn ada_and_two_shards(shop: &Shop) -> (User, Product) {
    (shop.shopper("ada").await, shop.product("Mug").stock(2).shards(2).list().await)
}

/// A coupon that takes five off what `user` buys, earned by an order that nobody was told of.
async fn coupon_of(shop: &Shop, user: &User) -> String {
    let (store, now) = (shop.store(), shop.clock.now());
    let flyer = shop.product("Flyer").price("0").list().await;
    let rule_id = shop.rule(json!({"kind": "contains_product", "product_id": flyer.id}), five_off()).await;
    let request = serde_json::from_value(json!({"product_id": flyer.id, "quantity": 1})).expect("a request");
    let placed = store.order_directly(user.id, user.id, &request, None, now).await.expect("an order");
    let (order, rule) = (&placed.orders[0], store.rule(rule_id).await.expect("the rule"));
    let granted = store.grant_coupons(order, &History::default(), &[&rule], "secret", now).await;
    store.finish_rewards(order.summary.order_id).await.expect("it is evaluated");
    granted.expect("a coupon").remove(0)
}

/// Ada with two mugs in her cart that differ in nothing but their ids, by which parts of a checkout are ordered, and
/// a coupon.
async fn with_two_alike(shop: &Shop) -> (User, String) {
    let (ada, mug) = ada_and_a_mug(shop).await;
    for product in [mug, shop.product("Mug").list().await] {
        ada.adds(&product, 1).await.is(201);
    }
    let code = coupon_of(shop, &ada).await;
    (ada, code)
}
