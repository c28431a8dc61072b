//! `PUT /products/{product_id}/shards`: spreads what sells very fast over more inventory items, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::ProductId;
use shared::inventory::spread::{ReshardRequest, StockShards};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers over how many inventory items the product's stock is spread now.
///
/// # Errors
/// See [`shared::store::Store::reshard`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_admin()?;
    let product_id = request.path_id("product_id", Error::ProductNotFound)?;
    let reshard = request.json::<ReshardRequest>()?.value;
    http::ok(&shop.store.reshard(product_id, reshard).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For admins, also while the product sells: a size that is spread over more inventory items sells \
        faster. The available units are evened out over all of them; the number there is already only does that. There \
        cannot be fewer than there are. Broken off, it goes on when it is asked for again.";
    Operation::new(Tag::Inventory, "Spread a product's stock", ABOUT)
        .path::<ProductId>("product_id", "The product.")
        .takes::<ReshardRequest>()
        .answers_ok::<StockShards>("Over how many inventory items it is spread now.")
        .refuses(&["product_not_found", "conflict"])
}
