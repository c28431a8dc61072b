//! `GET /coupons/{code}`: one of the caller's coupons, and what it would take off their cart.

use shared::coupon::view::CouponPreview;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;
use shared::text::Text;

/// Answers the coupon, whether it applies to the cart, and why not.
///
/// # Errors
/// No such coupon, or another's.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let code: Text<64> = request.path_id("code", Error::CouponNotFound)?;
    http::ok(&shop.store.preview_coupon(caller.user_id, code.as_str(), shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "One of the caller's coupons: what it would take off their cart, or why it does not apply.";
    Operation::new(Tag::Coupons, "Try a coupon on the cart", ABOUT)
        .path::<Text<64>>("code", "The coupon's code.")
        .answers_ok::<CouponPreview>("The coupon.")
        .refuses(&["coupon_not_found"])
}
