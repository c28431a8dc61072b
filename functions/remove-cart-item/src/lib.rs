//! `DELETE /cart-items/{item_id}`: takes a line out and releases its stock.

use shared::error::Error;
use shared::http::{self, Request, Response};
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
