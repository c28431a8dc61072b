//! `GET /orders/user/{user_id}/stats`.

use serde_json::json;
use shared::ids::UserId;
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;

fn stats(caller: &User, user_id: UserId) -> Call {
    caller.get(&format!("/orders/user/{user_id}/stats"))
}

#[tokio::test]
async fn who_ordered_nothing_has_spent_nothing() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.newcomer("ada").await, shop.shopper("ben").await);
    ben.buys(&shop.product("Mug").list().await, 1).await;
    let nothing = json!({"total_orders": 0, "total_spent": "0.00", "status_counts": {}});
    assert_eq!(stats(&ada, ada.id).await.is(200), nothing);
    shop.finish().await;
}

#[tokio::test]
async fn orders_count_by_status_and_what_is_cancelled_or_unpaid_is_not_spent() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").price("7.05").list().await;
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "0.05", "valid_days": 30})).await;
    for steps in [&[][..], &["processing"], &["processing", "shipped"], &["processing", "shipped", "delivered"]] {
        let order = ada.orders_directly(&mug, 1).await.is(201);
        for status in steps {
            admin.moves(&order, status).await.is(200);
        }
    }
    ada.post("/orders", &json!({"product_id": mug.id, "quantity": 1, "coupon_code": code})).await.is(201);
    let cancelled = ada.orders_directly(&mug, 3).await.is(201);
    ada.cancels(&cancelled).await.is(200);
    ada.post("/orders", &json!({"product_id": mug.id, "quantity": 5, "payment_method": "online"})).await.is(201);

    // One more is placed: the one that earned the coupon, for nothing.
    let expected = json!({
        "total_orders": 8, "total_spent": "35.20",
        "status_counts": {
            "under_paying": 1, "placed": 3, "processing": 1, "shipped": 1, "delivered": 1, "cancelled": 1,
        },
    });
    assert_eq!(stats(&ada, ada.id).await.is(200), expected);
    assert_eq!(stats(&admin, ada.id).await.is(200), expected);
    shop.finish().await;
}

/// More orders than the index gives in one call.
#[tokio::test]
async fn every_order_counts_however_many_there_are() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("0.10").stock(105).list().await);
    for _ in 0..105 {
        ada.orders_directly(&mug, 1).await.is(201);
    }
    let expected = json!({"total_orders": 105, "total_spent": "10.50", "status_counts": {"placed": 105}});
    assert_eq!(stats(&ada, ada.id).await.is(200), expected);
    shop.finish().await;
}

#[tokio::test]
async fn they_are_the_users_own_affair_and_an_admins() {
    let shop = Shop::open().await;
    let (ada, ben, sofia) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.seller("sofia").await);
    ada.buys(&shop.product("Mug").sold_by(&sofia).list().await, 1).await;
    for other in [&ben, &sofia] {
        for user_id in [ada.id, UserId::random()] {
            stats(other, user_id).await.is_refused(403, "forbidden");
        }
    }
    let (eve, admin) = (shop.stranger("eve").await, shop.admin().await);
    stats(&eve, eve.id).await.is_refused(404, "user_not_found");
    stats(&admin, UserId::random()).await.is_refused(404, "user_not_found");
    for caller in [&ada, &admin] {
        caller.get("/orders/user/7/stats").await.is_refused(404, "user_not_found");
    }
    shop.finish().await;
}
