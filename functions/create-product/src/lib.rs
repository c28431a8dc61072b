//! `POST /products`: lists a new product with its opening stock, for admins and sellers.

use shared::catalog::Listing;
use shared::catalog::requests::CreateProduct;
use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::ids::ProductId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers 201 with the product. A seller's product is their own; an admin's is the shop's, or whose
/// they say.
///
/// # Errors
/// See [`CreateProduct::seller_for`], [`CreateProduct::into_product`] and
/// [`shared::store::Store::create_product`]; a seller whom nobody registered.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_staff()?;
    let body = request.json::<CreateProduct>()?;
    let seller_id = body.value.seller_for(&caller)?;
    let key = request.idempotency_key("products", &caller, caller.user_id, &body)?;
    if let Some(named) = body.value.seller_id {
        shop.store.profile(named).await?;
    }
    let product_id = key.as_ref().map_or_else(ProductId::random, |key| ProductId::derived(&format!("key/{}", key.id)));
    let new = body.value.into_product(product_id, seller_id, &shop.config.currency, shop.clock.now())?;
    let created = shop.store.create_product(&new, key.as_ref()).await?;
    let response = http::json(StatusCode::CREATED, &created.listing)?;
    Ok(if created.replayed { http::replayed(response) } else { response })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For sellers and admins. A seller's product is their own; an admin's is the shop's, or whose \
        `seller_id` says. A product with `sizes` has its `stock` by size.";
    Operation::new(Tag::Catalogue, "Create a product", ABOUT)
        .takes::<CreateProduct>()
        .idempotent()
        .answers::<Listing>(StatusCode::CREATED, "The product, listed.")
        .refuses(&["user_not_found", "conflict"])
}
