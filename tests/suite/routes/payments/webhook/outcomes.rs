use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::payment::{failed, path_of, succeeded};
use tests::shop::Shop;

use crate::routes::{with, without};

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

/// The order as it was, with another status, another status of its payment, and what its history says of it.
fn moved(before: &Value, after: &Value, status: &str, paid: &str, reason: &Value) -> Value {
    let mut expected = with(&with(before, "status", json!(status)), "payment.status", json!(paid));
    expected["updated_at"] = after["updated_at"].clone();
    let entry = json!({"status": status, "at": after["updated_at"], "by": null, "reason": reason});
    expected["status_history"].as_array_mut().expect("a history").push(entry);
    expected
}

#[tokio::test]
async fn a_success_sells_the_stock_places_the_order_and_has_it_rewarded() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), five_off()).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).shards(3).list().await);
    let order = ada.orders_online(&mug, 4).await;
    assert!(shop.mails_to(&ada).await.is_empty());

    shop.stripe_sends(&succeeded(&order)).await.is(200);
    let placed = ada.sees(&order).await;
    let expected = moved(&order, &placed, "placed", "succeeded", &Value::Null);
    assert_eq!(placed, with(&expected, "payment.reference", json!("pi_1")));
    assert_eq!(shop.stock_of(&mug).await, 1);
    assert_eq!(shop.mails_to(&ada).await.len(), 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_failure_cancels_the_order_and_gives_stock_and_coupon_back() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).shards(3).list().await);
    let code = shop.coupon_for(&ada, five_off()).await;
    let request =
        json!({"product_id": mug.id, "quantity": 4, "payment_method": "online", "coupon_code": code.as_str()});
    let order = ada.post("/orders", &request).await.is(201);
    assert_eq!(order["total_price"], "35.00");

    shop.stripe_sends(&failed(&order)).await.is(200);
    let cancelled = ada.sees(&order).await;
    assert_eq!(cancelled, moved(&order, &cancelled, "cancelled", "failed", &json!("payment_failed")));
    assert_eq!(shop.stock_of(&mug).await, 5);
    ada.post("/orders", &request).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn each_part_of_a_split_is_paid_on_its_own() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    for name in ["Mug", "Pen"] {
        ada.adds(&shop.product(name).list().await, 1).await.is(201);
    }
    let request = json!({"payment_method": "online", "split": "per_item"});
    let parts = ada.checks_out(&request).await.is(201)["orders"].clone();
    shop.stripe_sends(&succeeded(&parts[0])).await.is(200);
    shop.stripe_sends(&failed(&parts[1])).await.is(200);
    assert_eq!(ada.sees(&parts[0]).await["status"], "placed");
    assert_eq!(ada.sees(&parts[1]).await["status"], "cancelled");
    shop.finish().await;
}

/// What was promised while it was on sale is kept.
#[tokio::test]
async fn a_product_that_is_withdrawn_while_its_buyer_pays_is_sold() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_online(&mug, 2).await;
    shop.archive(&mug).await;
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    shop.finish().await;
}

#[tokio::test]
async fn what_is_of_no_interest_is_taken_and_changes_nothing() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_online(&mug, 2).await;
    let success = succeeded(&order);
    let mut events: Vec<_> =
        ["payment_intent.created", "payment_intent.canceled", "charge.refunded", "v2.core.ping", ""]
            .map(|kind| with(&success, "type", json!(kind)))
            .into();
    events
        .extend([json!(null), json!("text"), json!([1])].map(|data| json!({"type": "charge.refunded", "data": data})));
    events.extend([json!({"type": "charge.refunded"}), json!({"type": "payment_intent.succeeded"})]);
    let about = |metadata: Value| with(&success, "data.object.metadata", metadata);
    for id in [json!(OrderId::random()), json!("7"), json!(""), json!("' OR 1=1"), json!(7), json!(null), json!({})] {
        events.push(about(json!({"order_id": id})));
    }
    events.extend([json!({}), json!(null), json!("text"), json!([])].map(about));
    events.push(with(&success, "data.object", without(&success["data"]["object"], "metadata")));
    for event in events {
        let answer = shop.stripe_sends(&event).await;
        assert_eq!(answer.status, 200, "{event}: {}", answer.text);
    }
    assert_eq!(ada.sees(&order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_is_paid_on_delivery_stays_as_it_is() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.buys(&mug, 2).await;
    for event in [succeeded(&order), failed(&order)] {
        shop.stripe_sends(&event).await.is(200);
    }
    assert_eq!(ada.sees(&order).await, order);
    shop.finish().await;
}

/// Whatever the outcome, and whatever became of the order before.
#[tokio::test]
async fn a_sum_that_is_not_the_orders_is_refused_and_changes_nothing() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("9.99").list().await);
    let unpaid = ada.orders_online(&mug, 2).await;
    let (paid, refused) = (ada.orders_online(&mug, 2).await, ada.orders_online(&mug, 2).await);
    shop.stripe_sends(&succeeded(&paid)).await.is(200);
    shop.stripe_sends(&failed(&refused)).await.is(200);
    let wrong = [
        ("amount", [json!(19_97), json!(19_99), json!(0), json!(-19_98), json!(i64::MAX)]),
        ("currency", [json!("eur"), json!(""), json!("us"), json!("usdt"), json!(" usd")]),
    ];
    for order in [&unpaid, &paid, &refused] {
        let before = ada.sees(order).await;
        for event in [succeeded(order), failed(order)] {
            for (field, values) in &wrong {
                for value in values {
                    let field = format!("data.object.{field}");
                    shop.stripe_sends(&with(&event, &field, value.clone())).await.is_invalid(&field);
                }
            }
        }
        assert_eq!(ada.sees(order).await, before);
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_currency_may_be_in_any_case() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    for currency in ["usd", "USD", "Usd"] {
        let order = ada.orders_online(&mug, 1).await;
        let event = with(&succeeded(&order), "data.object.currency", json!(currency));
        shop.stripe_sends(&event).await.is(200);
        assert_eq!(ada.sees(&order).await["status"], "placed", "{currency}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_second_payment_of_a_paid_order_changes_nothing() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_online(&mug, 1).await;
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    let paid = ada.sees(&order).await;
    shop.stripe_sends(&with(&succeeded(&order), "data.object.id", json!("pi_2"))).await.is(200);
    assert_eq!(ada.sees(&order).await, paid);
    shop.finish().await;
}

#[tokio::test]
async fn a_deleted_order_stays_deleted() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").list().await;
    let order = ada.orders_online(&mug, 1).await;
    shop.stripe_sends(&failed(&order)).await.is(200);
    let path = path_of(&order);
    admin.delete(&path).await.is_empty();
    for event in [succeeded(&order), failed(&order)] {
        shop.stripe_sends(&event).await.is(200);
        ada.get(&path).await.is_refused(404, "order_not_found");
    }
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}
