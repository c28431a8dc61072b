//! `POST /orders`: buys one product at once, past the cart.

use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::openapi::{Operation, Tag};
use shared::order::{DirectOrder, Order};
use shared::shop::Shop;

/// Answers 201 with the order, and announces it so that it is looked at for rewards.
///
/// # Errors
/// See [`shared::store::Store::order_directly`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let body = request.json::<DirectOrder>()?;
    let user_id = caller.acting_for(body.value.user_id)?;
    let key = request.idempotency_key("orders", &caller, user_id, &body)?;
    let now = shop.clock.now();
    let placed = shop.store.order_directly(user_id, caller.user_id, &body.value, key.as_ref(), now).await?;
    shop.order_events.announce(&placed.to_announce).await;

    let order = placed.orders.first().ok_or(Error::OrderNotFound)?;
    let response = http::json(StatusCode::CREATED, order)?;
    Ok(if placed.replayed { http::replayed(response) } else { response })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "Buys one product at once; the cart is left alone. What is left out comes from the profile.";
    Operation::new(Tag::Orders, "Buy one product now", ABOUT)
        .takes::<DirectOrder>()
        .idempotent()
        .answers::<Order>(StatusCode::CREATED, "The order.")
        .refuses(&["user_not_found", "product_not_found", "coupon_not_found", "insufficient_stock"])
        .refuses(&["coupon_already_redeemed", "conflict", "size_required", "size_not_allowed", "quantity_limit"])
        .refuses(&["coupon_not_applicable", "address_required", "cart_full", "order_not_found"])
}
