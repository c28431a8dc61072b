//! `GET /inventory`: what there is of every SKU for sale, for admins and, of their own, for sellers.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::paging::Cursors;
use shared::shop::Shop;

/// Answers a page of SKUs: in the order of the catalogue, or only those that are low or out of stock,
/// the fewest units first.
///
/// # Errors
/// A caller who sells nothing, or a query that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_staff()?;
    let (page, low) = (request.page()?, request.query("status")?);
    let seller = caller.sells_for();
    let cursors = Cursors::new(&shop.config.signing_secret, format!("inventory/{seller:?}/{low:?}"));
    http::ok(&match low {
        Some(low) => shop.store.low_inventory(low, seller, &page, &cursors).await?,
        None => shop.store.inventory(seller, &page, &cursors).await?,
    })
}
