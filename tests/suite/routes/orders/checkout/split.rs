//! Dividing a checkout over several orders.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::shop::Shop;
use tests::user::User;

/// Ada with a cart of three lines, 21.33 together: of Sofia, of Tom, and of Sofia again.
async fn cart_of_two_sellers(shop: &Shop) -> (User, User, User) {
    let ada = shop.shopper("ada").await;
    let (sofia, tom) = fill_with_two_sellers(shop, &ada).await;
    (ada, sofia, tom)
}

/// Puts the same into the cart of `ada`; answers the sellers.
async fn fill_with_two_sellers(shop: &Shop, ada: &User) -> (User, User) {
    let (sofia, tom) = (shop.seller("sofia").await, shop.seller("tom").await);
    for (name, price, quantity, seller) in
        [("Mug", "3.33", 1, &sofia), ("Cup", "4.00", 2, &tom), ("Jar", "10.00", 1, &sofia)]
    {
        let product = shop.product(name).price(price).sold_by(seller).list().await;
        ada.adds(&product, quantity).await.is(201);
    }
    (sofia, tom)
}

fn orders(placed: &Value) -> &Vec<Value> {
    placed["orders"].as_array().expect("orders")
}

/// The sum of an amount over all orders, in cents.
fn sum(placed: &Value, field: &str) -> i64 {
    let cents = |order: &Value| order[field].as_str().and_then(|amount| amount.replace('.', "").parse::<i64>().ok());
    orders(placed).iter().map(|order| cents(order).expect("an amount")).sum()
}

#[tokio::test]
async fn undivided_it_has_the_seller_that_all_its_lines_have() {
    let shop = Shop::open().await;
    let (ada, sofia, _) = cart_of_two_sellers(&shop).await;
    let placed = ada.checks_out(&json!({"split": "none"})).await.is(201);
    assert_eq!(orders(&placed).len(), 1);
    assert_eq!(placed["orders"][0]["seller_id"], json!(null), "of several sellers");
    let jar = shop.product("Jar").sold_by(&sofia).list().await;
    assert_eq!(ada.buys(&jar, 1).await["seller_id"], json!(sofia.id));
    shop.finish().await;
}

#[tokio::test]
async fn one_order_an_item() {
    let shop = Shop::open().await;
    let (ada, sofia, tom) = cart_of_two_sellers(&shop).await;
    let placed = ada.checks_out(&json!({"split": "per_item"})).await.is(201);
    assert_eq!(orders(&placed).len(), 3);
    assert_eq!(placed["order_id"], placed["orders"][0]["order_id"]);
    assert!(orders(&placed).iter().all(|order| order["items"].as_array().unwrap().len() == 1));
    let sellers: BTreeSet<_> = orders(&placed).iter().map(|order| order["seller_id"].to_string()).collect();
    assert_eq!(sellers, [json!(sofia.id), json!(tom.id)].map(|id| id.to_string()).into());
    assert_eq!(sum(&placed, "total_price"), 21_33);
    shop.finish().await;
}

#[tokio::test]
async fn one_order_a_seller() {
    let shop = Shop::open().await;
    let (ada, sofia, tom) = cart_of_two_sellers(&shop).await;
    let placed = ada.checks_out(&json!({"split": "per_seller", "expected_total": "21.33"})).await.is(201);
    assert_eq!(orders(&placed).len(), 2);
    for (seller, total, units) in [(&sofia, "13.33", 2), (&tom, "8.00", 2)] {
        let order = orders(&placed).iter().find(|order| order["seller_id"] == json!(seller.id)).unwrap();
        assert_eq!((&order["total_price"], &order["items_count"]), (&json!(total), &json!(units)));
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_the_shop_sells_itself_is_a_part_of_its_own() {
    let shop = Shop::open().await;
    let (ada, _, _) = cart_of_two_sellers(&shop).await;
    ada.adds(&shop.product("Own").price("1.00").list().await, 1).await.is(201);
    let placed = ada.checks_out(&json!({"split": "per_seller"})).await.is(201);
    assert_eq!(orders(&placed).len(), 3);
    assert!(orders(&placed).iter().any(|order| order["seller_id"].is_null()));
    shop.finish().await;
}

#[tokio::test]
async fn every_part_is_an_order_of_its_own() {
    let shop = Shop::open().await;
    let (ada, _, _) = cart_of_two_sellers(&shop).await;
    let placed = ada.checks_out(&json!({"split": "per_item", "payment_method": "online"})).await.is(201);
    for order in orders(&placed) {
        assert_eq!(order["status"], "under_paying");
        let path = format!("/orders/{}", order["order_id"].as_str().unwrap());
        assert_eq!(ada.get(&path).await.is(200), *order);
    }
    let listed = ada.get(&format!("/orders/user/{}", ada.id)).await.is(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    shop.finish().await;
}

#[tokio::test]
async fn the_discount_is_spread_so_that_parts_add_up() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let coupon = shop.coupon_for(&ada, json!({"kind": "percent", "value": "7.5", "valid_days": 30})).await;
    fill_with_two_sellers(&shop, &ada).await;
    let placed = ada.checks_out(&json!({"split": "per_item", "coupon_code": coupon})).await.is(201);
    assert_eq!((sum(&placed, "discount"), sum(&placed, "total_price")), (1_60, 19_73));
    assert!(orders(&placed).iter().all(|order| order["coupon_code"] == json!(coupon)));
    shop.finish().await;
}

#[tokio::test]
async fn a_retry_gets_all_parts_in_their_order() {
    let shop = Shop::open().await;
    let (ada, _, _) = cart_of_two_sellers(&shop).await;
    let placed = ada.checks_out(&json!({"split": "per_item"})).key("k").await.is_fresh(201);
    assert_eq!(ada.checks_out(&json!({"split": "per_item"})).key("k").await.is_replayed(201), placed);
    shop.finish().await;
}
