//! `POST /inventory/adjustments`: sets a SKU's stock right by hand, for admins and the product's seller.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::inventory::adjustment::{AdjustmentRequest, InventoryItem};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers the SKU as it is now.
///
/// # Errors
/// See [`shared::store::Store::adjust_stock`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_staff()?;
    let body = request.json::<AdjustmentRequest>()?;
    let key = request.idempotency_key("inventory/adjustments", &caller, caller.user_id, &body)?;
    let adjusted = shop.store.adjust_stock(&caller, &body.value, key.as_ref(), shop.clock.now()).await?;
    let response = http::ok(&adjusted.item)?;
    Ok(if adjusted.replayed { http::replayed(response) } else { response })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For the product's seller and admins: goods that arrive, break, or were counted wrong. Give \
        either `delta` or `set_available`. What is available never falls below zero.";
    Operation::new(Tag::Inventory, "Adjust the stock", ABOUT)
        .takes::<AdjustmentRequest>()
        .idempotent()
        .answers_ok::<InventoryItem>("The SKU as it is now.")
        .refuses(&["product_not_found", "insufficient_stock", "size_required", "size_not_allowed", "conflict"])
}
