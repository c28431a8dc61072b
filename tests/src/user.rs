//! People who use the shop.

use serde_json::{Value, json};
use shared::auth::Caller;
use shared::ids::UserId;
use shared::inventory::looks::{Looks, MANY};
use shared::inventory::spread::stock_items;

use crate::api::{Api, Call};
use crate::product::Product;

/// Someone with a token. Cheap to clone, so that they can do several things at once.
#[derive(Clone)]
pub struct User {
    /// Their id, the token's `sub`.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their token.
    pub token: String,
    pub(crate) api: Api,
}

impl User {
    /// Whether the board where they see what is known of a SKU with many shards is none of the shards that they look at
    /// before.
    pub fn sees_the_board_last(&self) -> bool {
        let mut looks = Looks::of(self.id, stock_items(MANY, 1));
        looks.leave_out(&[0]);
        looks.further();
        looks.unseen_board().is_some()
    }

    /// Themselves as a function sees them, in this group.
    pub fn caller(&self, group: &str) -> Caller {
        let claims = [("sub", self.id.to_string()), ("cognito:groups", group.to_owned())];
        Caller::from_claims(&claims.map(|(name, value)| (name.to_owned(), value)).into()).expect("a caller")
    }

    /// A call with their token.
    pub fn call(&self, method: &'static str, path: &str) -> Call {
        self.api.call(method, path).token(&self.token)
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call("POST", path).json(body)
    }

    /// A `PUT`.
    pub fn put(&self, path: &str, body: &Value) -> Call {
        self.call("PUT", path).json(body)
    }

    /// A `PATCH`.
    pub fn patch(&self, path: &str, body: &Value) -> Call {
        self.call("PATCH", path).json(body)
    }

    /// A `DELETE`.
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// Adds to their cart.
    pub fn adds(&self, product: &Product, quantity: u32) -> Call {
        self.post("/cart-items", &json!({"product_id": product.id, "quantity": quantity}))
    }

    /// Adds to their cart in a size.
    pub fn adds_size(&self, product: &Product, size: &str, quantity: u32) -> Call {
        self.post("/cart-items", &json!({"product_id": product.id, "size": size, "quantity": quantity}))
    }

    /// Gives the line `item_id`, as the API showed it, another quantity.
    pub fn changes(&self, item_id: &Value, quantity: u32) -> Call {
        self.patch(&item_path(item_id), &json!({"quantity": quantity}))
    }

    /// Takes the line `item_id`, as the API showed it, out of the cart.
    pub fn removes(&self, item_id: &Value) -> Call {
        self.delete(&item_path(item_id))
    }

    /// Their cart, as the API shows it.
    pub async fn cart(&self) -> Value {
        self.get("/cart-items").await.is(200)
    }

    /// Orders what is in their cart, as `request` asks.
    pub fn checks_out(&self, request: &Value) -> Call {
        self.post("/orders/checkout", request)
    }

    /// Orders so many of a product, all through the cart, and answers the order.
    pub async fn buys(&self, product: &Product, quantity: u32) -> Value {
        self.adds(product, quantity).await.is(201);
        self.checks_out(&json!({})).await.is(201)["orders"][0].clone()
    }

    /// Orders so many of a product at once, past their cart.
    pub fn orders_directly(&self, product: &Product, quantity: u32) -> Call {
        self.post("/orders", &json!({"product_id": product.id, "quantity": quantity}))
    }

    /// Looks at `order`, as the API showed it.
    pub fn looks_at(&self, order: &Value) -> Call {
        self.get(&order_path(order))
    }

    /// Moves `order` on to a status.
    pub fn moves(&self, order: &Value, status: &str) -> Call {
        self.patch(&order_path(order), &json!({"status": status}))
    }

    /// Cancels `order`, without saying why.
    pub fn cancels(&self, order: &Value) -> Call {
        self.call("PATCH", &format!("{}/cancel", order_path(order)))
    }
}

fn order_path(order: &Value) -> String {
    format!("/orders/{}", order["order_id"].as_str().expect("an order id"))
}

fn item_path(item_id: &Value) -> String {
    format!("/cart-items/{}", item_id.as_str().expect("an item id"))
}
