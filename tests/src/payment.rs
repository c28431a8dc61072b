//! Online payment: orders that wait for it, and Stripe, which says what became of it.

use axum::body::Bytes;
use serde_json::{Value, json};
use shared::stripe::sign;

use crate::api::Call;
use crate::product::Product;
use crate::shop::Shop;
use crate::user::User;

/// What the shop shares with Stripe.
pub const SECRET: &str = "whsec_local";

/// How many seconds an order waits for its payment.
pub const DEADLINE: u64 = 900;

/// Stripe's event that the payment intent `pi_1` has paid all of `order`.
pub fn succeeded(order: &Value) -> Value {
    event("payment_intent.succeeded", order)
}

/// Stripe's event that the payment intent `pi_1`, for all of `order`, was refused.
pub fn failed(order: &Value) -> Value {
    event("payment_intent.payment_failed", order)
}

fn event(kind: &str, order: &Value) -> Value {
    let cents = order["total_price"].as_str().expect("a total").replace('.', "");
    let intent = json!({
        "id": "pi_1",
        "object": "payment_intent",
        "amount": cents.parse::<i64>().expect("cents"),
        "currency": "usd",
        "metadata": {"order_id": order["order_id"]},
    });
    json!({"id": "evt_1", "object": "event", "livemode": false, "type": kind, "data": {"object": intent}})
}

impl Shop {
    /// Stripe sends an event, signed at this moment.
    pub fn stripe_sends(&self, event: &Value) -> Call {
        self.stripe_sends_raw(event.to_string())
    }

    /// Stripe sends what need not be an event, or not JSON.
    pub fn stripe_sends_raw(&self, body: impl Into<Bytes>) -> Call {
        let body = body.into();
        let signature = sign(SECRET, &body, self.clock.now()).expect("a signature");
        self.api.call("POST", "/payments/webhook").header("stripe-signature", &signature).raw(body)
    }

    /// Lets the deadline of every order that waits for its payment pass, and has the shop notice.
    pub async fn payments_time_out(&self) {
        self.pass(DEADLINE);
        self.fire("expire-unpaid-orders").await;
    }
}

impl User {
    /// Orders so many of a product past the cart, to be paid online, and answers the order.
    pub async fn orders_online(&self, product: &Product, quantity: u32) -> Value {
        let request = json!({"product_id": product.id, "quantity": quantity, "payment_method": "online"});
        self.post("/orders", &request).await.is(201)
    }

    /// An order as it is now.
    pub async fn sees(&self, order: &Value) -> Value {
        self.get(&path_of(order)).await.is(200)
    }

    /// Cancels an order.
    pub fn calls_off(&self, order: &Value) -> Call {
        self.call("PATCH", &format!("{}/cancel", path_of(order)))
    }

    /// Settles the payment of an order by hand.
    pub fn settles(&self, order: &Value, settlement: &Value) -> Call {
        self.post(&format!("{}/payment", path_of(order)), settlement)
    }
}

/// Where an order is found.
pub fn path_of(order: &Value) -> String {
    format!("/orders/{}", order["order_id"].as_str().expect("an order id"))
}
