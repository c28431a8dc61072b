//! `GET /orders`: all orders of the shop, newest first, for admins.

use std::time::Duration;

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::order::{OrderStatus, OrderSummary};
use shared::paging::{Cursors, Page};
use shared::shop::Shop;
use shared::store::OrderFilter;
use shared::time::Timestamp;

/// How far back the list goes unless the query says so.
const LAST_DAYS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Answers a page of order summaries, of the time and the status that the query names.
///
/// # Errors
/// A caller who is no admin, or a query that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    request.caller()?.must_be_admin()?;
    let (page, status) = (request.page()?, request.query("status")?);
    let (from, to) = (request.query::<Timestamp>("from")?, request.query::<Timestamp>("to")?);
    let today_ends = shop.clock.now().day().end();
    let until = to.unwrap_or(today_ends).min(today_ends);
    let filter = OrderFilter { from: from.unwrap_or(to.unwrap_or(shop.clock.now()) - LAST_DAYS), to: until, status };
    if to.is_some_and(|to| filter.from > to) {
        return Err(Error::InvalidParameter("from: must not be later than to".to_owned()));
    }
    let list = format!("orders/{status:?}/{from:?}/{to:?}");
    let cursors = Cursors::new(&shop.config.signing_secret, list);
    http::ok(&shop.store.orders_by_day(&filter, &page, &cursors).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str =
        "For admins: all orders of the shop, newest first, of the last 30 days if nothing else is said.";
    Operation::new(Tag::Orders, "List all orders", ABOUT)
        .query::<OrderStatus>("status", "Only orders that are this far.")
        .query::<Timestamp>("from", "Made then or later: a time, or a date, which is when that day begins.")
        .query::<Timestamp>("to", "Made before then.")
        .pages()
        .answers_ok::<Page<OrderSummary>>("A page of orders.")
}
