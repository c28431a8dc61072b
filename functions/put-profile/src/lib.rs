//! `PUT /users/me`: makes or replaces the caller's profile.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;
use shared::text::Email;
use shared::user::{Profile, ProfileUpdate};

/// Answers the profile as it is now. A verified address of the token wins over the body's.
///
/// # Errors
/// A field that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let mut update: ProfileUpdate = request.json()?.value;
    let verified = caller.email.as_deref().and_then(|email| Email::new(email).ok());
    update.email = verified.or(update.email);
    http::ok(&shop.store.put_profile(caller.user_id, update, shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "Makes the profile, or replaces it: what is left out is cleared. A verified address of the token \
        wins over the body's.";
    Operation::new(Tag::Users, "Save one's profile", ABOUT)
        .takes::<ProfileUpdate>()
        .answers_ok::<Profile>("The profile as it is now.")
}
