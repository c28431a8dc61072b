//! `POST /orders/checkout`: turns the cart into an order, or several, all at once or not at all.

use schemars::JsonSchema;
use serde::Serialize;
use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::ids::OrderId;
use shared::openapi::{Operation, Tag};
use shared::order::{CheckoutRequest, Order};
use shared::shop::Shop;

/// The orders that a cart became.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "PlacedOrders")]
struct Placed<'a> {
    /// The first order's id.
    #[schemars(with = "OrderId")]
    order_id: Option<OrderId>,
    /// The order, or its parts.
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

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "Turns the cart into an order, or into several by `split`: stock, orders, coupon and the emptied \
        cart change together or not at all. What is left out comes from the profile. With `expected_total`, it is \
        refused if it costs anything else. An order paid `online` waits for its payment with its stock reserved.";
    Operation::new(Tag::Orders, "Check out", ABOUT)
        .may_take::<CheckoutRequest>()
        .idempotent()
        .answers::<Placed<'_>>(StatusCode::CREATED, "The order, or its parts.")
        .refuses(&["cart_empty", "user_not_found", "coupon_not_found", "insufficient_stock", "price_changed"])
        .refuses(&["coupon_already_redeemed", "conflict", "coupon_not_applicable", "address_required", "cart_full"])
        .refuses(&["order_not_found", "quantity_limit"])
}
