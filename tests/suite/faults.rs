//! DynamoDB at its worst: it conflicts, throttles, fails, and loses requests and answers.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::error::Error;
use shared::ids::{IdempotencyKey, KeyId};
use shared::order::{CheckoutRequest, Outcome, Settlement};
use shared::shop::Shop as Wired;
use shared::store::{MailClaim, PaymentReport, Placed};
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
    let variation = mug.variation();
    for fault in [Fault::LostAnswer, Fault::Conflict, Fault::LostRequest] {
        wire.breaks("TransactWriteItems", fault);
        wired.store.add_to_cart(ada.id, &variation, 1, None, shop.clock.now()).await.expect("a line");
    }
    assert_eq!(ada.cart().await["total_quantity"], 3);
    assert_eq!(shop.stock_of(&mug).await, 97);
    shop.finish().await;
}

/// Others are after the last units: whoever is in the way has probably got them, so it is worth a look.
#[tokio::test]
async fn after_a_conflict_over_the_last_units_everything_is_decided_anew() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let [read, write] = ["BatchGetItem", "TransactWriteItems"];
    let (ada, now) = (shop.shopper("ada").await, shop.clock.now());
    for (stock, add, grow) in [
        (6, vec![read, write, write], vec![read, read, write, write]),
        (4, vec![read, write, read, write], vec![read, read, write, read, read, write]),
    ] {
        let print = shop.product("Print").stock(stock).list().await;
        let variation = print.variation();
        wire.breaks(write, Fault::Conflict);
        wired.store.add_to_cart(ada.id, &variation, 1, None, now).await.expect("a line");
        assert_eq!(wire.calls(), add, "{stock}");
        wire.breaks(write, Fault::Conflict);
        wired.store.set_quantity(ada.id, variation.item_id(), 2, now).await.expect("a unit more");
        assert_eq!(wire.calls(), grow, "{stock}");
        assert_eq!(shop.stock_of(&print).await, u64::from(stock) - 2);
    }
    shop.finish().await;
}

/// What is in the way of the second try may be the first one.
#[tokio::test]
async fn an_add_of_the_last_units_whose_answer_is_lost_counts_once() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, print) = (shop.shopper("ada").await, shop.product("Print").stock(4).list().await);
    let variation = print.variation();
    wire.breaks("TransactWriteItems", Fault::LostAnswer);
    wire.breaks("TransactWriteItems", Fault::Conflict);
    wired.store.add_to_cart(ada.id, &variation, 1, None, shop.clock.now()).await.expect("a line");
    assert_eq!((ada.cart().await["total_quantity"].clone(), shop.stock_of(&print).await), (json!(1), 3));
    shop.finish().await;
}

#[tokio::test]
async fn an_adjustment_survives_every_passing_fault_and_counts_once() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (admin, mug) = (shop.admin().await.caller("admin"), shop.product("Mug").stock(9).shards(2).list().await);
    let request = json!({"product_id": mug.id, "delta": -1, "reason": "broken"});
    let request = serde_json::from_value(request).expect("an adjustment");
    let faults = [Fault::Conflict, Fault::Throttle, Fault::ServerError, Fault::LostRequest, Fault::LostAnswer];
    for (count, fault) in (1..).zip(faults) {
        wire.breaks("TransactWriteItems", fault.clone());
        let key = key(&format!("{fault:?}"));
        let key = Some(&key).filter(|_| count % 2 == 0);
        let adjusted = wired.store.adjust_stock(&admin, &request, key, shop.clock.now()).await;
        let adjusted = adjusted.unwrap_or_else(|error| panic!("{fault:?}: {}", error.report()));
        assert_eq!((adjusted.item.available, adjusted.replayed), (9 - count, false), "{fault:?}");
        assert_eq!(shop.stock_of(&mug).await, u64::from(9 - count));
    }
    assert_eq!(shop.snapshot().await.adjustments.len(), 5);
    shop.finish().await;
}

/// A batch that missed the adjustment its key made, but saw what that did to the stock, must neither
/// refuse it nor make a second.
#[tokio::test]
async fn a_retry_that_reads_too_early_for_its_own_adjustment_is_answered_as_it_was() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let admin = shop.admin().await.caller("admin");
    for (name, aim) in [("all", json!(-9)), ("some", json!(-4)), ("full", json!(9_999_991))] {
        let mug = shop.product("Mug").stock(9).list().await;
        let request = json!({"product_id": mug.id, "delta": aim, "reason": "stocktake"});
        let request = serde_json::from_value(request).expect("an adjustment");
        let key = key(name);
        let adjust = || wired.store.adjust_stock(&admin, &request, Some(&key), shop.clock.now());
        let first = adjust().await.expect("an adjustment");
        wire.breaks("BatchGetItem", Fault::TooEarlyFor(shop.table("adjustments")));
        let again = adjust().await.expect("the same adjustment");
        assert_eq!((again.item, again.replayed), (first.item, true), "{name}");
    }
    assert_eq!(shop.snapshot().await.adjustments.len(), 3);
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

/// Nothing that the shop does makes a counter wrong. One that is wrong all the same stays above zero, and
/// whoever would take it below changes nothing.
#[tokio::test]
async fn no_counter_falls_below_zero_even_where_it_is_wrong() {
    let shop = Shop::open().await;
    let (_, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let order_id = serde_json::from_value(ada.buys(&mug, 2).await["order_id"].clone()).expect("an order id");
    let item_id = serde_json::from_value(ada.adds(&mug, 3).await.is(201)["item_id"].clone()).expect("an item id");
    let admin = shop.admin().await.caller("admin");
    let broken = json!({"product_id": mug.id, "delta": -1, "reason": "broken"});
    let broken = serde_json::from_value(broken).expect("an adjustment");
    let (now, stock_id) = (shop.clock.now(), format!("{}#-#0", mug.id));
    for (counter, units) in [("reserved", 3), ("sold", 2), ("received", 9)] {
        let becomes =
            |units: u32| shop.set("inventory", "stock_id", &stock_id, counter, AttributeValue::N(units.to_string()));
        becomes(0).await;
        let store = wired.until(Instant::now() + Duration::from_millis(150)).store;
        let refused = match counter {
            "reserved" => store.remove_from_cart(ada.id, item_id, now).await,
            "sold" => store.cancel_order(order_id, &admin, None, now).await.map(drop),
            _ => store.adjust_stock(&admin, &broken, None, now).await.map(drop),
        };
        let in_vain = matches!(refused, Err(Error::Conflict | Error::Unavailable(_)));
        assert!(in_vain, "{counter}: {refused:?}");
        assert_eq!(shop.snapshot().await.inventory[0][counter], 0);
        becomes(units).await;
    }
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

/// Whatever happens to one try of it, a settlement is applied, and applied once.
#[tokio::test]
async fn a_settlement_survives_every_passing_fault() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(2).list().await);
    let in_time = vec![(Outcome::Succeeded, Settlement::Place)];
    let late = vec![(Outcome::Failed, Settlement::Cancel), (Outcome::Succeeded, Settlement::Revive)];
    for fault in [Fault::Conflict, Fault::Throttle, Fault::ServerError, Fault::LostRequest, Fault::LostAnswer] {
        for way in [&in_time, &late] {
            let order = ada.orders_online(&mug, 2).await;
            let order_id = serde_json::from_value(order["order_id"].clone()).expect("an id");
            for (outcome, settlement) in way.iter().copied() {
                wire.calls();
                wire.breaks("TransactWriteItems", fault.clone());
                let report = PaymentReport { outcome, reference: Some("pi_1"), sum: None, by: None };
                let settled = wired.store.settle_payment(order_id, report, shop.clock.now()).await;
                let settled = settled.unwrap_or_else(|error| panic!("{fault:?}: {}", error.report()));
                assert_eq!(settled.settlement, settlement, "{fault:?}");
                let tries = wire.calls().into_iter().filter(|call| call == "TransactWriteItems").count();
                assert_eq!(tries, 2, "{fault:?}");
            }
            let placed = ada.sees(&order).await;
            assert_eq!(placed["status_history"].as_array().expect("a history").len(), 1 + way.len(), "{fault:?}");
            assert_eq!(shop.stock_of(&mug).await, 0, "{fault:?}");
            ada.calls_off(&order).await.is(200);
        }
    }
    shop.finish().await;
}
