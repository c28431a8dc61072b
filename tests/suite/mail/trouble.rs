//! Mails about orders that SES does not take, and functions that die over one.

use local::mailbox::Refusal;
use serde_json::{Value, json};
use shared::shop::Shop as Wired;
use tests::shop::Shop;
use tests::wire::{Fault, Wire, unless_it_dies};

use super::{COUPON, ORDER, counts, fails, forget, generous_shop, kept, news};

/// What the queue of mails that were given up holds.
fn given_up(shop: &Shop) -> Vec<Value> {
    let queue = shop.cloud().console().queues.by_name("OrderMailsDeadLetterQueue").expect("the queue");
    queue.bodies().iter().map(|body| serde_json::from_str(body).expect("a letter")).collect()
}

#[tokio::test]
async fn one_that_is_refused_for_good_is_marked_and_not_tried_again() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    shop.mailbox().refuse(&ada.email, ORDER, Refusal::Rejected, 1);
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    shop.settle().await;
    assert!(!fails(&shop, &news(&order, &ada, None, "placed")).await);
    assert!(shop.order_mails_to(&ada).await.is_empty());
    let order = kept(&shop, &order).await;
    assert_eq!(order["placed_email_failed"]["why"], "MessageRejected: Address blacklisted: (address)");
    assert!(order["placed_emailed_at"].is_null() && given_up(&shop).is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn one_that_is_refused_in_passing_is_sent_later_and_nobody_elses_twice() {
    let shop = Shop::open().await;
    let (ada, grace, lamp) =
        (shop.shopper("ada").await, shop.shopper("grace").await, shop.product("Lamp").list().await);
    for (refusal, times) in [(Refusal::TooManyRequests, 3), (Refusal::SendingPaused, 2), (Refusal::Fault, 1)] {
        shop.mailbox().refuse(&ada.email, ORDER, refusal, times);
    }
    for user in [&ada, &grace, &ada, &grace] {
        user.buys(&lamp, 1).await;
    }
    shop.settle().await;
    assert_eq!(counts(&shop, ORDER), [(ada.email.clone(), 2), (grace.email.clone(), 2)].into());
    assert!(given_up(&shop).is_empty());
    shop.finish().await;
}

/// The record is tried, set aside alone, and those behind it are told.
#[tokio::test]
async fn trouble_with_them_holds_up_neither_rewards_nor_others_for_ever() {
    let shop = generous_shop().await;
    let (ada, grace, lamp) =
        (shop.shopper("ada").await, shop.shopper("grace").await, shop.product("Lamp").list().await);
    shop.mailbox().refuse(&ada.email, ORDER, Refusal::SendingPaused, 1_000);
    ada.buys(&lamp, 1).await;
    grace.buys(&lamp, 1).await;
    let both = [(ada.email.clone(), 1), (grace.email.clone(), 1)];
    shop.wait_for("both are rewarded", || (counts(&shop, COUPON) == both.clone().into()).then_some(())).await;
    shop.settle().await;
    assert_eq!(counts(&shop, ORDER), [(grace.email.clone(), 1)].into());
    let letters = given_up(&shop);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(letters[0]["DDBStreamBatchInfo"]["batchSize"], 1);
    let stream = shop.cloud().console().streams[0].state();
    assert_eq!((stream.given_up, stream.retrying), (1, 0));
    shop.finish().await;
}

async fn tell(wired: &Wired, event: &Value) -> Value {
    let event = serde_json::from_value(event.clone()).expect("an event");
    let response = send_order_mail::handle(wired.clone(), event).await.expect("an answer");
    serde_json::to_value(response).expect("an answer")["batchItemFailures"].clone()
}

/// The one way in which a mail goes out twice: the function dies between SES's answer and the mark.
#[tokio::test]
async fn a_death_between_the_answer_and_the_mark_mails_again_once_the_claim_lapses() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    shop.settle().await;
    let record = news(&order, &ada, None, "placed");
    let (wire, wired) = Wire::to(&shop).await;
    let sent = || counts(&shop, ORDER)[&ada.email];

    forget(&shop, &order, "placed").await;
    wire.breaks("outbound-emails", Fault::DeathAfter);
    assert_eq!(unless_it_dies(tell(&wired, &record)).await, None);
    assert_eq!(sent(), 2);
    assert_ne!(tell(&wired, &record).await, json!([]));
    assert_eq!(sent(), 2, "the claim stands");
    shop.pass(61);
    assert_eq!(tell(&wired, &record).await, json!([]));
    assert_eq!(sent(), 3);

    // Any other death mails once.
    for fault in [Fault::DeathBefore, Fault::DeathAfter] {
        forget(&shop, &order, "placed").await;
        let before = sent();
        wire.breaks("UpdateItem", fault);
        assert_eq!(unless_it_dies(tell(&wired, &record)).await, None);
        shop.pass(61);
        assert_eq!(tell(&wired, &record).await, json!([]));
        assert_eq!(sent(), before + 1);
    }
    shop.finish().await;
}
