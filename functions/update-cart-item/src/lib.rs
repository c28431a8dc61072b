//! `PATCH /cart-items/{item_id}`: gives a line another quantity, and holds or releases the difference.

use serde::Deserialize;
use shared::cart::Quantity;
use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::UserId;
use shared::shop::Shop;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    quantity: Quantity,
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
