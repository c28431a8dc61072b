use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::order::Order;
use shared::reward::History;
use shared::sqs::OrderEvent;
use tests::shop::Shop;
use tests::wire::Wire;

use super::ROUNDS;

/// A batch of the order-events queue that announces `order` so many times.
fn batch(order: &Value, times: usize) -> Value {
    let order: Order = serde_json::from_value(order.clone()).expect("an order");
    let body = serde_json::to_string(&OrderEvent::placed(&order)).expect("a message");
    let record = |number| json!({"messageId": format!("message-{number}"), "body": body, "eventSource": "aws:sqs"});
    json!({"Records": (0..times).map(record).collect::<Vec<_>>()})
}

async fn generous_shop() -> Shop {
    let shop = Shop::open().await;
    shop.rule(
        json!({"kind": "min_order_total", "amount": "100.00"}),
        json!({"kind": "percent", "value": "10", "valid_days": 30}),
    )
    .await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_of_a_message_side_by_side_earn_one_coupon_and_one_mail() {
    let shop = generous_shop().await;
    let desk = shop.product("Desk").price("100.00").list().await;
    for round in 0..ROUNDS {
        let ada = shop.shopper(&format!("ada{round}")).await;
        let order = ada.buys(&desk, 1).await;
        let batches = join_all((0..4).map(|_| shop.invoke("evaluate-rewards", batch(&order, 3)))).await;
        assert!(batches.iter().all(|answer| answer["batchItemFailures"] == json!([])), "{batches:?}");
        assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    }
    assert_eq!(shop.snapshot().await.coupons.len(), ROUNDS as usize);
    shop.finish().await;
}

/// A duplicate is served between the look at what there is and the write: it granted what the order earns and has yet
/// to mail it, or it knew of no rule and is done.
#[tokio::test]
async fn what_a_duplicate_settled_first_is_what_was_earned() {
    let shop = generous_shop().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, desk) = (shop.shopper("ada").await, shop.product("Desk").price("100.00").list().await);
    let (now, secret) = (shop.clock.now(), &shop.cloud().shop().config.signing_secret);
    let (history, rules) = (History::default(), wired.store.rules().await.expect("the rules"));
    let rules: Vec<_> = rules.iter().collect();
    let request = serde_json::from_value(json!({"product_id": desk.id, "quantity": 1})).expect("an order");
    for grants in [true, false] {
        // Not announced, so that nobody else deals with it.
        let placed = wired.store.order_directly(ada.id, ada.id, &request, None, now).await.expect("placed");
        let (order, mut earned) = (&placed.orders[0], Vec::new());
        let order_id = order.summary.order_id;
        let pause = wire.pauses("TransactWriteItems");
        let duplicate = pause.during(async {
            if grants {
                earned = shop.store().grant_coupons(order, &history, &rules, secret, now).await.expect("granted");
            } else {
                shop.store().finish_rewards(order_id).await.expect("done");
            }
        });
        let (granted, ()) = tokio::join!(wired.store.grant_coupons(order, &history, &rules, secret, now), duplicate);
        assert_eq!(earned.len(), usize::from(grants));
        assert_eq!(granted.expect("an answer"), earned);
        shop.store().finish_rewards(order_id).await.expect("done");
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_again_later_changes_nothing() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    let desk = shop.product("Desk").price("100.00").list().await;
    let order = ada.buys(&desk, 1).await;
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    // A rule that is made later does not reward an order that was settled.
    shop.rule(json!({"kind": "min_items", "count": 1}), json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    for _ in 0..ROUNDS {
        shop.invoke("evaluate-rewards", batch(&order, 2)).await;
    }
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    assert_eq!(shop.snapshot().await.coupons.len(), 1);
    shop.finish().await;
}

/// Only the message that cannot be read comes again, five times, and is then set aside.
#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_message_holds_nobody_up() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    let desk = shop.product("Desk").price("100.00").list().await;
    let order = ada.buys(&desk, 1).await;
    let mut mixed = batch(&order, 1);
    mixed["Records"]
        .as_array_mut()
        .expect("records")
        .push(json!({"messageId": "poison", "body": "{", "eventSource": "aws:sqs"}));
    let answer = shop.invoke("evaluate-rewards", mixed).await;
    assert_eq!(answer["batchItemFailures"], json!([{"itemIdentifier": "poison"}]));

    let queues = &shop.cloud().console().queues;
    let queue = queues.iter().find(|queue| queue.name.ends_with("-order-events")).expect("the queue is there");
    queue.send("{".to_owned(), None, shop.clock.now()).expect("the message is taken in");
    let dead = shop
        .wait_for("the message is set aside", || Some(shop.order_events().dead).filter(|dead| !dead.is_empty()))
        .await;
    assert_eq!(dead, ["{"]);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    shop.finish().await;
}
