//! `GET /`: whether the API answers at all. Touches nothing.

use serde::Serialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::shop::Shop;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    service: &'static str,
    version: &'static str,
}

/// Answers that the service is up, and which version it is.
///
/// # Errors
/// None of its own.
pub async fn handle(_: Shop, _: Request) -> Result<Response, Error> {
    http::ok(&Health { status: "ok", service: "cartwright", version: env!("CARGO_PKG_VERSION") })
}
