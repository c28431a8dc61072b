//! `GET /`: whether the API answers at all. Touches nothing.

use schemars::JsonSchema;
use serde::Serialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// What answers.
#[derive(JsonSchema, Serialize)]
struct Health {
    /// `ok`.
    status: &'static str,
    /// `cartwright`.
    service: &'static str,
    /// Which version of it.
    version: &'static str,
}

/// Answers that the service is up, and which version it is.
///
/// # Errors
/// None of its own.
pub async fn handle(_: Shop, _: Request) -> Result<Response, Error> {
    http::ok(&Health { status: "ok", service: "cartwright", version: env!("CARGO_PKG_VERSION") })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Health, "Check that the API answers", "Touches nothing: neither a table nor a queue.")
        .answers_ok::<Health>("It does.")
}
