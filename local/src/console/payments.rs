//! `POST /_local/payments/{order_id}`: has Stripe report what became of an order's payment.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use shared::error::Error;
use shared::http::status_and_code;
use shared::order::Outcome;

use super::{Console, read, refuse};
use crate::stripe::payment_event;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    outcome: Outcome,
}

/// Answers what the shop's webhook answers.
pub(super) async fn pay(State(console): State<Arc<Console>>, Path(order_id): Path<String>, body: Bytes) -> Response {
    let Payment { outcome } = match read(&body) {
        Ok(payment) => payment,
        Err(refusal) => return refusal,
    };
    let shop = &console.shop;
    let request = async {
        let order_id = order_id.parse().map_err(|_| Error::OrderNotFound)?;
        let order = shop.store.order(order_id).await?.order.summary;
        // Without a secret, it is the shop that refuses the event.
        let secret = shop.config.stripe_webhook_secret.as_deref().unwrap_or_default();
        payment_event(&order, outcome, secret, console.api_url.trim_start_matches("http://"), shop.clock.now())
    };
    match request.await {
        Ok(request) => console.gateway.serve(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await,
        Err(error) => refuse(status_and_code(&error).0, &error.to_string()),
    }
}
