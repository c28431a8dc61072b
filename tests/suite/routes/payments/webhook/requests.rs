use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::stripe::sign;
use tests::payment::{SECRET, succeeded};
use tests::shop::Shop;
use tests::user::User;

use crate::routes::with;

/// Ada's order that waits for its payment, and the event that it was paid.
async fn unpaid(shop: &Shop) -> (User, Value, String) {
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_online(&mug, 1).await;
    let event = succeeded(&order).to_string();
    (ada, order, event)
}

/// Stripe has no token, and does not mind one.
#[tokio::test]
async fn it_is_the_signature_that_counts_and_no_token() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    let unsigned = shop.api.call("POST", "/payments/webhook").raw(event.clone());
    unsigned.clone().await.is_refused(400, "invalid_signature");
    unsigned.token(&shop.admin().await.token).await.is_refused(400, "invalid_signature");
    assert_eq!(ada.sees(&order).await, order);
    shop.stripe_sends_raw(event).token("x").await.is(200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    shop.finish().await;
}

#[tokio::test]
async fn a_signature_that_is_not_stripes_is_refused() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    let now = shop.clock.now();
    let by = |secret: &str, body: &str| sign(secret, body.as_bytes(), now).unwrap();
    let good = by(SECRET, &event);
    let (time, signature) = good.split_once(",v1=").unwrap();
    let flipped = if signature.starts_with('0') { "1" } else { "0" };
    let later = format!("t={}", now.epoch_seconds() + 1);
    let refused = [
        String::new(),
        "nonsense".to_owned(),
        "=,=,=".to_owned(),
        time.to_owned(),
        format!("{time},v1="),
        format!("v1={signature}"),
        format!("t=,v1={signature}"),
        format!("t=now,v1={signature}"),
        format!("t=-1,v1={signature}"),
        format!("t=9223372036854775807,v1={signature}"),
        format!("{later},v1={signature}"),
        format!("{time},v0={signature}"),
        format!("{time},v1={}", &signature[2..]),
        format!("{time},v1={flipped}{}", &signature[1..]),
        format!("{time},v1={signature}00"),
        format!("{time},v1={}", "é".repeat(32)),
        by("whsec_other", &event),
        by("whsec_loca", &event),
        by("whsec_local ", &event),
        by(SECRET, "{}"),
        by(SECRET, ""),
        by(SECRET, &format!("{event} ")),
        by(SECRET, &event.replace("pi_1", "pi_2")),
    ];
    for header in refused {
        let call = shop.api.call("POST", "/payments/webhook").header("stripe-signature", &header).raw(event.clone());
        let answer = call.await;
        assert_eq!(answer.status, 400, "{header:?}: {}", answer.text);
        answer.is_refused(400, "invalid_signature");
    }
    assert_eq!(ada.sees(&order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn a_signature_is_good_for_five_minutes_either_way() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    let signed_at = |moment| {
        let header = sign(SECRET, event.as_bytes(), moment).unwrap();
        shop.api.call("POST", "/payments/webhook").header("stripe-signature", &header).raw(event.clone())
    };
    let seconds = Duration::from_secs;
    for moment in [shop.clock.now() - seconds(302), shop.clock.now() + seconds(330), shop.clock.now() - seconds(86_400)]
    {
        signed_at(moment).await.is_refused(400, "invalid_signature");
    }
    assert_eq!(ada.sees(&order).await, order);
    for moment in [shop.clock.now() - seconds(270), shop.clock.now() + seconds(299)] {
        signed_at(moment).await.is(200);
        assert_eq!(ada.sees(&order).await["status"], "placed");
    }
    shop.finish().await;
}

/// While Stripe rolls a secret over, it signs with the old and the new one.
#[tokio::test]
async fn one_of_several_signatures_is_enough() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    let now = shop.clock.now();
    let (old, new) = (sign("whsec_old", event.as_bytes(), now).unwrap(), sign(SECRET, event.as_bytes(), now).unwrap());
    let (time, signature) = new.split_once(',').unwrap();
    let header = format!("{old},{signature},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39");
    assert!(header.starts_with(time));
    shop.api.call("POST", "/payments/webhook").header("stripe-signature", &header).raw(event).await.is(200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    shop.finish().await;
}

/// A shop that was given no secret must not take what is signed with none.
#[tokio::test]
async fn without_a_secret_nothing_is_taken() {
    let no_secret = |options| local::options::Options { stripe_webhook_secret: String::new(), ..options };
    let shop = Shop::open_with(no_secret).await;
    let (ada, order, event) = unpaid(&shop).await;
    let header = sign("", event.as_bytes(), shop.clock.now()).unwrap();
    let unguarded = shop.api.call("POST", "/payments/webhook").header("stripe-signature", &header).raw(event.clone());
    unguarded.await.is_refused(400, "invalid_signature");
    shop.stripe_sends_raw(event).await.is_refused(400, "invalid_signature");
    assert_eq!(ada.sees(&order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_signed_but_no_event_is_refused_for_what_it_is() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    for no_json in ["", " ", "{", "nope", "{'a': 1}", "{\"a\": NaN}", &event[1..], &"[".repeat(10_000)] {
        shop.stripe_sends_raw(no_json.to_owned()).await.is_refused(400, "invalid_json");
    }
    shop.stripe_sends_raw(b"{\"type\": \"\xff\"}".to_vec()).await.is_refused(400, "invalid_json");
    for no_event in ["null", "[]", "[1]", "7", "\"text\"", "true", "{}", "{\"type\": null}", "{\"type\": 7}"] {
        shop.stripe_sends_raw(no_event).await.is_refused(422, "validation_failed");
    }
    let event = succeeded(&order);
    for (field, values) in [
        ("data.object.amount", [json!(null), json!("1000"), json!(10.5), json!(1e300), json!([1000]), json!({})]),
        ("data.object.currency", [json!(null), json!(7), json!(true), json!(["usd"]), json!({}), json!(840)]),
        ("data.object.id", [json!(7), json!(true), json!(["pi_1"]), json!({}), json!(1.5), json!([])]),
    ] {
        for value in values {
            shop.stripe_sends(&with(&event, field, value)).await.is_refused(422, "validation_failed");
        }
    }
    assert_eq!(ada.sees(&order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn an_event_is_read_up_to_its_limit() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    let most = format!("{event}{}", " ".repeat(64 * 1024 - event.len()));
    shop.stripe_sends_raw(format!("{most} ")).await.is_refused(413, "payload_too_large");
    assert_eq!(ada.sees(&order).await, order);
    shop.stripe_sends_raw(most).await.is(200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    shop.finish().await;
}

/// API Gateway may hand a body on as base64; it is the bytes behind it that were signed.
#[tokio::test]
async fn a_body_may_come_as_base64() {
    let shop = Shop::open().await;
    let (ada, order, event) = unpaid(&shop).await;
    let mut request: Value =
        serde_json::from_str(include_str!("../../../../../events/receive-payment-event.json")).unwrap();
    request["headers"]["stripe-signature"] = json!(sign(SECRET, event.as_bytes(), shop.clock.now()).unwrap());
    request["body"] = json!(STANDARD.encode(event));
    request["isBase64Encoded"] = json!(true);
    assert_eq!(shop.invoke("receive-payment-event", request).await["statusCode"], 200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    shop.finish().await;
}
