//! `DELETE /cart-items`: empties the cart and releases all its stock.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers 204, also where the cart was empty.
///
/// # Errors
/// Nobody registered the user.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let user_id = request.user()?;
    shop.store.clear_cart(user_id, shop.clock.now()).await?;
    Ok(http::no_content())
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Cart, "Empty the cart", "Takes every line out and releases all stock.")
        .for_user()
        .answers_nothing("It is empty, now or before.")
        .refuses(&["conflict"])
}
