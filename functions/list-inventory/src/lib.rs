//! `GET /inventory`: what there is of every SKU for sale, for admins and, of their own, for sellers.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::inventory::adjustment::InventoryItem;
use shared::openapi::{Operation, Tag};
use shared::paging::{Cursors, Page};
use shared::shop::Shop;
use shared::store::LowStock;

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

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For sellers, of their own products, and admins, of all: in the order of the catalogue, or only \
        what is low or out of stock, the fewest units first.";
    Operation::new(Tag::Inventory, "List the inventory", ABOUT)
        .query::<LowStock>("status", "Only what is low, or out of stock.")
        .pages()
        .answers_ok::<Page<InventoryItem>>("A page of SKUs.")
}
