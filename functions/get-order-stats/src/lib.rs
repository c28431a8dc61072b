//! `GET /orders/user/{user_id}/stats`: what a user's orders come to.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::UserId;
use shared::openapi::{Operation, Tag};
use shared::order::Statistics;
use shared::shop::Shop;

/// Answers how many orders there are, of which status, and what was spent on them.
///
/// # Errors
/// Somebody else's orders, or a user whom nobody registered.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let user_id = caller.acting_for(Some(request.path_id("user_id", Error::UserNotFound)?))?;
    shop.store.profile(user_id).await?;
    http::ok(&Statistics::of(&shop.store.all_orders_of(user_id).await?))
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Orders, "Sum up a user's orders", "For that user and admins.")
        .path::<UserId>("user_id", "The user.")
        .answers_ok::<Statistics>("What they come to.")
        .refuses(&["user_not_found"])
}
