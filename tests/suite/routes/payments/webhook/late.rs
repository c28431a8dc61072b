//! A payment that succeeds after its order was cancelled for want of it.

use serde_json::{Value, json};
use tests::payment::{DEADLINE, failed, succeeded};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

const DAY: u64 = 24 * 60 * 60;

fn ten_off() -> Value {
    json!({"kind": "fixed", "value": "10", "valid_days": 1})
}

/// Orders two of each product, an order for each, with a coupon for all of them.
async fn split(ada: &User, products: &[&Product], code: &str) -> Vec<Value> {
    for product in products {
        ada.adds(product, 2).await.is(201);
    }
    let request = json!({"payment_method": "online", "split": "per_item", "coupon_code": code});
    ada.checks_out(&request).await.is(201)["orders"].as_array().expect("orders").clone()
}

async fn status_of_coupon(shop: &Shop) -> Value {
    shop.snapshot().await.coupons[0]["status"].clone()
}

/// The late success came to nothing but a refund, and what it says of the payment is all that changed.
async fn is_to_be_refunded(shop: &Shop, ada: &User, order: &Value) {
    let cancelled = ada.sees(order).await;
    assert_eq!(cancelled["status"], "cancelled");
    for _ in 0..2 {
        shop.stripe_sends(&succeeded(order)).await.is(200);
        let refunded = ada.sees(order).await;
        let payment = json!({"status": "refund_required", "reference": "pi_1", "method": "online",
            "deadline": order["payment"]["deadline"]});
        let mut expected = cancelled.clone();
        expected["payment"] = payment;
        expected["updated_at"] = refunded["updated_at"].clone();
        assert_eq!(refunded, expected);
    }
}

#[tokio::test]
async fn before_anybody_noticed_it_is_in_time() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(2).list().await);
    let order = ada.orders_online(&mug, 2).await;
    shop.pass(2 * DEADLINE);
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    assert_eq!(shop.fire("expire-unpaid-orders").await["orders_cancelled"], 0);
    let placed = ada.sees(&order).await;
    assert_eq!(placed["status"], "placed");
    assert_eq!(placed["status_history"].as_array().unwrap().len(), 2);
    shop.finish().await;
}

/// The units that the order held were spread differently over the shards than those that are left.
#[tokio::test]
async fn the_order_takes_stock_again_and_is_rewarded_once() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 3}), ten_off()).await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let shirt = shop.product("Shirt").sizes(&[("S", 9), ("M", 6)]).shards(3).list().await;
    let request = json!({"product_id": shirt.id, "size": "M", "quantity": 3, "payment_method": "online"});
    let order = ada.post("/orders", &request).await.is(201);
    shop.payments_time_out().await;
    ben.adds_size(&shirt, "M", 3).await.is(201);

    for _ in 0..3 {
        shop.stripe_sends(&succeeded(&order)).await.is(200);
    }
    let placed = ada.sees(&order).await;
    let history: Vec<_> = placed["status_history"].as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(history, ["under_paying", "cancelled", "placed"]);
    assert_eq!(placed["payment"]["status"], "succeeded");
    assert_eq!(placed["items"], order["items"]);
    assert_eq!(shop.stock_of(&shirt).await, 9);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    shop.finish().await;
}

/// A coupon that lapsed meanwhile is honoured: the price that was paid is the price with it.
#[tokio::test]
async fn the_order_uses_its_coupon_again() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let code = shop.coupon_for(&ada, ten_off()).await;
    let order = split(&ada, &[&mug], &code).await.remove(0);
    shop.payments_time_out().await;
    assert_eq!(status_of_coupon(&shop).await, "active");
    shop.pass(2 * DAY);
    shop.stripe_sends(&succeeded(&order)).await.is(200);
    assert_eq!(ada.sees(&order).await["status"], "placed");
    assert_eq!(status_of_coupon(&shop).await, "redeemed");
    shop.finish().await;
}

/// The first part that comes back redeems the coupon, the last that goes gives it back.
#[tokio::test]
async fn the_parts_of_a_split_share_their_coupon_again() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").list().await);
    let code = shop.coupon_for(&ada, ten_off()).await;
    let parts = split(&ada, &[&mug, &pen], &code).await;
    shop.payments_time_out().await;
    for part in parts.iter().rev() {
        assert_eq!(ada.sees(part).await["status"], "cancelled");
        shop.stripe_sends(&succeeded(part)).await.is(200);
        assert_eq!(ada.sees(part).await["status"], "placed");
        assert_eq!(status_of_coupon(&shop).await, "redeemed");
    }
    for (part, coupon) in parts.iter().zip(["redeemed", "active"]) {
        ada.calls_off(part).await.is(200);
        assert_eq!(status_of_coupon(&shop).await, coupon);
    }
    shop.finish().await;
}

/// The other part was paid in time, and so the coupon was never given back.
#[tokio::test]
async fn a_part_of_a_split_joins_one_that_stands() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").list().await);
    let code = shop.coupon_for(&ada, ten_off()).await;
    let parts = split(&ada, &[&mug, &pen], &code).await;
    shop.stripe_sends(&succeeded(&parts[0])).await.is(200);
    shop.stripe_sends(&failed(&parts[1])).await.is(200);
    shop.stripe_sends(&succeeded(&parts[1])).await.is(200);
    assert_eq!(ada.sees(&parts[1]).await["status"], "placed");
    assert_eq!(shop.stock_of(&pen).await, 98);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_its_buyer_or_an_admin_cancelled_is_refunded() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").list().await;
    for canceller in [&ada, &admin] {
        let order = ada.orders_online(&mug, 2).await;
        canceller.calls_off(&order).await.is(200);
        is_to_be_refunded(&shop, &ada, &order).await;
    }
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}

/// All of it or nothing: the line that could be had is not taken.
#[tokio::test]
async fn an_order_whose_stock_is_gone_is_refunded() {
    let shop = Shop::open().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").stock(3).list().await);
    for product in [&mug, &pen] {
        ada.adds(product, 2).await.is(201);
    }
    let order = ada.checks_out(&json!({"payment_method": "online"})).await.is(201)["orders"][0].clone();
    shop.payments_time_out().await;
    ben.buys(&pen, 2).await;
    is_to_be_refunded(&shop, &ada, &order).await;
    assert_eq!((shop.stock_of(&mug).await, shop.stock_of(&pen).await), (100, 1));
    shop.finish().await;
}

#[tokio::test]
async fn an_order_of_what_is_not_for_sale_any_more_is_refunded() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_online(&mug, 2).await;
    shop.payments_time_out().await;
    shop.archive(&mug).await;
    is_to_be_refunded(&shop, &ada, &order).await;
    shop.finish().await;
}

#[tokio::test]
async fn an_order_whose_coupon_was_used_again_is_refunded() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let code = shop.coupon_for(&ada, ten_off()).await;
    let order = split(&ada, &[&mug], &code).await.remove(0);
    shop.payments_time_out().await;
    split(&ada, &[&mug], &code).await;
    is_to_be_refunded(&shop, &ada, &order).await;
    assert_eq!(shop.stock_of(&mug).await, 98);
    shop.finish().await;
}

/// The order that had earned the coupon was cancelled: nobody keeps a reward for what they gave back.
#[tokio::test]
async fn an_order_whose_coupon_was_revoked_is_refunded() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let code = shop.coupon_for(&ada, ten_off()).await;
    let order = split(&ada, &[&mug], &code).await.remove(0);
    let earning = shop.snapshot().await.coupons[0]["order_id"].clone();
    shop.payments_time_out().await;
    ada.calls_off(&json!({"order_id": earning})).await.is(200);
    assert_eq!(status_of_coupon(&shop).await, "revoked");
    is_to_be_refunded(&shop, &ada, &order).await;
    shop.finish().await;
}

/// No transaction could take what is left, and none could give it back.
#[tokio::test]
async fn an_order_whose_stock_is_spread_too_thin_by_now_is_refunded() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let products = ["Mug", "Pen"].map(|name| shop.product(name).stock(192).shards(16));
    for product in products {
        let product = product.list().await;
        ada.adds(&product, 55).await.is(201);
    }
    let order = ada.checks_out(&json!({"payment_method": "online"})).await.is(201)["orders"][0].clone();
    shop.payments_time_out().await;
    for item in order["items"].as_array().unwrap() {
        let stocktake = json!({"product_id": item["product_id"], "set_available": 60, "reason": "stocktake"});
        admin.post("/inventory/adjustments", &stocktake).await.is(200);
    }
    is_to_be_refunded(&shop, &ada, &order).await;
    shop.finish().await;
}
