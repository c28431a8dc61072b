//! `DELETE /cart-items/{item_id}`.

use serde_json::json;
use shared::ids::ItemId;
use tests::shop::Shop;

#[tokio::test]
async fn a_line_goes_and_its_stock_is_free_again() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").stock(9).list().await, shop.product("Cup").stock(9).list().await);
    let ada = shop.shopper("ada").await;
    let gone = ada.adds(&mug, 4).await.is(201);
    let kept = ada.adds(&cup, 2).await.is(201);
    ada.removes(&gone["item_id"]).await.is_empty();
    assert_eq!(ada.cart().await["items"], json!([kept]));
    assert_eq!((shop.stock_of(&mug).await, shop.stock_of(&cup).await), (9, 7));
    shop.finish().await;
}

#[tokio::test]
async fn what_is_gone_already_can_go_again() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let line = ada.adds(&mug, 4).await.is(201);
    ben.removes(&line["item_id"]).await.is_empty();
    assert_eq!(shop.stock_of(&mug).await, 5, "it was another's");
    for _ in 0..2 {
        ada.removes(&line["item_id"]).await.is_empty();
    }
    ada.removes(&json!(ItemId::random())).await.is_empty();
    assert_eq!(shop.stock_of(&mug).await, 9);
    shop.finish().await;
}

#[tokio::test]
async fn a_withdrawn_product_can_be_taken_out() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 4).await.is(201);
    shop.archive(&mug).await;
    ada.removes(&line["item_id"]).await.is_empty();
    assert_eq!(ada.cart().await["items"], json!([]));
    shop.finish().await;
}

#[tokio::test]
async fn what_is_no_id_is_not_found() {
    let shop = Shop::open().await;
    let ada = shop.newcomer("ada").await;
    ada.delete("/cart-items/7").await.is_refused(404, "cart_item_not_found");
    ada.delete(&format!("/cart-items/{}?user_id=x", ItemId::random())).await.is_refused(400, "invalid_parameter");
    shop.finish().await;
}
