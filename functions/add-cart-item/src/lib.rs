//! `POST /cart-items`: adds to the cart and holds the stock.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::cart::{LineView, Properties, Quantity, Variation};
use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::ids::{ProductId, UserId};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;
use shared::text::Text;

/// A request to add to the cart.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCartItem")]
struct NewItem {
    /// What is added.
    product_id: ProductId,
    /// How many.
    quantity: Quantity,
    /// In which size, for a product with sizes.
    size: Option<Text<50>>,
    /// What the buyer chose.
    product_properties: Option<Properties>,
    /// Whose cart; the caller's if left out.
    user_id: Option<UserId>,
}

/// Answers the line: 201 if it is new, 200 if it grew.
///
/// # Errors
/// See [`shared::store::Store::add_to_cart`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let body = request.json::<NewItem>()?;
    let user_id = caller.acting_for(body.value.user_id)?;
    let key = request.idempotency_key("cart-items", &caller, user_id, &body)?;
    let NewItem { product_id, quantity, size, product_properties, .. } = body.value;
    let variation = Variation {
        product_id,
        size: size.map(|size| size.to_string()),
        properties: product_properties.unwrap_or_default(),
    };
    let added = shop.store.add_to_cart(user_id, &variation, quantity.get(), key.as_ref(), shop.clock.now()).await?;
    let status = if added.created { StatusCode::CREATED } else { StatusCode::OK };
    let response = http::json(status, &added.line)?;
    Ok(if added.replayed { http::replayed(response) } else { response })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "Holds the stock, for half an hour from the cart's last change unless the shop is set up \
        otherwise. The same product, size and properties are one line, never two: it grows.";
    Operation::new(Tag::Cart, "Add to the cart", ABOUT)
        .takes::<NewItem>()
        .idempotent()
        .answers::<LineView>(StatusCode::CREATED, "A new line.")
        .answers_ok::<LineView>("The line that was there, with more units.")
        .refuses(&["user_not_found", "product_not_found", "insufficient_stock", "size_required", "size_not_allowed"])
        .refuses(&["quantity_limit", "cart_full", "conflict"])
}
