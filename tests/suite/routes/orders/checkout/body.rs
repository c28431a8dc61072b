//! What the request of a checkout may hold.

use serde_json::{Value, json};
use tests::shop::Shop;

use crate::routes::{refuses_unreadable_bodies, with, without};

fn complete() -> Value {
    json!({
        "contact": {"name": "Ada Moreno", "email": "ada@example.com", "phone": "+1 555 0100"},
        "address": {"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"},
        "payment_method": "on_delivery", "expected_total": "10.00", "split": "none",
    })
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.00").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    let mut cases: Vec<(&str, Value)> = Vec::new();
    for field in ["user_id", "contact", "address", "payment_method", "expected_total", "split"] {
        cases.extend([json!(""), json!("x"), json!(true), json!([])].map(|value| (field, value)));
    }
    for field in ["contact.name", "contact.email", "contact.phone", "address.line1", "address.city", "address.country"]
    {
        cases.extend([json!(""), json!(7), json!([]), json!("x".repeat(300))].map(|value| (field, value)));
    }
    cases.extend([json!(""), json!(7), json!([]), json!("x".repeat(65))].map(|code| ("coupon_code", code)));
    cases.extend(["online ", "ON_DELIVERY", "cash"].map(|method| ("payment_method", json!(method))));
    cases.extend(["per_shop", "None"].map(|split| ("split", json!(split))));
    cases
        .extend(["-1", "1.001", "1e2", "10,00", "NaN", "10000000000000"].map(|total| ("expected_total", json!(total))));
    cases.extend([json!(-1), json!(1.001), json!(1e300)].map(|total| ("expected_total", total)));
    cases.extend([("contact.name", json!(null)), ("contact.role", json!("x")), ("address.planet", json!("x"))]);
    cases.extend([
        ("contact", json!(["Ada", null, null])),
        ("address", json!(["12 Harbor Street", null, "Portland", null, "97205", "US"])),
        ("payment_method", json!({"on_delivery": null})),
        ("split", json!({"none": null})),
    ]);
    for (field, value) in cases {
        ada.checks_out(&with(&complete(), field, value)).await.is_invalid(field);
    }
    ada.checks_out(&with(&complete(), "contact", json!({}))).await.is_invalid("contact.name");
    let nowhere = without(&complete()["address"], "city");
    ada.checks_out(&with(&complete(), "address", nowhere)).await.is_invalid("address.city");
    ada.checks_out(&complete()).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn nobody_smuggles_anything_in() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    for field in ["status", "total_price", "discount", "order_id", "items", "seller_id"] {
        ada.checks_out(&with(&complete(), field, json!("placed"))).await.is_invalid(field);
    }
    ada.call("POST", "/orders/checkout").raw(r#"{"split": "none", "split": "per_item"}"#).await.is_invalid("split");
    refuses_unreadable_bodies(&ada.call("POST", "/orders/checkout")).await;
    assert_eq!(ada.cart().await["item_count"], 1);
    shop.finish().await;
}
