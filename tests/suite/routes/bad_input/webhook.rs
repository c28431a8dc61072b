//! `POST /payments/webhook`'s body, signed. It is Stripe's, so that fields which the shop does not know
//! are none of its business, nor are events that name no order; of what it reads, it says what is wrong.

use tests::payment::succeeded;
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

#[tokio::test]
async fn receive_payment_event() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let event = succeeded(&ada.orders_online(&shop.product("Mug").list().await, 1).await);
    let mut wrong = Vec::new();
    for field in TABLE.map(Field::read) {
        for Case { what, body, expected } in cases_of_field(&field, &event) {
            // What is there twice was signed so.
            if !what.ends_with("twice") {
                let complaint = expected.complaint(&shop.stripe_sends_raw(body).await);
                wrong.extend(complaint.map(|complaint| format!("{what}: {complaint:.300}\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    shop.stripe_sends_raw(format!("[{event}]")).await.is_invalid("body");
    shop.finish().await;
}
