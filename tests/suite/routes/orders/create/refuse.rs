//! What cannot be ordered directly, and that then nothing changes.

use serde_json::{Value, json};
use shared::ids::{ProductId, UserId};
use tests::product::Product;
use tests::shop::Shop;

use crate::routes::{refuses_unreadable_bodies, with, without};

fn of(product: &Product, quantity: u32) -> Value {
    json!({"product_id": product.id, "quantity": quantity})
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_found() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    shop.archive(&mug).await;
    for product_id in [mug.id, ProductId::random()] {
        let request = json!({"product_id": product_id, "quantity": 1});
        ada.post("/orders", &request).await.is_refused(404, "product_not_found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_product_with_sizes_is_ordered_in_one_of_them_and_one_without_in_none() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let shirt = of(&shop.product("Shirt").sizes(&[("S", 5), ("M", 5)]).list().await, 1);
    let mug = of(&shop.product("Mug").list().await, 1);
    ada.post("/orders", &shirt).await.is_refused(422, "size_required");
    ada.post("/orders", &with(&shirt, "size", json!("XL"))).await.is_invalid("size");
    ada.post("/orders", &with(&mug, "size", json!("M"))).await.is_refused(422, "size_not_allowed");
    ada.post("/orders", &with(&shirt, "size", json!(" M "))).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_quantity_has_its_limits() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").stock(2_000).list().await;
    let rare = shop.product("Vase").max_per_order(3).list().await;
    for (product, most) in [(&mug, 999), (&rare, 3)] {
        ada.orders_directly(product, most + 1).await.is_refused(422, "quantity_limit");
        ada.orders_directly(product, most).await.is(201);
    }
    // It is a limit of one order, not of one buyer.
    ada.orders_directly(&rare, 3).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_short_is_listed_with_what_there_is() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let shirt = shop.product("Shirt").sizes(&[("S", 9), ("M", 5)]).list().await;
    ben.adds_size(&shirt, "M", 2).await.is(201);
    let request = with(&of(&shirt, 4), "size", json!("M"));
    let errors = ada.post("/orders", &request).await.is_refused(409, "insufficient_stock");
    assert_eq!(
        errors,
        json!([{
            "item_id": null, "product_id": shirt.id, "name": "Shirt", "size": "M", "requested": 4, "available": 3,
            "message": "Shirt (M): Only 3 items available, but 4 requested",
        }])
    );
    assert_eq!(shop.stock_of(&shirt).await, 12);
    assert!(shop.snapshot().await.orders.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn without_an_address_anywhere_it_is_refused() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.newcomer("ada").await, shop.product("Mug").list().await);
    ada.orders_directly(&mug, 1).await.is_refused(422, "address_required");
    let contact = with(&of(&mug, 1), "contact", json!({"name": "Ada"}));
    ada.post("/orders", &contact).await.is_refused(422, "address_required");
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_must_be_the_buyers_and_good_for_the_order() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").price("10.00").list().await;
    let coupon = json!({"kind": "fixed", "value": "5", "valid_days": 2, "min_order_total": "20.00"});
    let (code, bens) = (shop.coupon_for(&ada, coupon.clone()).await, shop.coupon_for(&ben, coupon).await);
    let order = |quantity, code: &str| ada.post("/orders", &with(&of(&mug, quantity), "coupon_code", json!(code)));
    for not_hers in [bens.as_str(), "REWARD-00000000", "x"] {
        order(2, not_hers).await.is_refused(404, "coupon_not_found");
    }
    order(1, &code).await.is_refused(422, "coupon_not_applicable");
    shop.pass(2 * 24 * 60 * 60);
    order(2, &code).await.is_refused(422, "coupon_not_applicable");
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let complete = json!({
        "product_id": mug.id, "quantity": 1, "size": null, "product_properties": {"color": "red"},
        "contact": {"name": "Ada Moreno", "email": "ada@example.com", "phone": "+1 555 0100"},
        "address": {"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"},
        "payment_method": "on_delivery", "coupon_code": null,
    });
    let mut cases: Vec<(&str, Value)> = Vec::new();
    for field in ["product_id", "quantity", "product_properties", "user_id", "contact", "address", "payment_method"] {
        cases.extend([json!(""), json!("x"), json!(true), json!([])].map(|value| (field, value)));
    }
    for field in ["size", "coupon_code", "contact.name", "contact.email", "address.city", "address.country"] {
        cases.extend([json!(""), json!(7), json!([]), json!("x".repeat(300))].map(|value| (field, value)));
    }
    cases.extend([json!(0), json!(-1), json!(1.5), json!("1"), json!(null)].map(|quantity| ("quantity", quantity)));
    cases.extend([("product_id", json!(null)), ("payment_method", json!("cash")), ("contact.role", json!("x"))]);
    // A price, a status, an owner: nobody smuggles anything in, nor what only a checkout has.
    for field in ["unit_price", "status", "total_price", "discount", "order_id", "seller_id", "expected_total", "split"]
    {
        cases.push((field, json!("placed")));
    }
    for (field, value) in cases {
        ada.post("/orders", &with(&complete, field, value)).await.is_invalid(field);
    }
    for field in ["product_id", "quantity"] {
        ada.post("/orders", &without(&complete, field)).await.is_invalid(field);
    }
    refuses_unreadable_bodies(&ada.call("POST", "/orders")).await;
    assert_eq!(shop.stock_of(&mug).await, 100);
    ada.post("/orders", &complete).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn nobody_but_an_admin_orders_for_somebody_else_and_nobody_for_whom_nobody_registered() {
    let shop = Shop::open().await;
    let (ada, ben, admin) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.admin().await);
    let eve = shop.stranger("eve").await;
    let request = of(&shop.product("Mug").list().await, 1);
    let for_user = |user_id| with(&request, "user_id", json!(user_id));
    for user_id in [ada.id, UserId::random()] {
        ben.post("/orders", &for_user(user_id)).await.is_refused(403, "forbidden");
    }
    admin.post("/orders", &for_user(UserId::random())).await.is_refused(404, "user_not_found");
    for request in [&request, &for_user(eve.id)] {
        eve.post("/orders", request).await.is_refused(404, "user_not_found");
    }
    shop.finish().await;
}
