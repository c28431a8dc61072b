//! `PATCH /orders/{order_id}`: moves an order on, for its seller or an admin.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::OrderId;
use shared::openapi::{Operation, Tag};
use shared::order::{Order, Progress};
use shared::shape::one_word;
use shared::shop::Shop;
use shared::text::Text;

/// A request to move an order on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OrderUpdate")]
struct Update {
    /// How far it has come.
    #[serde(deserialize_with = "one_word")]
    status: Progress,
    /// The carrier's tracking number; the one it has stays if left out.
    tracking: Option<Text<100>>,
}

/// Answers the order as it is now.
///
/// # Errors
/// See [`shared::store::Store::advance_order`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_staff()?;
    let order_id = request.order_id()?;
    let Update { status, tracking } = request.json()?.value;
    let tracking = tracking.as_ref().map(Text::as_str);
    http::ok(&shop.store.advance_order(order_id, &caller, status.into(), tracking, shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For its seller and admins: placed, processing, shipped, delivered, one step at a time. The status \
        that it has already is answered with the order, unchanged.";
    Operation::new(Tag::Orders, "Move an order on", ABOUT)
        .path::<OrderId>("order_id", "The order.")
        .takes::<Update>()
        .answers_ok::<Order>("The order as it is now.")
        .refuses(&["order_not_found", "invalid_transition", "conflict"])
}
