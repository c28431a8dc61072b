//! `POST /products`.

use serde_json::{Value, json};
use shared::ids::UserId;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{refuses_unreadable_bodies, with, without};

fn mug() -> Value {
    json!({"name": "Mug", "price": "12.50"})
}

/// What a product in sizes can say of itself.
fn complete() -> Value {
    json!({
        "name": "Shirt", "price": "12.50", "description": "Cotton.\nWash it\tcold.",
        "image_url": "https://example.com/shirt.jpg", "sizes": ["S", "M", "L"], "stock": {"S": 6, "M": 5},
        "seller_id": null, "max_per_order": 3, "low_stock_threshold": 5, "stock_shards": 2,
    })
}

async fn lists(user: &User, product: &Value) -> Value {
    user.post("/products", product).await.is_fresh(201)
}

#[tokio::test]
async fn the_whole_product_is_answered_and_for_sale_at_once() {
    let shop = Shop::open().await;
    shop.product("Older").list().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let shown = lists(&admin, &complete()).await;
    assert_eq!(
        shown,
        json!({
            "product_id": shown["product_id"], "name": "Shirt", "description": "Cotton.\nWash it\tcold.",
            "price": "12.50", "currency": "USD", "image_url": "https://example.com/shirt.jpg", "seller_id": null,
            "has_sizes": true, "sizes": ["S", "M", "L"], "max_per_order": 3, "low_stock_threshold": 5,
            "status": "active",
            "stock": [
                {"size": "S", "status": "in_stock", "available": 6},
                {"size": "M", "status": "limited_stock", "available": 5},
                {"size": "L", "status": "out_of_stock", "available": 0},
            ],
            "created_at": shown["created_at"], "updated_at": shown["created_at"],
        })
    );
    let shirt = Product::shown(&shown);
    assert_eq!(shop.get(&shirt.path()).await.is(200), shown);
    assert_eq!(shop.get("/products").await.is(200)["items"][0], shown);
    ada.adds_size(&shirt, "M", 3).await.is(201);
    let placed = ada.checks_out(&json!({})).await.is(201);
    assert_eq!(placed["orders"][0]["total_price"], "37.50");
    shop.finish().await;
}

#[tokio::test]
async fn a_name_and_a_price_are_enough() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let shown = lists(&admin, &mug()).await;
    assert_eq!(
        shown,
        json!({
            "product_id": shown["product_id"], "name": "Mug", "description": "", "price": "12.50", "currency": "USD",
            "image_url": null, "seller_id": null, "has_sizes": false, "sizes": [], "max_per_order": null,
            "low_stock_threshold": 5, "status": "active",
            "stock": [{"size": null, "status": "out_of_stock", "available": 0}],
            "created_at": shown["created_at"], "updated_at": shown["created_at"],
        })
    );
    let mut nulls = complete();
    for field in ["description", "image_url", "sizes", "stock", "seller_id", "max_per_order", "stock_shards"] {
        nulls[field] = Value::Null;
    }
    let plain = lists(&admin, &with(&nulls, "low_stock_threshold", Value::Null)).await;
    assert_eq!((&plain["sizes"], &plain["low_stock_threshold"]), (&json!([]), &json!(5)), "null is left out");
    assert!(!lists(&admin, &with(&mug(), "sizes", json!([]))).await["has_sizes"].as_bool().expect("a bool"));
    shop.finish().await;
}

#[tokio::test]
async fn a_price_is_a_string_or_a_number() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for (given, shown) in [
        (json!("12.5"), "12.50"),
        (json!(12.5), "12.50"),
        (json!(12), "12.00"),
        (json!(0.07), "0.07"),
        (json!("0"), "0.00"),
        (json!("99999999.99"), "99999999.99"),
        (json!(99_999_999.99), "99999999.99"),
    ] {
        assert_eq!(lists(&admin, &with(&mug(), "price", given)).await["price"], shown);
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_admin_says_whose_it_is() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    assert_eq!(lists(&admin, &mug()).await["seller_id"], Value::Null);
    assert_eq!(lists(&admin, &with(&mug(), "seller_id", json!(sofia.id))).await["seller_id"], json!(sofia.id));
    let nobodys = with(&mug(), "seller_id", json!(UserId::random()));
    admin.post("/products", &nobodys).await.is_refused(404, "user_not_found");
    assert_eq!(shop.snapshot().await.products.len(), 2);
    shop.finish().await;
}

#[tokio::test]
async fn a_seller_lists_their_own_only() {
    let shop = Shop::open().await;
    let (sofia, sven) = (shop.seller("sofia").await, shop.seller("sven").await);
    for own in [mug(), with(&mug(), "seller_id", Value::Null), with(&mug(), "seller_id", json!(sofia.id))] {
        assert_eq!(lists(&sofia, &own).await["seller_id"], json!(sofia.id));
    }
    for other in [sven.id, UserId::random()] {
        sofia.post("/products", &with(&mug(), "seller_id", json!(other))).await.is_refused(403, "forbidden");
    }
    assert_eq!(shop.snapshot().await.products.len(), 3);
    shop.finish().await;
}

#[tokio::test]
async fn a_shopper_lists_nothing() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    ada.post("/products", &mug()).await.is_refused(403, "forbidden");
    ada.post("/products", &with(&mug(), "seller_id", json!(ada.id))).await.is_refused(403, "forbidden");
    ada.call("POST", "/products").raw("{").await.is_refused(403, "forbidden");
    assert!(shop.snapshot().await.products.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn stock_is_spread_over_its_shards_and_sold_to_the_last_unit() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let spread = with(&with(&mug(), "stock", json!(10)), "stock_shards", json!(4));
    let ticket = Product::shown(&lists(&admin, &spread).await);
    let mut shards: Vec<_> = shop.snapshot().await.inventory.iter().map(|shard| shard["available"].clone()).collect();
    shards.sort_by_key(Value::as_u64);
    assert_eq!(json!(shards), json!([2, 2, 3, 3]));
    for units in [7, 3] {
        shop.shopper("buyer").await.buys(&ticket, units).await;
    }
    assert_eq!(shop.stock_of(&ticket).await, 0);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_just_within_the_limits_is_taken() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let sizes: Vec<_> = (0..33).map(|size| format!("{size:050}")).collect();
    for (field, value) in [
        ("name", json!("ü".repeat(200))),
        ("description", json!("ü\n".repeat(2_500))),
        ("description", json!("")),
        ("image_url", json!(format!("https://example.com/{}", "a".repeat(2_028)))),
        ("stock", json!(10_000_000)),
        ("stock", json!(3.0)),
        ("max_per_order", json!(1)),
        ("max_per_order", json!(999)),
        ("low_stock_threshold", json!(0)),
        ("low_stock_threshold", json!(10_000_000)),
        ("stock_shards", json!(99)),
    ] {
        lists(&admin, &with(&mug(), field, value)).await;
    }
    let widest = with(&with(&mug(), "sizes", json!(sizes)), "stock_shards", json!(3));
    let widest = lists(&admin, &with(&widest, "stock", json!({sizes[32].clone(): 10_000_000}))).await;
    assert_eq!(widest["stock"][32]["available"], 10_000_000);
    shop.finish().await;
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let long = |length| json!("x".repeat(length));
    let mut cases = Vec::new();
    for field in ["name", "price"] {
        admin.post("/products", &without(&mug(), field)).await.is_invalid(field);
        cases.extend([json!(null), json!(""), json!(" "), json!(true), json!([]), json!({})].map(|v| (field, v)));
    }
    for field in ["stock", "max_per_order", "low_stock_threshold", "stock_shards"] {
        cases.extend([json!(-1), json!(1.5), json!(10_000_001), json!(1e300), json!("3")].map(|v| (field, v)));
    }
    cases.extend([json!(7), long(201), json!("a\nb")].map(|v| ("name", v)));
    cases.extend([json!(-1), json!("1.999"), json!("100000000"), json!(100_000_000), json!("x")].map(|v| ("price", v)));
    cases.extend([json!(7), long(5_001), json!("a\u{0}b")].map(|v| ("description", v)));
    cases.extend([json!(7), json!(""), json!("lamp.jpg"), json!("javascript:alert(1)")].map(|v| ("image_url", v)));
    cases.extend([json!("S"), json!({"S": 1})].map(|v| ("sizes", v)));
    cases.extend([json!([""]), json!([7]), json!([null]), json!(["x".repeat(51)])].map(|v| ("sizes[0]", v)));
    cases.extend([json!(["S", "S"]), json!(["S", " S "])].map(|v| ("sizes[1]", v)));
    cases.push(("sizes", json!((0..100).map(|size| size.to_string()).collect::<Vec<_>>())));
    cases.extend([json!({"S": 1}), json!([3]), json!(true)].map(|v| ("stock", v)));
    cases.extend([json!(7), json!("me"), json!("")].map(|v| ("seller_id", v)));
    cases.extend([json!(0), json!(1_000)].map(|v| ("max_per_order", v)));
    cases.extend([json!(0), json!(100)].map(|v| ("stock_shards", v)));
    for (field, value) in cases {
        let name = field.split('[').next().expect("a name");
        admin.post("/products", &with(&mug(), name, value)).await.is_invalid(field);
    }
    for (stock, field) in [
        (json!(3), "stock"),
        (json!({"XL": 1}), "stock.XL"),
        (json!({"S": -1}), "stock.S"),
        (json!({"S": null}), "stock.S"),
        (json!({"M": 10_000_001}), "stock.M"),
    ] {
        admin.post("/products", &with(&complete(), "stock", stock)).await.is_invalid(field);
    }
    admin.post("/products", &with(&complete(), "stock_shards", json!(34))).await.is_invalid("stock_shards");
    assert!(shop.snapshot().await.products.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn nobody_smuggles_anything_in() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for field in ["product_id", "status", "currency", "has_sizes", "created_at", "Name"] {
        admin.post("/products", &with(&mug(), field, json!("x"))).await.is_invalid(field);
    }
    let twice = r#"{"name": "Mug", "price": "1", "price": "2"}"#;
    admin.call("POST", "/products").raw(twice).await.is_invalid("price");
    admin.call("POST", "/products").await.is_refused(400, "invalid_json");
    refuses_unreadable_bodies(&admin.call("POST", "/products")).await;
    assert!(shop.snapshot().await.products.is_empty());
    shop.finish().await;
}
