use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::error::Error;
use shared::ids::{IdempotencyKey, KeyId};
use shared::order::DirectOrder;
use shared::store::Placed;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::{Fault, Wire};

use super::{ROUNDS, at_once, count};

fn request(product: &Product, coupon_code: Option<&str>) -> DirectOrder {
    let request = json!({"product_id": product.id, "quantity": 1, "coupon_code": coupon_code});
    serde_json::from_value(request).expect("a request")
}

/// Orders directly, while `rival` acts between the read and the write.
async fn order_while(
    shop: &Shop,
    user: &User,
    request: DirectOrder,
    rival: impl Future<Output = ()>,
) -> Result<Placed, Error> {
    let (wire, wired) = Wire::to(shop).await;
    let pause = wire.pauses("TransactWriteItems");
    let meanwhile = pause.during(rival);
    let order = wired.store.order_directly(user.id, user.id, &request, None, shop.clock.now());
    tokio::join!(order, meanwhile).0
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_orders_under_one_key_are_one_order_that_all_get() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(ROUNDS).list().await);
    for round in 0..ROUNDS {
        let key = format!("order-{round}");
        let answers = at_once((0..8).map(|_| ada.orders_directly(&mug, 1).key(&key))).await;
        let order: Value = answers[0].is(201);
        assert!(answers.iter().all(|answer| answer.is(201) == order), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(), 1);
    }
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_is_sold_to_one_of_those_who_order_it() {
    let shop = Shop::open().await;
    let buyers = join_all((0..8).map(async |number| shop.shopper(&format!("buyer{number}")).await)).await;
    for shards in [1, 1, 1, 2, 3, 5] {
        let print = shop.product("Print").stock(5).shards(shards).list().await;
        let answers = at_once(buyers.iter().map(|buyer| buyer.orders_directly(&print, 1))).await;
        assert_eq!(count(&answers, 201), 5, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.is_refused(409, "insufficient_stock")[0]["available"], 0);
        }
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_is_used_on_one_of_the_orders_that_name_it() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    for _ in 0..ROUNDS {
        let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
        let request = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
        let answers = at_once((0..4).map(|_| ada.post("/orders", &request))).await;
        assert_eq!(count(&answers, 201), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.is_refused(409, "coupon_already_redeemed");
        }
    }
    let ids: BTreeSet<_> = shop.snapshot().await.orders.iter().map(|order| order["order_id"].to_string()).collect();
    assert_eq!(ids.len(), 2 * ROUNDS as usize);
    shop.finish().await;
}

#[tokio::test]
async fn the_product_is_withdrawn_before_it_is_ordered() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let refused = order_while(&shop, &ada, request(&mug, None), shop.archive(&mug)).await;
    assert!(matches!(refused, Err(Error::ProductNotFound)), "{refused:?}");
    shop.finish().await;
}

#[tokio::test]
async fn the_last_unit_goes_before_it_is_ordered() {
    let shop = Shop::open().await;
    let (ada, eve) = (shop.shopper("ada").await, shop.shopper("eve").await);
    let mug = shop.product("Mug").stock(1).list().await;
    let rival = async { drop(eve.adds(&mug, 1).await.is(201)) };
    let Err(Error::InsufficientStock(short)) = order_while(&shop, &ada, request(&mug, None), rival).await else {
        panic!("the unit is sold twice")
    };
    assert_eq!((short[0].item_id, short[0].requested, short[0].available), (None, 1, 0));
    shop.finish().await;
}

#[tokio::test]
async fn the_coupon_is_used_before_it_is_redeemed() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    let body = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
    let rival = async { drop(ada.post("/orders", &body).await.is(201)) };
    let refused = order_while(&shop, &ada, request(&mug, Some(&code)), rival).await;
    assert!(matches!(refused, Err(Error::CouponAlreadyRedeemed)), "{refused:?}");
    shop.finish().await;
}

/// A batch is not read at one instant. One that missed the order its key made, but saw the stock that
/// order took and the coupon it used, must not refuse what was granted.
#[tokio::test]
async fn a_retry_that_reads_too_early_for_its_own_order_gets_it() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(2).list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    for (name, coupon) in [("a", Some(code.as_str())), ("b", None)] {
        let key = IdempotencyKey { id: KeyId::derived(name), fingerprint: "f".to_owned() };
        let request = request(&mug, coupon);
        let order = async || {
            let placed = wired.store.order_directly(ada.id, ada.id, &request, Some(&key), shop.clock.now()).await;
            let placed = placed.expect("the order");
            wired.order_events.announce(&placed.to_announce).await;
            placed
        };
        let first = order().await;
        wire.breaks("BatchGetItem", Fault::TooEarlyFor(shop.table("orders")));
        let again = order().await;
        assert!(again.replayed);
        assert_eq!(again.orders, first.orders);
    }
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}
