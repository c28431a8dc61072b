//! `GET /seller/orders`: the orders that are all of the caller's own products, newest first.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::order::{OrderStatus, OrderSummary};
use shared::paging::{Cursors, Page};
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

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(
        Tag::Orders,
        "List a seller's orders",
        "For sellers: the orders of their products alone, newest first.",
    )
    .query::<OrderStatus>("status", "Only orders that are this far.")
    .pages()
    .answers_ok::<Page<OrderSummary>>("A page of orders.")
}
