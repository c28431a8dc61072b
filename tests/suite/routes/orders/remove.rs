//! `DELETE /orders/{order_id}`.

use serde_json::{Value, json};
use shared::ids::OrderId;
use shared::time::Timestamp;
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;

fn deletes(user: &User, order: &Value) -> Call {
    user.delete(&format!("/orders/{}", order["order_id"].as_str().expect("an id")))
}

#[tokio::test]
async fn a_deleted_order_is_gone_from_everywhere() {
    let shop = Shop::open().await;
    let (sofia, ada, admin) = (shop.seller("sofia").await, shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).sold_by(&sofia).list().await;
    let kept = ada.orders_directly(&mug, 1).await.is(201);
    let order = ada.orders_directly(&mug, 2).await.is(201);
    ada.cancels(&order).await.is(200);
    deletes(&admin, &order).await.is_empty();
    for viewer in [&ada, &sofia, &admin] {
        viewer.looks_at(&order).await.is_refused(404, "order_not_found");
        viewer.cancels(&order).await.is_refused(404, "order_not_found");
    }
    admin.moves(&order, "processing").await.is_refused(404, "order_not_found");
    let of_ada = format!("/orders/user/{}", ada.id);
    for (reader, path) in [(&ada, of_ada.as_str()), (&sofia, "/seller/orders"), (&admin, "/orders")] {
        for filter in ["", "?status=cancelled"] {
            let listed = reader.get(&format!("{path}{filter}")).await.is(200)["items"].clone();
            let ids: Vec<_> = listed.as_array().expect("items").iter().map(|order| &order["order_id"]).collect();
            assert_eq!(ids, if filter.is_empty() { vec![&kept["order_id"]] } else { vec![] }, "{path}{filter}");
        }
    }
    let stats = ada.get(&format!("{of_ada}/stats")).await.is(200);
    assert_eq!((&stats["total_orders"], &stats["status_counts"]), (&json!(1), &json!({"placed": 1})));
    deletes(&admin, &order).await.is_refused(404, "order_not_found");
    assert_eq!(shop.stock_of(&mug).await, 8);
    shop.finish().await;
}

#[tokio::test]
async fn nothing_about_its_buyer_is_left() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let order = ada.buys(&shop.product("Mug").list().await, 1).await;
    ada.cancels(&order).await.is(200);
    shop.settle().await;
    deletes(&admin, &order).await.is_empty();
    let left = shop.snapshot().await.orders.remove(0);
    for particular in ["contact", "address", "items", "user_id", "status_history", "total_price"] {
        assert_eq!(left[particular], Value::Null, "{left}");
    }
    assert!(!left.to_string().contains(&ada.id.to_string()) && !left.to_string().contains("Portland"), "{left}");
    // And that is kept for two days, in which nobody may order with the order's key again.
    let deleted_at: Timestamp = left["deleted_at"].as_str().and_then(|at| at.parse().ok()).expect("a time");
    assert_eq!(left["expires_at"], json!(deleted_at.epoch_seconds() + 172_800));
    shop.finish().await;
}

#[tokio::test]
async fn only_a_cancelled_order_can_be_deleted() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let online = json!({"product_id": mug.id, "quantity": 1, "payment_method": "online"});
    let unpaid = ada.post("/orders", &online).await.is(201);
    deletes(&admin, &unpaid).await.is_refused(409, "invalid_transition");
    let order = ada.orders_directly(&mug, 1).await.is(201);
    for status in ["processing", "shipped", "delivered"] {
        deletes(&admin, &order).await.is_refused(409, "invalid_transition");
        admin.moves(&order, status).await.is(200);
    }
    deletes(&admin, &order).await.is_refused(409, "invalid_transition");
    admin.looks_at(&order).await.is(200);
    shop.finish().await;
}

#[tokio::test]
async fn it_is_for_admins_only() {
    let shop = Shop::open().await;
    let (sofia, ada, admin) = (shop.seller("sofia").await, shop.shopper("ada").await, shop.admin().await);
    let order = ada.orders_directly(&shop.product("Mug").sold_by(&sofia).list().await, 1).await.is(201);
    let cancelled = ada.cancels(&order).await.is(200);
    for other in [&ada, &sofia] {
        for order in [&order, &json!({"order_id": OrderId::random()}), &json!({"order_id": "7"})] {
            deletes(other, order).await.is_refused(403, "forbidden");
        }
    }
    for unknown in [OrderId::random().to_string(), "7".to_owned()] {
        deletes(&admin, &json!({"order_id": unknown})).await.is_refused(404, "order_not_found");
    }
    assert_eq!(ada.looks_at(&order).await.is(200), cancelled);
    shop.finish().await;
}

/// Whoever made the order may still be waiting for the answer, and try again.
#[tokio::test]
async fn a_retry_under_its_key_makes_no_second_order() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).list().await;
    ada.adds(&mug, 2).await.is(201);
    let orders = [
        ada.checks_out(&json!({})).key("k").await.is_fresh(201)["orders"][0].clone(),
        ada.orders_directly(&mug, 3).key("k").await.is_fresh(201),
    ];
    for order in &orders {
        ada.cancels(order).await.is(200);
        shop.settle().await;
        deletes(&admin, order).await.is_empty();
    }
    ada.adds(&mug, 1).await.is(201);
    for _ in 0..2 {
        ada.checks_out(&json!({})).key("k").await.is_refused(404, "order_not_found");
        ada.orders_directly(&mug, 3).key("k").await.is_refused(404, "order_not_found");
        shop.pass(12 * 60 * 60);
    }
    shop.fire("release-reservations").await;
    assert_eq!(shop.stock_of(&mug).await, 9);
    ada.checks_out(&json!({})).key("l").await.is_fresh(201);
    shop.finish().await;
}

/// A checkout that joined another one's order finds it gone under its own key, too.
#[tokio::test]
async fn a_retry_under_a_key_that_stands_for_it_makes_no_second_order() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").stock(9).list().await;
    for round in 0..4 {
        ada.adds(&mug, 1).await.is(201);
        let keys = [format!("{round}a"), format!("{round}b")];
        let checkout = |key: &String| ada.checks_out(&json!({})).key(key).into_future();
        let (one, other) = tokio::join!(checkout(&keys[0]), checkout(&keys[1]));
        let answers: Vec<_> = keys.iter().zip([one, other]).filter(|(_, answer)| answer.status == 201).collect();
        let order = answers[0].1.is(201)["orders"][0].clone();
        ada.cancels(&order).await.is(200);
        shop.settle().await;
        deletes(&admin, &order).await.is_empty();
        for (key, _) in answers {
            ada.checks_out(&json!({})).key(key).await.is_refused(404, "order_not_found");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_other_parts_of_a_split_live_on_and_give_its_coupon_back() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let (mug, pen) = (shop.product("Mug").price("7.00").list().await, shop.product("Pen").list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    let status = async || shop.snapshot().await.coupons[0]["status"].clone();
    for (deleted, other) in [(0, 1), (1, 0)] {
        ada.adds(&mug, 1).await.is(201);
        ada.adds(&pen, 1).await.is(201);
        let request = json!({"coupon_code": code, "split": "per_item"});
        let key = format!("split {deleted}").replace(' ', "-");
        let parts = ada.checks_out(&request).key(&key).await.is_fresh(201)["orders"].clone();
        ada.cancels(&parts[deleted]).await.is(200);
        shop.settle().await;
        deletes(&admin, &parts[deleted]).await.is_empty();
        assert_eq!(status().await, "redeemed");
        assert!(shop.audit().await.is_empty());
        admin.moves(&parts[other], "processing").await.is(200);
        ada.cancels(&parts[other]).await.is(200);
        assert_eq!(status().await, "active");
        deletes(&admin, &parts[other]).await.is_empty();
        ada.checks_out(&request).key(&key).await.is_refused(404, "order_not_found");
    }
    shop.finish().await;
}
