//! `PATCH /cart-items/{item_id}`: gives a line another quantity, and holds or releases the difference.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::cart::{LineView, Quantity};
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::{ItemId, UserId};
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// A request to change a line of the cart.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CartItemUpdate")]
struct Change {
    /// How many.
    quantity: Quantity,
    /// Whose cart; the caller's if left out.
    user_id: Option<UserId>,
}

/// Answers the line as it is now.
///
/// # Errors
/// See [`shared::store::Store::set_quantity`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    let change = request.json::<Change>()?.value;
    let user_id = caller.acting_for(change.user_id)?;
    let item_id = request.path_id("item_id", Error::CartItemNotFound)?;
    http::ok(&shop.store.set_quantity(user_id, item_id, change.quantity.get(), shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "Holds the stock of what is more, and releases that of what is less. To take the line out, \
        delete it.";
    Operation::new(Tag::Cart, "Change a quantity", ABOUT)
        .path::<ItemId>("item_id", "The line.")
        .takes::<Change>()
        .answers_ok::<LineView>("The line as it is now.")
        .refuses(&["user_not_found", "cart_item_not_found", "insufficient_stock", "quantity_limit", "cart_full"])
        .refuses(&["conflict"])
}
