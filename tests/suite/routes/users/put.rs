//! `PUT /users/me`.

use serde_json::{Value, json};
use tests::shop::Shop;

use crate::routes::{refuses_unreadable_bodies, with, without};

fn complete() -> Value {
    json!({
        "email": "ada@example.com", "name": "Ada Moreno", "phone": "+1 (555) 010-0",
        "address": {
            "line1": "12 Harbor Street", "line2": "Apt 3", "city": "Portland", "region": "OR",
            "postal_code": "97205", "country": "US",
        },
    })
}

#[tokio::test]
async fn the_first_one_makes_the_profile() {
    let shop = Shop::open().await;
    let ada = shop.stranger("ada").await;
    let saved = ada.put("/users/me", &complete()).await.is(200);
    for field in ["email", "name", "phone", "address"] {
        assert_eq!(saved[field], complete()[field], "{field}");
    }
    assert_eq!(saved["user_id"], json!(ada.id));
    assert_eq!(ada.get("/users/me").await.is(200), saved);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_left_out_is_cleared_and_the_profile_keeps_its_age() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    let made = ada.put("/users/me", &complete()).await.is(200);
    shop.pass(60);
    let cleared = ada.put("/users/me", &json!({"phone": null})).await.is(200);
    assert_eq!(
        cleared,
        json!({
            "user_id": ada.id, "email": "ada@example.com", "name": null, "phone": null, "address": null,
            "created_at": made["created_at"], "updated_at": cleared["updated_at"],
        })
    );
    assert!(cleared["updated_at"].as_str() > made["updated_at"].as_str());
    shop.finish().await;
}

#[tokio::test]
async fn the_verified_address_wins_over_the_bodys() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    let saved = ada.put("/users/me", &json!({"email": "other@example.com"})).await.is(200);
    assert_eq!(saved["email"], "ada@example.com");
    shop.finish().await;
}

#[tokio::test]
async fn a_token_without_an_address_leaves_it_to_the_body() {
    let shop = Shop::open().await;
    let ada = shop.stranger("ada").await;
    let mut event: Value = serde_json::from_str(include_str!("../../../../events/put-profile.json")).unwrap();
    let claims = &mut event["requestContext"]["authorizer"]["jwt"]["claims"];
    *claims = json!({"sub": ada.id});
    event["body"] = json!({"email": "body@example.com"}).to_string().into();
    assert_eq!(shop.invoke("put-profile", event).await["statusCode"], 200);
    assert_eq!(ada.get("/users/me").await.is(200)["email"], "body@example.com");
    shop.finish().await;
}

#[tokio::test]
async fn an_address_may_leave_out_its_second_line_and_region() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    let address = json!({"line1": " 1 Main St ", "city": "Köln", "postal_code": "50667", "country": "DE"});
    let saved = ada.put("/users/me", &json!({"address": address})).await.is(200);
    assert_eq!(
        saved["address"],
        json!({"line1": "1 Main St", "line2": null, "city": "Köln", "region": null, "postal_code": "50667", "country": "DE"})
    );
    shop.finish().await;
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    let long = |length| json!("x".repeat(length));
    let mut cases = Vec::new();
    for field in ["email", "name", "phone", "address.line1", "address.city", "address.postal_code", "address.country"] {
        cases.extend(
            [json!(""), json!("  "), json!(7), json!(true), json!([]), json!({}), long(255)].map(|v| (field, v)),
        );
    }
    cases.extend([
        ("email", json!("ada")),
        ("email", json!("a@b@example.com")),
        ("email", json!("ada@example.com\r\nBcc: eve@example.com")),
        ("name", long(201)),
        ("name", json!("a\nb")),
        ("phone", json!("call me")),
        ("phone", json!("12")),
        ("address", json!("12 Harbor Street")),
        ("address", json!([])),
        ("address.line1", json!(null)),
        ("address.line2", json!("")),
        ("address.city", long(101)),
        ("address.region", json!(1)),
        ("address.postal_code", long(21)),
        ("address.country", json!("us")),
        ("address.country", json!("USA")),
        ("address.country", json!("XX")),
        ("address.planet", json!("Earth")),
    ]);
    let before = ada.get("/users/me").await.is(200);
    cases.push(("address", json!(["12 Harbor Street", null, "Portland", null, "97205", "US"])));
    for (field, value) in cases {
        ada.put("/users/me", &with(&complete(), field, value)).await.is_invalid(field);
    }
    for field in ["line1", "city", "postal_code", "country"] {
        let address = without(&complete()["address"], field);
        ada.put("/users/me", &with(&complete(), "address", address)).await.is_invalid(&format!("address.{field}"));
    }
    assert_eq!(ada.get("/users/me").await.is(200), before);
    shop.finish().await;
}

#[tokio::test]
async fn nobody_smuggles_anything_in() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    for field in ["user_id", "created_at", "groups", "Name"] {
        ada.put("/users/me", &with(&complete(), field, json!("x"))).await.is_invalid(field);
    }
    ada.call("PUT", "/users/me").raw(r#"{"name": "Ada", "name": "Eve"}"#).await.is_invalid("name");
    ada.call("PUT", "/users/me").await.is_refused(400, "invalid_json");
    refuses_unreadable_bodies(&ada.call("PUT", "/users/me")).await;
    shop.finish().await;
}
