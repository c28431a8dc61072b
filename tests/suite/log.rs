//! Every movement and every adjustment of the stock leaves a line in the log: what happened to how much of
//! what, and on whose account. A test hears what its own thread logs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::catalog::requests::CreateProduct;
use shared::ids::{IdempotencyKey, KeyId, OrderId, ProductId};
use shared::order::{CheckoutRequest, DirectOrder, Outcome};
use shared::shop::Shop as Wired;
use shared::store::{PaymentReport, Placed};
use tests::log::{heard, listen};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::{Fault, Wire};

/// What this thread has said about the stock since it was last asked: kind, SKU, quantity and cause.
fn moved() -> Value {
    let moved = heard().into_iter().filter(|line| line["message"] == "stock moved");
    moved.map(|line| json!([line["kind"], line["sku"], line["quantity"], line["cause_id"]])).collect()
}

/// The id of an order that was just placed, once it is announced.
async fn announced(wired: &Wired, placed: Placed) -> OrderId {
    wired.order_events.announce(&placed.to_announce).await;
    placed.orders[0].summary.order_id
}

/// Orders directly, paid as `method`.
async fn orders(wired: &Wired, user: &User, product: &Product, quantity: u32, method: &str) -> OrderId {
    let request = json!({"product_id": product.id, "quantity": quantity, "payment_method": method});
    let request: DirectOrder = serde_json::from_value(request).expect("a request");
    let placed = wired.store.order_directly(user.id, user.id, &request, None, wired.clock.now()).await;
    announced(wired, placed.expect("an order")).await
}

async fn settles(wired: &Wired, order_id: OrderId, outcome: Outcome) {
    let report = PaymentReport { outcome, reference: None, sum: None, by: None };
    let settled = wired.store.settle_payment(order_id, report, wired.clock.now()).await.expect("it is settled");
    wired.order_events.announce(&settled.to_announce).await;
}

async fn cart_id(user: &User) -> Value {
    user.cart().await["cart_id"].clone()
}

#[tokio::test]
async fn what_carts_hold_and_orders_take_is_told() {
    let shop = Shop::open().await;
    let (_, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).shards(4).list().await);
    let sku = format!("{}#-", mug.id);
    listen();

    let line = ada.adds(&mug, 5).await.is(201);
    let cart = cart_id(&ada).await;
    assert_eq!(moved(), json!([["reserve", sku, 5, cart]]));
    ada.changes(&line["item_id"], 3).await.is(200);
    assert_eq!(moved(), json!([["release", sku, 2, cart]]));
    shop.pass(1_800);
    wired.store.release_expired(shop.clock.now()).await.expect("a sweep");
    assert_eq!(moved(), json!([["release", sku, 3, cart]]));
    let placed = wired.store.checkout(ada.id, ada.id, &CheckoutRequest::default(), None, shop.clock.now()).await;
    let order = announced(&wired, placed.expect("an order")).await;
    assert_eq!(moved(), json!([["sell_directly", sku, 3, order]]));
    let staff = shop.admin().await.caller("admin");
    wired.store.cancel_order(order, &staff, None, shop.clock.now()).await.expect("it is cancelled");
    assert_eq!(moved(), json!([["return", sku, 3, order]]));

    ada.adds(&mug, 2).await.is(201);
    moved();
    let placed = wired.store.checkout(ada.id, ada.id, &CheckoutRequest::default(), None, shop.clock.now()).await;
    let order = announced(&wired, placed.expect("an order")).await;
    assert_eq!(moved(), json!([["sell", sku, 2, order]]));

    ada.adds(&mug, 1).await.is(201);
    moved();
    let online: CheckoutRequest = serde_json::from_value(json!({"payment_method": "online"})).expect("a request");
    let placed = wired.store.checkout(ada.id, ada.id, &online, None, shop.clock.now()).await;
    let order = announced(&wired, placed.expect("an order")).await;
    assert_eq!(moved(), json!([["hand_on", sku, 1, order]]));
    shop.finish().await;
}

#[tokio::test]
async fn what_waits_for_its_payment_is_told() {
    let shop = Shop::open().await;
    let (_, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let sku = format!("{}#-", mug.id);
    listen();

    let paid = orders(&wired, &ada, &mug, 2, "online").await;
    assert_eq!(moved(), json!([["reserve", sku, 2, paid]]));
    settles(&wired, paid, Outcome::Succeeded).await;
    assert_eq!(moved(), json!([["settle", sku, 2, paid]]));
    let refused = orders(&wired, &ada, &mug, 3, "online").await;
    moved();
    settles(&wired, refused, Outcome::Failed).await;
    assert_eq!(moved(), json!([["release", sku, 3, refused]]));
    settles(&wired, refused, Outcome::Succeeded).await;
    assert_eq!(moved(), json!([["sell_directly", sku, 3, refused]]));
    let bought = orders(&wired, &ada, &mug, 1, "on_delivery").await;
    assert_eq!(moved(), json!([["sell_directly", sku, 1, bought]]));
    shop.finish().await;
}

#[tokio::test]
async fn what_is_stocked_and_adjusted_is_told() {
    let shop = Shop::open().await;
    let (_, wired) = Wire::to(&shop).await;
    let staff = shop.admin().await.caller("admin");
    listen();

    let request = json!({"name": "Shirt", "price": 1, "sizes": ["S", "M", "L"], "stock": {"S": 7, "L": 2}});
    let request: CreateProduct = serde_json::from_value(request).expect("a product");
    let shirt = request.into_product(ProductId::random(), None, "USD", shop.clock.now()).expect("a product");
    wired.store.create_product(&shirt, None).await.expect("it is listed");
    let id = shirt.product.product_id;
    assert_eq!(moved(), json!([["open", format!("{id}#S"), 7, id], ["open", format!("{id}#L"), 2, id]]));

    for (aim, units, told) in [("delta", -3, -3), ("delta", 4, 4), ("set_available", 5, -3), ("set_available", 5, 0)] {
        let request = json!({"product_id": id, "size": "S", aim: units, "reason": "stocktake"});
        let request = serde_json::from_value(request).expect("an adjustment");
        let key = IdempotencyKey { id: KeyId::random(), fingerprint: "f".to_owned() };
        let adjust = || wired.store.adjust_stock(&staff, &request, Some(&key), shop.clock.now());
        adjust().await.expect("an adjustment");
        assert_eq!(moved(), json!([["adjust", format!("{id}#S"), told, key.id]]));
        assert!(adjust().await.expect("the adjustment").replayed);
        assert_eq!(moved(), json!([]), "once");
    }
    let request = json!({"product_id": id, "size": "M", "delta": 1, "reason": "stocktake"});
    let request = serde_json::from_value(request).expect("an adjustment");
    wired.store.adjust_stock(&staff, &request, None, shop.clock.now()).await.expect("an adjustment");
    let kept = shop.snapshot().await.adjustments.into_iter().find(|kept| kept["size"] == "M").expect("it is kept");
    assert_eq!(moved(), json!([["adjust", format!("{id}#M"), 1, kept["adjustment_id"]]]));
    shop.finish().await;
}

#[tokio::test]
async fn what_fails_is_not_told_and_what_succeeds_at_last_is_told_once() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let sku = format!("{}#-", mug.id);
    let staff = shop.admin().await.caller("admin");
    let request = json!({"product_id": mug.id, "delta": -5, "reason": "stocktake"});
    let request = serde_json::from_value(request).expect("an adjustment");
    listen();

    (0..200).for_each(|_| wire.breaks("TransactWriteItems", Fault::Conflict));
    let hurried = wired.until(Instant::now() + Duration::from_millis(150));
    hurried.store.adjust_stock(&staff, &request, None, shop.clock.now()).await.expect_err("it cannot be written");
    assert_eq!(moved(), json!([]));
    ada.adds(&mug, 10).await.is_refused(409, "insufficient_stock");
    assert_eq!(moved(), json!([]));

    for fault in [Fault::LostAnswer, Fault::Throttle] {
        let (wire, wired) = Wire::to(&shop).await;
        wire.breaks("TransactWriteItems", fault);
        let order = orders(&wired, &ada, &mug, 1, "on_delivery").await;
        assert_eq!(moved(), json!([["sell_directly", sku, 1, order]]));
    }

    // Some of it goes between the read and the write: the first attempt fails, the second is refused.
    let (wire, wired) = Wire::to(&shop).await;
    let pause = wire.pauses("TransactWriteItems");
    let rival = pause.during(async {
        ada.adds(&mug, 4).await.is(201);
    });
    let (refused, ()) = tokio::join!(wired.store.adjust_stock(&staff, &request, None, shop.clock.now()), rival);
    refused.expect_err("there is not as much left");
    assert_eq!(moved(), json!([["reserve", sku, 4, cart_id(&ada).await]]));
    shop.finish().await;
}
