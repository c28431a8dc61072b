//! The mail that brings a coupon.

use local::mailbox::Refusal;
use serde_json::{Value, json};
use shared::order::Order;
use shared::sqs::OrderEvent;
use shared::time::Timestamp;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::{COUPON, counts, generous_shop};

/// An order that nobody was told of; answers the message that would have.
async fn unannounced(shop: &Shop, user: &User, product: &Product) -> String {
    let request = serde_json::from_value(json!({"product_id": product.id, "quantity": 1})).expect("an order");
    let placed = shop.store().order_directly(user.id, user.id, &request, None, shop.clock.now()).await.expect("placed");
    message(&placed.orders[0])
}

fn message(order: &Order) -> String {
    serde_json::to_string(&OrderEvent::placed(order)).expect("a message")
}

/// Hands messages over in one batch; answers which of them failed.
async fn evaluate(shop: &Shop, messages: &[&String]) -> Value {
    let record = |(number, body)| json!({"messageId": format!("{number}"), "body": body, "eventSource": "aws:sqs"});
    let records: Vec<_> = messages.iter().enumerate().map(record).collect();
    let answer = shop.invoke("evaluate-rewards", json!({"Records": records})).await;
    answer["batchItemFailures"]
        .as_array()
        .expect("failures")
        .iter()
        .map(|failed| failed["itemIdentifier"].clone())
        .collect()
}

#[tokio::test]
async fn it_says_what_the_coupon_is_and_how_to_use_it() {
    let shop = Shop::open().await;
    let coupon = json!({"kind": "fixed", "value": "7.50", "min_order_total": "30", "valid_days": 30});
    shop.rule(json!({"kind": "min_items", "count": 1}), coupon).await;
    let ada = shop.shopper("ada").await;
    ada.buys(&shop.product("Lamp").list().await, 1).await;
    let mail = shop.coupon_mails_to(&ada).await.remove(0);
    let coupon = shop.snapshot().await.coupons.remove(0);

    assert_eq!(mail.subject, "7.50 USD off your next order at Cartwright");
    assert_eq!(mail.from, "\"Cartwright\" <shop@example.com>");
    let until: Timestamp = serde_json::from_value(coupon["expires_at"].clone()).expect("a time");
    let until = until.long_date();
    for part in [&mail.html, &mail.text] {
        let code = coupon["code"].as_str().expect("a code");
        let says = [code, "7.50 USD off", "30.00 USD or more", &until, "Hello ada", "when you check out"];
        for said in says.into_iter().chain(["https://shop.example.com", "mailto:shop@example.com?subject=unsubscribe"])
        {
            assert!(part.contains(said), "{said} is missing in {part}");
        }
    }
    let shown = shop.get("/_local/emails").await.is(200);
    let shown =
        shown.as_array().expect("mails").iter().find(|shown| shown["subject"] == mail.subject).expect("the mail");
    // In reply to nothing: two coupons never look like one conversation.
    assert_eq!(shown["headers"], json!({"List-Unsubscribe": "<mailto:shop@example.com?subject=unsubscribe>"}));
    assert_eq!((&shown["to"], &shown["text"]), (&json!(ada.email), &json!(mail.text)));
    shop.finish().await;
}

#[tokio::test]
async fn one_that_is_refused_for_good_is_marked_and_not_tried_again() {
    for (refusal, why) in [
        (Refusal::Rejected, "MessageRejected: Address blacklisted: (address)"),
        (Refusal::BadRequest, "BadRequestException: Illegal address: (address)"),
    ] {
        let shop = generous_shop().await;
        let (ada, lamp) = (shop.shopper("ada").await, shop.product("Lamp").list().await);
        shop.mailbox().refuse(&ada.email, COUPON, refusal, 1);
        let message = unannounced(&shop, &ada, &lamp).await;
        for _ in 0..2 {
            assert_eq!(evaluate(&shop, &[&message]).await, json!([]));
        }
        let coupon = shop.snapshot().await.coupons.remove(0);
        assert_eq!(coupon["email_failed"]["why"], why);
        assert!(coupon["email_failed"]["at"].is_string());
        assert!(coupon["emailed_at"].is_null() && coupon["mail_claimed_until"].is_null(), "{coupon}");
        assert!(shop.coupon_mails_to(&ada).await.is_empty());
        shop.finish().await;
    }
}

/// The claim is given back: the message succeeds as soon as it comes again.
#[tokio::test]
async fn one_that_is_refused_in_passing_is_tried_again_alone() {
    let shop = generous_shop().await;
    let lamp = shop.product("Lamp").list().await;
    let (ada, grace) = (shop.shopper("ada").await, shop.shopper("grace").await);
    for refusal in [
        Refusal::TooManyRequests,
        Refusal::LimitExceeded,
        Refusal::SendingPaused,
        Refusal::AccountSuspended,
        Refusal::DomainNotVerified,
        Refusal::NotVerified,
        Refusal::Fault,
    ] {
        let before = (shop.coupon_mails_to(&ada).await.len(), shop.coupon_mails_to(&grace).await.len());
        let (hers, another) = (unannounced(&shop, &ada, &lamp).await, unannounced(&shop, &grace, &lamp).await);
        shop.mailbox().refuse(&ada.email, COUPON, refusal, 1);
        assert_eq!(evaluate(&shop, &[&hers, &another]).await, json!(["0"]), "{refusal:?}");
        assert_eq!(shop.coupon_mails_to(&grace).await.len(), before.1 + 1, "{refusal:?}");
        assert_eq!(evaluate(&shop, &[&hers, &another]).await, json!([]), "{refusal:?}");
        assert_eq!(shop.coupon_mails_to(&ada).await.len(), before.0 + 1, "{refusal:?}");
        assert_eq!(shop.coupon_mails_to(&grace).await.len(), before.1 + 1, "{refusal:?}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_fails_five_times_is_set_aside_and_can_be_sent_back() {
    let shop = generous_shop().await;
    let (ada, grace) = (shop.shopper("ada").await, shop.shopper("grace").await);
    let lamp = shop.product("Lamp").list().await;
    shop.mailbox().refuse(&ada.email, COUPON, Refusal::Fault, 5);
    let order = ada.buys(&lamp, 1).await;
    grace.buys(&lamp, 1).await;
    let dead = || Some(shop.order_events().dead).filter(|dead| !dead.is_empty());
    let dead = shop.wait_for("the message is set aside", dead).await;
    assert!(dead.len() == 1 && dead[0].contains(order["order_id"].as_str().expect("an id")), "{dead:?}");
    shop.settle().await;
    assert_eq!(counts(&shop, COUPON), [(grace.email.clone(), 1)].into());

    let redriven = shop.api.call("POST", "/_local/queues/order-events/redrive").await.is(200);
    assert_eq!(redriven, json!({"moved": 1}));
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    assert!(shop.order_events().dead.is_empty());
    shop.api.call("POST", "/_local/queues/order-mails-dead/redrive").await.is(404);
    shop.finish().await;
}
