//! `PATCH /orders/{order_id}`.

use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{refuses_unreadable_bodies, with, without};

/// Ada's order of a mug that Sofia sells.
async fn order_at(shop: &Shop) -> (User, User, Value) {
    let (sofia, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
    let order = ada.orders_directly(&shop.product("Mug").sold_by(&sofia).list().await, 1).await.is(201);
    (ada, sofia, order)
}

fn path(order: &Value) -> String {
    format!("/orders/{}", order["order_id"].as_str().expect("an id"))
}

#[tokio::test]
async fn an_order_goes_its_way_step_by_step() {
    let shop = Shop::open().await;
    let (ada, sofia, order) = order_at(&shop).await;
    let admin = shop.admin().await;
    let mut history = order["status_history"].as_array().expect("a history").clone();
    for (mover, status, tracking, shown) in [
        (&sofia, "processing", json!(null), json!(null)),
        (&sofia, "shipped", json!(" 1Z-999 "), json!("1Z-999")),
        (&admin, "delivered", json!(null), json!("1Z-999")),
    ] {
        shop.pass(60);
        let moved = mover.patch(&path(&order), &json!({"status": status, "tracking": tracking})).await.is(200);
        history.push(json!({"status": status, "at": moved["updated_at"], "by": mover.id, "reason": null}));
        let mut expected = with(&order, "status", json!(status));
        expected["tracking"] = shown;
        expected["status_history"] = json!(history);
        expected["updated_at"] = moved["updated_at"].clone();
        assert_ne!(moved["updated_at"], history[history.len() - 2]["at"]);
        assert_eq!(moved, expected);
        for viewer in [&ada, &sofia, &admin] {
            assert_eq!(viewer.looks_at(&order).await.is(200), moved);
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_status_it_has_already_changes_nothing() {
    let shop = Shop::open().await;
    let (_, sofia, order) = order_at(&shop).await;
    for status in ["processing", "shipped", "delivered"] {
        let moved = sofia.moves(&order, status).await;
        moved.is(200);
        shop.pass(1);
        let again = sofia.patch(&path(&order), &json!({"status": status, "tracking": "another"})).await;
        again.is(200);
        assert_eq!(again.text, moved.text);
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_order_leaves_out_no_step_and_takes_none_back() {
    let shop = Shop::open().await;
    let (_, sofia, order) = order_at(&shop).await;
    for (status, not_now) in [
        (None, &["shipped", "delivered"][..]),
        (Some("processing"), &["delivered"]),
        (Some("shipped"), &["processing"]),
        (Some("delivered"), &["processing", "shipped"]),
    ] {
        if let Some(status) = status {
            sofia.moves(&order, status).await.is(200);
        }
        let before = sofia.looks_at(&order).await.is(200);
        for refused in not_now {
            sofia.moves(&order, refused).await.is_refused(409, "invalid_transition");
        }
        assert_eq!(sofia.looks_at(&order).await.is(200), before);
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_is_unpaid_or_cancelled_stays_where_it_is() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let online = json!({"product_id": mug.id, "quantity": 1, "payment_method": "online"});
    let unpaid = ada.post("/orders", &online).await.is(201);
    let cancelled = ada.orders_directly(&mug, 1).await.is(201);
    let cancelled = ada.cancels(&cancelled).await.is(200);
    for order in [unpaid, cancelled] {
        for status in ["processing", "shipped", "delivered"] {
            admin.moves(&order, status).await.is_refused(409, "invalid_transition");
        }
        assert_eq!(admin.looks_at(&order).await.is(200), order);
    }
    shop.finish().await;
}

#[tokio::test]
async fn only_its_seller_and_an_admin_move_it() {
    let shop = Shop::open().await;
    let (ada, _, order) = order_at(&shop).await;
    for shopper in [&ada, &shop.shopper("ben").await] {
        shopper.moves(&order, "processing").await.is_refused(403, "forbidden");
        shopper.moves(&json!({"order_id": OrderId::random()}), "processing").await.is_refused(403, "forbidden");
        shopper.moves(&json!({"order_id": "7"}), "nonsense").await.is_refused(403, "forbidden");
    }
    let tom = shop.seller("tom").await;
    tom.moves(&order, "processing").await.is_refused(404, "order_not_found");
    // What a seller bought is for them to see, not to move.
    let own = shop.product("Own").list().await;
    tom.put("/users/me", &json!({"address": order["address"]})).await.is(200);
    let bought = tom.orders_directly(&own, 1).await.is(201);
    tom.moves(&bought, "processing").await.is_refused(403, "forbidden");
    for caller in [&tom, &shop.admin().await] {
        for unknown in [OrderId::random().to_string(), "7".to_owned(), "user".to_owned()] {
            let unknown = json!({"order_id": unknown});
            caller.moves(&unknown, "processing").await.is_refused(404, "order_not_found");
        }
    }
    assert_eq!(ada.looks_at(&order).await.is(200), order);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_of_several_sellers_is_moved_by_an_admin() {
    let shop = Shop::open().await;
    let (sofia, tom, ada) = (shop.seller("sofia").await, shop.seller("tom").await, shop.shopper("ada").await);
    for seller in [&sofia, &tom] {
        ada.adds(&shop.product("Mug").sold_by(seller).list().await, 1).await.is(201);
    }
    let order = ada.checks_out(&json!({})).await.is(201)["orders"][0].clone();
    for seller in [&sofia, &tom] {
        seller.moves(&order, "processing").await.is_refused(404, "order_not_found");
        seller.cancels(&order).await.is_refused(404, "order_not_found");
    }
    shop.admin().await.moves(&order, "processing").await.is(200);
    shop.finish().await;
}

#[tokio::test]
async fn a_request_names_a_step_and_perhaps_the_tracking() {
    let shop = Shop::open().await;
    let (_, sofia, order) = order_at(&shop).await;
    let complete = json!({"status": "processing", "tracking": "1Z-999"});
    let update = |body: &Value| sofia.patch(&path(&order), body);
    for word in ["placed", "cancelled", "under_paying", "nonsense", "Shipped", ""] {
        update(&with(&complete, "status", json!(word))).await.is_invalid("status");
    }
    for value in [json!(null), json!(7), json!([]), json!({"shipped": null})] {
        update(&with(&complete, "status", value)).await.is_invalid("status");
    }
    for value in [json!(""), json!("  "), json!("x".repeat(101)), json!(7), json!("two\nlines")] {
        update(&with(&complete, "tracking", value)).await.is_invalid("tracking");
    }
    update(&without(&complete, "status")).await.is_invalid("status");
    update(&with(&complete, "reason", json!("x"))).await.is_invalid("reason");
    sofia.call("PATCH", &path(&order)).await.is_refused(400, "invalid_json");
    refuses_unreadable_bodies(&sofia.call("PATCH", &path(&order))).await;
    assert_eq!(sofia.looks_at(&order).await.is(200), order);
    update(&with(&complete, "tracking", json!("x".repeat(100)))).await.is(200);
    shop.finish().await;
}
