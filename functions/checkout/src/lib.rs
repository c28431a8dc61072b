//! `POST /orders/checkout`: turns the cart into an order, or several, all at once or not at all.

use serde::Serialize;
use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::ids::OrderId;
use shared::order::{CheckoutRequest, Order};
use shared::shop::Shop;

#[derive(Serialize)]
struct Placed<'a> {
    order_id: Option<OrderId>,
    orders: &'a [Order],
}

/// Answers 201 with the orders, and announces them so that they are looked at for rewards.
///
/// # Errors
/// See [`shared::store::Store::checkout`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let body = request.json_or_empty::<CheckoutRequest>()?;
    let user_id = caller.acting_for(body.value.user_id)?;
    let key = request.idempotency_key("orders/checkout", &caller, user_id, &body)?;
    let now = shop.clock.now();
    let checkout = shop.store.checkout(user_id, caller.user_id, &body.value, key.as_ref(), now).await?;
    shop.order_events.announce(&checkout.to_announce).await;

    let order_id = checkout.orders.first().map(|order| order.summary.order_id);
    let response = http::json(StatusCode::CREATED, &Placed { order_id, orders: &checkout.orders })?;
    Ok(if checkout.replayed { http::replayed(response) } else { response })
}
