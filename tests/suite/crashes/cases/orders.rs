//! Orders, from their making to their end.

use serde_json::{Value, json};
use tests::payment::path_of;
use tests::user::User;

use super::{But, Case, Shop, ada_and_a_mug, ada_and_two_shards, case, coupon_of, five_off, with_two_alike};

/// Ada and an order of two mugs.
async fn ordered(shop: &Shop) -> (User, Value) {
    let (ada, mug) = ada_and_a_mug(shop).await;
    let order = ada.orders_directly(&mug, 2).await.is(201);
    (ada, order)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("create-order", "from two shards, paid on delivery", 201, |shop| {
            let (ada, mug) = ada_and_two_shards(shop).await;
            ada.orders_directly(&mug, 2).key("k")
        }),
        case!("create-order", "paid online, with a coupon", 201, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            let code = coupon_of(shop, &ada).await;
            let request = json!({"product_id": mug.id, "quantity": 2, "coupon_code": code, "payment_method": "online"});
            ada.post("/orders", &request).key("k")
        }),
        case!("get-order", "one's own", 200, |shop| {
            let (ada, order) = ordered(shop).await;
            ada.looks_at(&order)
        }),
        case!("list-orders", "the newest", 200, |shop| {
            let (ada, _) = ordered(shop).await;
            // That there is another day need not be looked at.
            ada.orders_directly(&shop.product("Pen").list().await, 1).await.is(201);
            shop.admin().await.get("/orders?limit=1")
        }),
        case!("list-user-orders", "one's own", 200, |shop| {
            let (ada, _) = ordered(shop).await;
            ada.get(&format!("/orders/user/{}", ada.id))
        }),
        case!("list-seller-orders", "of one product", 200, |shop| {
            let (seller, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
            let mug = shop.product("Mug").sold_by(&seller).list().await;
            ada.orders_directly(&mug, 2).await.is(201);
            seller.get("/seller/orders")
        }),
        case!("get-order-stats", "of one order", 200, |shop| {
            let (ada, _) = ordered(shop).await;
            ada.get(&format!("/orders/user/{}/stats", ada.id))
        }),
        case!("update-order-status", "shipped", 200, |shop| {
            let (_, order) = ordered(shop).await;
            let admin = shop.admin().await;
            admin.moves(&order, "processing").await.is(200);
            admin.patch(&path_of(&order), &json!({"status": "shipped", "tracking": "1Z"}))
        }),
        case!("cancel-order", "that used a coupon and earned another", 200, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            let code = coupon_of(shop, &ada).await;
            shop.rule(json!({"kind": "contains_product", "product_id": mug.id}), five_off()).await;
            let request = json!({"product_id": mug.id, "quantity": 2, "coupon_code": code});
            let order = ada.post("/orders", &request).await.is(201);
            ada.cancels(&order)
        }),
        case!("cancel-order", "the last part of a checkout with a coupon", 200, |shop| {
            let (ada, code) = with_two_alike(shop).await;
            let parts = ada.checks_out(&json!({"split": "per_item", "coupon_code": code})).await.is(201);
            shop.settle().await;
            ada.cancels(&parts["orders"][0]).await.is(200);
            ada.cancels(&parts["orders"][1])
        }),
        case!("delete-order", "a cancelled one", 204, But::Gone, |shop| {
            let (ada, order) = ordered(shop).await;
            shop.settle().await;
            ada.cancels(&order).await.is(200);
            shop.admin().await.delete(&path_of(&order))
        }),
    ]
}
