//! `PUT /products/{product_id}/shards`.

use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

async fn spreads(admin: &User, product: &Product, shards: u16) -> Value {
    admin.put(&format!("{}/shards", product.path()), &json!({"stock_shards": shards})).await.is(200)
}

/// The units that each shard of a product has available, the fewest first.
async fn available(shop: &Shop, product: &Product) -> Vec<i64> {
    let inventory = shop.snapshot().await.inventory;
    let of_product = inventory.iter().filter(|item| item["product_id"] == json!(product.id));
    let mut units: Vec<i64> = of_product.map(|item| item["available"].as_i64().expect("units")).collect();
    units.sort_unstable();
    units
}

#[tokio::test]
async fn units_go_to_new_shards_and_what_is_held_or_sold_stays() {
    let shop = Shop::open().await;
    let (admin, ada, eve) = (shop.admin().await, shop.shopper("ada").await, shop.shopper("eve").await);
    let print = shop.product("Print").stock(22).list().await;
    ada.adds(&print, 3).await.is(201);
    let order = eve.orders_directly(&print, 2).await.is(201);
    let answer = spreads(&admin, &print, 5).await;
    assert_eq!(answer, json!({"product_id": print.id, "stock_shards": 5}));
    assert_eq!(available(&shop, &print).await, [3, 3, 3, 4, 4]);
    assert_eq!(shop.stock_of(&print).await, 17);

    // The old shard takes back what it gave, and everything can be bought.
    ada.delete("/cart-items").await.is_empty();
    let order_id = order["order_id"].as_str().expect("an id");
    eve.call("PATCH", &format!("/orders/{order_id}/cancel")).await.is(200);
    assert_eq!(shop.stock_of(&print).await, 22);
    ada.adds(&print, 22).await.is(201);
    eve.adds(&print, 1).await.is_refused(409, "insufficient_stock");
    shop.finish().await;
}

#[tokio::test]
async fn the_number_there_is_evens_out_and_fewer_are_refused() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let print = shop.product("Print").stock(40).shards(4).list().await;
    ada.adds(&print, 8).await.is(201);
    assert_eq!(available(&shop, &print).await, [2, 10, 10, 10]);
    for _ in 0..2 {
        spreads(&admin, &print, 4).await;
        assert_eq!(available(&shop, &print).await, [8, 8, 8, 8]);
    }
    let fewer = admin.put(&format!("{}/shards", print.path()), &json!({"stock_shards": 3})).await;
    let errors = fewer.is_refused(422, "validation_failed");
    assert_eq!(errors[0]["field"], "stock_shards");
    let shirt = shop.product("Shirt").sizes(&[("S", 3), ("M", 9)]).list().await;
    let path = format!("{}/shards", shirt.path());
    admin.put(&path, &json!({"stock_shards": 50})).await.is_refused(422, "validation_failed");
    spreads(&admin, &shirt, 3).await;
    assert_eq!(available(&shop, &shirt).await, [1, 1, 1, 3, 3, 3]);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_withdrawn_is_not_spread() {
    let shop = Shop::open().await;
    let (admin, print) = (shop.admin().await, shop.product("Print").list().await);
    shop.archive(&print).await;
    let path = format!("{}/shards", print.path());
    admin.put(&path, &json!({"stock_shards": 2})).await.is_refused(404, "product_not_found");
    shop.finish().await;
}
