//! `GET /cart-items`.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn an_empty_cart_is_a_cart() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    assert_eq!(
        ada.cart().await,
        json!({
            "cart_id": null, "user_id": ada.id, "items": [], "item_count": 0, "total_quantity": 0,
            "subtotal": "0.00", "currency": "USD", "reserved_until": null,
        })
    );
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_counts_lines_and_units_and_adds_up() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").price("1.10").list().await, shop.product("Cup").price("2.25").list().await);
    let ada = shop.shopper("ada").await;
    let first = ada.adds(&mug, 3).await.is(201);
    shop.pass(1);
    let second = ada.adds(&cup, 2).await.is(201);
    let cart = ada.cart().await;
    assert_eq!(
        cart,
        json!({
            "cart_id": cart["cart_id"], "user_id": ada.id, "items": [first, second], "item_count": 2,
            "total_quantity": 5, "subtotal": "7.80", "currency": "USD", "reserved_until": cart["reserved_until"],
        })
    );
    assert_eq!(cart["cart_id"].as_str().unwrap().len(), 36);
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_keeps_its_id_until_it_is_emptied() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    let first = ada.cart().await["cart_id"].clone();
    let grown = ada.adds(&mug, 1).await.is(200);
    assert_eq!(ada.cart().await["cart_id"], first);
    ada.removes(&grown["item_id"]).await.is_empty();
    assert_eq!(ada.cart().await["cart_id"], json!(null));
    ada.adds(&mug, 1).await.is(201);
    assert_ne!(ada.cart().await["cart_id"], first);
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_is_shown_with_the_stock_of_now() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(6).max_per_order(4).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    ada.adds(&mug, 1).await.is(201);
    let stock =
        |available: u32, status: &str, max: u32| json!({"status": status, "available": available, "max_quantity": max});
    assert_eq!(ada.cart().await["items"][0]["stock"], stock(5, "limited_stock", 4));
    ben.adds(&mug, 4).await.is(201);
    assert_eq!(ada.cart().await["items"][0]["stock"], stock(1, "limited_stock", 2));
    shop.archive(&mug).await;
    let line = &ada.cart().await["items"][0];
    assert_eq!(line["stock"], stock(0, "out_of_stock", 0));
    assert_eq!((&line["quantity"], &line["unit_price"]), (&json!(1), &json!("10.00")));
    shop.finish().await;
}

#[tokio::test]
async fn a_user_id_may_be_ones_own() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    assert_eq!(ada.get(&format!("/cart-items?user_id={}", ada.id)).await.is(200), ada.cart().await);
    for no_id in ["", "x", "me", &ada.id.to_string().replace('-', "")] {
        ada.get(&format!("/cart-items?user_id={no_id}")).await.is_refused(400, "invalid_parameter");
    }
    shop.finish().await;
}
