//! `POST /payments/webhook`'s body, signed. It is Stripe's, so that fields which the shop does not know
//! are none of its business, nor are events that name no order; of what it reads, it says what is wrong.

use serde_json::json;
use tests::api::Answer;
use tests::shop::Shop;

use super::fields::Field;
use super::{Case, cases_of_field};

/// The fields, as the other table has them.
const TABLE: [&str; 8] = [
    "type                          | string   | required | 200",
    "data                          | anything | optional | 200",
    "data.object                   | anything | optional | 200",
    "data.object.id                | text 255 | optional | 200",
    "data.object.amount            | nothing  | required | 200",
    "data.object.currency          | nothing  | required | 200",
    "data.object.metadata          | anything | optional | 200",
    "data.object.metadata.order_id | anything | optional | 200",
];

async fn send(shop: &Shop, body: String) -> Answer {
    let signature = shared::stripe::sign("whsec_local", body.as_bytes(), shop.clock.now()).expect("a signature");
    shop.api.call("POST", "/payments/webhook").raw(body).header("stripe-signature", &signature).await
}

#[tokio::test]
async fn receive_payment_event() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").list().await;
    let body = json!({"product_id": mug.id, "quantity": 1, "payment_method": "online"});
    let order = ada.post("/orders", &body).await.is(201);
    let intent = json!({"id": "pi_1", "amount": 10_00, "currency": "usd", "metadata": {"order_id": order["order_id"]}});
    let event = json!({"type": "payment_intent.succeeded", "data": {"object": intent}});
    let mut wrong = Vec::new();
    for field in TABLE.map(Field::read) {
        for Case { what, body, expected } in cases_of_field(&field, &event) {
            // What is there twice was signed so.
            if !what.ends_with("twice") {
                let complaint = expected.complaint(&send(&shop, body).await);
                wrong.extend(complaint.map(|complaint| format!("{what}: {complaint:.300}\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    let full = format!("{event}{}", " ".repeat(64 * 1024 - event.to_string().len()));
    send(&shop, format!("{full} ")).await.is_refused(413, "payload_too_large");
    send(&shop, full).await.is(200);
    send(&shop, format!("[{event}]")).await.is_invalid("body");
    shop.finish().await;
}
