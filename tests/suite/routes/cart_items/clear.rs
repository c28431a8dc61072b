//! `DELETE /cart-items`.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn everything_goes_and_all_stock_is_free_again() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").stock(9).shards(3).list().await, shop.product("Cup").stock(9).list().await);
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 4).await.is(201);
    ada.adds(&cup, 2).await.is(201);
    ada.delete("/cart-items").await.is_empty();
    let cart = ada.cart().await;
    assert_eq!((&cart["items"], &cart["cart_id"], &cart["reserved_until"]), (&json!([]), &json!(null), &json!(null)));
    assert_eq!((shop.stock_of(&mug).await, shop.stock_of(&cup).await), (9, 9));
    shop.finish().await;
}

#[tokio::test]
async fn an_empty_cart_can_be_emptied() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    for _ in 0..2 {
        ada.delete("/cart-items").await.is_empty();
    }
    ada.delete("/cart-items?user_id=x").await.is_refused(400, "invalid_parameter");
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_whose_hold_is_over_gives_its_stock_back_once() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 4).await.is(201);
    shop.pass(1_801);
    ada.delete("/cart-items").await.is_empty();
    assert_eq!(shop.stock_of(&mug).await, 9);
    assert_eq!(shop.fire("release-reservations").await["units_released"], 0);
    shop.finish().await;
}
