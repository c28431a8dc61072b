//! Holds that are over, but that no sweep has come by: whoever is short of stock ends them first.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::error::Error;
use tests::api::Call;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

use super::{ROUNDS, at_once, count};

const TTL: u64 = 1_800;

/// Somebody's cart keeps all there is of a product, and its time is over.
async fn all_held_too_long(shop: &Shop, product: &Product, units: u32) -> User {
    let holder = shop.shopper("holder").await;
    holder.adds(product, units).await.is(201);
    shop.pass(TTL);
    holder
}

#[tokio::test]
async fn the_next_buyer_gets_what_was_held_too_long() {
    let shop = Shop::open().await;
    let ben = shop.shopper("ben").await;
    for shards in [1, 3] {
        let product = || shop.product("Mug").stock(5).shards(shards).list();
        let (added, grown, ordered) = (product().await, product().await, product().await);
        let line = ben.adds(&grown, 2).await.is(201);
        shop.pass(60);

        let holder = all_held_too_long(&shop, &added, 5).await;
        assert_eq!(shop.stock_of(&added).await, 0);
        ben.adds(&added, 4).await.is(201);
        assert_eq!(shop.stock_of(&added).await, 1);
        let left = holder.cart().await["items"][0].clone();
        assert_eq!((&left["quantity"], &left["is_stock_reserved"]), (&json!(5), &json!(false)));

        all_held_too_long(&shop, &grown, 5).await;
        ben.changes(&line["item_id"], 5).await.is(200);
        assert_eq!(shop.stock_of(&grown).await, 0);

        all_held_too_long(&shop, &ordered, 5).await;
        ben.orders_directly(&ordered, 5).await.is(201);
        ben.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}

/// Also what their own cart kept: the stock is anyone's again, and a direct order leaves the cart alone.
#[tokio::test]
async fn a_direct_order_gets_what_its_buyers_cart_held_too_long() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(5).shards(2).list().await;
    for method in ["on_delivery", "online"] {
        let ada = all_held_too_long(&shop, &mug, 5).await;
        let request = json!({"product_id": mug.id, "quantity": 4, "payment_method": method});
        let order = ada.post("/orders", &request).await.is(201);
        let line = ada.cart().await["items"][0].clone();
        assert_eq!((&line["quantity"], &line["is_stock_reserved"]), (&json!(5), &json!(false)));
        assert_eq!(shop.stock_of(&mug).await, 1);
        ada.cancels(&order).await.is(200);
    }
    shop.finish().await;
}

/// Both carts were swept; then one of the buyers took everything again, and let that hold end.
#[tokio::test]
async fn a_checkout_gets_what_was_held_too_long() {
    let shop = Shop::open().await;
    let (ada, product) = (shop.shopper("ada").await, shop.product("Mug").stock(5).list().await);
    ada.adds(&product, 5).await.is(201);
    shop.pass(TTL);
    shop.fire("release-reservations").await;
    all_held_too_long(&shop, &product, 5).await;
    ada.checks_out(&json!({})).await.is(201);
    assert_eq!(shop.stock_of(&product).await, 0);
    shop.finish().await;
}

#[tokio::test]
async fn a_hold_that_is_not_over_is_left_alone() {
    let shop = Shop::open().await;
    let (ada, ben, product) =
        (shop.shopper("ada").await, shop.shopper("ben").await, shop.product("Mug").stock(5).list().await);
    ada.adds(&product, 5).await.is(201);
    shop.pass(TTL - 10);
    assert_eq!(ben.adds(&product, 1).await.is_refused(409, "insufficient_stock")[0]["available"], 0);
    assert_eq!(ada.cart().await["items"][0]["is_stock_reserved"], true);
    shop.finish().await;
}

/// A hold that cannot be ended costs a refused buyer no more than a look, and no wait.
#[tokio::test]
async fn a_hold_that_cannot_be_ended_is_passed_over() {
    let shop = Shop::open().await;
    let (ben, product) = (shop.shopper("ben").await, shop.product("Mug").stock(5).list().await);
    all_held_too_long(&shop, &product, 3).await;
    all_held_too_long(&shop, &product, 2).await;
    let stock_id = format!("{}#-#0", product.id);
    let set =
        |units: &str| shop.set("inventory", "stock_id", &stock_id, "reserved", AttributeValue::N(units.to_owned()));
    set("2").await;
    ben.adds(&product, 2).await.is(201);
    ben.adds(&product, 1).await.is_refused(409, "insufficient_stock");
    set("5").await;
    shop.finish().await;
}

#[tokio::test]
async fn no_more_holds_are_ended_than_it_takes() {
    let shop = Shop::open().await;
    let (ben, product) = (shop.shopper("ben").await, shop.product("Mug").stock(7).list().await);
    all_held_too_long(&shop, &product, 3).await;
    all_held_too_long(&shop, &product, 2).await;
    ben.adds(&product, 3).await.is(201);
    assert_eq!(shop.stock_of(&product).await, 2, "of two and the three that were held longest");
    shop.finish().await;
}

/// The index said that the hold is over, and was right then.
#[tokio::test]
async fn a_hold_that_has_just_begun_anew_is_left_alone() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ben, product) = (shop.shopper("ben").await, shop.product("Mug").stock(5).list().await);
    let holder = all_held_too_long(&shop, &product, 5).await;
    let item_id = holder.cart().await["items"][0]["item_id"].clone();
    let variation = product.variation();
    let pause = wire.pauses("GetItem");
    let again = pause.during(async { drop(holder.changes(&item_id, 5).await.is(200)) });
    let add = wired.store.add_to_cart(ben.id, &variation, 1, None, shop.clock.now());
    let (added, ()) = tokio::join!(add, again);
    assert!(matches!(added, Err(Error::InsufficientStock(_))), "{added:?}");
    assert_eq!(holder.cart().await["items"][0]["is_stock_reserved"], true);
    shop.finish().await;
}

/// The calls of eight people about eight units that carts hold whose time is over.
async fn eight_want(shop: &Shop, units_wanted: u32, call: impl Fn(&User, &Product) -> Call) -> (Vec<u16>, Product) {
    let product = shop.product("Print").stock(8).shards(2).list().await;
    for number in 0..4 {
        shop.shopper(&format!("holder{number}")).await.adds(&product, 2).await.is(201);
    }
    shop.pass(TTL);
    let mut calls = Vec::new();
    for number in 0..8 {
        let buyer = shop.shopper(&format!("buyer{number}")).await;
        calls.push(call(&buyer, &product));
    }
    let answers = at_once(calls).await;
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.is_refused(409, "insufficient_stock");
    }
    assert_eq!(count(&answers, 201), 8 / units_wanted as usize);
    (answers.iter().map(|answer| answer.status).collect(), product)
}

#[tokio::test(flavor = "multi_thread")]
async fn buyers_at_once_share_what_was_held_too_long() {
    let shop = Shop::open().await;
    for round in 0..ROUNDS {
        let units = [1, 2, 4, 8][round as usize % 4];
        let (_, product) = match round % 2 {
            0 => eight_want(&shop, units, |buyer, product| buyer.adds(product, units)).await,
            _ => eight_want(&shop, units, |buyer, product| buyer.orders_directly(product, units)).await,
        };
        assert_eq!(shop.stock_of(&product).await, 0);
    }
    shop.finish().await;
}

/// A hold that is over is still its buyer's at checkout: exactly one of the two gets the unit.
#[tokio::test(flavor = "multi_thread")]
async fn the_holder_against_the_next_buyer() {
    let shop = Shop::open().await;
    let ben = shop.shopper("ben").await;
    for _ in 0..ROUNDS {
        let product = shop.product("Print").stock(1).list().await;
        let ada = all_held_too_long(&shop, &product, 1).await;
        let answers = at_once([ada.checks_out(&json!({})), ben.orders_directly(&product, 1)]).await;
        assert_eq!(count(&answers, 201), 1);
        assert_eq!(count(&answers, 409), 1);
        assert_eq!(shop.stock_of(&product).await, 0);
    }
    shop.finish().await;
}

#[tokio::test]
async fn whoever_of_holder_and_buyer_writes_first_has_it() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ben, now) = (shop.shopper("ben").await, || shop.clock.now());

    let product = shop.product("Print").stock(1).list().await;
    let holder = all_held_too_long(&shop, &product, 1).await;
    let (pause, request) = (wire.pauses("TransactWriteItems"), serde_json::from_value(json!({})).expect("a request"));
    let checkout = wired.store.checkout(holder.id, holder.id, &request, None, now());
    let (refused, ()) = tokio::join!(checkout, pause.during(async { drop(ben.adds(&product, 1).await.is(201)) }));
    assert!(matches!(refused, Err(Error::InsufficientStock(_))), "{refused:?}");

    let product = shop.product("Print").stock(1).list().await;
    let holder = all_held_too_long(&shop, &product, 1).await;
    let variation = product.variation();
    let pause = wire.pauses("TransactWriteItems");
    let add = wired.store.add_to_cart(ben.id, &variation, 1, None, now());
    let orders = async { drop(holder.checks_out(&json!({})).await.is(201)) };
    let (refused, ()) = tokio::join!(add, pause.during(orders));
    assert!(matches!(refused, Err(Error::InsufficientStock(_))), "{refused:?}");
    shop.finish().await;
}
