//! A rival acts after everything about an order was read, and before it is cancelled, moved or deleted.

use std::collections::HashMap;
use std::fmt::Debug;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::auth::Caller;
use shared::error::Error;
use shared::ids::OrderId;
use shared::order::{Order, OrderStatus, Outcome, Settlement};
use shared::reward::History;
use shared::shop::Shop as Wired;
use shared::store::{PaymentReport, Placed};
use tests::earning::{earns, generous_shop, status_of, with_coupon};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

/// Does `work` at one end of a wire, while `rival` acts between its last read and its first write.
async fn while_rival_acts<T: Debug>(
    shop: &Shop,
    work: impl AsyncFnOnce(Wired) -> Result<T, Error>,
    rival: impl Future<Output = ()>,
) -> Result<T, Error> {
    let (wire, wired) = Wire::to(shop).await;
    let pause = wire.pauses("TransactWriteItems");
    let meanwhile = pause.during(rival);
    tokio::join!(work(wired), meanwhile).0
}

/// `user` cancels an order, while `rival` acts.
async fn cancel_while(
    shop: &Shop,
    user: &User,
    order: &Value,
    rival: impl Future<Output = ()>,
) -> Result<Order, Error> {
    let (caller, order_id, now) = (caller(user, ""), id(order), shop.clock.now());
    while_rival_acts(shop, async |wired| wired.store.cancel_order(order_id, &caller, None, now).await, rival).await
}

fn caller(user: &User, groups: &str) -> Caller {
    let claims = [("sub", user.id.to_string()), ("cognito:groups", groups.to_owned())];
    let claims: HashMap<_, _> = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Caller::from_claims(&claims).expect("a caller")
}

fn id(order: &Value) -> OrderId {
    serde_json::from_value(order["order_id"].clone()).expect("an order id")
}

/// An order that is placed, but not announced: nobody has looked at it for rewards.
async fn quietly_orders(shop: &Shop, user: &User, product: &Product) -> Placed {
    let request = serde_json::from_value(json!({"product_id": product.id, "quantity": 1})).expect("a request");
    shop.store().order_directly(user.id, user.id, &request, None, shop.clock.now()).await.expect("an order")
}

#[tokio::test]
async fn the_order_is_shipped_before_it_is_cancelled() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let order = ada.orders_directly(&mug, 1).await.is(201);
    admin.moves(&order, "processing").await.is(200);
    let rival = async { drop(admin.moves(&order, "shipped").await.is(200)) };
    let refused = cancel_while(&shop, &ada, &order, rival).await;
    assert!(matches!(refused, Err(Error::InvalidTransition(_))), "{refused:?}");
    assert_eq!(shop.stock_of(&mug).await, 99);
    shop.finish().await;
}

#[tokio::test]
async fn the_order_is_cancelled_before_it_moves_on() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let order = ada.orders_directly(&mug, 1).await.is(201);
    let (mover, now) = (caller(&admin, "admin"), shop.clock.now());
    let moves = async |wired: Wired| {
        wired.store.advance_order(id(&order), &mover, OrderStatus::Processing, Some("1Z"), now).await
    };
    let refused = while_rival_acts(&shop, moves, async { drop(ada.cancels(&order).await.is(200)) }).await;
    assert!(matches!(refused, Err(Error::InvalidTransition(_))), "{refused:?}");
    assert_eq!(ada.looks_at(&order).await.is(200)["tracking"], json!(null));
    shop.finish().await;
}

/// It gets the order as the other one cancelled it.
#[tokio::test]
async fn the_order_is_cancelled_before_it_is_cancelled() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    let order = ada.post("/orders", &with_coupon(&mug, &code)).await.is(201);
    let path = format!("/orders/{}/cancel", order["order_id"].as_str().expect("an id"));
    let rival = async { drop(ada.patch(&path, &json!({"reason": "first"})).await.is(200)) };
    let cancelled = cancel_while(&shop, &ada, &order, rival).await.expect("the order");
    assert_eq!(cancelled.status_history[1].reason.as_deref(), Some("first"));
    assert_eq!(cancelled.status_history.len(), 2);
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}

#[tokio::test]
async fn the_order_earns_a_coupon_before_it_is_cancelled() {
    let (shop, ada, desk, _) = generous_shop().await;
    let placed = quietly_orders(&shop, &ada, &desk).await;
    let rival = async {
        shop.cloud().shop().order_events.announce(&placed.to_announce).await;
        assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    };
    cancel_while(&shop, &ada, &json!(placed.orders[0]), rival).await.expect("cancelled");
    assert_eq!(shop.snapshot().await.coupons[0]["status"], "revoked");
    shop.finish().await;
}

#[tokio::test]
async fn the_order_is_cancelled_before_it_earns_a_coupon() {
    let (shop, ada, desk, _) = generous_shop().await;
    let placed = quietly_orders(&shop, &ada, &desk).await;
    let order = &placed.orders[0];
    let rules = shop.store().rules().await.expect("the rule");
    let grant = async |wired: Wired| {
        wired
            .store
            .grant_coupons(order, &History::default(), &rules.iter().collect::<Vec<_>>(), "secret", wired.clock.now())
            .await
    };
    let rival = async { drop(ada.cancels(&json!(order)).await.is(200)) };
    assert!(while_rival_acts(&shop, grant, rival).await.expect("an answer").is_empty());
    assert!(shop.snapshot().await.coupons.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn the_earned_coupon_is_used_before_the_order_is_cancelled() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (earning, code) = earns(&shop, &ada, &desk).await;
    let rival = async { drop(ada.post("/orders", &with_coupon(&mug, &code)).await.is(201)) };
    cancel_while(&shop, &ada, &earning, rival).await.expect("cancelled");
    assert_eq!(status_of(&shop, &code).await, "redeemed");
    shop.finish().await;
}

#[tokio::test]
async fn the_order_is_cancelled_before_the_coupon_it_earned_is_used() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (earning, code) = earns(&shop, &ada, &desk).await;
    let request = serde_json::from_value(with_coupon(&mug, &code)).expect("a request");
    let orders =
        async |wired: Wired| wired.store.order_directly(ada.id, ada.id, &request, None, wired.clock.now()).await;
    let refused = while_rival_acts(&shop, orders, async { drop(ada.cancels(&earning).await.is(200)) }).await;
    assert!(matches!(refused, Err(Error::CouponNotApplicable(_))), "{refused:?}");
    assert_eq!(status_of(&shop, &code).await, "revoked");
    shop.finish().await;
}

/// Somebody in the shop gives it back by hand, and at once it is used on another order.
#[tokio::test]
async fn the_coupon_is_used_elsewhere_before_the_order_is_cancelled() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    let order = ada.post("/orders", &with_coupon(&mug, &code)).await.is(201);
    let rival = async {
        shop.set("coupons", "code", &code, "status", AttributeValue::S("active".to_owned())).await;
        shop.forget("coupons", "code", &code, "redeemed_order_id").await;
        ada.post("/orders", &with_coupon(&mug, &code)).await.is(201);
    };
    cancel_while(&shop, &ada, &order, rival).await.expect("cancelled");
    assert_eq!(status_of(&shop, &code).await, "redeemed");
    shop.finish().await;
}

/// Each of the two cancels sees the other order as it stands.
#[tokio::test]
async fn the_order_that_earned_a_coupon_and_the_one_that_used_it_are_cancelled_by_turns() {
    let (shop, ada, desk, mug) = generous_shop().await;
    for earning_is_paused in [true, false] {
        let (earning, code) = earns(&shop, &ada, &desk).await;
        let using = ada.post("/orders", &with_coupon(&mug, &code)).await.is(201);
        let (paused, rival) = if earning_is_paused { (&earning, &using) } else { (&using, &earning) };
        let rival = async { drop(ada.cancels(rival).await.is(200)) };
        cancel_while(&shop, &ada, paused, rival).await.expect("cancelled");
        assert_eq!(status_of(&shop, &code).await, "revoked");
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_other_part_of_a_split_is_cancelled_before_it_is_cancelled() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    ada.adds(&mug, 1).await.is(201);
    ada.adds(&shop.product("Pen").list().await, 1).await.is(201);
    let parts = ada.checks_out(&json!({"coupon_code": code, "split": "per_item"})).await.is(201)["orders"].clone();
    let rival = async { drop(ada.cancels(&parts[1]).await.is(200)) };
    cancel_while(&shop, &ada, &parts[0], rival).await.expect("cancelled");
    assert_eq!(status_of(&shop, &code).await, "active");
    shop.finish().await;
}

/// The other part timed out, so that this one would be the last; but it is paid after all.
#[tokio::test]
async fn the_other_part_of_a_split_is_placed_after_all_before_it_is_cancelled() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let admin = shop.admin().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    ada.adds(&mug, 1).await.is(201);
    ada.adds(&shop.product("Pen").list().await, 1).await.is(201);
    let request = json!({"coupon_code": code, "split": "per_item", "payment_method": "online"});
    let parts = ada.checks_out(&request).await.is(201)["orders"].clone();
    let pays = async |part: &Value, outcome: &str| {
        let path = format!("/orders/{}/payment", part["order_id"].as_str().expect("an id"));
        admin.post(&path, &json!({"outcome": outcome})).await.is(200)
    };
    pays(&parts[0], "succeeded").await;
    assert_eq!(pays(&parts[1], "failed").await["status"], "cancelled");
    let rival = async { assert_eq!(pays(&parts[1], "succeeded").await["status"], "placed") };
    cancel_while(&shop, &ada, &parts[0], rival).await.expect("cancelled");
    assert_eq!(status_of(&shop, &code).await, "redeemed");
    ada.cancels(&parts[1]).await.is(200);
    assert_eq!(status_of(&shop, &code).await, "active");
    shop.finish().await;
}

#[tokio::test]
async fn the_order_is_placed_after_all_before_it_is_deleted() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let online = json!({"product_id": mug.id, "quantity": 1, "payment_method": "online"});
    let order = ada.post("/orders", &online).await.is(201);
    let path = format!("/orders/{}/payment", order["order_id"].as_str().expect("an id"));
    admin.post(&path, &json!({"outcome": "failed"})).await.is(200);
    let deletes = async |wired: Wired| wired.store.delete_order(id(&order), wired.clock.now()).await;
    let rival = async { drop(admin.post(&path, &json!({"outcome": "succeeded"})).await.is(200)) };
    let refused = while_rival_acts(&shop, deletes, rival).await;
    assert!(matches!(refused, Err(Error::InvalidTransition(_))), "{refused:?}");
    assert_eq!(ada.looks_at(&order).await.is(200)["status"], "placed");
    shop.finish().await;
}

/// Two payments arrive for an order that its buyer cancelled. The first is the one to refund with it; the
/// other is none of the order's.
#[tokio::test]
async fn another_payment_arrives_before_the_payment_of_a_cancelled_order() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let online = json!({"product_id": mug.id, "quantity": 1, "payment_method": "online"});
    let order = ada.post("/orders", &online).await.is(201);
    ada.cancels(&order).await.is(200);
    let path = format!("/orders/{}/payment", order["order_id"].as_str().expect("an id"));
    let report = PaymentReport { outcome: Outcome::Succeeded, reference: Some("second"), sum: None, by: None };
    let settles = async |wired: Wired| wired.store.settle_payment(id(&order), report, wired.clock.now()).await;
    let rival = async {
        admin.post(&path, &json!({"outcome": "succeeded", "reference": "first"})).await.is(200);
    };
    let settled = while_rival_acts(&shop, settles, rival).await.expect("settled");
    assert_eq!(settled.settlement, Settlement::AlreadyDone);
    assert_eq!(ada.looks_at(&order).await.is(200)["payment"]["reference"], "first");
    shop.finish().await;
}
