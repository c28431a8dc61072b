//! `DELETE /cart-items/{item_id}`: takes a line out and releases its stock.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::ItemId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers 204, also where the line is gone already.
///
/// # Errors
/// Nobody registered the user, or the path holds no id.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let user_id = request.user()?;
    let item_id = request.path_id("item_id", Error::CartItemNotFound)?;
    shop.store.remove_from_cart(user_id, item_id, shop.clock.now()).await?;
    Ok(http::no_content())
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Cart, "Remove a line", "Takes a line out of the cart and releases its stock.")
        .path::<ItemId>("item_id", "The line.")
        .for_user()
        .answers_nothing("It is gone, now or before.")
        .refuses(&["cart_item_not_found", "conflict"])
}
