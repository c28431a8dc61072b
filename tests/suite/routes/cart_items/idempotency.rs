//! `Idempotency-Key` on `POST /cart-items`.

use serde_json::json;
use tests::shop::Shop;

use crate::routes::refuses_malformed_keys;

#[tokio::test]
async fn a_retry_adds_nothing_and_has_the_first_status() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 2).key("new").await.is_fresh(201);
    assert_eq!(ada.adds(&mug, 2).key("new").await.is_replayed(201), line);
    ada.adds(&mug, 2).key("more").await.is_fresh(200);
    ada.adds(&mug, 2).key("more").await.is_replayed(200);
    assert_eq!(shop.stock_of(&mug).await, 5);
    shop.finish().await;
}

#[tokio::test]
async fn a_retry_shows_the_line_as_it_is_now() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&mug, 2).key("k").await.is_fresh(201);
    ada.changes(&line["item_id"], 5).await.is(200);
    assert_eq!(ada.adds(&mug, 2).key("k").await.is_replayed(201)["quantity"], 5);
    shop.finish().await;
}

#[tokio::test]
async fn the_same_body_may_be_written_differently_but_not_be_another() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).key("k").await.is_fresh(201);
    let spaced = format!("{{ \"quantity\": 2,\n \"product_id\": \"{}\" }}", mug.id);
    ada.call("POST", "/cart-items").raw(spaced).key("k").await.is_replayed(201);
    ada.adds(&mug, 3).key("k").await.is_refused(422, "idempotency_key_reused");
    assert_eq!(ada.cart().await["total_quantity"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn only_successes_are_remembered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(2).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    ben.adds(&mug, 1).await.is(201);
    ada.adds(&mug, 2).key("k").await.is_refused(409, "insufficient_stock");
    ben.delete("/cart-items").await.is_empty();
    ada.adds(&mug, 2).key("k").await.is_fresh(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_is_its_users_and_its_routes() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let (ada, ben, admin) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.admin().await);
    ada.adds(&mug, 1).key("k").await.is_fresh(201);
    ben.adds(&mug, 1).key("k").await.is_fresh(201);
    let for_ada = json!({"product_id": mug.id, "quantity": 1, "user_id": ada.id});
    admin.post("/cart-items", &for_ada).key("k").await.is_fresh(200);
    ada.checks_out(&json!({})).key("k").await.is_fresh(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day_whatever_becomes_of_the_cart() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").list().await, shop.product("Cup").list().await);
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).key("k").await.is_fresh(201);
    ada.checks_out(&json!({})).await.is(201);
    ada.adds(&cup, 1).await.is(201);
    shop.pass(24 * 60 * 60 - 60);
    ada.adds(&mug, 2).key("k").await.is_refused(422, "idempotency_key_reused");
    let gone = ada.adds(&mug, 1).key("k").await.is_replayed(201);
    assert_eq!((&gone["quantity"], &gone["is_stock_reserved"]), (&json!(0), &json!(false)));
    assert_eq!(ada.cart().await["item_count"], 1, "nothing was added again");
    shop.finish().await;
}

#[tokio::test]
async fn the_last_hundred_are_remembered() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(200).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).key("first").await.is_fresh(201);
    for number in 0..99 {
        ada.adds(&mug, 1).key(&format!("{number}")).await.is_fresh(200);
    }
    ada.adds(&mug, 1).key("first").await.is_replayed(201);
    assert_eq!(ada.cart().await["total_quantity"], 100);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    refuses_malformed_keys(&ada.adds(&mug, 1)).await;
    assert_eq!(ada.cart().await["cart_id"], json!(null));
    ada.adds(&mug, 1).key(&"~".repeat(255)).await.is_fresh(201);
    ada.adds(&mug, 1).key("!").await.is_fresh(200);
    shop.finish().await;
}
