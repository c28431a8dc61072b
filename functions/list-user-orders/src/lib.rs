//! `GET /orders/user/{user_id}`: a user's orders, newest first.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::UserId;
use shared::openapi::{Operation, Tag};
use shared::order::{OrderStatus, OrderSummary};
use shared::paging::{Cursors, Page};
use shared::shop::Shop;
use shared::store::OrdersOf;

/// Answers a page of order summaries, of one status if the query names it.
///
/// # Errors
/// Somebody else's orders, a user whom nobody registered, or a query that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let user_id = caller.acting_for(Some(request.path_id("user_id", Error::UserNotFound)?))?;
    let (page, status) = (request.page()?, request.query("status")?);
    shop.store.profile(user_id).await?;
    let list = format!("orders/{user_id}/{status:?}");
    let cursors = Cursors::new(&shop.config.signing_secret, list);
    http::ok(&shop.store.orders_of(OrdersOf::Buyer(user_id), status, &page, &cursors).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Orders, "List a user's orders", "For that user and admins, newest first.")
        .path::<UserId>("user_id", "The user.")
        .query::<OrderStatus>("status", "Only orders that are this far.")
        .pages()
        .answers_ok::<Page<OrderSummary>>("A page of orders.")
        .refuses(&["user_not_found"])
}
