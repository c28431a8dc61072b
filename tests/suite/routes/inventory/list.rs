//! `GET /inventory`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors};

fn list(user: &User) -> impl Fn(&str) -> Call {
    |query| user.get(&format!("/inventory?{query}"))
}

/// Each item as text, `Shirt M`.
fn skus(items: &[Value]) -> Vec<String> {
    let text =
        |item: &Value| format!("{} {}", item["name"].as_str().expect("a name"), item["size"].as_str().unwrap_or("-"));
    items.iter().map(text).collect()
}

#[tokio::test]
async fn every_sku_is_there_with_what_became_of_its_units() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let shirt = shop.product("Shirt").sizes(&[("S", 9), ("M", 5), ("L", 0)]).shards(3).list().await;
    ada.adds_size(&shirt, "S", 2).await.is(201);
    ada.checks_out(&json!({})).await.is(201);
    ada.adds_size(&shirt, "S", 1).await.is(201);
    ada.checks_out(&json!({"payment_method": "online"})).await.is(201);
    ada.adds_size(&shirt, "S", 3).await.is(201);
    ada.adds_size(&shirt, "M", 4).await.is(201);
    let sku = |size: &str, available: u32, reserved: u32, sold: u32, status: &str| {
        json!({
            "product_id": shirt.id, "name": "Shirt", "size": size, "available": available, "reserved": reserved,
            "sold": sold, "received": available + reserved + sold, "status": status,
        })
    };
    let expected = json!({
        "items": [
            sku("S", 3, 4, 2, "limited_stock"), sku("M", 1, 4, 0, "limited_stock"), sku("L", 0, 0, 0, "out_of_stock"),
        ],
        "next_cursor": null,
    });
    assert_eq!(admin.get("/inventory").await.is(200), expected);
    shop.finish().await;
}

#[tokio::test]
async fn it_is_in_the_order_of_the_catalogue() {
    let shop = Shop::open().await;
    let (admin, now) = (shop.admin().await, shop.clock.now());
    assert_eq!(admin.get("/inventory").await.is(200), json!({"items": [], "next_cursor": null}));
    for (name, age) in [("Old", 60), ("New", 0), ("Gone", 10), ("Middling", 30)] {
        let product = shop.product(name).sizes(&[("M", 1), ("S", 1)]).listed_at(now - Duration::from_secs(age));
        let product = product.list().await;
        if name == "Gone" {
            shop.archive(&product).await;
        }
    }
    let page = admin.get("/inventory").await.is(200);
    let found = skus(page["items"].as_array().expect("items"));
    assert_eq!(found, ["New M", "New S", "Middling M", "Middling S", "Old M", "Old S"]);
    shop.finish().await;
}

#[tokio::test]
async fn pages_have_every_sku_once_even_where_they_end_within_a_product() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let now = shop.clock.now();
    for number in 0..9 {
        // Listed in the same moment by threes.
        let product = shop.product(&format!("{number}")).listed_at(now - Duration::from_secs(number / 3));
        let sizes = [("S", 1), ("M", 2), ("L", 3), ("XL", 4)];
        match usize::try_from(number % 5).expect("a few") {
            0 => product.stock(7).shards(2),
            count => product.sizes(&sizes[..count]),
        }
        .list()
        .await;
    }
    let all = skus(&all_pages(list(&admin), 100).await);
    assert_eq!(all.len(), 2 + (1 + 2 + 3 + 4) + (1 + 2 + 3));
    for limit in [1, 2, 3, 5, 17, 18] {
        assert_eq!(skus(&all_pages(list(&admin), limit).await), all, "{limit} at a time");
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_is_withdrawn_or_listed_between_two_pages_hides_no_other() {
    let shop = Shop::open().await;
    let (admin, now) = (shop.admin().await, shop.clock.now());
    let mut products = Vec::new();
    for age in 0..4 {
        let product = shop.product(&format!("{age}")).sizes(&[("S", 1), ("M", 1)]);
        products.push(product.listed_at(now - Duration::from_secs(age)).list().await);
    }
    let next = async |page: &Value| {
        let cursor = page["next_cursor"].as_str().expect("there is more");
        admin.get(&format!("/inventory?limit=3&cursor={cursor}")).await.is(200)
    };
    let first = admin.get("/inventory?limit=3").await.is(200);
    assert_eq!(skus(first["items"].as_array().expect("items")), ["0 S", "0 M", "1 S"]);
    shop.product("newer").listed_at(now + Duration::from_secs(9)).list().await;
    let second = next(&first).await;
    assert_eq!(skus(second["items"].as_array().expect("items")), ["1 M", "2 S", "2 M"]);
    // The very product that the page ended in, half seen or wholly.
    shop.archive(&products[1]).await;
    assert_eq!(skus(next(&first).await["items"].as_array().expect("items")), ["2 S", "2 M", "3 S"]);
    shop.archive(&products[2]).await;
    assert_eq!(skus(next(&second).await["items"].as_array().expect("items")), ["3 S", "3 M"]);
    shop.finish().await;
}

#[tokio::test]
async fn a_seller_sees_their_own_and_a_shopper_nothing() {
    let shop = Shop::open().await;
    let (sofia, sven) = (shop.seller("sofia").await, shop.seller("sven").await);
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let now = shop.clock.now();
    for (age, seller) in (0..).zip([Some(&sofia), None, Some(&sven), Some(&sofia)]) {
        let product = shop.product(&format!("{age}")).stock(0).listed_at(now - Duration::from_secs(age));
        match seller {
            Some(seller) => product.sold_by(seller).list().await,
            None => product.list().await,
        };
    }
    for status in ["", "&status=out_of_stock"] {
        let mut hers = skus(&all_pages(|query| sofia.get(&format!("/inventory?{query}{status}")), 1).await);
        hers.sort();
        assert_eq!(hers, ["0 -", "3 -"]);
        let his = sven.get(&format!("/inventory?limit=1{status}")).await.is(200);
        assert_eq!(
            (skus(his["items"].as_array().expect("items")), &his["next_cursor"]),
            (vec!["2 -".to_owned()], &Value::Null)
        );
        assert_eq!(all_pages(|query| admin.get(&format!("/inventory?{query}{status}")), 3).await.len(), 4);
        ada.get(&format!("/inventory?limit=1{status}")).await.is_refused(403, "forbidden");
    }
    ada.get("/inventory?limit=0").await.is_refused(403, "forbidden");
    shop.finish().await;
}

/// The products of others lie between theirs, more than one read of the catalogue takes.
#[tokio::test]
async fn a_seller_finds_theirs_among_more_than_a_hundred() {
    let shop = Shop::open().await;
    let sofia = shop.seller("sofia").await;
    let now = shop.clock.now();
    for age in 0..230 {
        let product = shop.product(&format!("{age}")).stock(1).listed_at(now - Duration::from_secs(age));
        match age {
            0 | 120 | 229 => product.sold_by(&sofia).list().await,
            _ => product.list().await,
        };
    }
    for limit in [1, 2, 3, 100] {
        let found = skus(&all_pages(list(&sofia), limit).await);
        assert_eq!(found, ["0 -", "120 -", "229 -"], "{limit} at a time");
    }
    let low = all_pages(|query| sofia.get(&format!("/inventory?status=limited_stock&{query}")), 2).await;
    assert_eq!(low.len(), 3);
    shop.finish().await;
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    for name in ["one", "two"] {
        shop.product(name).stock(0).sold_by(&sofia).list().await;
    }
    refuses_malformed_pages(list(&admin)).await;
    refuses_tampered_cursors(list(&admin)).await;
    // A cursor is of one list, and of whoever it was shown to.
    let cursor = admin.get("/inventory?limit=1").await.is(200)["next_cursor"].as_str().expect("more").to_owned();
    sofia.get(&format!("/inventory?cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    for status in ["out_of_stock", "limited_stock"] {
        admin.get(&format!("/inventory?status={status}&cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    }
    let products = admin.get("/products?limit=1").await.is(200)["next_cursor"].as_str().expect("more").to_owned();
    admin.get(&format!("/inventory?cursor={products}")).await.is_refused(400, "invalid_cursor");
    shop.finish().await;
}
