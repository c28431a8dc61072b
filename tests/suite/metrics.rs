//! What the functions say of themselves: metrics, one line an invocation, and log lines that carry the ids of the
//! request, the user, the order and the trace, and nothing personal. A test hears what its own thread logs.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::Context;
use local::mailbox::Refusal;
use serde_json::{Value, json};
use shared::error::Error;
use shared::lambda;
use shared::metrics::Metric;
use shared::shop::Shop as Wired;
use tests::log::{heard, listen};
use tests::shop::{Shop, is_elsewhere};
use tests::wire::{Fault, Wire};

const TRACE_ID: &str = "1-5759e988-bd862e3fe1be46a994272793";

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

/// The sum of a metric over the lines of a function.
fn sum(lines: &[Value], function: &str, metric: Metric) -> Option<f64> {
    let of_function = lines.iter().filter(|line| line["Function"] == function);
    of_function.filter_map(|line| line[metric.name()].as_f64()).reduce(|sum, value| sum + value)
}

#[tokio::test]
async fn a_checkout_counts_itself_and_what_it_costs() {
    listen();
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").stock(3).list().await, shop.shopper("ada").await);
    ada.adds(&mug, 4).await.is_refused(409, "insufficient_stock");
    ada.adds(&mug, 2).await.is(201);
    let lines = heard();
    assert_eq!(sum(&lines, "add-cart-item", Metric::StockRefusals), Some(1.0));
    assert_eq!(sum(&lines, "add-cart-item", Metric::Checkouts), None);
    for _ in 0..2 {
        ada.checks_out(&json!({})).header("idempotency-key", "k").await.is(201);
    }
    ada.orders_directly(&mug, 1).await.is(201);
    let lines = heard();
    assert_eq!(sum(&lines, "checkout", Metric::Checkouts), Some(1.0), "the retry is none");
    assert_eq!(sum(&lines, "create-order", Metric::Checkouts), Some(1.0));
    // An embedded table answers what the service would charge: two units a written item of up to 1 KB, more
    // with indexes. Amazon's own emulator answers nothing for transactions.
    let (read, written) = (Metric::ConsumedReadUnits, Metric::ConsumedWriteUnits);
    assert!(sum(&lines, "checkout", read).is_some_and(|units| units >= 1.0), "{lines:#?}");
    if !is_elsewhere() {
        assert!(sum(&lines, "checkout", written).is_some_and(|units| units >= 6.0), "{lines:#?}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_users_hold_is_told_and_who_would_hold_too_much_is_counted() {
    listen();
    let shop = Shop::open().await;
    let (nail, ada) = (shop.product("Nail").stock(2_000).list().await, shop.shopper("ada").await);
    let line = ada.adds(&nail, 200).await.is(201);
    ada.changes(&line["item_id"], 300).await.is(200);
    ada.orders_online(&nail, 400).await;
    ada.adds(&nail, 300).await.is_refused(422, "quantity_limit");
    ada.checks_out(&json!({"payment_method": "online"})).await.is(201);
    ada.orders_directly(&nail, 1).await.is(201);
    let lines = heard();
    for (function, held) in [("update-cart-item", 300.0), ("create-order", 700.0), ("checkout", 700.0)] {
        assert_eq!(sum(&lines, function, Metric::UnitsHeld), Some(held), "{function}");
    }
    assert_eq!(sum(&lines, "add-cart-item", Metric::UnitsHeld), Some(200.0));
    assert_eq!(sum(&lines, "add-cart-item", Metric::HoldRefusals), Some(1.0));
    shop.finish().await;
}

#[tokio::test]
async fn rivals_and_throttles_are_counted() {
    listen();
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (mug, ada) = (shop.product("Mug").list().await, shop.shopper("ada").await);
    let buyer = ada.id;
    let orders = lambda::event(move |shop: Wired, order: Value| async move {
        let order = serde_json::from_value(order).map_err(Error::internal)?;
        let placed = shop.store.order_directly(buyer, buyer, &order, None, shop.clock.now()).await?;
        shop.order_events.announce(&placed.to_announce).await;
        Ok(())
    });
    wire.breaks("TransactWriteItems", Fault::Conflict);
    wire.breaks("BatchGetItem", Fault::Throttle);
    wire.breaks("TransactWriteItems", Fault::Throttle);
    heard();
    let mut context = Context::default();
    context.request_id = "r-1".to_owned();
    orders.invoke(&wired, json!({"product_id": mug.id, "quantity": 1}), context).await.expect("it is ordered");
    let lines = heard();
    let line = lines.iter().find(|line| line["request_id"] == "r-1" && line.get("_aws").is_some()).expect("a line");
    assert_eq!((&line["Conflicts"], &line["Retries"]), (&json!(1.0), &json!(2.0)));
    shop.finish().await;
}

#[tokio::test]
async fn schedules_say_how_far_behind_they_are() {
    listen();
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").list().await, shop.shopper("ada").await);
    ada.adds(&mug, 1).await.is(201);
    shop.pass(1_800 + 100);
    let age = |lines: &[Value], function, metric| sum(lines, function, metric).expect("it is measured");
    heard();
    shop.fire("release-reservations").await;
    let lines = heard();
    assert!((99.0..130.0).contains(&age(&lines, "release-reservations", Metric::OldestUnreleasedHold)));
    assert_eq!(sum(&lines, "release-reservations", Metric::ReservationsReleased), Some(1.0));
    shop.fire("release-reservations").await;
    let lines = heard();
    assert_eq!(age(&lines, "release-reservations", Metric::OldestUnreleasedHold), 0.0);
    assert_eq!(sum(&lines, "release-reservations", Metric::ReservationsReleased), Some(0.0));

    // Placed, but not announced.
    let order = serde_json::from_value(json!({"product_id": mug.id, "quantity": 1})).expect("an order");
    shop.store().order_directly(ada.id, ada.id, &order, None, shop.clock.now()).await.expect("it is placed");
    shop.fire("requeue-rewards").await;
    assert_eq!(age(&heard(), "requeue-rewards", Metric::OldestUnevaluatedOrder), 0.0);
    shop.pass(600);
    shop.fire("requeue-rewards").await;
    assert!((599.0..630.0).contains(&age(&heard(), "requeue-rewards", Metric::OldestUnevaluatedOrder)));
    shop.finish().await;
}

#[tokio::test]
async fn an_audit_says_how_much_is_wrong() {
    listen();
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let drift = async || {
        heard();
        shop.fire("audit-inventory").await;
        let lines = heard();
        let told = lines.iter().filter(|line| line["message"] == "the stock is not what it should be").count();
        (told, sum(&lines, "audit-inventory", Metric::StockDrift))
    };
    assert_eq!(drift().await, (0, Some(0.0)));
    let stock_id = format!("{}#-#0", mug.id);
    let available = |units: &str| {
        let units = AttributeValue::N(units.to_owned());
        shop.set("inventory", "stock_id", &stock_id, "available", units)
    };
    available("8").await;
    assert_eq!(drift().await, (1, Some(1.0)));
    shop.invoke("audit-inventory", json!({"repair": true})).await;
    assert_eq!(sum(&heard(), "audit-inventory", Metric::StockDrift), Some(0.0), "what was put right is no drift");
    shop.finish().await;
}

#[tokio::test]
async fn coupons_and_mails_are_counted() {
    listen();
    let shop = Shop::open().await;
    let (mug, ada, ben) = (shop.product("Mug").list().await, shop.shopper("ada").await, shop.shopper("ben").await);
    shop.rule(json!({"kind": "min_items", "count": 1}), five_off()).await;
    shop.mailbox().refuse(&ben.email, "", Refusal::Rejected, 2);
    heard();
    ada.buys(&mug, 1).await;
    ben.buys(&mug, 1).await;
    shop.settle().await;
    let lines = heard();
    assert_eq!(sum(&lines, "evaluate-rewards", Metric::CouponsGranted), Some(2.0));
    for function in ["evaluate-rewards", "send-order-mail"] {
        assert_eq!(sum(&lines, function, Metric::MailsSent), Some(1.0), "{function}");
        assert_eq!(sum(&lines, function, Metric::MailsRefused), Some(1.0), "{function}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_trace_follows_an_order_from_the_request_to_the_mails() {
    listen();
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").stock(1).list().await, shop.shopper("ada").await);
    shop.rule(json!({"kind": "min_items", "count": 1}), five_off()).await;
    ada.adds(&mug, 1).await.is(201);
    heard();
    let traced = |call: tests::api::Call| call.header("x-amzn-trace-id", &format!("Root={TRACE_ID};Sampled=1"));
    let order = traced(ada.checks_out(&json!({}))).await.is(201)["orders"][0].clone();
    shop.settle().await;
    traced(ada.adds(&mug, 1)).await.is_refused(409, "insufficient_stock");
    let lines = heard();
    for (message, how_often) in [("stock moved", 1), ("coupons were granted", 1), ("a mail was sent", 2)] {
        let about: Vec<_> = lines.iter().filter(|line| line["message"] == message).collect();
        assert_eq!(about.len(), how_often, "{message}");
        for line in about {
            assert_eq!(line["trace_id"], TRACE_ID, "{line}");
            assert!(line["request_id"].is_string(), "{line}");
            assert!(message == "stock moved" || line["order_id"] == order["order_id"], "{line}");
        }
    }
    let refused = lines.iter().find(|line| line["message"] == "the request was refused").expect("a line");
    assert_eq!((&refused["user_id"], &refused["trace_id"]), (&json!(ada.id), &json!(TRACE_ID)));
    ada.looks_at(&order).await.is(200);
    let staff = shop.admin().await;
    staff.moves(&order, "delivered").await.is_refused(409, "invalid_transition");
    let refused = heard().into_iter().find(|line| line["message"] == "the request was refused").expect("a line");
    assert_eq!(refused["order_id"], order["order_id"]);
    shop.finish().await;
}

#[tokio::test]
async fn nothing_personal_is_logged() {
    listen();
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").stock(9).list().await, shop.shopper("ada").await);
    shop.rule(json!({"kind": "min_items", "count": 1}), five_off()).await;
    let secrets = ["ada.lovelace@example.com", "Lovelace", "Analytical Row", "+44 20 7946 0018", "not an address"];
    let contact = json!({"name": "Ada Lovelace", "email": secrets[0], "phone": secrets[3]});
    let address = json!({"line1": "12 Analytical Row", "city": "London", "postal_code": "W1", "country": "GB"});
    for refusal in [Refusal::TooManyRequests, Refusal::Rejected] {
        shop.mailbox().refuse(secrets[0], "", refusal, 1);
    }
    let request = json!({"product_id": mug.id, "quantity": 1, "contact": contact, "address": address});
    let order = ada.post("/orders", &request).await.is(201);
    shop.settle().await;
    ada.cancels(&order).await.is(200);
    let profile = json!({"name": "Ada Lovelace", "email": secrets[4], "address": address});
    ada.put("/users/me", &profile).await.is_refused(422, "validation_failed");
    shop.settle().await;
    let lines = heard();
    assert!(lines.len() > 10, "something is logged");
    for line in lines {
        let line = line.to_string();
        for secret in secrets.into_iter().chain([ada.email.as_str(), ada.token.as_str()]) {
            assert!(!line.contains(secret), "{line}");
        }
    }
    shop.finish().await;
}
