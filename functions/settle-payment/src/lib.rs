//! `POST /orders/{order_id}/payment`: settles an online order by hand, for admins.

use serde::Deserialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::order::Outcome;
use shared::shape::one_word;
use shared::shop::Shop;
use shared::store::PaymentReport;
use shared::text::Text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settlement {
    #[serde(deserialize_with = "one_word")]
    outcome: Outcome,
    reference: Option<Text<200>>,
}

/// Answers the order as it is now, and announces it if that placed it.
///
/// # Errors
/// See [`shared::store::Store::settle_payment`]; an outcome that contradicts the one there is.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_admin()?;
    let order_id = request.order_id()?;
    let Settlement { outcome, reference } = request.json()?.value;
    let reference = reference.as_ref().map(Text::as_str);
    let report = PaymentReport { outcome, reference, sum: None, by: Some(caller.user_id) };
    let settled = shop.store.settle_payment(order_id, report, shop.clock.now()).await?.unless_contradicted()?;
    shop.order_events.announce(&settled.to_announce).await;
    http::ok(&settled.order)
}
