//! Every function on its file in `events/`, in a shop that has what the files speak of.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use shared::ids::UserId;
use tests::product::Product;
use tests::shop::Shop;

/// The user of every event that has one.
const ADA: &str = "3f0c1a52-6f0e-4c55-9a39-0a1d5c2b7e01";

/// The product of every event that has one.
const PRODUCT: &str = "7d9e4b10-2c3f-4a61-8b5d-1f2e3a4b5c01";

fn event(function: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(format!("{function}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
    serde_json::from_str(&text).expect("an event is JSON")
}

/// Runs a function on its file; answers its result.
async fn run(shop: &Shop, function: &str) -> Value {
    shop.invoke(function, event(function)).await
}

/// Runs an HTTP function on its file, and expects this status; answers the body, null if it has none.
async fn answers(shop: &Shop, function: &str, status: u16) -> Value {
    let answer = run(shop, function).await;
    assert_eq!(answer["statusCode"], status, "{function}: {answer}");
    answer["body"].as_str().filter(|body| !body.is_empty()).map_or(Value::Null, |body| {
        assert_eq!(answer["headers"]["content-type"], "application/json", "{function}");
        serde_json::from_str(body).expect("the body is JSON")
    })
}

/// A shop that sells the product, and where Ada signed up.
async fn shop_of_the_events() -> (Shop, Product) {
    let shop = Shop::open().await;
    let product = shop.product("Lamp").id(PRODUCT).price("149.99").list().await;
    answers(&shop, "put-profile", 200).await;
    (shop, product)
}

#[tokio::test]
async fn anyone_looks_around() {
    let (shop, _) = shop_of_the_events().await;
    assert_eq!(answers(&shop, "health", 200).await["status"], "ok");
    assert_eq!(answers(&shop, "list-products", 200).await["items"][0]["product_id"], PRODUCT);
    assert_eq!(answers(&shop, "get-product", 200).await["name"], "Lamp");
    shop.finish().await;
}

#[tokio::test]
async fn somebody_signs_up_and_ada_looks_at_her_profile() {
    let (shop, _) = shop_of_the_events().await;
    let grace = event("register-user");
    assert_eq!(run(&shop, "register-user").await, grace);
    let user_id = &grace["request"]["userAttributes"]["sub"];
    assert!(shop.snapshot().await.users.iter().any(|user| user["user_id"] == *user_id));
    assert_eq!(answers(&shop, "get-profile", 200).await["user_id"], ADA);
    shop.finish().await;
}

#[tokio::test]
async fn ada_fills_her_cart_and_empties_it() {
    let (shop, product) = shop_of_the_events().await;
    assert_eq!(answers(&shop, "add-cart-item", 201).await["quantity"], 2);
    assert_eq!(answers(&shop, "update-cart-item", 200).await["quantity"], 3);
    assert_eq!(answers(&shop, "get-cart", 200).await["total_quantity"], 3);
    answers(&shop, "remove-cart-item", 204).await;
    assert_eq!(shop.stock_of(&product).await, 100);
    answers(&shop, "add-cart-item", 201).await;
    answers(&shop, "clear-cart", 204).await;
    assert_eq!(answers(&shop, "get-cart", 200).await["items"], json!([]));
    answers(&shop, "add-cart-item", 201).await;
    shop.pass(1_800);
    assert_eq!(run(&shop, "release-reservations").await["units_released"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn a_body_may_come_as_base64() {
    let (shop, _) = shop_of_the_events().await;
    let mut event = event("add-cart-item");
    event["body"] = json!("eyJwcm9kdWN0X2lkIjoiN2Q5ZTRiMTAtMmMzZi00YTYxLThiNWQtMWYyZTNhNGI1YzAxIiwicXVhbnRpdHkiOjJ9");
    event["isBase64Encoded"] = json!(true);
    let answer = shop.invoke("add-cart-item", event).await;
    assert_eq!(answer["statusCode"], 201, "{answer}");
    shop.finish().await;
}

#[tokio::test]
async fn ada_orders_and_is_rewarded() {
    let (shop, _) = shop_of_the_events().await;
    shop.rule(
        json!({"kind": "min_order_total", "amount": "100.00"}),
        json!({"kind": "percent", "value": "10", "valid_days": 30}),
    )
    .await;
    answers(&shop, "add-cart-item", 201).await;
    let placed = answers(&shop, "checkout", 201).await;
    assert_eq!(answers(&shop, "get-order", 200).await, placed["orders"][0]);
    assert_eq!(answers(&shop, "list-user-orders", 200).await["items"][0]["order_id"], placed["order_id"]);
    shop.settle().await;
    assert_eq!(run(&shop, "evaluate-rewards").await, json!({"batchItemFailures": []}));
    assert_eq!(shop.snapshot().await.coupons.len(), 1);
    let mails = shop.mailbox().newest_first().len();
    assert_eq!(run(&shop, "send-order-mail").await, json!({"batchItemFailures": []}));
    assert_eq!((mails, shop.mailbox().newest_first().len()), (2, 2));
    // A day later, with its mark gone, the event's own order is the one that is told of.
    shop.forget("orders", "order_id", placed["order_id"].as_str().expect("an id"), "placed_emailed_at").await;
    run(&shop, "send-order-mail").await;
    assert_eq!(shop.mailbox().newest_first().len(), 3);
    shop.finish().await;
}

#[tokio::test]
async fn in_a_shop_with_nothing_in_it_every_function_still_answers() {
    let shop = Shop::open().await;
    for function in local::registry::functions().into_keys() {
        let answer = run(&shop, function).await;
        let status = answer["statusCode"].as_u64();
        assert!(status.is_none_or(|status| status < 500), "{function}: {answer}");
    }
    shop.finish().await;
}

#[test]
fn the_events_are_of_one_shop() {
    for function in ["get-cart", "checkout", "get-profile", "list-user-orders"] {
        let claims = &event(function)["requestContext"]["authorizer"]["jwt"]["claims"];
        assert_eq!(claims["sub"], ADA, "{function}");
        assert!(ADA.parse::<UserId>().is_ok());
    }
}
