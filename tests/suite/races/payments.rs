use serde_json::{Value, json};
use shared::ids::OrderId;
use shared::order::{Outcome, Settlement};
use shared::store::{PaymentReport, Settled};
use tests::payment::{DEADLINE, failed, succeeded};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

use super::{ROUNDS, at_once};

fn ten_off() -> Value {
    json!({"kind": "fixed", "value": "10", "valid_days": 30})
}

fn history(order: &Value) -> Value {
    order["status_history"].as_array().expect("a history").iter().map(|entry| entry["status"].clone()).collect()
}

/// Reports a success of an order's payment, while `rival` acts between the read and the write.
pub(super) async fn success_while(shop: &Shop, order: &Value, rival: impl Future<Output = ()>) -> Settled {
    let (wire, wired) = Wire::to(shop).await;
    let pause = wire.pauses("TransactWriteItems");
    let order_id: OrderId = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let report = PaymentReport { outcome: Outcome::Succeeded, reference: Some("pi_1"), sum: None, by: None };
    let success = async {
        let settled = wired.store.settle_payment(order_id, report, shop.clock.now()).await.expect("settled");
        wired.order_events.announce(&settled.to_announce).await;
        settled
    };
    let meanwhile = pause.during(rival);
    tokio::join!(success, meanwhile).0
}

/// Either the payment is in time, or the sweep was first and the order comes back: it is placed, whatever.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_against_the_sweep() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), ten_off()).await;
    let ada = shop.shopper("ada").await;
    for _ in 0..ROUNDS {
        let mug = shop.product("Mug").stock(2).list().await;
        let order = ada.orders_online(&mug, 2).await;
        shop.pass(DEADLINE);
        let success = at_once([shop.stripe_sends(&succeeded(&order))]);
        let (answers, _) = tokio::join!(success, shop.fire("expire-unpaid-orders"));
        answers[0].is(200);
        let placed = ada.sees(&order).await;
        assert_eq!((&placed["status"], &placed["payment"]["status"]), (&json!("placed"), &json!("succeeded")));
        assert_eq!(shop.stock_of(&mug).await, 0);
    }
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), ROUNDS as usize);
    shop.finish().await;
}

/// Whoever is first, the order ends cancelled, and the money goes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_against_its_buyer_who_cancels() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(2).list().await);
    for _ in 0..ROUNDS {
        let order = ada.orders_online(&mug, 2).await;
        for answer in at_once([shop.stripe_sends(&succeeded(&order)), ada.calls_off(&order)]).await {
            answer.is(200);
        }
        let cancelled = ada.sees(&order).await;
        assert_eq!(
            (&cancelled["status"], &cancelled["payment"]["status"]),
            (&json!("cancelled"), &json!("refund_required"))
        );
        assert_eq!(shop.stock_of(&mug).await, 2);
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_comes_many_times_at_once() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), ten_off()).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    for _ in 0..ROUNDS {
        let order = ada.orders_online(&mug, 2).await;
        for answer in at_once((0..6).map(|_| shop.stripe_sends(&succeeded(&order)))).await {
            answer.is(200);
        }
        assert_eq!(history(&ada.sees(&order).await), json!(["under_paying", "placed"]));
    }
    assert_eq!(shop.stock_of(&mug).await, 100 - 2 * u64::from(ROUNDS));
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), ROUNDS as usize);
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_against_a_failure() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    for _ in 0..ROUNDS {
        let order = ada.orders_online(&mug, 2).await;
        for answer in at_once([shop.stripe_sends(&succeeded(&order)), shop.stripe_sends(&failed(&order))]).await {
            answer.is(200);
        }
        let placed = ada.sees(&order).await;
        assert_eq!((&placed["status"], &placed["payment"]["status"]), (&json!("placed"), &json!("succeeded")));
    }
    assert_eq!(shop.stock_of(&mug).await, 100 - 2 * u64::from(ROUNDS));
    shop.finish().await;
}

/// The unit is sold once: to the one who paid too late, or to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_success_against_another_buyer_of_the_last_unit() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    for _ in 0..ROUNDS {
        let mug = shop.product("Mug").stock(1).list().await;
        let order = ada.orders_online(&mug, 1).await;
        shop.payments_time_out().await;
        let body = json!({"product_id": mug.id, "quantity": 1});
        let answers = at_once([shop.stripe_sends(&succeeded(&order)), ben.post("/orders", &body)]).await;
        answers[0].is(200);
        let expected = match answers[1].status {
            201 => ("cancelled", "refund_required"),
            _ => {
                answers[1].is_refused(409, "insufficient_stock");
                ("placed", "succeeded")
            }
        };
        let late = ada.sees(&order).await;
        assert_eq!((&late["status"], &late["payment"]["status"]), (&json!(expected.0), &json!(expected.1)));
        assert_eq!(shop.stock_of(&mug).await, 0);
    }
    shop.finish().await;
}

/// Orders one of each product, an order for each, with a coupon for all of them.
async fn split(ada: &User, products: [&Product; 2], code: &str) -> Value {
    for product in products {
        ada.adds(product, 1).await.is(201);
    }
    let request = json!({"payment_method": "online", "split": "per_item", "coupon_code": code});
    ada.checks_out(&request).await.is(201)["orders"].clone()
}

/// Whichever comes back first redeems the coupon for both; whichever goes last gives it back.
#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_split_come_back_and_go_at_once() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, ten_off()).await;
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").list().await);
    let status_of_coupon = || async { shop.snapshot().await.coupons[0]["status"].clone() };
    for _ in 0..ROUNDS {
        let parts = split(&ada, [&mug, &pen], &code).await;
        shop.payments_time_out().await;
        assert_eq!(status_of_coupon().await, "active");
        for answer in at_once([0, 1].map(|part| shop.stripe_sends(&succeeded(&parts[part])))).await {
            answer.is(200);
        }
        for part in [0, 1] {
            assert_eq!(ada.sees(&parts[part]).await["status"], "placed");
        }
        assert_eq!(status_of_coupon().await, "redeemed");
        at_once([0, 1].map(|part| ada.calls_off(&parts[part]))).await;
        assert_eq!(status_of_coupon().await, "active");
    }
    shop.finish().await;
}

/// One part comes back while the other, which was paid, is cancelled by its buyer.
#[tokio::test(flavor = "multi_thread")]
async fn one_part_of_a_split_comes_back_while_the_other_goes() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, ten_off()).await;
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").list().await);
    for _ in 0..ROUNDS {
        let parts = split(&ada, [&mug, &pen], &code).await;
        shop.stripe_sends(&succeeded(&parts[0])).await.is(200);
        shop.stripe_sends(&failed(&parts[1])).await.is(200);
        for answer in at_once([shop.stripe_sends(&succeeded(&parts[1])), ada.calls_off(&parts[0])]).await {
            answer.is(200);
        }
        assert_eq!(ada.sees(&parts[0]).await["status"], "cancelled");
        assert_eq!(ada.sees(&parts[1]).await["status"], "placed");
        assert_eq!(shop.snapshot().await.coupons[0]["status"], "redeemed");
        ada.calls_off(&parts[1]).await.is(200);
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_sweep_cancels_the_order_just_before_it_is_placed() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(2).list().await);
    let order = ada.orders_online(&mug, 2).await;
    let settled = success_while(&shop, &order, shop.payments_time_out()).await;
    assert_eq!(history(&json!(settled.order)), json!(["under_paying", "cancelled", "placed"]));
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}

#[tokio::test]
async fn its_buyer_cancels_the_order_just_before_it_is_placed() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(2).list().await);
    let order = ada.orders_online(&mug, 2).await;
    let rival = async { drop(ada.calls_off(&order).await.is(200)) };
    let settled = success_while(&shop, &order, rival).await;
    assert_eq!(json!(settled.order.summary.payment.status), "refund_required");
    assert_eq!(shop.stock_of(&mug).await, 2);
    shop.finish().await;
}

/// A success is applied once, and a refund noted once, even if there is stock for more.
#[tokio::test]
async fn the_same_success_is_applied_just_before() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").list().await;
    for before in ["unpaid", "timed out", "called off"] {
        let order = ada.orders_online(&mug, 2).await;
        match before {
            "timed out" => shop.payments_time_out().await,
            "called off" => drop(ada.calls_off(&order).await.is(200)),
            _ => {}
        }
        ben.orders_online(&mug, 2).await;
        let rival = async { drop(shop.stripe_sends(&succeeded(&order)).await.is(200)) };
        let settled = success_while(&shop, &order, rival).await;
        assert_eq!(settled.settlement, Settlement::AlreadyDone, "{before}");
        assert_eq!(json!(settled.order), ada.sees(&order).await, "{before}");
    }
    shop.finish().await;
}

/// What an order needs to come back is taken away just before it does.
#[tokio::test]
async fn what_a_late_success_needs_goes_at_the_last_moment() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").stock(2).list().await;
    let order = ada.orders_online(&mug, 1).await;
    shop.payments_time_out().await;
    let settled = success_while(&shop, &order, async { drop(ben.buys(&mug, 2).await) }).await;
    assert_eq!(json!(settled.order.summary.payment.status), "refund_required");

    let pen = shop.product("Pen").list().await;
    let order = ada.orders_online(&pen, 1).await;
    shop.payments_time_out().await;
    let settled = success_while(&shop, &order, shop.archive(&pen)).await;
    assert_eq!(json!(settled.order.summary.payment.status), "refund_required");

    let code = shop.coupon_for(&ada, ten_off()).await;
    let ink = shop.product("Ink").list().await;
    let request = json!({"product_id": ink.id, "quantity": 1, "payment_method": "online", "coupon_code": code});
    let order = ada.post("/orders", &request).await.is(201);
    shop.payments_time_out().await;
    let rival = async { drop(ada.post("/orders", &request).await.is(201)) };
    let settled = success_while(&shop, &order, rival).await;
    assert_eq!(json!(settled.order.summary.payment.status), "refund_required");
    assert_eq!(shop.stock_of(&ink).await, 99);
    shop.finish().await;
}

/// The stock that the first look chose is gone, but there is other.
#[tokio::test]
async fn a_late_success_takes_other_stock_if_its_first_choice_goes() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").stock(4).shards(2).list().await;
    let order = ada.orders_online(&mug, 2).await;
    shop.payments_time_out().await;
    let settled = success_while(&shop, &order, async { drop(ada.buys(&mug, 2).await) }).await;
    assert_eq!(json!(settled.order.summary.status), "placed");
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}
