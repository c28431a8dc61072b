//! `PATCH /products/{product_id}`.

use serde_json::{Value, json};
use shared::ids::ProductId;
use tests::product::Product;
use tests::shop::Shop;

use crate::routes::{refuses_unreadable_bodies, with};

async fn shown(shop: &Shop, product: &Product) -> Value {
    shop.get(&product.path()).await.is(200)
}

#[tokio::test]
async fn each_field_can_be_changed_alone() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(6).list().await);
    for (field, value, then) in [
        ("name", json!(" Cup "), json!("Cup")),
        ("description", json!("Holds\na lot"), json!("Holds\na lot")),
        ("price", json!("0.07"), json!("0.07")),
        ("price", json!(12.5), json!("12.50")),
        ("image_url", json!("https://example.com/cup.jpg"), json!("https://example.com/cup.jpg")),
        ("max_per_order", json!(2), json!(2)),
        ("low_stock_threshold", json!(4), json!(4)),
    ] {
        let before = shown(&shop, &mug).await;
        shop.pass(1);
        let after = admin.patch(&mug.path(), &json!({field: value})).await.is(200);
        assert!(after["updated_at"].as_str() > before["updated_at"].as_str(), "{field}");
        let expected = with(&with(&before, field, then), "updated_at", after["updated_at"].clone());
        assert_eq!(after, expected, "{field}");
        assert_eq!(shown(&shop, &mug).await, after);
    }
    shop.finish().await;
}

#[tokio::test]
async fn all_fields_can_be_changed_together_and_cleared() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(6).max_per_order(9).list().await);
    let change = json!({
        "name": "Cup", "description": "Holds a lot", "price": "7.00", "image_url": "https://example.com/cup.jpg",
        "max_per_order": 2, "low_stock_threshold": 6,
    });
    let after = admin.patch(&mug.path(), &change).await.is(200);
    for (field, value) in change.as_object().expect("an object") {
        assert_eq!(&after[field], value);
    }
    assert_eq!(after["stock"], json!([{"size": null, "status": "limited_stock", "available": 6}]));

    let nothing = json!({"description": null, "image_url": null, "max_per_order": null, "low_stock_threshold": null});
    let cleared = admin.patch(&mug.path(), &nothing).await.is(200);
    for (field, value) in
        [("description", json!("")), ("image_url", json!(null)), ("max_per_order", json!(null)), ("name", json!("Cup"))]
    {
        assert_eq!(cleared[field], value);
    }
    assert_eq!((&cleared["low_stock_threshold"], &cleared["stock"][0]["status"]), (&json!(5), &json!("in_stock")));
    assert_eq!(shown(&shop, &mug).await, cleared);
    shop.finish().await;
}

#[tokio::test]
async fn nothing_new_changes_nothing() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").price("10.00").list().await);
    let before = shown(&shop, &mug).await;
    shop.pass(60);
    for change in [json!({}), json!({"price": 10, "name": "Mug"}), json!({"max_per_order": null})] {
        assert_eq!(admin.patch(&mug.path(), &change).await.is(200), before);
    }
    assert_eq!(shown(&shop, &mug).await, before);
    shop.finish().await;
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").list().await);
    let before = shown(&shop, &mug).await;
    let mut cases = Vec::new();
    for field in ["name", "price"] {
        cases.extend([json!(null), json!(""), json!(true), json!([]), json!({})].map(|value| (field, value)));
    }
    for field in ["max_per_order", "low_stock_threshold"] {
        cases.extend([json!(-1), json!(1.5), json!("3"), json!(10_000_001)].map(|value| (field, value)));
    }
    cases.extend([json!("x".repeat(201)), json!("a\nb"), json!(7)].map(|value| ("name", value)));
    cases.extend([json!("1.999"), json!(-1), json!("100000000")].map(|value| ("price", value)));
    cases.extend([json!("x".repeat(5_001)), json!(7)].map(|value| ("description", value)));
    cases.extend([json!(""), json!("lamp.jpg"), json!(7)].map(|value| ("image_url", value)));
    cases.extend([json!(0), json!(1_000)].map(|value| ("max_per_order", value)));
    for field in ["stock", "status", "seller_id", "sizes", "has_sizes", "stock_shards", "currency", "updated_at"] {
        cases.extend([json!(null), json!(1)].map(|value| (field, value)));
    }
    for (field, value) in cases {
        admin.patch(&mug.path(), &json!({"description": "new", field: value})).await.is_invalid(field);
    }
    admin.call("PATCH", &mug.path()).await.is_refused(400, "invalid_json");
    refuses_unreadable_bodies(&admin.call("PATCH", &mug.path())).await;
    assert_eq!(shown(&shop, &mug).await, before);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_found() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    let gone = shop.product("Gone").sold_by(&sofia).list().await;
    shop.archive(&gone).await;
    for change in [json!({}), json!({"price": "1.00"})] {
        for id in [gone.id.to_string(), ProductId::random().to_string(), "7".to_owned()] {
            for staff in [&admin, &sofia] {
                staff.patch(&format!("/products/{id}"), &change).await.is_refused(404, "product_not_found");
            }
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_seller_changes_their_own_only_and_a_shopper_none() {
    let shop = Shop::open().await;
    let (sofia, sven) = (shop.seller("sofia").await, shop.seller("sven").await);
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let (hers, shops) = (shop.product("Hers").sold_by(&sofia).list().await, shop.product("Own").list().await);
    let cheaper = json!({"price": "1.00"});
    for owner in [&sofia, &admin] {
        assert_eq!(owner.patch(&hers.path(), &cheaper).await.is(200)["price"], "1.00");
    }
    admin.patch(&shops.path(), &json!({"price": "2.00"})).await.is(200);
    for path in [hers.path(), shops.path()] {
        for change in [cheaper.clone(), json!({})] {
            sven.patch(&path, &change).await.is_refused(403, "forbidden");
        }
    }
    for path in [hers.path(), format!("/products/{}", ProductId::random()), "/products/7".to_owned()] {
        ada.patch(&path, &cheaper).await.is_refused(403, "forbidden");
    }
    assert_eq!(shown(&shop, &shops).await["price"], "2.00");
    shop.archive(&hers).await;
    sven.patch(&hers.path(), &cheaper).await.is_refused(403, "forbidden");
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_keeps_its_price_while_it_holds_the_stock() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").price("10.00").list().await);
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    for user in [&ada, &ben] {
        user.adds(&mug, 2).await.is(201);
    }
    admin.patch(&mug.path(), &json!({"price": "12.00"})).await.is(200);
    assert_eq!(ada.cart().await["subtotal"], "20.00");
    assert_eq!(ada.checks_out(&json!({})).await.is(201)["orders"][0]["total_price"], "20.00");
    shop.pass(1_800);
    assert_eq!(ben.cart().await["subtotal"], "24.00");
    assert_eq!(ben.checks_out(&json!({})).await.is(201)["orders"][0]["total_price"], "24.00");
    shop.finish().await;
}

#[tokio::test]
async fn a_new_limit_holds_for_what_is_added_from_now_on() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").list().await);
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 3).await.is(201);
    admin.patch(&mug.path(), &json!({"max_per_order": 3})).await.is(200);
    ada.adds(&mug, 1).await.is_refused(422, "quantity_limit");
    admin.patch(&mug.path(), &json!({"max_per_order": null})).await.is(200);
    ada.adds(&mug, 1).await.is(200);
    shop.finish().await;
}
