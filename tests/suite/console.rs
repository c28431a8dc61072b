//! `/_local/`: what the development cloud adds for people.

mod api;
mod orders;
mod payments;

use serde_json::{Value, json};
use tests::product::Product;
use tests::user::User;

/// Has `user` buy one of a product, past the cart; answers the order.
async fn buys(user: &User, product: &Product, payment_method: &str) -> Value {
    let request = json!({"product_id": product.id, "quantity": 1, "payment_method": payment_method});
    user.post("/orders", &request).await.is(201)
}

/// The order as its buyer sees it now.
async fn seen_by(user: &User, order: &Value) -> Value {
    user.get(&format!("/orders/{}", id(order))).await.is(200)
}

fn id(order: &Value) -> &str {
    order["order_id"].as_str().expect("an id")
}
