//! `GET /products/{product_id}`: a product for sale, with its stock.

use shared::catalog::Listing;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::ProductId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers the product.
///
/// # Errors
/// No such product, or an archived one.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let product_id = request.path_id("product_id", Error::ProductNotFound)?;
    http::ok(&shop.store.listing(product_id).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::Catalogue, "Get a product", "A product for sale, with its stock.")
        .path::<ProductId>("product_id", "The product.")
        .answers_ok::<Listing>("The product.")
        .refuses(&["product_not_found"])
}
