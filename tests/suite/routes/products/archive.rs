//! `DELETE /products/{product_id}`.

use serde_json::json;
use shared::ids::ProductId;
use tests::shop::Shop;

#[tokio::test]
async fn it_is_gone_from_the_catalogue_and_the_inventory() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (gone, kept) =
        (shop.product("Gone").sizes(&[("S", 3), ("M", 0)]).shards(2).list().await, shop.product("Kept").list().await);
    admin.delete(&gone.path()).await.is_empty();
    shop.get(&gone.path()).await.is_refused(404, "product_not_found");
    for list in ["/products", "/inventory"] {
        let page = admin.get(list).await.is(200);
        let names: Vec<_> = page["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect();
        assert_eq!(names, [kept.name.as_str()], "{list}");
    }
    assert_eq!(admin.get("/inventory?status=limited_stock").await.is(200)["items"], json!([]));
    shop.finish().await;
}

#[tokio::test]
async fn once_is_as_good_as_twice() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    let gone = shop.product("Gone").sold_by(&sofia).list().await;
    admin.delete(&gone.path()).await.is_empty();
    let products = shop.snapshot().await.products;
    shop.pass(60);
    for staff in [&admin, &sofia] {
        staff.delete(&gone.path()).await.is_empty();
    }
    assert_eq!(shop.snapshot().await.products, products);
    shop.finish().await;
}

#[tokio::test]
async fn carts_keep_the_line_but_cannot_order_it() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(9).list().await);
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let line = ada.adds(&mug, 2).await.is(201);
    admin.delete(&mug.path()).await.is_empty();
    assert_eq!(ada.cart().await["items"][0]["item_id"], line["item_id"]);
    for method in ["on_delivery", "online"] {
        let checkout = ada.checks_out(&json!({"payment_method": method}));
        let errors = checkout.await.is_refused(422, "validation_failed");
        assert_eq!(errors[0]["field"], json!(format!("items.{}", line["item_id"].as_str().expect("an id"))));
    }
    for user in [&ada, &ben] {
        user.adds(&mug, 1).await.is_refused(404, "product_not_found");
    }
    ada.removes(&line["item_id"]).await.is_empty();
    assert_eq!(shop.snapshot().await.inventory[0]["available"], 9, "what it held is free again");
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_was_made_before_takes_its_way() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(9).list().await);
    let ada = shop.shopper("ada").await;
    let (returned, sent) = (ada.buys(&mug, 2).await, ada.buys(&mug, 3).await);
    admin.delete(&mug.path()).await.is_empty();
    let path = |order: &serde_json::Value| format!("/orders/{}", order["order_id"].as_str().expect("an id"));
    let cancelled = ada.patch(&format!("{}/cancel", path(&returned)), &json!({})).await.is(200);
    assert_eq!(cancelled["status"], "cancelled");
    for status in ["processing", "shipped", "delivered"] {
        admin.patch(&path(&sent), &json!({"status": status})).await.is(200);
    }
    let stock = &shop.snapshot().await.inventory[0];
    assert_eq!((&stock["available"], &stock["sold"], &stock["received"]), (&json!(6), &json!(3), &json!(9)));
    shop.finish().await;
}

/// What an unpaid order holds was taken while the product was for sale: its payment sells it.
#[tokio::test]
async fn an_order_that_waits_for_its_payment_can_be_paid() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(9).list().await);
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 2).await.is(201);
    let placed = ada.checks_out(&json!({"payment_method": "online"})).await.is(201);
    admin.delete(&mug.path()).await.is_empty();
    let payment = format!("/orders/{}/payment", placed["order_id"].as_str().expect("an id"));
    let order = admin.post(&payment, &json!({"outcome": "succeeded"})).await.is(200);
    assert_eq!(order["status"], "placed");
    assert_eq!(shop.snapshot().await.inventory[0]["sold"], 2);
    shop.finish().await;
}

#[tokio::test]
async fn what_there_never_was_is_not_found() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    for id in [ProductId::random().to_string(), "7".to_owned()] {
        for staff in [&admin, &sofia] {
            staff.delete(&format!("/products/{id}")).await.is_refused(404, "product_not_found");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_seller_withdraws_their_own_only_and_a_shopper_none() {
    let shop = Shop::open().await;
    let (sofia, sven) = (shop.seller("sofia").await, shop.seller("sven").await);
    let ada = shop.shopper("ada").await;
    let (hers, shops) = (shop.product("Hers").sold_by(&sofia).list().await, shop.product("Own").list().await);
    for path in [hers.path(), shops.path()] {
        sven.delete(&path).await.is_refused(403, "forbidden");
        ada.delete(&path).await.is_refused(403, "forbidden");
        shop.get(&path).await.is(200);
    }
    sofia.delete(&shops.path()).await.is_refused(403, "forbidden");
    ada.delete(&format!("/products/{}", ProductId::random())).await.is_refused(403, "forbidden");
    sofia.delete(&hers.path()).await.is_empty();
    shop.get(&hers.path()).await.is_refused(404, "product_not_found");
    sven.delete(&hers.path()).await.is_refused(403, "forbidden");
    shop.finish().await;
}

/// A product of as many stock items as one may have is withdrawn in one transaction with all of them.
#[tokio::test]
async fn a_product_of_99_stock_items_can_be_withdrawn() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let sizes: Vec<_> = (0..33).map(|size| size.to_string()).collect();
    let widest = json!({"name": "Shoe", "price": 1, "sizes": sizes, "stock_shards": 3});
    let shoe = admin.post("/products", &widest).await.is(201);
    admin.delete(&format!("/products/{}", shoe["product_id"].as_str().expect("an id"))).await.is_empty();
    let inventory = shop.snapshot().await.inventory;
    assert_eq!(inventory.len(), 99);
    assert!(inventory.iter().all(|stock| stock["archived"] == true));
    shop.finish().await;
}
