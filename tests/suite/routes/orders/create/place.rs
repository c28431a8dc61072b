//! What a direct order is made of, and what it leaves alone.

use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;

use crate::routes::with;

fn of(product: &Product, quantity: u32) -> Value {
    json!({"product_id": product.id, "quantity": quantity})
}

/// Units of the first stock item: available, reserved and sold.
async fn counters(shop: &Shop) -> Value {
    let stock = shop.snapshot().await.inventory.remove(0);
    json!([stock["available"], stock["reserved"], stock["sold"]])
}

#[tokio::test]
async fn it_is_a_whole_order_of_one_line() {
    let shop = Shop::open().await;
    let (sofia, ada) = (shop.seller("sofia").await, shop.shopper("ada").await);
    let shirt = shop.product("Shirt").price("7.05").sizes(&[("S", 1), ("M", 4)]).sold_by(&sofia).list().await;
    let request = json!({
        "product_id": shirt.id, "quantity": 3, "size": "M", "product_properties": {"fit": "slim", "color": "red"},
    });
    let order = ada.post("/orders", &request).await.is_fresh(201);
    let (now, line) = (&order["created_at"], &order["items"][0]);
    assert_eq!(
        order,
        json!({
            "order_id": order["order_id"], "user_id": ada.id, "seller_id": sofia.id, "status": "placed",
            "items": [{
                "item_id": line["item_id"], "product_id": shirt.id, "seller_id": sofia.id, "name": "Shirt", "size": "M",
                "product_properties": {"fit": "slim", "color": "red"}, "variation_key": "size=M;color=red;fit=slim",
                "unit_price": "7.05", "quantity": 3, "line_total": "21.15",
            }],
            "items_count": 3, "subtotal": "21.15", "discount": "0.00", "total_price": "21.15", "currency": "USD",
            "coupon_code": null,
            "contact": {"name": "ada", "email": "ada@example.com", "phone": "+1 555 0100"},
            "address": {
                "line1": "12 Harbor Street", "line2": null, "city": "Portland", "region": null,
                "postal_code": "97205", "country": "US",
            },
            "payment": {"method": "on_delivery", "status": "not_required", "deadline": null, "reference": null},
            "tracking": null,
            "status_history": [{"status": "placed", "at": now, "by": ada.id, "reason": null}],
            "created_at": now, "updated_at": now,
        })
    );
    assert_eq!(ada.looks_at(&order).await.is(200), order);
    assert_eq!(shop.stock_of(&shirt).await, 2);
    shop.finish().await;
}

#[tokio::test]
async fn its_stock_is_sold_and_the_cart_stays_as_it_was() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    ada.adds(&mug, 2).await.is(201);
    let cart = without_availability(ada.cart().await);
    ada.orders_directly(&mug, 4).await.is(201);
    assert_eq!(counters(&shop).await, json!([3, 2, 4]));
    assert_eq!(without_availability(ada.cart().await), cart);
    assert_eq!(ada.checks_out(&json!({})).await.is(201)["orders"][0]["items_count"], 2);
    shop.finish().await;
}

/// A cart, but for how much more of its first line could be had.
fn without_availability(mut cart: Value) -> Value {
    cart["items"][0]["stock"].take();
    cart
}

#[tokio::test]
async fn paid_online_its_stock_is_reserved_until_the_deadline() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let order = ada.post("/orders", &with(&of(&mug, 2), "payment_method", json!("online"))).await.is(201);
    assert_eq!((&order["status"], &order["payment"]["status"]), (&json!("under_paying"), &json!("pending")));
    assert_eq!(counters(&shop).await, json!([7, 2, 0]));
    shop.pass(900);
    assert_eq!(shop.fire("expire-unpaid-orders").await["units_released"], 2);
    assert_eq!(counters(&shop).await, json!([9, 0, 0]));
    shop.finish().await;
}

#[tokio::test]
async fn contact_and_address_of_the_request_come_before_the_profiles() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let address = json!({"line1": "1 Rue X", "line2": "2e", "city": "Paris", "region": "IDF", "postal_code": "1", "country": "FR"});
    let mut request = with(&of(&mug, 1), "address", address.clone());
    request["contact"] = json!({"name": "Grace", "phone": "+33 1 23 45"});
    let contact = |email| json!({"name": "Grace", "email": email, "phone": "+33 1 23 45"});
    for buyer in [shop.shopper("ada").await, shop.newcomer("ben").await] {
        let order = buyer.post("/orders", &request).await.is(201);
        assert_eq!((&order["contact"], &order["address"]), (&contact(buyer.email), &address));
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_may_be_left_out_may_be_null() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let mut request = of(&mug, 1);
    for field in ["size", "product_properties", "user_id", "contact", "address", "payment_method", "coupon_code"] {
        request[field] = json!(null);
    }
    let order = ada.post("/orders", &request).await.is(201);
    assert_eq!(
        (&order["items"][0]["product_properties"], &order["items"][0]["variation_key"]),
        (&json!({}), &json!(""))
    );
    shop.finish().await;
}

#[tokio::test]
async fn it_empties_as_many_shards_as_it_takes() {
    let shop = Shop::open().await;
    let (ada, tile) = (shop.shopper("ada").await, shop.product("Tile").stock(10).shards(4).list().await);
    let first = ada.orders_directly(&tile, 9).await.is(201);
    ada.orders_directly(&tile, 1).await.is(201);
    let errors = ada.orders_directly(&tile, 1).await.is_refused(409, "insufficient_stock");
    assert_eq!(errors[0]["available"], 0);
    ada.cancels(&first).await.is(200);
    assert_eq!(shop.stock_of(&tile).await, 9);
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_is_used_on_it() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("7.05").list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "percent", "value": "10", "valid_days": 30})).await;
    let request = with(&of(&mug, 3), "coupon_code", json!(code.to_lowercase()));
    let order = ada.post("/orders", &request).await.is(201);
    assert_eq!((&order["coupon_code"], &order["discount"]), (&json!(code), &json!("2.12")));
    assert_eq!(order["total_price"], "19.03");
    ada.post("/orders", &request).await.is_refused(409, "coupon_already_redeemed");
    shop.finish().await;
}

#[tokio::test]
async fn it_earns_a_coupon_like_any_other_order() {
    let shop = Shop::open().await;
    let reward = json!({"kind": "fixed", "value": "5", "valid_days": 30});
    shop.rule(json!({"kind": "min_order_total", "amount": "100.00"}), reward).await;
    let (ada, desk) = (shop.shopper("ada").await, shop.product("Desk").price("100.00").list().await);
    let order = ada.orders_directly(&desk, 1).await.is(201);
    assert_eq!(shop.coupon_mails_to(&ada).await.len(), 1);
    let coupon = shop.snapshot().await.coupons.remove(0);
    assert_eq!(coupon["order_id"], order["order_id"]);
    let next = with(&of(&desk, 1), "coupon_code", coupon["code"].clone());
    assert_eq!(ada.post("/orders", &next).await.is(201)["total_price"], "95.00");
    shop.finish().await;
}

#[tokio::test]
async fn an_admin_orders_for_somebody_else() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").list().await;
    let order = admin.post("/orders", &with(&of(&mug, 1), "user_id", json!(ada.id))).await.is(201);
    assert_eq!((&order["user_id"], &order["contact"]["email"]), (&json!(ada.id), &json!(ada.email)));
    assert_eq!(order["status_history"][0]["by"], json!(admin.id));
    assert_eq!(ada.looks_at(&order).await.is(200), order);
    shop.finish().await;
}
