//! `POST /cart-items`.

use serde_json::{Value, json};
use shared::ids::ProductId;
use tests::product::Product;
use tests::shop::Shop;

use crate::routes::{refuses_unreadable_bodies, with, without};

fn body(product: &Product) -> Value {
    json!({"product_id": product.id, "quantity": 1})
}

#[tokio::test]
async fn a_new_line_is_made_and_its_stock_reserved() {
    let shop = Shop::open().await;
    let laptop = shop.product("Laptop").price("149.99").stock(5).list().await;
    let ada = shop.shopper("ada").await;
    let line = ada.adds(&laptop, 2).await.is_fresh(201);
    assert_eq!(
        line,
        json!({
            "item_id": line["item_id"], "product_id": laptop.id, "name": "Laptop", "size": null,
            "product_properties": {}, "variation_key": "", "quantity": 2, "unit_price": "149.99",
            "line_total": "299.98", "is_stock_reserved": true, "added_at": line["added_at"],
            "stock": {"status": "limited_stock", "available": 3, "max_quantity": 5},
        })
    );
    assert_eq!(ada.cart().await["items"], json!([line]));
    assert_eq!(shop.stock_of(&laptop).await, 3);
    shop.finish().await;
}

#[tokio::test]
async fn the_same_again_makes_the_line_grow() {
    let shop = Shop::open().await;
    let laptop = shop.product("Laptop").stock(5).list().await;
    let ada = shop.shopper("ada").await;
    let new = ada.adds(&laptop, 2).await.is(201);
    let grown = ada.adds(&laptop, 3).await.is(200);
    assert_eq!((&grown["item_id"], &grown["added_at"]), (&new["item_id"], &new["added_at"]));
    assert_eq!((&grown["quantity"], &grown["line_total"]), (&json!(5), &json!("50.00")));
    assert_eq!(grown["stock"], json!({"status": "out_of_stock", "available": 0, "max_quantity": 5}));
    assert_eq!(ada.cart().await["item_count"], 1);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_short_is_said_in_full() {
    let shop = Shop::open().await;
    let laptop = shop.product("Laptop").stock(3).list().await;
    let ada = shop.shopper("ada").await;
    let errors = ada.adds(&laptop, 5).await.is_refused(409, "insufficient_stock");
    assert_eq!(
        errors,
        json!([{
            "item_id": errors[0]["item_id"], "product_id": laptop.id, "name": "Laptop", "size": null,
            "requested": 5, "available": 3, "message": "Laptop: Only 3 items available, but 5 requested",
        }])
    );
    assert_eq!(ada.cart().await["items"], json!([]));
    assert_eq!(shop.stock_of(&laptop).await, 3);
    shop.finish().await;
}

#[tokio::test]
async fn a_line_that_grows_counts_what_it_holds_as_available_to_it() {
    let shop = Shop::open().await;
    let shirt = shop.product("Shirt").sizes(&[("M", 5)]).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    ben.adds_size(&shirt, "M", 1).await.is(201);
    let line = ada.adds_size(&shirt, "M", 3).await.is(201);
    let errors = ada.adds_size(&shirt, "M", 2).await.is_refused(409, "insufficient_stock");
    assert_eq!((&errors[0]["requested"], &errors[0]["available"]), (&json!(5), &json!(4)));
    assert_eq!((&errors[0]["item_id"], &errors[0]["size"]), (&line["item_id"], &json!("M")));
    assert_eq!(line["stock"]["max_quantity"], 4);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_sold_out_is_refused() {
    let shop = Shop::open().await;
    let (one, none) = (shop.product("One").stock(1).list().await, shop.product("None").stock(0).list().await);
    let ada = shop.shopper("ada").await;
    let errors = ada.adds(&none, 1).await.is_refused(409, "insufficient_stock");
    assert_eq!((&errors[0]["available"], &errors[0]["requested"]), (&json!(0), &json!(1)));
    let errors = ada.adds(&one, 2).await.is_refused(409, "insufficient_stock");
    assert_eq!((&errors[0]["available"], &errors[0]["requested"]), (&json!(1), &json!(2)));
    shop.finish().await;
}

#[tokio::test]
async fn stock_in_many_shards_can_be_taken_to_the_last_unit() {
    let shop = Shop::open().await;
    let ticket = shop.product("Ticket").stock(10).shards(4).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&ticket, 7).await.is(201);
    shop.shopper("ben").await.adds(&ticket, 3).await.is(201);
    assert_eq!(shop.stock_of(&ticket).await, 0);
    ada.adds(&ticket, 1).await.is_refused(409, "insufficient_stock");
    shop.finish().await;
}

#[tokio::test]
async fn what_is_spread_too_thin_for_one_transaction_is_refused_before_it_is_reserved() {
    let shop = Shop::open().await;
    let ticket = shop.product("Ticket").stock(61).shards(61).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&ticket, 61).await.is_refused(422, "cart_full");
    ada.adds(&ticket, 60).await.is(201);
    ada.checks_out(&json!({})).await.is(201);
    assert_eq!(shop.stock_of(&ticket).await, 1);
    shop.finish().await;
}

#[tokio::test]
async fn max_per_order_counts_all_lines_of_the_product() {
    let shop = Shop::open().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 9), ("M", 9)]).max_per_order(4).list().await;
    let ada = shop.shopper("ada").await;
    let small = ada.adds_size(&shirt, "S", 3).await.is(201);
    assert_eq!(small["stock"]["max_quantity"], 4);
    ada.adds_size(&shirt, "M", 2).await.is_refused(422, "quantity_limit");
    let medium = ada.adds_size(&shirt, "M", 1).await.is(201);
    assert_eq!(medium["stock"]["max_quantity"], 1);
    ada.adds_size(&shirt, "S", 1).await.is_refused(422, "quantity_limit");
    shop.finish().await;
}

#[tokio::test]
async fn a_line_has_at_most_999_units() {
    let shop = Shop::open().await;
    let nail = shop.product("Nail").stock(5_000).list().await;
    let ada = shop.shopper("ada").await;
    for huge in [json!(1_000), json!(u64::from(u32::MAX) + 1), json!(u64::MAX), json!(1e300)] {
        ada.post("/cart-items", &with(&body(&nail), "quantity", huge)).await.is_refused(422, "quantity_limit");
    }
    let line = ada.adds(&nail, 999).await.is(201);
    assert_eq!(line["stock"]["max_quantity"], 999);
    ada.adds(&nail, 1).await.is_refused(422, "quantity_limit");
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_has_at_most_30_lines() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(100).list().await;
    let ada = shop.shopper("ada").await;
    let engraved =
        |text: u32| json!({"product_id": mug.id, "quantity": 1, "product_properties": {"text": text.to_string()}});
    for text in 0..30 {
        ada.post("/cart-items", &engraved(text)).await.is(201);
    }
    ada.post("/cart-items", &engraved(30)).await.is_refused(422, "cart_full");
    ada.post("/cart-items", &engraved(7)).await.is(200);
    assert_eq!(ada.cart().await["item_count"], 30);
    assert_eq!(shop.stock_of(&mug).await, 69);
    ada.checks_out(&json!({})).await.is(201);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_found() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let gone = shop.product("Gone").list().await;
    shop.archive(&gone).await;
    let unknown = Product { id: ProductId::random(), name: "Unknown".to_owned() };
    for product in [gone, unknown] {
        ada.adds(&product, 1).await.is_refused(404, "product_not_found");
    }
    shop.finish().await;
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    let nothing = [json!(null), json!(""), json!("x"), json!(true), json!([]), json!({})];
    let mut cases: Vec<(&str, Value)> = Vec::new();
    for field in ["product_id", "quantity"] {
        cases.extend(nothing.clone().map(|value| (field, value)));
        assert_eq!(ada.post("/cart-items", &without(&body(&mug), field)).await.status, 422);
        ada.post("/cart-items", &without(&body(&mug), field)).await.is_invalid(field);
    }
    cases.extend([0.0, -1.0, 1.5, -1e300].map(|number| ("quantity", json!(number))));
    cases.extend([json!(7), json!(mug.id.to_string().replace('-', ""))].map(|id| ("product_id", id)));
    cases.extend([json!(""), json!("x"), json!(7)].map(|id| ("user_id", id)));
    cases.extend([json!(""), json!(" "), json!(7), json!([]), json!("x".repeat(51))].map(|size| ("size", size)));
    let eleven: Value = (0..11).map(|i| (i.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    cases.extend([eleven, json!("red"), json!([])].map(|properties| ("product_properties", properties)));
    for (field, value) in cases {
        ada.post("/cart-items", &with(&body(&mug), field, value)).await.is_invalid(field);
    }
    for properties in [
        json!({"color": 1}),
        json!({"color": null}),
        json!({"color": ""}),
        json!({"": "x"}),
        json!({"x".repeat(51): "x"}),
        json!({"color": "x".repeat(201)}),
        json!({"color": {"deep": "red"}}),
    ] {
        let answer = ada.post("/cart-items", &with(&body(&mug), "product_properties", properties)).await;
        let errors = answer.is_refused(422, "validation_failed");
        assert!(errors[0]["field"].as_str().unwrap().starts_with("product_properties"), "{errors}");
    }
    assert_eq!(ada.cart().await["cart_id"], json!(null));
    shop.finish().await;
}

#[tokio::test]
async fn nobody_smuggles_anything_in() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    for field in ["unit_price", "price", "name", "is_stock_reserved", "Quantity"] {
        ada.post("/cart-items", &with(&body(&mug), field, json!("0.01"))).await.is_invalid(field);
    }
    let twice = format!(r#"{{"product_id": "{}", "quantity": 1, "quantity": 2}}"#, mug.id);
    ada.call("POST", "/cart-items").raw(twice).await.is_invalid("quantity");
    ada.call("POST", "/cart-items").await.is_refused(400, "invalid_json");
    refuses_unreadable_bodies(&ada.call("POST", "/cart-items")).await;
    shop.finish().await;
}
