//! `DELETE /orders/{order_id}`: deletes a cancelled order, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::OrderId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers 204.
///
/// # Errors
/// See [`shared::store::Store::delete_order`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    request.caller()?.must_be_admin()?;
    let order_id = request.order_id()?;
    shop.store.delete_order(order_id, shop.clock.now()).await?;
    Ok(http::no_content())
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Orders, "Delete an order", "For admins; only a cancelled order.")
        .path::<OrderId>("order_id", "The order.")
        .answers_nothing("It is gone.")
        .refuses(&["order_not_found", "invalid_transition", "conflict"])
}
