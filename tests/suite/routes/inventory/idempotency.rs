//! `Idempotency-Key` on `POST /inventory/adjustments`.

use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;

use crate::routes::{refuses_malformed_keys, with};

const PATH: &str = "/inventory/adjustments";

fn by(product: &Product, delta: i64) -> Value {
    json!({"product_id": product.id, "delta": delta, "reason": "stocktake"})
}

#[tokio::test]
async fn a_retry_changes_nothing_and_shows_the_sku_as_it_is_now() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let mug = shop.product("Mug").stock(9).shards(2).list().await;
    let adjusted = admin.post(PATH, &by(&mug, -4)).key("k").await.is_fresh(200);
    assert_eq!(admin.post(PATH, &by(&mug, -4)).key("k").await.is_replayed(200), adjusted);
    ada.adds(&mug, 3).await.is(201);
    admin.patch(&mug.path(), &json!({"name": "Cup"})).await.is(200);
    let now = admin.post(PATH, &by(&mug, -4)).key("k").await.is_replayed(200);
    assert_eq!((&now["name"], &now["available"], &now["reserved"]), (&json!("Cup"), &json!(2), &json!(3)));
    assert_eq!(now["received"], 5);
    assert_eq!(shop.snapshot().await.adjustments.len(), 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_count_that_was_taken_is_not_taken_again() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let mug = shop.product("Mug").stock(9).list().await;
    let count = json!({"product_id": mug.id, "set_available": 5, "reason": "stocktake"});
    admin.post(PATH, &count).key("k").await.is_fresh(200);
    ada.adds(&mug, 3).await.is(201);
    assert_eq!(admin.post(PATH, &count).key("k").await.is_replayed(200)["available"], 2);
    assert_eq!(shop.stock_of(&mug).await, 2);
    shop.finish().await;
}

/// Whatever the shop would say to it now, a request that was served is answered as it was.
#[tokio::test]
async fn a_retry_is_answered_even_where_it_would_be_refused_now() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mug = shop.product("Mug").stock(9).list().await;
    admin.post(PATH, &by(&mug, -8)).key("k").await.is_fresh(200);
    assert_eq!(admin.post(PATH, &by(&mug, -8)).key("k").await.is_replayed(200)["available"], 1);
    admin.delete(&mug.path()).await.is_empty();
    assert_eq!(admin.post(PATH, &by(&mug, -8)).key("k").await.is_replayed(200)["available"], 1);
    admin.post(PATH, &by(&mug, -7)).key("k").await.is_refused(422, "idempotency_key_reused");
    shop.finish().await;
}

#[tokio::test]
async fn the_same_body_may_be_written_differently_but_not_be_another() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (mug, pen) = (shop.product("Mug").stock(9).list().await, shop.product("Pen").stock(9).list().await);
    admin.post(PATH, &by(&mug, 2)).key("k").await.is_fresh(200);
    let spelled = format!("{{ \"reason\": \"stocktake\",\n \"delta\": 2, \"product_id\": \"{}\" }}", mug.id);
    admin.call("POST", PATH).raw(spelled).key("k").await.is_replayed(200);
    for other in [by(&mug, 3), by(&pen, 2), with(&by(&mug, 2), "reason", json!("theft"))] {
        admin.post(PATH, &other).key("k").await.is_refused(422, "idempotency_key_reused");
    }
    assert_eq!((shop.stock_of(&mug).await, shop.stock_of(&pen).await), (11, 9));
    shop.finish().await;
}

#[tokio::test]
async fn a_key_is_its_users_and_remembers_successes_only() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    let mug = shop.product("Mug").stock(1).sold_by(&sofia).list().await;
    admin.post(PATH, &by(&mug, -2)).key("k").await.is_refused(409, "insufficient_stock");
    admin.post(PATH, &by(&mug, 1)).key("other").await.is_fresh(200);
    admin.post(PATH, &by(&mug, -2)).key("k").await.is_fresh(200);
    sofia.post(PATH, &by(&mug, 5)).key("k").await.is_fresh(200);
    assert_eq!(shop.stock_of(&mug).await, 5);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").list().await);
    refuses_malformed_keys(&admin.post(PATH, &by(&mug, 1))).await;
    assert_eq!(shop.stock_of(&mug).await, 100);
    shop.finish().await;
}
