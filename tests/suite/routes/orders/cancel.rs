//! `PATCH /orders/{order_id}/cancel`.

mod coupons;

use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{refuses_unreadable_bodies, with};

fn path(order: &Value) -> String {
    format!("/orders/{}/cancel", order["order_id"].as_str().expect("an id"))
}

/// Units of all the stock: available, reserved and sold.
async fn counters(shop: &Shop) -> [u64; 3] {
    let stock = shop.snapshot().await.inventory;
    let sum = |name| stock.iter().map(|item| item[name].as_u64().expect("units")).sum();
    ["available", "reserved", "sold"].map(sum)
}

async fn orders_online(user: &User, product: &Product, quantity: u32) -> Value {
    let request = json!({"product_id": product.id, "quantity": quantity, "payment_method": "online"});
    user.post("/orders", &request).await.is(201)
}

async fn moves_through(mover: &User, order: &Value, statuses: &[&str]) {
    for status in statuses {
        mover.moves(order, status).await.is(200);
    }
}

#[tokio::test]
async fn the_order_is_cancelled_and_its_stock_comes_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let tile = shop.product("Tile").stock(10).shards(3).list().await;
    ada.adds(&tile, 1).await.is(201);
    let order = ada.orders_directly(&tile, 7).await.is(201);
    assert_eq!(counters(&shop).await, [2, 1, 7]);
    shop.pass(60);
    let cancelled = ada.patch(&path(&order), &json!({"reason": " changed my mind "})).await.is(200);
    let now = &cancelled["updated_at"];
    assert_ne!(now, &order["updated_at"]);
    let mut expected = with(&order, "status", json!("cancelled"));
    expected["updated_at"] = now.clone();
    expected["status_history"] = json!([
        order["status_history"][0],
        {"status": "cancelled", "at": now, "by": ada.id, "reason": "changed my mind"},
    ]);
    assert_eq!(cancelled, expected);
    assert_eq!(ada.looks_at(&order).await.is(200), cancelled);
    assert_eq!(counters(&shop).await, [9, 1, 0]);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_waits_for_its_payment_gives_back_what_it_holds() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let order = orders_online(&ada, &mug, 4).await;
    ada.orders_directly(&mug, 2).await.is(201);
    assert_eq!(counters(&shop).await, [3, 4, 2]);
    let cancelled = ada.cancels(&order).await.is(200);
    assert_eq!((&cancelled["status"], &cancelled["payment"]["status"]), (&json!("cancelled"), &json!("failed")));
    assert_eq!(counters(&shop).await, [7, 0, 2]);
    // Nothing is left to expire.
    shop.pass(900);
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 0);
    shop.finish().await;
}

#[tokio::test]
async fn what_was_paid_is_to_be_refunded_and_what_is_paid_on_delivery_is_not() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).list().await;
    let order = orders_online(&ada, &mug, 4).await;
    let payment = format!("/orders/{}/payment", order["order_id"].as_str().expect("an id"));
    admin.post(&payment, &json!({"outcome": "succeeded", "reference": "pi_1"})).await.is(200);
    let cancelled = ada.cancels(&order).await.is(200);
    assert_eq!(
        cancelled["payment"],
        with(&with(&order["payment"], "status", json!("refund_required")), "reference", json!("pi_1"))
    );
    assert_eq!(counters(&shop).await, [9, 0, 0]);
    let order = ada.orders_directly(&mug, 1).await.is(201);
    assert_eq!(ada.cancels(&order).await.is(200)["payment"], order["payment"]);
    shop.finish().await;
}

/// Money that comes for it later is to be refunded: only what payment itself cancelled is placed after all.
#[tokio::test]
async fn what_a_person_cancelled_is_not_placed_by_a_late_payment() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let order = orders_online(&ada, &mug, 1).await;
    ada.cancels(&order).await.is(200);
    let payment = format!("/orders/{}/payment", order["order_id"].as_str().expect("an id"));
    let paid = admin.post(&payment, &json!({"outcome": "succeeded"})).await.is(200);
    assert_eq!((&paid["status"], &paid["payment"]["status"]), (&json!("cancelled"), &json!("refund_required")));
    shop.finish().await;
}

#[tokio::test]
async fn its_buyer_may_until_it_is_shipped_and_its_seller_and_an_admin_until_it_is_delivered() {
    let shop = Shop::open().await;
    let (ada, sofia, admin) = (shop.shopper("ada").await, shop.seller("sofia").await, shop.admin().await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    let way = ["processing", "shipped", "delivered"];
    for (canceller, steps) in [(&ada, 2), (&sofia, 3), (&admin, 3)] {
        for far in 0..=3 {
            let order = ada.orders_directly(&mug, 1).await.is(201);
            moves_through(&admin, &order, &way[..far]).await;
            let before = ada.looks_at(&order).await.is(200);
            let answer = canceller.cancels(&order).await;
            if far < steps {
                assert_eq!(answer.is(200)["status_history"][far + 1]["by"], json!(canceller.id));
            } else {
                answer.is_refused(409, "invalid_transition");
                assert_eq!(ada.looks_at(&order).await.is(200), before);
            }
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_cancelled_order_stays_as_it_is_however_often_it_is_cancelled() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).list().await;
    let order = ada.orders_directly(&mug, 4).await.is(201);
    let cancelled = ada.patch(&path(&order), &json!({"reason": "first"})).await;
    cancelled.is(200);
    for again in [ada.cancels(&order), ada.patch(&path(&order), &json!({"reason": "second"})), admin.cancels(&order)] {
        shop.pass(1);
        let again = again.await;
        again.is(200);
        assert_eq!(again.text, cancelled.text);
    }
    assert_eq!(shop.stock_of(&mug).await, 9);
    shop.finish().await;
}

#[tokio::test]
async fn what_was_withdrawn_from_sale_comes_back_too() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let orders = [ada.orders_directly(&mug, 4).await.is(201), orders_online(&ada, &mug, 2).await];
    shop.archive(&mug).await;
    for order in orders {
        ada.cancels(&order).await.is(200);
    }
    assert_eq!(counters(&shop).await, [9, 0, 0]);
    shop.finish().await;
}

#[tokio::test]
async fn to_whom_it_is_nothing_it_does_not_exist() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").sold_by(&ben).list().await;
    let order = ada.orders_directly(&mug, 1).await.is(201);
    // Ben sold it, but is no seller any more.
    for outsider in [&ben, &shop.seller("tom").await, &shop.stranger("eve").await] {
        outsider.cancels(&order).await.is_refused(404, "order_not_found");
    }
    for caller in [&ada, &shop.admin().await] {
        for unknown in [OrderId::random().to_string(), "7".to_owned()] {
            caller.cancels(&json!({"order_id": unknown})).await.is_refused(404, "order_not_found");
        }
    }
    assert_eq!(ada.looks_at(&order).await.is(200), order);
    shop.finish().await;
}

#[tokio::test]
async fn a_request_gives_a_reason_or_none() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_directly(&mug, 1).await.is(201);
    for reason in [json!(""), json!(" "), json!("x".repeat(201)), json!(7), json!([]), json!("two\nlines")] {
        ada.patch(&path(&order), &json!({"reason": reason})).await.is_invalid("reason");
    }
    refuses_unreadable_bodies(&ada.call("PATCH", &path(&order))).await;
    assert_eq!(ada.looks_at(&order).await.is(200), order);
    for reason in [json!(null), json!("x".repeat(200))] {
        let order = ada.orders_directly(&mug, 1).await.is(201);
        let cancelled = ada.patch(&path(&order), &json!({"reason": reason})).await.is(200);
        assert_eq!(cancelled["status_history"][1]["reason"], reason);
    }
    shop.finish().await;
}
