//! `POST /orders/{order_id}/payment`: settles an online order by hand, for admins.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::OrderId;
use shared::openapi::{Operation, Tag};
use shared::order::{Order, Outcome};
use shared::shape::one_word;
use shared::shop::Shop;
use shared::store::PaymentReport;
use shared::text::Text;

/// What became of an order's payment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settlement {
    /// What became of the payment.
    #[serde(deserialize_with = "one_word")]
    outcome: Outcome,
    /// What the payment provider calls it.
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

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For admins: settles an online order by hand. The same outcome again changes nothing.";
    Operation::new(Tag::Payments, "Settle a payment", ABOUT)
        .path::<OrderId>("order_id", "The order.")
        .takes::<Settlement>()
        .answers_ok::<Order>("The order as it is now.")
        .refuses(&["order_not_found", "invalid_transition", "conflict"])
}
