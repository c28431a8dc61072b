//! What makes two lines of a cart one: product, size and properties.

use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;

fn shirt(product: &Product, size: &str, properties: Value) -> Value {
    json!({"product_id": product.id, "quantity": 1, "size": size, "product_properties": properties})
}

#[tokio::test]
async fn the_same_variation_is_one_line_however_it_is_written() {
    let shop = Shop::open().await;
    let product = shop.product("Shirt").sizes(&[("M", 9)]).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.post("/cart-items", &shirt(&product, "M", json!({"fit": "slim", "color": "red"}))).await.is(201);
    assert_eq!(line["variation_key"], "size=M;color=red;fit=slim");
    assert_eq!(line["product_properties"], json!({"color": "red", "fit": "slim"}));
    assert_eq!(line["size"], "M");
    let spelt_differently = format!(
        r#"{{"size": " M ", "product_properties": {{"color": "red ", "fit": "slim"}}, "quantity": 2.0, "product_id": "{}"}}"#,
        product.id
    );
    let grown = ada.call("POST", "/cart-items").raw(spelt_differently).await.is(200);
    assert_eq!((&grown["item_id"], &grown["quantity"]), (&line["item_id"], &json!(3)));
    shop.finish().await;
}

#[tokio::test]
async fn no_properties_are_none() {
    let shop = Shop::open().await;
    let product = shop.product("Shirt").sizes(&[("M", 9)]).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds_size(&product, "M", 1).await.is(201);
    assert_eq!(line["variation_key"], "size=M");
    for nothing in [json!({}), json!(null)] {
        ada.post("/cart-items", &shirt(&product, "M", nothing)).await.is(200);
    }
    assert_eq!(ada.cart().await["items"][0]["quantity"], 3);
    shop.finish().await;
}

#[tokio::test]
async fn another_size_or_property_is_another_line() {
    let shop = Shop::open().await;
    let product = shop.product("Shirt").sizes(&[("S", 9), ("M", 9)]).list().await;
    let ada = shop.shopper("ada").await;
    for (size, properties) in [
        ("M", json!({})),
        ("S", json!({})),
        ("M", json!({"color": "red"})),
        ("M", json!({"color": "Red"})),
        ("M", json!({"color": "red;fit=slim"})),
        ("M", json!({"color": "red", "fit": "slim"})),
    ] {
        ada.post("/cart-items", &shirt(&product, size, properties)).await.is(201);
    }
    let cart = ada.cart().await;
    assert_eq!((&cart["item_count"], &cart["total_quantity"]), (&json!(6), &json!(6)));
    shop.finish().await;
}

#[tokio::test]
async fn ten_properties_are_allowed() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let ten: Value = (0..10).map(|i| (i.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    let line = ada.post("/cart-items", &json!({"product_id": mug.id, "quantity": 1, "product_properties": ten})).await;
    assert_eq!(line.is(201)["product_properties"], ten);
    shop.finish().await;
}

#[tokio::test]
async fn sizes_are_for_products_that_have_them() {
    let shop = Shop::open().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 9), ("M", 9)]).list().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&shirt, 1).await.is_refused(422, "size_required");
    ada.post("/cart-items", &json!({"product_id": shirt.id, "quantity": 1, "size": null}))
        .await
        .is_refused(422, "size_required");
    ada.adds_size(&mug, "M", 1).await.is_refused(422, "size_not_allowed");
    for unknown in ["XXL", "m", "-"] {
        ada.adds_size(&shirt, unknown, 1).await.is_invalid("size");
    }
    assert_eq!(ada.cart().await["items"], json!([]));
    shop.finish().await;
}
