//! `GET /seller/orders`: the orders that are all of the caller's own products, newest first.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::paging::Cursors;
use shared::shop::Shop;
use shared::store::OrdersOf;

/// Answers a page of order summaries, of one status if the query names it.
///
/// # Errors
/// A caller who is no seller, or a query that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_seller()?;
    let (page, status) = (request.page()?, request.query("status")?);
    let list = format!("seller/orders/{}/{status:?}", caller.user_id);
    let cursors = Cursors::new(&shop.config.signing_secret, list);
    http::ok(&shop.store.orders_of(OrdersOf::Seller(caller.user_id), status, &page, &cursors).await?)
}
