//! `/api/…`, for clients of an earlier API: the same functions.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn a_purchase_by_the_old_paths() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.post("/api/cart", &json!({"product_id": mug.id, "quantity": 2})).await.is(201);
    assert_eq!(ada.get("/api/cart").await.is(200), ada.cart().await);
    ada.delete(&format!("/api/cart/{}", line["item_id"].as_str().unwrap())).await.is_empty();
    assert_eq!(shop.stock_of(&mug).await, 9);
    ada.adds(&mug, 1).await.is(201);
    let placed = ada.post("/api/checkout", &json!({})).await.is(201);
    assert_eq!(placed["orders"][0]["items_count"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_holds_for_both_paths_of_a_route() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let body = json!({"product_id": mug.id, "quantity": 2});
    let line = ada.post("/api/cart", &body).key("k").await.is_fresh(201);
    assert_eq!(ada.post("/cart-items", &body).key("k").await.is_replayed(201), line);
    let placed = ada.post("/orders/checkout", &json!({})).key("k").await.is_fresh(201);
    assert_eq!(ada.post("/api/checkout", &json!({})).key("k").await.is_replayed(201)["order_id"], placed["order_id"]);
    shop.finish().await;
}
