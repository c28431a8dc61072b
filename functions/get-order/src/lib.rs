//! `GET /orders/{order_id}`: an order, for its buyer, its seller or an admin.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::OrderId;
use shared::openapi::{Operation, Tag};
use shared::order::Order;
use shared::shop::Shop;

/// Answers the order.
///
/// # Errors
/// No such order, or none that the caller may know of.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let order_id = request.order_id()?;
    let order = shop.store.order(order_id).await?.order;
    order.actor(&caller)?;
    http::ok(&order)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Orders, "Get an order", "For its buyer, its seller and admins.")
        .path::<OrderId>("order_id", "The order.")
        .answers_ok::<Order>("The order.")
        .refuses(&["order_not_found"])
}
