//! `GET /users/me`: the caller's profile.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;
use shared::user::Profile;

/// Answers the profile.
///
/// # Errors
/// The caller has none yet.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    http::ok(&shop.store.profile(caller.user_id).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Users, "Get one's profile", "The caller's profile.")
        .answers_ok::<Profile>("The profile.")
        .refuses(&["user_not_found"])
}
