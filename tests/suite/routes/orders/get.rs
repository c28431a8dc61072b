//! `GET /orders/{order_id}`.

use serde_json::json;
use shared::ids::OrderId;
use tests::shop::Shop;

#[tokio::test]
async fn its_buyer_its_seller_and_an_admin_see_an_order_and_nobody_else() {
    let shop = Shop::open().await;
    let (sofia, tom) = (shop.seller("sofia").await, shop.seller("tom").await);
    let (ada, ben, admin) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.admin().await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    let order = ada.buys(&mug, 1).await;
    let path = format!("/orders/{}", order["order_id"].as_str().unwrap());
    for viewer in [&ada, &sofia, &admin] {
        assert_eq!(viewer.get(&path).await.is(200), order);
    }
    for outsider in [&ben, &tom, &shop.stranger("eve").await] {
        outsider.get(&path).await.is_refused(404, "order_not_found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_order_of_several_sellers_is_none_of_theirs() {
    let shop = Shop::open().await;
    let (sofia, tom, ada) = (shop.seller("sofia").await, shop.seller("tom").await, shop.shopper("ada").await);
    for seller in [&sofia, &tom] {
        ada.adds(&shop.product("Mug").sold_by(seller).list().await, 1).await.is(201);
    }
    let placed = ada.checks_out(&json!({})).await.is(201);
    let path = format!("/orders/{}", placed["order_id"].as_str().unwrap());
    for seller in [&sofia, &tom] {
        seller.get(&path).await.is_refused(404, "order_not_found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn who_is_no_seller_any_more_sees_no_orders_of_others() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").sold_by(&ben).list().await;
    let order = ada.buys(&mug, 1).await;
    ben.get(&format!("/orders/{}", order["order_id"].as_str().unwrap())).await.is_refused(404, "order_not_found");
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_order_is_not_found() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    for id in [OrderId::random().to_string(), "7".to_owned(), "user".to_owned()] {
        for caller in [&ada, &admin] {
            caller.get(&format!("/orders/{id}")).await.is_refused(404, "order_not_found");
        }
    }
    shop.finish().await;
}
