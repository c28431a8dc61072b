//! `POST /orders/{order_id}/payment`.

use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::payment::{failed, succeeded};
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{refuses_unreadable_bodies, with};

fn success() -> Value {
    json!({"outcome": "succeeded"})
}

fn failure() -> Value {
    json!({"outcome": "failed"})
}

/// An admin, Ada, and an order of hers that waits for its payment.
async fn unpaid(shop: &Shop) -> (User, User, Value) {
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let order = ada.orders_online(&shop.product("Mug").stock(5).list().await, 2).await;
    (admin, ada, order)
}

#[tokio::test]
async fn an_admin_settles_a_payment_and_is_named_for_it() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    let (admin, ada, order) = unpaid(&shop).await;
    let settlement = with(&success(), "reference", json!("transfer of 3 May"));
    let placed = admin.settles(&order, &settlement).await.is(200);
    assert_eq!((&placed["status"], &placed["payment"]["status"]), (&json!("placed"), &json!("succeeded")));
    assert_eq!(placed["payment"]["reference"], "transfer of 3 May");
    assert_eq!(
        (&placed["status_history"][1]["by"], &placed["status_history"][1]["reason"]),
        (&json!(admin.id), &Value::Null)
    );
    assert_eq!(ada.sees(&order).await, placed);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);

    assert_eq!(admin.settles(&order, &success()).await.is(200), placed);
    admin.settles(&order, &failure()).await.is_refused(409, "invalid_transition");
    assert_eq!(ada.sees(&order).await, placed);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_failure_cancels_the_order_and_a_later_success_places_it_after_all() {
    let shop = Shop::open().await;
    let (admin, ada, order) = unpaid(&shop).await;
    let cancelled = admin.settles(&order, &failure()).await.is(200);
    assert_eq!((&cancelled["status"], &cancelled["payment"]["status"]), (&json!("cancelled"), &json!("failed")));
    let entry = &cancelled["status_history"][1];
    assert_eq!((&entry["by"], &entry["reason"]), (&json!(admin.id), &json!("payment_failed")));
    assert_eq!(admin.settles(&order, &failure()).await.is(200), cancelled);

    let revived = admin.settles(&order, &success()).await.is(200);
    assert_eq!((&revived["status"], &revived["payment"]["status"]), (&json!("placed"), &json!("succeeded")));
    assert_eq!(revived["status_history"][2]["by"], json!(admin.id));
    assert_eq!(ada.sees(&order).await, revived);
    shop.finish().await;
}

#[tokio::test]
async fn a_success_after_the_deadline_places_the_order() {
    let shop = Shop::open().await;
    let (admin, ada, order) = unpaid(&shop).await;
    shop.payments_time_out().await;
    assert_eq!(ada.sees(&order).await["status"], "cancelled");
    assert_eq!(admin.settles(&order, &success()).await.is(200)["status"], "placed");
    shop.finish().await;
}

#[tokio::test]
async fn what_a_person_cancelled_is_refunded() {
    let shop = Shop::open().await;
    let (admin, ada, order) = unpaid(&shop).await;
    ada.calls_off(&order).await.is(200);
    let refunded = admin.settles(&order, &success()).await.is(200);
    assert_eq!((&refunded["status"], &refunded["payment"]["status"]), (&json!("cancelled"), &json!("refund_required")));
    assert_eq!(admin.settles(&order, &success()).await.is(200), refunded);
    admin.settles(&order, &failure()).await.is_refused(409, "invalid_transition");
    shop.finish().await;
}

/// Who of the two comes first is of no importance.
#[tokio::test]
async fn what_stripe_says_and_what_an_admin_says_agree() {
    let shop = Shop::open().await;
    let (admin, ada, order) = unpaid(&shop).await;
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    let placed = ada.sees(&order).await;
    assert_eq!(admin.settles(&order, &success()).await.is(200), placed);
    admin.settles(&order, &failure()).await.is_refused(409, "invalid_transition");

    let order = ada.orders_online(&shop.product("Pen").list().await, 1).await;
    admin.settles(&order, &success()).await.is(200);
    let placed = ada.sees(&order).await;
    for event in [succeeded(&order), failed(&order)] {
        shop.stripe_sends(&event).await.is(200);
        assert_eq!(ada.sees(&order).await, placed);
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_is_paid_on_delivery_is_not_settled() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let order = ada.buys(&shop.product("Mug").list().await, 1).await;
    for settlement in [success(), failure()] {
        admin.settles(&order, &settlement).await.is_refused(409, "invalid_transition");
        assert_eq!(ada.sees(&order).await, order);
    }
    shop.finish().await;
}

#[tokio::test]
async fn nobody_but_an_admin_settles_payments() {
    let shop = Shop::open().await;
    let (sofia, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
    let order = ada.orders_online(&shop.product("Mug").sold_by(&sofia).list().await, 1).await;
    let unknown = json!({"order_id": OrderId::random()});
    for caller in [&ada, &sofia, &shop.stranger("eve").await] {
        for target in [&order, &unknown] {
            caller.settles(target, &success()).await.is_refused(403, "forbidden");
        }
    }
    assert_eq!(ada.sees(&order).await, order);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_order_is_not_found() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for id in [OrderId::random().to_string(), "7".to_owned(), "user".to_owned()] {
        admin.settles(&json!({"order_id": id}), &success()).await.is_refused(404, "order_not_found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_settlement_is_refused() {
    let shop = Shop::open().await;
    let (admin, ada, order) = unpaid(&shop).await;
    refuses_unreadable_bodies(&admin.settles(&order, &success())).await;
    admin.settles(&order, &json!({})).await.is_invalid("outcome");
    for wrong in [
        json!(null),
        json!(""),
        json!("paid"),
        json!("Succeeded"),
        json!(1),
        json!(["failed"]),
        json!({"failed": null}),
    ] {
        admin.settles(&order, &json!({"outcome": wrong})).await.is_invalid("outcome");
    }
    for wrong in [json!(""), json!("r".repeat(201)), json!(7), json!("a\u{0}b"), json!(["pi_1"])] {
        admin.settles(&order, &with(&success(), "reference", wrong)).await.is_invalid("reference");
    }
    admin.settles(&order, &with(&success(), "amount", json!("0.01"))).await.is_invalid("amount");
    assert_eq!(ada.sees(&order).await, order);
    admin.settles(&order, &with(&success(), "reference", Value::Null)).await.is(200);
    shop.finish().await;
}
