//! `POST /cart-items`: adds to the cart and holds the stock.

use serde::Deserialize;
use shared::cart::{Properties, Quantity, Variation};
use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::ids::{ProductId, UserId};
use shared::shop::Shop;
use shared::text::Text;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewItem {
    product_id: ProductId,
    quantity: Quantity,
    size: Option<Text<50>>,
    product_properties: Option<Properties>,
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
