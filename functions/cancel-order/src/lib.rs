//! `PATCH /orders/{order_id}/cancel`: cancels an order, and puts its stock and its coupons right.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::OrderId;
use shared::openapi::{Operation, Tag};
use shared::order::Order;
use shared::shop::Shop;
use shared::text::Text;

/// A request to cancel an order. The body may be left out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// Why.
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

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "Its buyer may until it is shipped, its seller and admins until it is delivered. Stock returns, the \
        coupon that was used is given back, unused ones that it earned are revoked. A cancelled order stays as it is.";
    Operation::new(Tag::Orders, "Cancel an order", ABOUT)
        .path::<OrderId>("order_id", "The order.")
        .may_take::<Cancellation>()
        .answers_ok::<Order>("The order as it is now.")
        .refuses(&["order_not_found", "invalid_transition", "conflict"])
}
