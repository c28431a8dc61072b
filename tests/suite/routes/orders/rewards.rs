//! From an order to its coupon: queue, rules, grant and mail.

use std::time::Duration;

use serde_json::{Value, json};
use shared::ids::{OrderId, UserId};
use tests::shop::Shop;
use tests::user::User;

use crate::routes::with;

fn ten_percent() -> Value {
    json!({"kind": "percent", "value": "10", "valid_days": 30})
}

/// The codes of the coupons that a user has.
async fn codes_of(shop: &Shop, user: &User) -> Vec<String> {
    shop.settle().await;
    let coupons = shop.snapshot().await.coupons;
    let theirs = coupons.iter().filter(|coupon| coupon["user_id"] == json!(user.id));
    theirs.map(|coupon| coupon["code"].as_str().expect("a code").to_owned()).collect()
}

#[tokio::test]
async fn spending_a_hundred_earns_a_coupon_that_comes_by_mail_and_is_good_for_the_next_order() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_order_total", "amount": "100.00"}), ten_percent()).await;
    let lamp = shop.product("Lamp").price("50.00").list().await;
    let ada = shop.shopper("ada").await;
    ada.buys(&lamp, 2).await;

    let mail = shop.coupon_mails_to(&ada).await.remove(0);
    let code = codes_of(&shop, &ada).await.remove(0);
    assert!(code.len() == 15 && code.starts_with("REWARD-"), "{code}");
    for part in [&mail.html, &mail.text] {
        assert!(part.contains(&code) && part.contains("10 %"), "{part}");
    }
    ada.adds(&lamp, 1).await.is(201);
    let order = ada.checks_out(&json!({"coupon_code": code})).await.is(201)["orders"][0].clone();
    assert_eq!((&order["discount"], &order["total_price"]), (&json!("5.00"), &json!("45.00")));
    assert_eq!(order["coupon_code"], json!(code));
    shop.finish().await;
}

#[tokio::test]
async fn an_order_below_the_amount_earns_nothing() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_order_total", "amount": "100.00"}), ten_percent()).await;
    let ada = shop.shopper("ada").await;
    ada.buys(&shop.product("Lamp").price("99.99").list().await, 1).await;
    assert!(codes_of(&shop, &ada).await.is_empty());
    assert!(shop.coupon_mails_to(&ada).await.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn the_mail_goes_to_the_orders_contact() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "first_order"}), ten_percent()).await;
    let (ada, grace) = (shop.shopper("ada").await, shop.shopper("grace").await);
    ada.adds(&shop.product("Lamp").list().await, 1).await.is(201);
    let contact = json!({"name": "Grace <b>", "email": grace.email});
    ada.checks_out(&json!({"contact": contact})).await.is(201);
    let mail = shop.coupon_mails_to(&grace).await.remove(0);
    assert!(mail.text.contains("Hello Grace <b>") && !mail.html.contains("<b>"), "{}", mail.html);
    assert!(shop.coupon_mails_to(&ada).await.is_empty());
    assert_eq!(codes_of(&shop, &ada).await.len(), 1, "the coupon is the buyer's all the same");
    shop.finish().await;
}

#[tokio::test]
async fn each_rule_that_an_order_meets_grants_one_coupon() {
    let shop = Shop::open().await;
    let (lamp, mug) = (shop.product("Lamp").price("60.00").list().await, shop.product("Mug").list().await);
    shop.rule(json!({"kind": "min_items", "count": 3}), ten_percent()).await;
    shop.rule(json!({"kind": "contains_product", "product_id": lamp.id}), ten_percent()).await;
    shop.rule(json!({"kind": "contains_product", "product_id": mug.id}), ten_percent()).await;
    shop.rule(json!({"kind": "every_nth_order", "n": 2}), ten_percent()).await;
    shop.rule(json!({"kind": "lifetime_spent", "amount": "200.00"}), ten_percent()).await;
    let ada = shop.shopper("ada").await;
    for (units, coupons) in [(1, 1), (2, 3), (3, 6), (1, 8)] {
        ada.buys(&lamp, units).await;
        assert_eq!(codes_of(&shop, &ada).await.len(), coupons, "after {units} more");
        shop.pass(1);
    }
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 8);
    shop.finish().await;
}

#[tokio::test]
async fn a_rule_that_is_not_live_grants_nothing() {
    let shop = Shop::open().await;
    let (now, day) = (shop.clock.now(), Duration::from_secs(24 * 60 * 60));
    for (active, starts_at, ends_at) in
        [(false, None, None), (true, Some(now + day), None), (true, None, Some(now - day))]
    {
        let live = json!({"active": active, "starts_at": starts_at, "ends_at": ends_at});
        shop.rule_with(with(&with(&live, "condition", json!({"kind": "first_order"})), "coupon", ten_percent())).await;
    }
    let ada = shop.shopper("ada").await;
    ada.buys(&shop.product("Lamp").list().await, 1).await;
    assert!(codes_of(&shop, &ada).await.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn what_counts_is_what_was_paid() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, ten_percent()).await;
    shop.rule(json!({"kind": "min_order_total", "amount": "100.00"}), ten_percent()).await;
    ada.adds(&shop.product("Lamp").price("100.00").list().await, 1).await.is(201);
    ada.checks_out(&json!({"coupon_code": code})).await.is(201);
    assert_eq!(codes_of(&shop, &ada).await, [code]);
    shop.finish().await;
}

#[tokio::test]
async fn who_has_no_address_gets_the_coupon_without_a_mail() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "first_order"}), ten_percent()).await;
    let ada = shop.stranger("ada").await;
    shop.invoke("register-user", json!({"request": {"userAttributes": {"sub": ada.id}}, "response": {}})).await;
    ada.adds(&shop.product("Lamp").list().await, 1).await.is(201);
    let address = json!({"line1": "1 Main St", "city": "Springfield", "postal_code": "1", "country": "US"});
    let order = ada.checks_out(&json!({"address": address})).await.is(201)["orders"][0].clone();
    assert_eq!(order["contact"], json!({"name": null, "email": null, "phone": null}));
    assert_eq!(codes_of(&shop, &ada).await.len(), 1);
    assert!(shop.cloud().console().mailbox.newest_first().is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn every_part_of_a_split_is_an_order_that_can_earn() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 2}), ten_percent()).await;
    let ada = shop.shopper("ada").await;
    for units in [1, 2, 3] {
        ada.adds(&shop.product("Lamp").list().await, units).await.is(201);
    }
    ada.checks_out(&json!({"split": "per_item"})).await.is(201);
    assert_eq!(codes_of(&shop, &ada).await.len(), 2);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_waits_for_its_payment_earns_nothing_yet() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "first_order"}), ten_percent()).await;
    let ada = shop.shopper("ada").await;
    ada.adds(&shop.product("Lamp").list().await, 1).await.is(201);
    ada.checks_out(&json!({"payment_method": "online"})).await.is(201);
    assert!(codes_of(&shop, &ada).await.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn a_message_that_comes_again_grants_and_mails_nothing_more() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "first_order"}), ten_percent()).await;
    let ada = shop.shopper("ada").await;
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    let codes = codes_of(&shop, &ada).await;
    let body = json!({
        "type": "order.placed", "order_id": order["order_id"], "user_id": ada.id, "total_price": "10.00",
        "items_count": 1, "occurred_at": order["created_at"],
    });
    let record = |id: &str| json!({"messageId": id, "body": body.to_string(), "eventSource": "aws:sqs"});
    let answer = shop.invoke("evaluate-rewards", json!({"Records": [record("1"), record("2")]})).await;
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!((codes_of(&shop, &ada).await, shop.coupon_mails_to(&ada).await.len()), (codes, 1));
    shop.finish().await;
}

#[tokio::test]
async fn one_bad_message_spoils_no_other() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "first_order"}), ten_percent()).await;
    let record = |id: &str, body: Value| json!({"messageId": id, "body": body.to_string(), "eventSource": "aws:sqs"});
    let unknown = json!({
        "type": "order.placed", "order_id": OrderId::random(), "user_id": UserId::random(),
        "total_price": "10.00", "items_count": 1, "occurred_at": shop.clock.now(),
    });
    let batch = json!({"Records": [record("bad", json!({"type": "?"})), record("unknown", unknown), record("worse", json!(7))]});
    let failed = shop.invoke("evaluate-rewards", batch).await;
    assert_eq!(failed, json!({"batchItemFailures": [{"itemIdentifier": "bad"}, {"itemIdentifier": "worse"}]}));
    shop.finish().await;
}

#[tokio::test]
async fn a_poisoned_message_is_set_aside_after_five_tries() {
    let shop = Shop::open().await;
    let queue = shop.cloud().console().queues.by_name("OrderEventsQueue").expect("the queue").clone();
    queue.send("poison".to_owned(), None, shop.clock.now()).unwrap();
    shop.wait_for("the message is set aside", || (shop.order_events().dead == ["poison"]).then_some(())).await;
    let ada = shop.shopper("ada").await;
    ada.buys(&shop.product("Lamp").list().await, 1).await;
    shop.finish().await;
}
