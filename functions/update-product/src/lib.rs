//! `PATCH /products/{product_id}`: changes a product, for admins and its seller.

use shared::catalog::Listing;
use shared::catalog::requests::UpdateProduct;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::ProductId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers the product as it is now.
///
/// # Errors
/// See [`shared::store::Store::update_product`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_staff()?;
    let product_id = request.path_id("product_id", Error::ProductNotFound)?;
    let update = request.json::<UpdateProduct>()?.value;
    http::ok(&shop.store.update_product(product_id, caller.sells_for(), &update, shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For the product's seller and admins. What is left out stays as it is; null clears what may be \
        absent. Lines that carts hold keep their price.";
    Operation::new(Tag::Catalogue, "Change a product", ABOUT)
        .path::<ProductId>("product_id", "The product.")
        .takes::<UpdateProduct>()
        .answers_ok::<Listing>("The product as it is now.")
        .refuses(&["product_not_found", "conflict"])
}
