//! What a route needs to be there, and a body that it takes however often it is sent.

use serde_json::{Value, json};
use tests::api::Call;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

pub(super) struct Scene {
    pub(super) shop: Shop,
    pub(super) body: Value,
    caller: User,
    product: Product,
    method: &'static str,
    path: String,
}

impl Scene {
    /// The scene of a section of the table of fields.
    pub(super) async fn of(section: &str) -> Scene {
        let shop = Shop::open().await;
        let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
        let product = shop.product("Mug").stock(1_000_000);
        // Of 33 sizes, it can have no more than three shards; and fewer than there are it can never have.
        let sizes: Vec<String> = (0..33).map(|size| size.to_string()).collect();
        let sizes: Vec<(&str, u32)> = sizes.iter().map(|size| (size.as_str(), 1)).collect();
        let product = if section.ends_with("/shards") { product.sizes(&sizes).shards(3) } else { product };
        let product = product.list().await;
        let order = |method: &'static str| {
            ada.post("/orders", &json!({"product_id": product.id, "quantity": 1, "payment_method": method}))
        };
        let route = section.split(',').next().expect("a route");
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let id = match path {
            "/cart-items/{item_id}" | "/orders/checkout" => ada.adds(&product, 1).await.is(201)["item_id"].clone(),
            "/orders/{order_id}" | "/orders/{order_id}/cancel" => {
                order("on_delivery").await.is(201)["order_id"].clone()
            }
            "/orders/{order_id}/payment" => order("online").await.is(201)["order_id"].clone(),
            "/reward-rules/{rule_id}" => {
                let reward = json!({"kind": "fixed", "value": "5", "valid_days": 30});
                json!(shop.rule(json!({"kind": "min_items", "count": 99}), reward).await)
            }
            _ => json!(product.id),
        };
        let id = id.as_str().expect("an id");
        let path = ["{item_id}", "{order_id}", "{product_id}", "{rule_id}"]
            .iter()
            .fold(path.to_owned(), |path, name| path.replace(name, id));
        let by_admin = ["/products", "/inventory", "/payment", "/reward-rules"].iter().any(|part| path.contains(part))
            || section == "PATCH /orders/{order_id}";
        let method = ["POST", "PUT", "PATCH"].into_iter().find(|known| *known == method).expect("a method with a body");
        let body = body(section, &ada, &product);
        Scene { shop, body, caller: if by_admin { admin } else { ada }, product, method, path }
    }

    /// A call of the route, without a body yet.
    pub(super) fn call(&self) -> Call {
        self.caller.call(self.method, &self.path)
    }

    /// Puts right what a request that was served has changed for the next.
    pub(super) async fn restore(&self) {
        match self.path.as_str() {
            "/cart-items" => self.caller.delete("/cart-items").await.is_empty(),
            path if path.starts_with("/reward-rules/") => {
                let always = json!({"starts_at": null, "ends_at": null});
                drop(self.caller.patch(path, &always).await.is(200));
            }
            "/orders/checkout" => drop(self.caller.adds(&self.product, 1).await.is(201)),
            _ => {}
        }
    }
}

/// A body that holds every object and list, and every field that is required.
fn body(section: &str, ada: &User, product: &Product) -> Value {
    let contact = json!({"name": "Ada Moreno", "email": "ada@example.com", "phone": "+1 555 0100"});
    let address = address();
    match section {
        "POST /cart-items" => json!({
            "product_id": product.id, "quantity": 1, "product_properties": {"color": "red"}, "user_id": ada.id,
        }),
        "PATCH /cart-items/{item_id}" => json!({"quantity": 1, "user_id": ada.id}),
        "POST /orders/checkout" => json!({
            "user_id": ada.id, "contact": contact, "address": address, "payment_method": "on_delivery",
            "expected_total": "10.00", "split": "none",
        }),
        "POST /orders" => json!({
            "product_id": product.id, "quantity": 1, "user_id": ada.id, "contact": contact, "address": address,
        }),
        "PATCH /orders/{order_id}" => json!({"status": "processing", "tracking": "1Z999"}),
        "PATCH /orders/{order_id}/cancel" => json!({"reason": "no longer needed"}),
        "POST /orders/{order_id}/payment" => json!({"outcome": "succeeded", "reference": "by hand"}),
        "PUT /users/me" => json!({"email": "ada@example.com", "name": "Ada", "phone": "555 0100", "address": address}),
        "POST /products" => json!({"name": "Lamp", "price": "10.00", "description": "Bright"}),
        "POST /products, in sizes" => json!({"name": "Shirt", "price": "10.00", "sizes": ["S"], "stock": {"S": 1}}),
        "PATCH /products/{product_id}" => json!({"name": "Mug", "price": "10.00"}),
        "PUT /products/{product_id}/shards" => json!({"stock_shards": 3}),
        "POST /inventory/adjustments" => json!({"product_id": product.id, "delta": 1, "reason": "stocktake"}),
        "POST /inventory/adjustments, to a number" => {
            json!({"product_id": product.id, "set_available": 1_000_000, "reason": "stocktake"})
        }
        "POST /reward-rules" => json!({
            "name": "A reward", "condition": {"kind": "min_items", "count": 99},
            "coupon": {"kind": "fixed", "value": "5.00", "valid_days": 30}, "active": false,
        }),
        "PATCH /reward-rules/{rule_id}" => json!({
            "condition": {"kind": "every_nth_order", "n": 5}, "coupon": {"kind": "fixed", "value": "5.00", "valid_days": 30},
        }),
        _ => panic!("no body for {section}"),
    }
}

pub(super) fn address() -> Value {
    json!({"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"})
}
