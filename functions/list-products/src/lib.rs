//! `GET /products`: the products for sale, newest first, with their stock.

use shared::catalog::Listing;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::paging::{Cursors, Page};
use shared::shop::Shop;

/// Answers a page of the catalogue.
///
/// # Errors
/// A limit or cursor that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let page = request.page()?;
    let cursors = Cursors::new(&shop.config.signing_secret, "products");
    http::ok(&shop.store.listings(&page, &cursors).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Catalogue, "List the products", "The products for sale, newest first, with their stock.")
        .pages()
        .answers_ok::<Page<Listing>>("A page of products.")
}
