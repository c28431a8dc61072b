//! `GET /users/me`: the caller's profile.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::shop::Shop;

/// Answers the profile.
///
/// # Errors
/// The caller has none yet.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    http::ok(&shop.store.profile(caller.user_id).await?)
}
