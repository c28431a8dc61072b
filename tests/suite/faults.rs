//! DynamoDB at its worst: it conflicts, throttles, fails, and loses requests and answers.

use std::time::{Duration, Instant};

use serde_json::json;
use shared::cart::{Properties, Variation};
use shared::error::Error;
use shared::ids::{IdempotencyKey, KeyId};
use shared::order::CheckoutRequest;
use shared::shop::Shop as Wired;
use shared::store::{MailClaim, Placed};
use tests::shop::Shop;
use tests::user::User;
use tests::wire::{Fault, Wire};

async fn checkout(wired: &Wired, user: &User, key: Option<&IdempotencyKey>) -> Result<Placed, Error> {
    let request = CheckoutRequest::default();
    let placed = wired.store.checkout(user.id, user.id, &request, key, wired.clock.now()).await?;
    wired.order_events.announce(&placed.to_announce).await;
    Ok(placed)
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey { id: KeyId::derived(name), fingerprint: "f".to_owned() }
}

/// Whatever happens to one try of the transaction, the next one makes the order, and makes it once.
#[tokio::test]
async fn a_checkout_survives_every_passing_fault() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let faults = [Fault::Conflict, Fault::Throttle, Fault::ServerError, Fault::LostRequest, Fault::LostAnswer];
    for (count, fault) in (1..).zip(faults) {
        ada.adds(&mug, 1).await.is(201);
        wire.calls();
        wire.breaks("TransactWriteItems", fault.clone());
        let placed = checkout(&wired, &ada, None).await.unwrap_or_else(|error| panic!("{fault:?}: {}", error.report()));
        assert_eq!(placed.orders.len(), 1);
        assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"], "{fault:?}");
        assert_eq!(shop.stock_of(&mug).await, 100 - count);
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_add_whose_answer_is_lost_counts_once() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let variation = Variation { product_id: mug.id, size: None, properties: Properties::default() };
    for fault in [Fault::LostAnswer, Fault::Conflict, Fault::LostRequest] {
        wire.breaks("TransactWriteItems", fault);
        wired.store.add_to_cart(ada.id, &variation, 1, None, shop.clock.now()).await.expect("a line");
    }
    assert_eq!(ada.cart().await["total_quantity"], 3);
    assert_eq!(shop.stock_of(&mug).await, 97);
    shop.finish().await;
}

/// It gives up when its time is up, and says whose fault it is: never that anything is sold out.
#[tokio::test]
async fn a_fault_that_does_not_pass_is_reported_as_what_it_is() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.adds(&mug, 1).await.is(201);
    let hurried = || wired.until(Instant::now() + Duration::from_millis(150));

    (0..200).for_each(|_| wire.breaks("TransactWriteItems", Fault::Conflict));
    assert!(matches!(checkout(&hurried(), &ada, None).await, Err(Error::Conflict)));
    (0..200).for_each(|_| wire.breaks("BatchGetItem", Fault::Throttle));
    assert!(matches!(checkout(&hurried(), &ada, None).await, Err(Error::Unavailable(_))));
    assert_eq!(ada.cart().await["total_quantity"], 1);
    shop.finish().await;
}

/// A batch is not read at one instant. One that missed the order its key made, but saw the cart that
/// was filled anew since, must neither replace that order nor make a second.
#[tokio::test]
async fn a_retry_that_reads_too_early_for_its_own_order_gets_it() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.adds(&mug, 2).await.is(201);
    let first = checkout(&wired, &ada, Some(&key("k"))).await.expect("an order");

    let too_early = || Fault::TooEarlyFor(shop.table("orders"));
    wire.breaks("BatchGetItem", too_early());
    let empty = checkout(&wired, &ada, Some(&key("k"))).await.expect("the order, though the cart is empty");
    ada.adds(&mug, 5).await.is(201);
    wire.breaks("BatchGetItem", too_early());
    let refilled = checkout(&wired, &ada, Some(&key("k"))).await.expect("the order, though the cart is full");
    for again in [empty, refilled] {
        assert!(again.replayed);
        assert_eq!(again.orders, first.orders);
    }
    assert_eq!(ada.cart().await["total_quantity"], 5);
    shop.finish().await;
}

/// A claim that was written, but whose answer was lost, is recognised by the one who made it.
#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_still_ones_own() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let any = json!({"kind": "min_items", "count": 1});
    shop.rule(any, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.buys(&mug, 1).await;
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    let coupons = shop.snapshot().await.coupons;
    let code = coupons[0]["code"].as_str().expect("a code");
    let now = shop.clock.now();

    let claim = async |now| wired.store.claim_mail(code, now).await.expect("an answer");
    assert!(matches!(claim(now).await, MailClaim::NotNeeded));
    shop.forget("coupons", "code", code, "emailed_at").await;
    wire.breaks("UpdateItem", Fault::LostAnswer);
    let MailClaim::Granted(first, _) = claim(now).await else { panic!("it is not recognised") };
    assert!(matches!(claim(now).await, MailClaim::Busy));
    let lapsed = now + Duration::from_secs(61);
    let MailClaim::Granted(second, coupon) = claim(lapsed).await else { panic!("it has not lapsed") };
    assert_eq!(coupon.code, code);
    // It is another's by now, and not the first one's to give back.
    wired.store.give_up_mail(&first).await.expect("an answer");
    assert!(matches!(claim(lapsed).await, MailClaim::Busy));
    wired.store.mark_mailed(&second, lapsed).await.expect("marked");
    shop.finish().await;
}
