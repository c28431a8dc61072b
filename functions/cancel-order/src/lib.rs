//! `PATCH /orders/{order_id}/cancel`: cancels an order, and puts its stock and its coupons right.

use serde::Deserialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::shop::Shop;
use shared::text::Text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    reason: Option<Text<200>>,
}

/// Answers the order as it is now.
///
/// # Errors
/// See [`shared::store::Store::cancel_order`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let order_id = request.order_id()?;
    let Cancellation { reason } = request.json_or_empty()?.value;
    let reason = reason.as_ref().map(Text::as_str);
    http::ok(&shop.store.cancel_order(order_id, &caller, reason, shop.clock.now()).await?)
}
