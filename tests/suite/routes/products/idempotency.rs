//! `Idempotency-Key` on `POST /products`.

use serde_json::{Value, json};
use shared::ids::UserId;
use tests::product::Product;
use tests::shop::Shop;

use crate::routes::{refuses_malformed_keys, with};

fn mug() -> Value {
    json!({"name": "Mug", "price": "12.50", "stock": 9})
}

#[tokio::test]
async fn a_retry_makes_nothing_and_has_the_first_status() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let shown = admin.post("/products", &mug()).key("k").await.is_fresh(201);
    assert_eq!(admin.post("/products", &mug()).key("k").await.is_replayed(201), shown);
    let spelled = "{ \"stock\": 9,\n \"price\": \"12.50\", \"name\": \"Mug\" }";
    assert_eq!(admin.call("POST", "/products").raw(spelled).key("k").await.is_replayed(201), shown);
    assert_eq!(shop.snapshot().await.products.len(), 1);
    assert_ne!(admin.post("/products", &mug()).await.is_fresh(201)["product_id"], shown["product_id"]);
    shop.finish().await;
}

#[tokio::test]
async fn a_retry_shows_the_product_as_it_is_now() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let product = Product::shown(&admin.post("/products", &mug()).key("k").await.is_fresh(201));
    let again = || async { admin.post("/products", &mug()).key("k").await.is_replayed(201) };
    ada.adds(&product, 2).await.is(201);
    assert_eq!(again().await["stock"][0]["available"], 7);
    let changed = admin.patch(&product.path(), &json!({"name": "Cup", "price": 3})).await.is(200);
    assert_eq!(again().await, changed);
    admin.delete(&product.path()).await.is_empty();
    let archived = again().await;
    assert_eq!((&archived["status"], &archived["name"]), (&json!("archived"), &json!("Cup")));
    assert_eq!(shop.get("/products").await.is(200)["items"], json!([]), "it stays withdrawn");
    shop.finish().await;
}

#[tokio::test]
async fn another_body_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    admin.post("/products", &mug()).key("k").await.is_fresh(201);
    for (field, value) in [("price", json!("12.51")), ("stock", json!(10)), ("max_per_order", json!(1))] {
        let other = with(&mug(), field, value);
        admin.post("/products", &other).key("k").await.is_refused(422, "idempotency_key_reused");
    }
    assert_eq!(shop.snapshot().await.products.len(), 1);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_is_its_users_and_its_routes() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    let shops = admin.post("/products", &mug()).key("k").await.is_fresh(201);
    sofia.post("/products", &mug()).key("k").await.is_fresh(201);
    let adjustment = json!({"product_id": shops["product_id"], "delta": 1, "reason": "found"});
    admin.post("/inventory/adjustments", &adjustment).key("k").await.is_fresh(200);
    shop.finish().await;
}

#[tokio::test]
async fn only_successes_are_remembered() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let nobodys = with(&mug(), "seller_id", json!(UserId::random()));
    admin.post("/products", &nobodys).key("k").await.is_refused(404, "user_not_found");
    admin.post("/products", &with(&mug(), "stock", json!({"S": 1}))).key("k").await.is_invalid("stock");
    admin.post("/products", &mug()).key("k").await.is_fresh(201);
    shop.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    refuses_malformed_keys(&admin.post("/products", &mug())).await;
    assert!(shop.snapshot().await.products.is_empty());
    shop.finish().await;
}
