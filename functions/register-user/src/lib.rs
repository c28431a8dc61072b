//! Cognito's PostConfirmation trigger: a profile for everyone who signs up.

use serde_json::Value;
use shared::error::Error;
use shared::shop::Shop;
use shared::text::{Email, Text};

/// Makes the profile and hands the event back, as Cognito demands. Cognito sends the same event
/// after a forgotten password, and may send one twice: a profile that exists is left alone.
///
/// # Errors
/// An event without the new user's id.
pub async fn handle(shop: Shop, event: Value) -> Result<Value, Error> {
    let attribute = |name| event.pointer("/request/userAttributes")?.get(name)?.as_str();
    let subject =
        attribute("sub").ok_or_else(|| Error::internal("a sign-up event without request.userAttributes.sub"))?;
    let user_id = subject.parse().map_err(Error::internal)?;
    // Cognito has verified the address; a name is whatever the user typed, so it may be left out.
    let email = attribute("email").and_then(|email| Email::new(email).ok());
    let name = attribute("name").and_then(|name| Text::new(name).ok());
    shop.store.register(user_id, email, name, shop.clock.now()).await?;
    tracing::info!(%user_id, "a user signed up");
    Ok(event)
}
