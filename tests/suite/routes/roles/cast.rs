//! Who calls the routes, and the things that they call them about: each call has one of its own, so that
//! none finds what another left.

use serde_json::{Value, json};
use shared::ids::{ItemId, OrderId, ProductId, RuleId, UserId};
use tests::api::Call;
use tests::payment::SECRET;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::{Row, Whose};

/// Everyone, and their shop.
pub(super) struct Cast {
    pub(super) shop: Shop,
    /// In the order of [`super::ROLES`].
    pub(super) callers: [Option<User>; 4],
    ben: User,
    tom: User,
    mug: Product,
}

/// What a call names: its own thing, and anything else that it needs.
struct Names {
    user_id: Option<UserId>,
    product_id: ProductId,
    item_id: ItemId,
    order_id: OrderId,
    code: String,
    rule_id: RuleId,
}

impl Cast {
    pub(super) async fn of(shop: Shop) -> Cast {
        let callers =
            [None, Some(shop.shopper("ada").await), Some(shop.seller("sofia").await), Some(shop.admin().await)];
        let (ben, tom) = (shop.shopper("ben").await, shop.seller("tom").await);
        let mug = shop.product("Mug").stock(10_000).list().await;
        Cast { shop, callers, ben, tom, mug }
    }

    /// The call of a row's route by a role, about a thing of theirs, of another's, or that there is not.
    pub(super) async fn call(&self, row: &Row, role: usize, whose: Whose) -> Call {
        let caller = self.callers[role].as_ref();
        let names = self.names(row, caller, whose).await;
        let mut path = row
            .path
            .replace("{product_id}", &names.product_id.to_string())
            .replace("{item_id}", &names.item_id.to_string())
            .replace("{order_id}", &names.order_id.to_string())
            .replace("{code}", &names.code)
            .replace("{rule_id}", &names.rule_id.to_string());
        let body = body(row, &names);
        if let Some(user_id) = names.user_id {
            match path.contains("{user_id}") {
                true => path = path.replace("{user_id}", &user_id.to_string()),
                false if body.is_none() => path = format!("{path}?user_id={user_id}"),
                false => {}
            }
        }
        let call = self.shop.api.call(row.method, &path);
        let call = caller.iter().fold(call, |call, caller| call.token(&caller.token));
        let Some(body) = body else { return call };
        if row.path != "/payments/webhook" {
            return call.json(&body);
        }
        let signature = shared::stripe::sign(SECRET, body.to_string().as_bytes(), self.shop.clock.now());
        call.json(&body).header("stripe-signature", &signature.expect("a signature"))
    }

    async fn names(&self, row: &Row, caller: Option<&User>, whose: Whose) -> Names {
        let owner = match whose {
            Whose::Own => Some(caller.unwrap_or(&self.ben)),
            Whose::Anothers => Some(&self.ben),
            Whose::Unknown => None,
        };
        let user_id = (row.about == "user").then(|| owner.map_or_else(UserId::random, |owner| owner.id));
        let (item_id, order_id) = (ItemId::random(), OrderId::random());
        let (code, rule_id) = ("REWARD-00000000".to_owned(), RuleId::random());
        let mut names = Names { user_id, product_id: self.mug.id, item_id, order_id, code, rule_id };
        match (row.about, owner) {
            ("product", None) => names.product_id = ProductId::random(),
            ("product", Some(owner)) => names.product_id = self.shop.product("Lamp").sold_by(owner).list().await.id,
            ("user" | "item", Some(owner)) => names.item_id = self.line_of(owner).await,
            ("order", Some(owner)) => names.order_id = self.order_of(row, owner).await,
            ("coupon", Some(owner)) => names.code = self.coupon_of(owner).await,
            ("rule", Some(_)) => names.rule_id = self.shop.rule(json!({"kind": "first_order"}), five_off()).await,
            _ => {}
        }
        names
    }

    /// Puts one thing into the cart of `owner`, and nothing else.
    async fn line_of(&self, owner: &User) -> ItemId {
        owner.delete("/cart-items").await.is_empty();
        let line = owner.adds(&self.shop.product("Lamp").list().await, 1).await.is(201);
        serde_json::from_value(line["item_id"].clone()).expect("an id")
    }

    /// A coupon that an order of `owner` earns, and no other.
    async fn coupon_of(&self, owner: &User) -> String {
        let lamp = self.shop.product("Lamp").list().await;
        self.shop.rule(json!({"kind": "contains_product", "product_id": lamp.id}), five_off()).await;
        let order = json!({"product_id": lamp.id, "quantity": 1, "address": address()});
        owner.post("/orders", &order).await.is(201);
        self.shop.settle().await;
        let coupons = owner.get("/coupons?limit=1").await.is(200);
        coupons["items"][0]["code"].as_str().expect("a code").to_owned()
    }

    /// An order as the route needs it, by `owner` or, if they sell, of what they sell.
    async fn order_of(&self, row: &Row, owner: &User) -> OrderId {
        let sofia = self.callers[2].as_ref().filter(|seller| seller.id == owner.id);
        let (buyer, seller) = sofia.map_or((owner, &self.tom), |seller| (&self.ben, seller));
        let lamp = self.shop.product("Lamp").sold_by(seller).list().await;
        let is_paid = row.path.contains("payment");
        let order = buyer
            .post(
                "/orders",
                &json!({
                    "product_id": lamp.id, "quantity": 1, "address": address(),
                    "payment_method": if is_paid { "online" } else { "on_delivery" },
                }),
            )
            .await
            .is(201);
        let order_id = serde_json::from_value(order["order_id"].clone()).expect("an id");
        if row.method == "DELETE" {
            buyer.call("PATCH", &format!("/orders/{order_id}/cancel")).await.is(200);
        }
        order_id
    }
}

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

pub(super) fn address() -> Value {
    json!({"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"})
}

/// A body that the route takes, if it takes one.
fn body(row: &Row, names: &Names) -> Option<Value> {
    let Names { user_id, product_id, order_id, .. } = names;
    let mut body = match (row.method, row.path) {
        ("POST", "/products") => json!({"name": "Lamp", "price": "10.00"}),
        ("PATCH", "/products/{product_id}") => json!({"price": "9.00"}),
        ("PUT", "/products/{product_id}/shards") => json!({"stock_shards": 2}),
        ("POST", "/inventory/adjustments") => json!({"product_id": product_id, "delta": 1, "reason": "stocktake"}),
        ("PUT", "/users/me") => json!({"name": "Somebody", "address": address()}),
        ("POST", "/cart-items" | "/api/cart") => json!({"product_id": product_id, "quantity": 1}),
        ("PATCH", "/cart-items/{item_id}") => json!({"quantity": 2}),
        ("POST", "/orders/checkout" | "/api/checkout") => json!({"address": address()}),
        ("POST", "/orders") => json!({"product_id": product_id, "quantity": 1, "address": address()}),
        ("PATCH", "/orders/{order_id}") => json!({"status": "processing"}),
        ("PATCH", "/orders/{order_id}/cancel") => json!({"reason": "no longer needed"}),
        ("POST", "/orders/{order_id}/payment") => json!({"outcome": "succeeded"}),
        ("POST", "/reward-rules") => {
            json!({"name": "A reward", "condition": {"kind": "first_order"}, "coupon": five_off(), "active": false})
        }
        ("PATCH", "/reward-rules/{rule_id}") => json!({"active": false}),
        ("POST", "/payments/webhook") => {
            let intent = json!({"amount": 10_00, "currency": "usd", "metadata": {"order_id": order_id}});
            json!({"type": "payment_intent.succeeded", "data": {"object": intent}})
        }
        ("GET" | "DELETE", _) => return None,
        (method, path) => panic!("no body for {method} {path}"),
    };
    if let Some(user_id) = user_id {
        let field = if row.path == "/products" { "seller_id" } else { "user_id" };
        body[field] = json!(user_id);
    }
    Some(body)
}
