//! `GET /products/{product_id}`.

use serde_json::json;
use shared::ids::ProductId;
use tests::product::Product;
use tests::shop::Shop;

fn path(product: &Product) -> String {
    format!("/products/{}", product.id)
}

#[tokio::test]
async fn a_product_without_sizes_has_one_entry_of_stock() {
    let shop = Shop::open().await;
    let laptop = shop.product("Laptop").price("999.9").stock(12).max_per_order(3).list().await;
    let shown = shop.get(&path(&laptop)).await.is(200);
    let (created_at, updated_at) = (shown["created_at"].clone(), shown["updated_at"].clone());
    assert_eq!(
        shown,
        json!({
            "product_id": laptop.id, "name": "Laptop", "description": "Laptop, as good as new", "price": "999.90",
            "currency": "USD", "image_url": null, "seller_id": null, "has_sizes": false, "sizes": [],
            "max_per_order": 3, "low_stock_threshold": 5, "status": "active",
            "stock": [{"size": null, "status": "in_stock", "available": 12}],
            "created_at": created_at, "updated_at": updated_at,
        })
    );
    let moment = created_at.as_str().unwrap();
    assert!(moment.len() == "2026-11-20T06:21:33.123Z".len() && moment.ends_with('Z'), "{moment}");
    shop.finish().await;
}

#[tokio::test]
async fn a_product_with_sizes_has_one_entry_a_size_in_its_order() {
    let shop = Shop::open().await;
    let sofia = shop.seller("sofia").await;
    let shirt = shop.product("Shirt").sizes(&[("S", 6), ("M", 5), ("L", 0)]).shards(4).sold_by(&sofia).list().await;
    let shown = shop.get(&path(&shirt)).await.is(200);
    assert_eq!(shown["has_sizes"], true);
    assert_eq!(shown["sizes"], json!(["S", "M", "L"]));
    assert_eq!(shown["seller_id"], json!(sofia.id));
    assert_eq!(
        shown["stock"],
        json!([
            {"size": "S", "status": "in_stock", "available": 6},
            {"size": "M", "status": "limited_stock", "available": 5},
            {"size": "L", "status": "out_of_stock", "available": 0},
        ])
    );
    shop.finish().await;
}

#[tokio::test]
async fn stock_is_limited_from_its_threshold_down() {
    let shop = Shop::open().await;
    for (units, threshold, status) in
        [(0, 5, "out_of_stock"), (1, 5, "limited_stock"), (5, 5, "limited_stock"), (6, 5, "in_stock")]
            .into_iter()
            .chain([(1, 0, "in_stock"), (0, 0, "out_of_stock"), (20, 20, "limited_stock"), (21, 20, "in_stock")])
    {
        let product = shop.product("Cup").stock(units).low_stock_threshold(threshold).list().await;
        let shown = shop.get(&path(&product)).await.is(200);
        assert_eq!(shown["stock"], json!([{"size": null, "status": status, "available": units}]));
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_a_cart_holds_is_not_available() {
    let shop = Shop::open().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 6), ("M", 6)]).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds_size(&shirt, "M", 4).await.is(201);
    let shown = shop.get(&path(&shirt)).await.is(200);
    assert_eq!(
        shown["stock"],
        json!([
            {"size": "S", "status": "in_stock", "available": 6},
            {"size": "M", "status": "limited_stock", "available": 2},
        ])
    );
    shop.finish().await;
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_found() {
    let shop = Shop::open().await;
    let gone = shop.product("Gone").list().await;
    shop.archive(&gone).await;
    shop.get(&path(&gone)).await.is_refused(404, "product_not_found");
    let simple = gone.id.to_string().replace('-', "");
    for id in [ProductId::random().to_string(), "7".to_owned(), simple, "%F0%9F%92%A9".to_owned(), "..%2F".to_owned()] {
        shop.get(&format!("/products/{id}")).await.is_refused(404, "product_not_found");
    }
    shop.finish().await;
}
