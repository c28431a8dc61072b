//! `GET /cart-items`: the cart, priced for now.

use shared::cart::CartView;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers the cart; an empty one too.
///
/// # Errors
/// Nobody registered the user.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let user_id = request.user()?;
    http::ok(&shop.store.cart_view(user_id, shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Cart, "Get the cart", "The cart, priced for now. An empty one is a cart, too.")
        .for_user()
        .answers_ok::<CartView>("The cart.")
}
