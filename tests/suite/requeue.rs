//! Placed orders whose announcement was lost: each is announced again until its rewards are dealt with.

use lambda_runtime::Context;
use serde_json::{Value, json};
use shared::error::Error;
use shared::ids::OrderId;
use shared::order::{CheckoutRequest, Order, Outcome};
use shared::shop::Shop as Served;
use shared::sqs::OrderEvents;
use shared::store::PaymentReport;
use tests::payment::succeeded;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

const FIVE_MINUTES: u64 = 5 * 60;

/// A shop that rewards every order.
async fn generous_shop() -> Shop {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    shop
}

/// An order of the user's that was placed, but not announced: its function ended too soon.
async fn unannounced(shop: &Shop, user: &User) -> Order {
    user.adds(&shop.product("Mug").list().await, 1).await.is(201);
    let request = CheckoutRequest::default();
    let placed = shop.store().checkout(user.id, user.id, &request, None, shop.clock.now()).await;
    placed.expect("an order").orders.remove(0)
}

async fn requeued(shop: &Shop) -> Value {
    shop.fire("requeue-rewards").await["orders_requeued"].clone()
}

#[tokio::test]
async fn an_order_is_announced_again_after_five_minutes_and_rewarded_once() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    unannounced(&shop, &ada).await;
    shop.pass(FIVE_MINUTES - 10);
    let nothing = json!({"orders_requeued": 0, "orders_failed": 0, "complete": true});
    assert_eq!(shop.fire("requeue-rewards").await, nothing);
    assert!(shop.coupon_mails_to(&ada).await.is_empty());

    shop.pass(10);
    assert_eq!(requeued(&shop).await, 1);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    shop.pass(FIVE_MINUTES);
    assert_eq!(shop.fire("requeue-rewards").await, nothing);
    assert_eq!(shop.snapshot().await.coupons.len(), 1);
    shop.finish().await;
}

/// Rounds overtake the queue: each announces what the ones before it did, and it is rewarded once.
#[tokio::test]
async fn an_order_that_is_announced_several_times_is_rewarded_once() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    for _ in 0..20 {
        unannounced(&shop, &ada).await;
    }
    shop.pass(FIVE_MINUTES);
    for _ in 0..3 {
        shop.fire("requeue-rewards").await;
    }
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 20);
    assert_eq!(shop.snapshot().await.coupons.len(), 20);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_is_not_paid_is_not_announced() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").list().await;
    let order = ada.orders_online(&mug, 1).await;
    for _ in 0..3 {
        shop.pass(FIVE_MINUTES);
        assert_eq!(requeued(&shop).await, 0);
    }
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);

    ada.orders_online(&mug, 1).await;
    shop.payments_time_out().await;
    assert_eq!(requeued(&shop).await, 0);
    shop.finish().await;
}

/// The function that placed it ended too soon; Stripe, which heard nothing from it, comes again.
#[tokio::test]
async fn a_payment_that_is_reported_again_is_announced_if_it_was_not() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    let order = ada.orders_online(&shop.product("Mug").list().await, 1).await;
    let order_id = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let report = PaymentReport { outcome: Outcome::Succeeded, reference: Some("pi_1"), sum: None, by: None };
    shop.store().settle_payment(order_id, report, shop.clock.now()).await.expect("settled");
    assert!(shop.coupon_mails_to(&ada).await.is_empty());
    for _ in 0..2 {
        shop.stripe_sends(&succeeded(&order)).await.is(200);
        assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_was_cancelled_is_not_announced() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    let order = unannounced(&shop, &ada).await;
    ada.calls_off(&json!({"order_id": order.summary.order_id})).await.is(200);
    shop.pass(FIVE_MINUTES);
    assert_eq!(requeued(&shop).await, 0);
    assert!(shop.coupon_mails_to(&ada).await.is_empty());
    shop.finish().await;
}

/// Announces nothing, and runs a round in which `rival` acts between finding an order and looking at it.
async fn round_while(shop: &Shop, rival: impl Future<Output = ()>) -> Value {
    let (wire, wired) = Wire::to(shop).await;
    let pause = wire.pauses("GetItem");
    let meanwhile = pause.during(rival);
    let announce = |order: Order| async move { Err(Error::internal(format!("announced: {order:?}"))) };
    let round = wired.store.requeue_pending(shop.clock.now(), announce);
    let (round, ()) = tokio::join!(round, meanwhile);
    serde_json::to_value(round.expect("a round")).expect("a report")
}

/// An index lags behind its table.
#[tokio::test]
async fn an_order_that_is_cancelled_rewarded_or_deleted_at_the_last_moment_is_left_alone() {
    let shop = generous_shop().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let nothing = json!({"orders_requeued": 0, "orders_failed": 0, "complete": true});
    for way in ["cancelled", "rewarded", "deleted"] {
        let order = unannounced(&shop, &ada).await;
        let id: OrderId = order.summary.order_id;
        shop.pass(FIVE_MINUTES);
        let rival = async {
            match way {
                "rewarded" => shop.store().finish_rewards(id).await.expect("done"),
                _ => drop(ada.calls_off(&json!({"order_id": id})).await.is(200)),
            }
            if way == "deleted" {
                admin.delete(&format!("/orders/{id}")).await.is_empty();
            }
        };
        assert_eq!(round_while(&shop, rival).await, nothing, "{way}");
    }
    shop.finish().await;
}

/// The shop, but for its queue, which is nowhere.
fn without_queue(shop: &Shop) -> Served {
    let nowhere = shop.aws("local", shared::aws::Wire::new(false)).at(Some("http://127.0.0.1:1"));
    let served = shop.cloud().shop().clone();
    Served { order_events: OrderEvents::new(&nowhere, &served.config), ..served }
}

#[tokio::test]
async fn while_the_queue_is_down_the_function_fails_and_the_next_round_makes_up_for_it() {
    let shop = generous_shop().await;
    let ada = shop.shopper("ada").await;
    for _ in 0..3 {
        unannounced(&shop, &ada).await;
    }
    shop.pass(FIVE_MINUTES);
    let function = local::registry::functions().remove("requeue-rewards").expect("the function");
    let failure = function.invoke(&without_queue(&shop), json!({}), Context::default()).await.expect_err("it fails");
    assert!(format!("{failure:?}").contains("orders_failed: 3"), "{failure:?}");
    assert_eq!(requeued(&shop).await, 3);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 3);
    shop.finish().await;
}
