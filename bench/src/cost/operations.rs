//! The operations that are measured: each is an invocation of its function on a real event, with a meter on its wire.

use std::collections::BTreeMap;

use lambda_runtime::Context;
use local::options::Options;
use serde_json::{Value, json};
use shared::ids::OrderId;
use shared::lambda::Function;
use shared::order::DirectOrder;
use shared::stripe::sign;
use tests::audit::Snapshot;
use tests::payment;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::meter::{Meter, Metered};
use super::schema::Schema;

/// Half an hour, the template's `RESERVATION_TTL_SECONDS`, and a bit.
const HOLDS_END: u64 = 1_801;

/// An operation and the calls it made.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) calls: Vec<Metered>,
}

/// A shop with a meter on the wire of its functions.
struct Scene {
    shop: Shop,
    metered: shared::shop::Shop,
    meter: Meter,
    functions: BTreeMap<&'static str, Function>,
    measured: Vec<Measured>,
}

/// Measures every operation, in a shop of its own.
pub(crate) async fn measure() -> Vec<Measured> {
    let mut scene = Scene::set().await;
    let (ada, products) = (scene.shop.shopper("ada").await, products(&scene.shop).await);
    catalogue(&mut scene, &products).await;
    cart(&mut scene, &ada, &products).await;
    checkout(&mut scene, &ada, &products).await;
    orders(&mut scene, &ada, &products).await;
    rewards_and_mails(&mut scene, &ada, &products).await;
    sweep(&mut scene, &ada, &products).await;
    scene.shop.finish().await;
    scene.measured
}

async fn products(shop: &Shop) -> Vec<Product> {
    let mut products = Vec::new();
    for number in 0..20 {
        products.push(shop.product(&format!("Walnut Desk Lamp {number:02}")).price("49.99").list().await);
    }
    products
}

async fn catalogue(scene: &mut Scene, products: &[Product]) {
    scene.http("browse", "list-products", None, Asked::default()).await;
    let product = Asked { parameters: json!({"product_id": products[0].id}), ..Asked::default() };
    scene.http("get_product", "get-product", None, product).await;
}

async fn cart(scene: &mut Scene, ada: &User, products: &[Product]) {
    let add = |product: &Product| Asked::body(json!({"product_id": product.id, "quantity": 1}));
    scene.http("add_cart_item", "add-cart-item", Some(ada), add(&products[0])).await;
    scene.http("add_cart_item_repeated", "add-cart-item", Some(ada), add(&products[0])).await;
    scene.http("add_cart_item_second_line", "add-cart-item", Some(ada), add(&products[1])).await;
    let line = scene.http("add_cart_item_third_line", "add-cart-item", Some(ada), add(&products[2])).await;
    scene.http("get_cart", "get-cart", Some(ada), Asked::default()).await;
    let line = json!({"item_id": line["item_id"]});
    let more = Asked { parameters: line.clone(), ..Asked::body(json!({"quantity": 3})) };
    scene.http("update_cart_item", "update-cart-item", Some(ada), more).await;
    let removed = Asked { parameters: line, ..Asked::default() };
    scene.http("remove_cart_item", "remove-cart-item", Some(ada), removed).await;
}

async fn checkout(scene: &mut Scene, ada: &User, products: &[Product]) {
    fill(ada, &products[2..3]).await;
    let asked = || Asked { key: Some("my-first-order"), ..Asked::body(json!({})) };
    scene.http("checkout_held_3_lines", "checkout", Some(ada), asked()).await;
    // Its mail is a write of the order, too.
    scene.shop.settle().await;
    scene.http("checkout_replay", "checkout", Some(ada), asked()).await;

    let seller = scene.shop.seller("sofia").await;
    let mut hers = Vec::new();
    for name in ["Merino Wool Socks", "Beeswax Candle", "Field Notebook"] {
        hers.push(scene.shop.product(name).sold_by(&seller).list().await);
    }
    fill(ada, &hers).await;
    let asked = Asked { key: Some("my-second-order"), ..Asked::body(json!({})) };
    scene.http("checkout_held_3_lines_of_a_seller", "checkout", Some(ada), asked).await;
    scene.shop.settle().await;
}

async fn orders(scene: &mut Scene, ada: &User, products: &[Product]) {
    let request = Asked::body(json!({"product_id": products[0].id, "quantity": 1}));
    let order = scene.http("create_order", "create-order", Some(ada), request).await;
    scene.shop.settle().await;
    let order_id = || Asked { parameters: json!({"order_id": order["order_id"]}), ..Asked::default() };
    scene.http("get_order", "get-order", Some(ada), order_id()).await;
    scene.http("cancel_order", "cancel-order", Some(ada), order_id()).await;
    scene.shop.settle().await;

    let unpaid = ada.orders_online(&products[0], 1).await;
    scene.shop.settle().await;
    let body = payment::succeeded(&unpaid);
    let signature = sign(payment::SECRET, body.to_string().as_bytes(), scene.shop.clock.now()).expect("a signature");
    let event = || Asked { signature: Some(signature.clone()), ..Asked::body(body.clone()) };
    scene.http("payment_webhook", "receive-payment-event", None, event()).await;
    scene.shop.settle().await;
    scene.http("payment_webhook_repeated", "receive-payment-event", None, event()).await;

    let grace = scene.shop.shopper("grace").await;
    for _ in 0..20 {
        grace.orders_directly(&products[0], 1).await.is(201);
    }
    scene.shop.settle().await;
    let hers = Asked { parameters: json!({"user_id": grace.id}), ..Asked::default() };
    scene.http("list_user_orders", "list-user-orders", Some(&grace), hers).await;
    let admin = scene.shop.admin().await;
    scene.http("list_orders", "list-orders", Some(&admin), Asked { groups: Some("[admin]"), ..Asked::default() }).await;
}

async fn rewards_and_mails(scene: &mut Scene, ada: &User, products: &[Product]) {
    let condition = json!({"kind": "min_order_total", "amount": "100.00"});
    scene.shop.rule(condition, json!({"kind": "percent", "value": "10", "valid_days": 30})).await;
    let first = scene.place_unannounced(ada, &products[0], 1).await;
    scene.event("evaluate_rewards", "evaluate-rewards", announcement(&first)).await;
    // Rules are read at most once a minute.
    let second = scene.place_unannounced(ada, &products[0], 1).await;
    scene.event("evaluate_rewards_rules_known", "evaluate-rewards", announcement(&second)).await;

    let large = scene.place_unannounced(ada, &products[0], 3).await;
    scene.event("evaluate_rewards_coupon_earned", "evaluate-rewards", announcement(&large)).await;
    scene.shop.settle().await;

    // The cloud has sent the mail by now, so that this is what its function did.
    let id = large["order_id"].as_str().expect("an order id");
    scene.shop.forget("orders", "order_id", id, "placed_emailed_at").await;
    scene.event("send_order_mail", "send-order-mail", placed(&large, &ada.email)).await;
}

async fn sweep(scene: &mut Scene, ada: &User, products: &[Product]) {
    scene.event("release_idle", "release-reservations", json!({})).await;
    fill(ada, &products[..3]).await;
    let bob = scene.shop.shopper("bob").await;
    fill(&bob, &products[..3]).await;
    scene.shop.pass(HOLDS_END);
    // Of two carts less the sixteen queries, one is half.
    scene.event("release_two_carts", "release-reservations", json!({})).await;
}

/// Puts one of each product into the cart.
async fn fill(user: &User, products: &[Product]) {
    for product in products {
        user.adds(product, 1).await.is(201);
    }
}

/// What a request has besides its caller.
#[derive(Default)]
struct Asked {
    parameters: Value,
    body: Option<Value>,
    key: Option<&'static str>,
    signature: Option<String>,
    groups: Option<&'static str>,
}

impl Asked {
    fn body(body: Value) -> Asked {
        Asked { body: Some(body), ..Asked::default() }
    }

    /// The event that API Gateway makes of it.
    fn event(self, user: Option<&User>) -> Value {
        let mut headers = json!({"content-type": "application/json", "host": "localhost"});
        for (name, value) in [("idempotency-key", self.key.map(str::to_owned)), ("stripe-signature", self.signature)] {
            if let Some(value) = value {
                headers[name] = value.into();
            }
        }
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "headers": headers,
            "requestContext": {
                "accountId": "0", "apiId": "bench", "requestId": "1", "routeKey": "$default", "stage": "$default",
                "time": "20/Nov/2026:08:11:00 +0000", "timeEpoch": 1_795_162_261_507_u64,
                "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
            },
            "isBase64Encoded": false,
        });
        if let Some(user) = user {
            let mut claims = json!({"sub": user.id, "email": user.email});
            if let Some(groups) = self.groups {
                claims["cognito:groups"] = groups.into();
            }
            event["requestContext"]["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
        }
        if self.parameters.is_object() {
            event["pathParameters"] = self.parameters;
        }
        if let Some(body) = self.body {
            event["body"] = body.to_string().into();
        }
        event
    }
}

impl Scene {
    async fn set() -> Scene {
        // Whatever other DynamoDB the tests are to run on: only the embedded one knows the units of transactions.
        let shop = Shop::open_with(|options| Options { dynamodb_endpoint: None, ..options }).await;
        let schema = Schema::read(&shop.dynamodb, Snapshot::TABLES.map(|table| shop.table(table))).await;
        let meter = Meter::new(schema);
        let aws = shop.aws("local", meter.clone());
        let metered = shared::shop::Shop::new((*shop.cloud().shop().config).clone(), &aws, shop.clock.clone());
        Scene { shop, metered, meter, functions: local::registry::functions(), measured: Vec::new() }
    }

    /// Measures an invocation by API Gateway; answers the body.
    async fn http(&mut self, name: &'static str, function: &str, user: Option<&User>, asked: Asked) -> Value {
        let answer = self.event(name, function, asked.event(user)).await;
        let status = answer["statusCode"].as_u64().unwrap_or_default();
        assert!((200..300).contains(&status), "{name}: {answer}");
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
    }

    /// Measures an invocation; answers its result.
    async fn event(&mut self, name: &'static str, function: &str, event: Value) -> Value {
        let function = self.functions.get(function).expect("a function").clone();
        let result = function.invoke(&self.metered, event, Context::default()).await.expect("the function succeeds");
        self.measured.push(Measured { name, calls: self.meter.take() });
        result
    }

    /// Places an order that nobody announces, so that its rewards are left to be evaluated here. What it writes is
    /// not measured.
    async fn place_unannounced(&self, user: &User, product: &Product, quantity: u32) -> Value {
        let request = json!({"product_id": product.id, "quantity": quantity});
        let request: DirectOrder = serde_json::from_value(request).expect("a request");
        let (store, now) = (self.shop.store(), self.shop.clock.now());
        let placed = store.order_directly(user.id, user.id, &request, None, now).await.expect("an order");
        let order = serde_json::to_value(&placed.orders[0]).expect("an order");
        // Its mail is a write of the order.
        self.shop.settle().await;
        order
    }
}

fn announcement(order: &Value) -> Value {
    let id: OrderId = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let body = json!({
        "type": "order.placed", "order_id": id, "user_id": order["user_id"], "total_price": order["total_price"],
        "items_count": order["items_count"], "occurred_at": order["created_at"],
    });
    json!({"Records": [{"messageId": "1", "body": body.to_string(), "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}}]})
}

/// The stream's record of a new order, as far as it is read.
fn placed(order: &Value, email: &str) -> Value {
    let image = json!({
        "order_id": {"S": order["order_id"]}, "status": {"S": "placed"},
        "contact": {"M": {"email": {"S": email}, "name": {"NULL": true}, "phone": {"NULL": true}}},
    });
    let change = json!({"NewImage": image, "Keys": {"order_id": {"S": order["order_id"]}}, "SequenceNumber": "1",
        "SizeBytes": 100, "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": 1_795_162_261});
    let record = json!({"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": change});
    json!({"Records": [record]})
}
