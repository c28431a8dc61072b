//! `GET /coupons`: the caller's coupons, newest first.

use shared::coupon::view::CouponView;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::paging::{Cursors, Page};
use shared::shop::Shop;

/// Answers a page of coupons.
///
/// # Errors
/// A limit or cursor that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let page = request.page()?;
    let cursors = Cursors::new(&shop.config.signing_secret, format!("coupons/{}", caller.user_id));
    let Page { items, next_cursor } = shop.store.coupons_of(caller.user_id, &page, &cursors).await?;
    let now = shop.clock.now();
    let items = items.into_iter().map(|coupon| CouponView::new(coupon, now)).collect();
    http::ok(&Page { items, next_cursor })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Coupons, "List one's coupons", "The caller's coupons, newest first.")
        .pages()
        .answers_ok::<Page<CouponView>>("A page of coupons.")
}
