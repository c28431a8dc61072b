//! Orders that earn coupons, and what becomes of those.

use serde_json::{Value, json};

use crate::product::Product;
use crate::shop::Shop;
use crate::user::User;

/// A shop where every desk earns five off, Ada, the desk, and a mug that earns nothing.
pub async fn generous_shop() -> (Shop, User, Product, Product) {
    let shop = Shop::open().await;
    let desk = shop.product("Desk").price("100.00").list().await;
    let reward = json!({"kind": "fixed", "value": "5", "valid_days": 30});
    shop.rule(json!({"kind": "contains_product", "product_id": desk.id}), reward).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    (shop, ada, desk, mug)
}

/// An order of a desk, and the coupon that it earned.
pub async fn earns(shop: &Shop, user: &User, desk: &Product) -> (Value, String) {
    let order = user.orders_directly(desk, 1).await.is(201);
    shop.settle().await;
    let coupons = shop.snapshot().await.coupons;
    let earned = coupons.iter().find(|coupon| coupon["order_id"] == order["order_id"]).expect("a coupon");
    (order, earned["code"].as_str().expect("a code").to_owned())
}

/// A request to order one of a product with a coupon.
pub fn with_coupon(product: &Product, code: &str) -> Value {
    json!({"product_id": product.id, "quantity": 1, "coupon_code": code})
}

/// What the coupons table says of a coupon.
pub async fn status_of(shop: &Shop, code: &str) -> Value {
    let coupons = shop.snapshot().await.coupons;
    coupons.iter().find(|coupon| coupon["code"] == code).expect("the coupon")["status"].clone()
}
