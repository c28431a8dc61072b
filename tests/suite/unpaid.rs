//! Online orders whose payment does not come: they wait until their deadline, and not for ever.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

const DEADLINE: u64 = 900;

async fn orders_online(user: &User, products: &[&Product], request: Value) -> Vec<Value> {
    for product in products {
        user.adds(product, 2).await.is(201);
    }
    let mut request = request;
    request["payment_method"] = json!("online");
    user.checks_out(&request).await.is(201)["orders"].as_array().expect("orders").clone()
}

async fn status_of(user: &User, order: &Value) -> Value {
    user.get(&format!("/orders/{}", order["order_id"].as_str().expect("an id"))).await.is(200)["status"].clone()
}

fn ten_off() -> Value {
    json!({"kind": "fixed", "value": "10", "valid_days": 30})
}

#[tokio::test]
async fn an_order_is_cancelled_once_its_payment_is_overdue() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).list().await);
    let order = orders_online(&ada, &[&mug], json!({})).await.remove(0);
    assert_eq!((&order["status"], &order["payment"]["status"]), (&json!("under_paying"), &json!("pending")));
    shop.pass(DEADLINE - 10);
    let nothing = json!({"orders_cancelled": 0, "units_released": 0, "orders_failed": 0, "complete": true});
    assert_eq!(shop.fire("expire-unpaid-orders").await, nothing);
    assert_eq!(shop.stock_of(&mug).await, 3);

    shop.pass(10);
    assert_eq!(shop.fire("expire-unpaid-orders").await["units_released"], 2);
    assert_eq!(shop.fire("expire-unpaid-orders").await, nothing);
    let path = format!("/orders/{}", order["order_id"].as_str().expect("an id"));
    let cancelled = ada.get(&path).await.is(200);
    assert_eq!((&cancelled["status"], &cancelled["payment"]["status"]), (&json!("cancelled"), &json!("failed")));
    let history = cancelled["status_history"].as_array().expect("a history");
    assert_eq!(history.len(), 2);
    assert_eq!((&history[1]["by"], &history[1]["reason"]), (&Value::Null, &json!("payment_timeout")));
    assert_eq!(shop.stock_of(&mug).await, 5);
    shop.finish().await;
}

/// Both parts of a split are cancelled at once; whichever comes second gives the coupon back.
#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_comes_back_with_the_last_part_of_its_checkout() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, ten_off()).await;
    let products =
        [shop.product("Mug").list().await, shop.product("Pen").list().await, shop.product("Ink").list().await];
    for _ in 0..8 {
        let request = json!({"coupon_code": code, "split": "per_item"});
        let parts = orders_online(&ada, &products.each_ref(), request).await;
        assert_eq!(shop.snapshot().await.coupons[0]["status"], "redeemed");
        shop.pass(DEADLINE);
        let rounds = join_all((0..3).map(|_| shop.fire("expire-unpaid-orders"))).await;
        let cancelled: u64 = rounds.iter().map(|round| round["orders_cancelled"].as_u64().expect("a number")).sum();
        assert_eq!(cancelled, 3);
        for part in &parts {
            assert_eq!(status_of(&ada, part).await, "cancelled");
        }
        assert_eq!(shop.snapshot().await.coupons[0]["status"], "active");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_stays_redeemed_while_a_part_of_its_checkout_is_live() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, ten_off()).await;
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").list().await);
    let parts = orders_online(&ada, &[&mug, &pen], json!({"coupon_code": code, "split": "per_item"})).await;
    // The second part is given more time than the first.
    let second = parts[1]["order_id"].as_str().expect("an id");
    let (due, later) = (&parts[1]["payment"]["deadline"], AttributeValue::S("2999-01-01T00:00:00.000Z".to_owned()));
    shop.set("orders", "order_id", second, "payment_due", later).await;
    shop.pass(DEADLINE);
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 1);
    assert_eq!(shop.snapshot().await.coupons[0]["status"], "redeemed");

    let due = AttributeValue::S(due.as_str().expect("a deadline").to_owned());
    shop.set("orders", "order_id", second, "payment_due", due).await;
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 1);
    assert_eq!(shop.snapshot().await.coupons[0]["status"], "active");
    shop.finish().await;
}

/// The payment arrives after the round has read the order, and before it is cancelled.
#[tokio::test]
async fn an_order_that_is_settled_at_the_last_moment_stays() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).list().await);
    let order = orders_online(&ada, &[&mug], json!({})).await.remove(0);
    let id = order["order_id"].as_str().expect("an id");
    shop.pass(DEADLINE);
    let (wire, wired) = Wire::to(&shop).await;
    let becomes = |status: &str| shop.set("orders", "order_id", id, "status", AttributeValue::S(status.to_owned()));
    let pause = wire.pauses("TransactWriteItems");
    let payment = async {
        pause.reached().await;
        becomes("placed").await;
        pause.resume();
    };
    let (round, ()) = tokio::join!(wired.store.expire_unpaid(shop.clock.now()), payment);
    assert_eq!(round.expect("a round").orders_cancelled, 0);
    assert_eq!(status_of(&ada, &order).await, "placed");
    assert_eq!(shop.stock_of(&mug).await, 3);
    becomes("under_paying").await;
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 1);
    shop.finish().await;
}
