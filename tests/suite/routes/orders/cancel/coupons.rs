//! What becomes of the coupon that was used on a cancelled order, and of those that it earned.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::api::Call;
use tests::earning::{earns, generous_shop, status_of, with_coupon};
use tests::product::Product;
use tests::user::User;

fn uses(user: &User, code: &str, product: &Product) -> Call {
    user.post("/orders", &with_coupon(product, code))
}

#[tokio::test]
async fn a_coupon_that_was_used_is_given_back() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    for _ in 0..3 {
        let order = uses(&ada, &code, &mug).await.is(201);
        uses(&ada, &code, &mug).await.is_refused(409, "coupon_already_redeemed");
        let cancelled = ada.cancels(&order).await.is(200);
        assert_eq!((&cancelled["coupon_code"], &cancelled["discount"]), (&json!(code), &order["discount"]));
        assert_eq!(status_of(&shop, &code).await, "active");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_that_was_given_back_and_used_again_is_not_given_back_twice() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    let first = uses(&ada, &code, &mug).await.is(201);
    ada.cancels(&first).await.is(200);
    uses(&ada, &code, &mug).await.is(201);
    ada.cancels(&first).await.is(200);
    assert_eq!(status_of(&shop, &code).await, "redeemed");
    shop.finish().await;
}

/// Somebody in the shop did it by hand, as a favour.
#[tokio::test]
async fn a_coupon_that_was_given_back_already_is_left_alone() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    let order = uses(&ada, &code, &mug).await.is(201);
    shop.set("coupons", "code", &code, "status", AttributeValue::S("active".to_owned())).await;
    shop.forget("coupons", "code", &code, "redeemed_order_id").await;
    ada.cancels(&order).await.is(200);
    assert_eq!(status_of(&shop, &code).await, "active");
    shop.finish().await;
}

#[tokio::test]
async fn coupons_that_were_earned_are_revoked() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let more = json!({"kind": "percent", "value": "10", "valid_days": 30});
    shop.rule(json!({"kind": "min_order_total", "amount": "100.00"}), more).await;
    let (order, code) = earns(&shop, &ada, &desk).await;
    ada.cancels(&order).await.is(200);
    let coupons = shop.snapshot().await.coupons;
    assert_eq!(coupons.iter().map(|coupon| &coupon["status"]).collect::<Vec<_>>(), ["revoked", "revoked"]);
    uses(&ada, &code, &mug).await.is_refused(422, "coupon_not_applicable");
    shop.finish().await;
}

/// Whoever buys, spends the reward, and gives everything back has nothing left of it.
#[tokio::test]
async fn a_reward_that_was_used_ends_with_both_orders_whichever_is_cancelled_first() {
    let (shop, ada, desk, mug) = generous_shop().await;
    for (earning_first, between, after) in [(true, "redeemed", "revoked"), (false, "active", "revoked")] {
        let (earning, code) = earns(&shop, &ada, &desk).await;
        let using = uses(&ada, &code, &mug).await.is(201);
        let (first, second) = if earning_first { (earning, using) } else { (using, earning) };
        ada.cancels(&first).await.is(200);
        assert_eq!(status_of(&shop, &code).await, between);
        ada.cancels(&second).await.is(200);
        assert_eq!(status_of(&shop, &code).await, after);
        uses(&ada, &code, &mug).await.is_refused(422, "coupon_not_applicable");
    }
    shop.finish().await;
}

/// The same where nothing is left of the order that earned it.
#[tokio::test]
async fn a_reward_of_an_order_that_was_deleted_does_not_come_back() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (earning, code) = earns(&shop, &ada, &desk).await;
    let using = uses(&ada, &code, &mug).await.is(201);
    ada.cancels(&earning).await.is(200);
    let path = format!("/orders/{}", earning["order_id"].as_str().expect("an id"));
    shop.admin().await.delete(&path).await.is_empty();
    ada.cancels(&using).await.is(200);
    assert_eq!(status_of(&shop, &code).await, "revoked");
    shop.finish().await;
}

#[tokio::test]
async fn nobody_gains_by_buying_and_cancelling() {
    let (shop, ada, desk, _) = generous_shop().await;
    let mut last: Option<(Value, String)> = None;
    for _ in 0..20 {
        // Each desk is bought with the reward of the one before, which is then given back.
        let order = match &last {
            None => ada.orders_directly(&desk, 1),
            Some((_, code)) => uses(&ada, code, &desk),
        };
        let order = order.await.is(201);
        shop.settle().await;
        if let Some((before, _)) = last {
            ada.cancels(&before).await.is(200);
        }
        let coupons = shop.snapshot().await.coupons;
        let earned = coupons.iter().find(|coupon| coupon["order_id"] == order["order_id"]).expect("a coupon");
        last = Some((order, earned["code"].as_str().expect("a code").to_owned()));
    }
    ada.cancels(&last.expect("the last order").0).await.is(200);
    let coupons = shop.snapshot().await.coupons;
    assert_eq!(coupons.len(), 20);
    assert!(coupons.iter().all(|coupon| coupon["status"] == "revoked"), "{coupons:?}");
    assert_eq!(shop.stock_of(&desk).await, 100);
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_of_a_split_comes_back_with_the_last_part() {
    let (shop, ada, desk, mug) = generous_shop().await;
    let (_, code) = earns(&shop, &ada, &desk).await;
    let products = [&mug, &shop.product("Pen").list().await, &shop.product("Ink").list().await];
    for order_of_cancelling in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        for product in products {
            ada.adds(product, 1).await.is(201);
        }
        let request = json!({"coupon_code": code, "split": "per_item"});
        let parts = ada.checks_out(&request).await.is(201)["orders"].clone();
        for (number, expected) in order_of_cancelling.into_iter().zip(["redeemed", "redeemed", "active"]) {
            ada.cancels(&parts[number]).await.is(200);
            assert_eq!(status_of(&shop, &code).await, expected);
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_is_cancelled_before_anybody_looked_at_it_earns_nothing() {
    let (shop, ada, desk, _) = generous_shop().await;
    // The store is asked without its function, so nobody announces the order.
    let request = serde_json::from_value(json!({"product_id": desk.id, "quantity": 1})).expect("a request");
    let placed = shop.store().order_directly(ada.id, ada.id, &request, None, shop.clock.now()).await.expect("an order");
    ada.cancels(&json!(placed.orders[0])).await.is(200);
    shop.pass(3_600);
    assert_eq!(shop.fire("requeue-rewards").await["orders_requeued"], 0);
    shop.cloud().shop().order_events.announce(&placed.to_announce).await;
    shop.settle().await;
    assert!(shop.snapshot().await.coupons.is_empty());
    shop.finish().await;
}
