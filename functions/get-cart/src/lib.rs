//! `GET /cart-items`: the cart, priced for now.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::shop::Shop;

/// Answers the cart; an empty one too.
///
/// # Errors
/// Nobody registered the user.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let user_id = request.user()?;
    http::ok(&shop.store.cart_view(user_id, shop.clock.now()).await?)
}
