//! What happens when someone signs up: Cognito's PostConfirmation trigger.

use serde_json::{Value, json};
use shared::ids::UserId;
use tests::shop::Shop;

fn confirmation(attributes: Value) -> Value {
    json!({"version": "1", "triggerSource": "PostConfirmation_ConfirmSignUp", "request": {"userAttributes": attributes}, "response": {}})
}

#[tokio::test]
async fn cognito_gets_its_event_back() {
    let shop = Shop::open().await;
    let event = confirmation(json!({"sub": UserId::random(), "email": "ada@example.com", "custom:x": "y"}));
    assert_eq!(shop.invoke("register-user", event.clone()).await, event);
    shop.finish().await;
}

#[tokio::test]
async fn a_second_confirmation_leaves_the_profile_alone() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let before = ada.get("/users/me").await.is(200);
    shop.pass(60);
    let again = confirmation(json!({"sub": ada.id, "email": "other@example.com", "name": "Other"}));
    shop.invoke("register-user", again).await;
    assert_eq!(ada.get("/users/me").await.is(200), before);
    shop.finish().await;
}

#[tokio::test]
async fn what_cannot_be_a_name_or_address_is_left_out() {
    let shop = Shop::open().await;
    let ada = shop.stranger("ada").await;
    for attributes in [json!({"sub": ada.id}), json!({"sub": ada.id, "email": "no address", "name": "x".repeat(201)})] {
        shop.invoke("register-user", confirmation(attributes)).await;
        let profile = ada.get("/users/me").await.is(200);
        assert_eq!((&profile["email"], &profile["name"]), (&json!(null), &json!(null)));
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_event_that_names_nobody_fails() {
    let shop = Shop::open().await;
    for event in [json!({}), confirmation(json!({})), confirmation(json!({"sub": "not-an-id"}))] {
        assert!(shop.cloud().invoke("register-user", event.clone()).await.is_err(), "{event}");
    }
    assert!(shop.snapshot().await.users.is_empty());
    shop.finish().await;
}
