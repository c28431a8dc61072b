//! `PATCH /orders/{order_id}`: moves an order on, for its seller or an admin.

use serde::Deserialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::order::Progress;
use shared::shape::one_word;
use shared::shop::Shop;
use shared::text::Text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    #[serde(deserialize_with = "one_word")]
    status: Progress,
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
