//! `DELETE /products/{product_id}`: withdraws a product from sale, for admins and its seller.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::ProductId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers 204, also where it was withdrawn before.
///
/// # Errors
/// See [`shared::store::Store::archive_product`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_staff()?;
    let product_id = request.path_id("product_id", Error::ProductNotFound)?;
    shop.store.archive_product(product_id, caller.sells_for(), shop.clock.now()).await?;
    Ok(http::no_content())
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For the product's seller and admins. It is no longer listed or sold; carts that hold it keep \
        the line but cannot check it out.";
    Operation::new(Tag::Catalogue, "Archive a product", ABOUT)
        .path::<ProductId>("product_id", "The product.")
        .answers_nothing("It is archived, now or before.")
        .refuses(&["product_not_found", "conflict"])
}
