//! Online orders whose payment does not come: they wait until their deadline, and not for ever.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use local::options::Options;
use serde_json::{Value, json};
use shared::store::ExpiryReport;
use tests::payment::{DEADLINE, path_of, succeeded};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

async fn orders_online(user: &User, products: &[&Product], request: Value) -> Vec<Value> {
    for product in products {
        user.adds(product, 2).await.is(201);
    }
    let mut request = request;
    request["payment_method"] = json!("online");
    user.checks_out(&request).await.is(201)["orders"].as_array().expect("orders").clone()
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
    let cancelled = ada.sees(&order).await;
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
            assert_eq!(ada.sees(part).await["status"], "cancelled");
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

/// Runs a round while `rival` acts just before the round's first call of `operation`.
async fn round_while(shop: &Shop, operation: &'static str, rival: impl Future<Output = ()>) -> ExpiryReport {
    let (wire, wired) = Wire::to(shop).await;
    let pause = wire.pauses(operation);
    let meanwhile = pause.during(rival);
    tokio::join!(wired.store.expire_unpaid(shop.clock.now()), meanwhile).0.expect("a round")
}

/// The payment arrives after the round has read the order, and before it is cancelled.
#[tokio::test]
async fn an_order_that_is_paid_at_the_last_moment_stays() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).list().await);
    let order = ada.orders_online(&mug, 2).await;
    shop.pass(DEADLINE);
    let payment = async { drop(shop.stripe_sends(&succeeded(&order)).await.is(200)) };
    let report = round_while(&shop, "TransactWriteItems", payment).await;
    assert_eq!((report.orders_cancelled, report.orders_failed, report.complete), (0, 0, true));
    assert_eq!(ada.sees(&order).await["status"], "placed");
    assert_eq!(shop.stock_of(&mug).await, 3);
    shop.finish().await;
}

/// An index lags behind its table: what it still lists may be settled, gone, or have time left.
#[tokio::test]
async fn an_order_that_is_not_due_any_more_is_left_alone() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").list().await;
    for way in ["paid", "cancelled", "deleted"] {
        let order = ada.orders_online(&mug, 1).await;
        shop.pass(DEADLINE);
        let rival = async {
            match way {
                "paid" => drop(shop.stripe_sends(&succeeded(&order)).await.is(200)),
                _ => drop(ada.calls_off(&order).await.is(200)),
            }
            if way == "deleted" {
                admin.delete(&path_of(&order)).await.is_empty();
            }
        };
        let report = round_while(&shop, "GetItem", rival).await;
        assert_eq!((report.orders_cancelled, report.orders_failed, report.complete), (0, 0, true), "{way}");
    }
    assert_eq!(shop.stock_of(&mug).await, 99);

    let order = ada.orders_online(&mug, 1).await;
    let (id, past) =
        (order["order_id"].as_str().expect("an id"), AttributeValue::S("2000-01-01T00:00:00.000Z".to_owned()));
    shop.set("orders", "order_id", id, "payment_due", past).await;
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 0);
    assert_eq!(ada.sees(&order).await["status"], "under_paying");
    shop.finish().await;
}

/// An order's stock is its own from checkout on: no hold of a cart ends under a buyer who pays.
#[tokio::test]
async fn a_buyer_who_pays_keeps_the_stock_however_long_carts_are_held() {
    let patient = |options| Options { payment_deadline: Some(7_200), ..options };
    let shop = Shop::open_with(patient).await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").stock(2).list().await;
    let order = orders_online(&ada, &[&mug], json!({})).await.remove(0);
    shop.pass(7_000);
    assert_eq!(shop.fire("release-reservations").await["units_released"], 0);
    assert_eq!(shop.fire("expire-unpaid-orders").await["units_released"], 0);
    ben.adds(&mug, 1).await.is_refused(409, "insufficient_stock");
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    shop.finish().await;
}

/// The round ends before its function would be ended, and what it leaves is the next one's.
#[tokio::test]
async fn a_round_that_runs_out_of_time_leaves_the_rest_to_the_next() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    for _ in 0..30 {
        let order = ada.orders_online(&mug, 1).await;
        // In one shard, so that they are cancelled one after the other.
        let (id, shard) = (order["order_id"].as_str().expect("an id"), AttributeValue::S("0".to_owned()));
        shop.set("orders", "order_id", id, "payment_due_shard", shard).await;
    }
    shop.pass(DEADLINE);
    let (wire, wired) = Wire::to(&shop).await;
    let store = wired.store.until(Instant::now() + Duration::from_secs(4));
    let pause = wire.pauses("TransactWriteItems");
    let time_passes = pause.during(async {
        shop.wait_for("its time is up", || (!store.has_time()).then_some(())).await;
    });
    let (cut_short, ()) = tokio::join!(store.expire_unpaid(shop.clock.now()), time_passes);
    let cut_short = cut_short.expect("a round");
    assert_eq!((cut_short.orders_cancelled, cut_short.orders_failed, cut_short.complete), (1, 0, false));
    assert_eq!(shop.stock_of(&mug).await, 71);

    let rest = json!({"orders_cancelled": 29, "units_released": 29, "orders_failed": 0, "complete": true});
    assert_eq!(shop.fire("expire-unpaid-orders").await, rest);
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}

/// An order that cannot be read fails the round, so that somebody notices, but holds up no other.
#[tokio::test]
async fn an_order_that_cannot_be_cancelled_holds_up_no_other() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let broken = ada.orders_online(&mug, 1).await;
    let becomes =
        |currency| shop.set("orders", "order_id", broken["order_id"].as_str().expect("an id"), "currency", currency);
    becomes(AttributeValue::Bool(true)).await;
    for _ in 0..5 {
        ada.orders_online(&mug, 1).await;
    }
    shop.pass(DEADLINE);
    let failure = shop.cloud().fire_schedule("expire-unpaid-orders").await.expect_err("it is noticed");
    assert!(format!("{failure:?}").contains("orders_cancelled: 5, units_released: 5, orders_failed: 1"), "{failure:?}");

    becomes(AttributeValue::S("USD".to_owned())).await;
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 1);
    shop.finish().await;
}
