//! A rival acts at the one moment that matters: after everything was read, before anything is written.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::error::Error;
use shared::order::CheckoutRequest;
use shared::store::Placed;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

/// Ada with a cart whose stock is held.
async fn ada_with(shop: &Shop, product: &Product, quantity: u32) -> User {
    let ada = shop.shopper("ada").await;
    ada.adds(product, quantity).await.is(201);
    ada
}

/// Checks out while `rival` acts between the read and the write.
async fn checkout_while(
    shop: &Shop,
    user: &User,
    request: serde_json::Value,
    rival: impl Future<Output = ()>,
) -> Result<Placed, Error> {
    let (wire, wired) = Wire::to(shop).await;
    let request: CheckoutRequest = serde_json::from_value(request).expect("a request");
    let pause = wire.pauses("TransactWriteItems");
    let checkout = async {
        let placed = wired.store.checkout(user.id, user.id, &request, None, shop.clock.now()).await?;
        wired.order_events.announce(&placed.to_announce).await;
        Ok(placed)
    };
    let meanwhile = pause.during(rival);
    tokio::join!(checkout, meanwhile).0
}

#[tokio::test]
async fn the_cart_grows_before_it_is_ordered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = ada_with(&shop, &mug, 1).await;
    let rival = async { drop(ada.adds(&mug, 1).await.is(200)) };
    let placed = checkout_while(&shop, &ada, json!({}), rival).await.expect("an order of what is in the cart");
    assert_eq!(placed.orders[0].summary.items_count, 2);
    shop.finish().await;
}

#[tokio::test]
async fn the_cart_is_emptied_before_it_is_ordered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = ada_with(&shop, &mug, 1).await;
    let rival = async { ada.delete("/cart-items").await.is_empty() };
    assert!(matches!(checkout_while(&shop, &ada, json!({}), rival).await, Err(Error::CartEmpty)));
    shop.finish().await;
}

/// The cart was ordered and filled anew: this checkout is of the first filling, and gets its order.
#[tokio::test]
async fn the_cart_is_ordered_and_filled_anew_before_it_is_ordered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = ada_with(&shop, &mug, 1).await;
    let rival = async {
        ada.checks_out(&json!({})).await.is(201);
        ada.adds(&mug, 7).await.is(201);
    };
    let placed = checkout_while(&shop, &ada, json!({}), rival).await.expect("the first order");
    assert_eq!(placed.orders[0].summary.items_count, 1);
    assert_eq!(ada.cart().await["total_quantity"], 7);
    shop.finish().await;
}

#[tokio::test]
async fn the_product_is_withdrawn_before_it_is_ordered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = ada_with(&shop, &mug, 1).await;
    let refused = checkout_while(&shop, &ada, json!({}), shop.archive(&mug)).await;
    assert!(matches!(refused, Err(Error::ValidationFailed(_))), "{refused:?}");
    shop.finish().await;
}

/// The hold ends, and somebody else takes the stock.
#[tokio::test]
async fn the_last_unit_goes_before_it_is_ordered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(1).list().await;
    let (ada, eve) = (ada_with(&shop, &mug, 1).await, shop.shopper("eve").await);
    let rival = async {
        shop.pass(1_801);
        shop.fire("release-reservations").await;
        eve.adds(&mug, 1).await.is(201);
    };
    let Err(Error::InsufficientStock(short)) = checkout_while(&shop, &ada, json!({}), rival).await else {
        panic!("the unit is sold twice")
    };
    assert_eq!((short[0].requested, short[0].available), (1, 0));
    shop.finish().await;
}

#[tokio::test]
async fn the_coupon_is_used_before_it_is_redeemed() {
    let shop = Shop::open().await;
    let desk = shop.product("Desk").price("100.00").list().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "10", "valid_days": 30})).await;
    ada.adds(&desk, 1).await.is(201);

    let used = AttributeValue::S("redeemed".to_owned());
    let rival = shop.set("coupons", "code", &code, "status", used);
    let refused = checkout_while(&shop, &ada, json!({"coupon_code": code}), rival).await;
    assert!(matches!(refused, Err(Error::CouponAlreadyRedeemed)), "{refused:?}");
    assert_eq!(ada.cart().await["total_quantity"], 1);
    shop.set("coupons", "code", &code, "status", AttributeValue::S("active".to_owned())).await;
    shop.finish().await;
}
