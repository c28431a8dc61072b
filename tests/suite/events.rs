//! Every function on its file in `events/`, in the shop that the files speak of: the demo data.

use std::fs;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use local::options::Options;
use serde_json::{Value, json};
use shared::stripe;
use tests::product::Product;
use tests::shop::Shop;

/// The shopper of the events.
const ADA: &str = "3f0c1a52-6f0e-4c55-9a39-0a1d5c2b7e01";

/// The product that she buys.
const LAMP: &str = "7d9e4b10-2c3f-4a61-8b5d-1f2e3a4b5c01";

/// The order that the event of create-order makes, and the other events are about.
const ORDER: &str = "e166137c-dae1-550b-a7f4-a8b76fe54a86";

/// A function's event, as it is in its file.
pub(crate) fn event(function: &str) -> Value {
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
    is(function, run(shop, function).await, status)
}

#[track_caller]
fn is(function: &str, answer: Value, status: u16) -> Value {
    assert_eq!(answer["statusCode"], status, "{function}: {answer}");
    answer["body"].as_str().filter(|body| !body.is_empty()).map_or(Value::Null, |body| {
        assert_eq!(answer["headers"]["content-type"], "application/json", "{function}");
        serde_json::from_str(body).expect("the body is JSON")
    })
}

/// The shop with the demo data.
async fn shop_of_the_events() -> (Shop, Product) {
    let shop = Shop::open_with(|options| Options { seed: true, ..options }).await;
    (shop, Product { id: LAMP.parse().expect("an id"), name: "Walnut Desk Lamp".to_owned() })
}

/// The payment event, signed anew: a signature is good for five minutes.
fn payment_event(shop: &Shop) -> Value {
    let mut event = event("receive-payment-event");
    let body = event["body"].as_str().expect("a body").as_bytes();
    let secret = Options::default().stripe_webhook_secret;
    event["headers"]["stripe-signature"] = json!(stripe::sign(&secret, body, shop.clock.now()).expect("a signature"));
    event
}

#[tokio::test]
async fn anyone_looks_around() {
    let (shop, lamp) = shop_of_the_events().await;
    assert_eq!(answers(&shop, "health", 200).await["status"], "ok");
    assert_eq!(answers(&shop, "list-products", 200).await["items"][0]["product_id"], LAMP);
    assert_eq!(answers(&shop, "get-product", 200).await["name"], lamp.name);
    shop.finish().await;
}

#[tokio::test]
async fn ada_saves_her_profile_and_looks_at_it() {
    let (shop, _) = shop_of_the_events().await;
    let saved = answers(&shop, "put-profile", 200).await;
    assert_eq!(saved["user_id"], ADA);
    assert_eq!(answers(&shop, "get-profile", 200).await, saved);
    shop.finish().await;
}

#[tokio::test]
async fn somebody_signs_up() {
    let shop = Shop::open().await;
    let grace = event("register-user");
    assert_eq!(run(&shop, "register-user").await, grace);
    let user_id = &grace["request"]["userAttributes"]["sub"];
    assert_eq!(shop.snapshot().await.users[0]["user_id"], *user_id);
    shop.finish().await;
}

#[tokio::test]
async fn ada_fills_her_cart_and_empties_it() {
    let (shop, lamp) = shop_of_the_events().await;
    let stock = shop.stock_of(&lamp).await;
    assert_eq!(answers(&shop, "add-cart-item", 201).await["quantity"], 2);
    assert_eq!(answers(&shop, "update-cart-item", 200).await["quantity"], 3);
    assert_eq!(answers(&shop, "get-cart", 200).await["total_quantity"], 3);
    answers(&shop, "remove-cart-item", 204).await;
    assert_eq!(shop.stock_of(&lamp).await, stock);
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
async fn ada_looks_at_the_coupon_she_earned() {
    let (shop, _) = shop_of_the_events().await;
    answers(&shop, "add-cart-item", 201).await;
    answers(&shop, "checkout", 201).await;
    shop.settle().await;
    let coupon = answers(&shop, "list-coupons", 200).await["items"][0].clone();
    assert_eq!((&coupon["kind"], &coupon["status"]), (&json!("percent"), &json!("active")));
    assert_eq!(run(&shop, "get-coupon").await["statusCode"], 404, "hers has another code");
    let mut event = event("get-coupon");
    event["pathParameters"]["code"] = coupon["code"].clone();
    let shown = is("get-coupon", shop.invoke("get-coupon", event).await, 200);
    assert_eq!((&shown["code"], &shown["reason"]), (&coupon["code"], &json!("The cart is empty")));
    shop.finish().await;
}

#[tokio::test]
async fn an_admin_makes_a_rule_switches_it_off_and_deletes_it() {
    let (shop, _) = shop_of_the_events().await;
    let rule = answers(&shop, "create-reward-rule", 201).await;
    assert_eq!(answers(&shop, "get-reward-rule", 200).await, rule);
    assert_eq!(answers(&shop, "list-reward-rules", 200).await["items"][0], rule);
    assert_eq!(answers(&shop, "update-reward-rule", 200).await["active"], false);
    answers(&shop, "delete-reward-rule", 204).await;
    assert_eq!(run(&shop, "get-reward-rule").await["statusCode"], 404);
    shop.finish().await;
}

#[tokio::test]
async fn ada_pays_online_and_calls_her_order_off_while_it_is_packed() {
    let (shop, lamp) = shop_of_the_events().await;
    let stock = shop.stock_of(&lamp).await;
    let order = answers(&shop, "create-order", 201).await;
    assert_eq!((&order["order_id"], &order["status"]), (&json!(ORDER), &json!("under_paying")));
    assert_eq!(answers(&shop, "list-orders", 200).await["items"], json!([]), "it lists what is placed");
    assert_eq!(run(&shop, "expire-unpaid-orders").await["orders_cancelled"], 0);

    let paid = shop.invoke("receive-payment-event", payment_event(&shop)).await;
    assert_eq!(is("receive-payment-event", paid, 200), json!({"result": "applied"}));
    let placed = answers(&shop, "settle-payment", 200).await;
    assert_eq!(placed["status"], "placed", "by the event; it stays as it is");
    assert_eq!(placed["status_history"].as_array().map(Vec::len), Some(2));
    for list in ["list-orders", "list-seller-orders"] {
        assert_eq!(answers(&shop, list, 200).await["items"][0]["order_id"], ORDER, "{list}");
    }
    let statistics = json!({"total_orders": 1, "total_spent": "149.99", "status_counts": {"placed": 1}});
    assert_eq!(answers(&shop, "get-order-stats", 200).await, statistics);

    assert_eq!(answers(&shop, "update-order-status", 200).await["status"], "processing");
    let cancelled = answers(&shop, "cancel-order", 200).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["payment"]["status"]),
        (&json!("cancelled"), &json!("refund_required"))
    );
    assert_eq!(shop.stock_of(&lamp).await, stock);
    answers(&shop, "delete-order", 204).await;
    assert_eq!(answers(&shop, "list-seller-orders", 200).await["items"], json!([]));
    shop.finish().await;
}

#[tokio::test]
async fn a_payment_event_of_long_ago_is_refused() {
    let (shop, _) = shop_of_the_events().await;
    let order = answers(&shop, "create-order", 201).await;
    let refused = run(&shop, "receive-payment-event").await;
    assert_eq!(refused["statusCode"], 400, "{refused}");
    let problem: Value = serde_json::from_str(refused["body"].as_str().expect("a body")).expect("a problem document");
    assert_eq!(problem["code"], "invalid_signature");
    assert_eq!(problem["detail"], "The signature is more than five minutes old", "it fits, but for its age");
    assert_eq!(shop.snapshot().await.orders[0]["status"], order["status"]);
    shop.finish().await;
}

#[tokio::test]
async fn an_admin_settles_a_payment_and_a_forgotten_order_is_announced_again() {
    let (shop, _) = shop_of_the_events().await;
    answers(&shop, "create-order", 201).await;
    assert_eq!(answers(&shop, "settle-payment", 200).await["payment"]["status"], "succeeded");
    shop.settle().await;
    shop.set("orders", "order_id", ORDER, "rewards_pending", AttributeValue::S("0".to_owned())).await;
    shop.pass(5 * 60);
    let requeued = json!({"orders_requeued": 1, "orders_failed": 0, "complete": true});
    assert_eq!(run(&shop, "requeue-rewards").await, requeued);
    shop.settle().await;
    assert_eq!(run(&shop, "requeue-rewards").await["orders_requeued"], 0);
    shop.finish().await;
}

#[tokio::test]
async fn the_stock_adds_up() {
    let (shop, _) = shop_of_the_events().await;
    answers(&shop, "add-cart-item", 201).await;
    let report = run(&shop, "audit-inventory").await;
    assert_eq!((&report["found"], &report["unsettled"]), (&json!(0), &json!([])), "{report}");
    assert!(report["stock_items"].as_u64().is_some_and(|items| items > 5), "{report}");
    shop.finish().await;
}

#[tokio::test]
async fn the_seller_keeps_her_catalogue_and_an_admin_corrects_the_stock() {
    let (shop, _) = shop_of_the_events().await;
    let apron = answers(&shop, "create-product", 201).await;
    assert_eq!((&apron["name"], &apron["sizes"]), (&json!("Linen Apron"), &json!(["S", "M"])));
    assert_eq!(answers(&shop, "update-product", 200).await["price"], "13.00");
    answers(&shop, "archive-product", 204).await;
    let product = event("archive-product")["pathParameters"]["product_id"].as_str().expect("an id").to_owned();
    shop.get(&format!("/products/{product}")).await.is_refused(404, "product_not_found");

    let low = answers(&shop, "list-inventory", 200).await;
    assert_eq!(
        (&low["items"][0]["name"], &low["items"][0]["available"]),
        (&json!("Signed Print, Harbor at Dawn"), &json!(3))
    );
    assert_eq!(answers(&shop, "reshard-product", 200).await["stock_shards"], 4);
    assert_eq!(answers(&shop, "adjust-inventory", 200).await["available"], 2);
    assert_eq!(answers(&shop, "adjust-inventory", 200).await["available"], 2, "the same adjustment again");
    assert_eq!(answers(&shop, "list-inventory", 200).await["items"][0]["available"], 2);
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
