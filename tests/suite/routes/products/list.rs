//! `GET /products`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::api::Call;
use tests::shop::Shop;

use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors};

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|product| product["name"].as_str().expect("a name")).collect()
}

fn list(shop: &Shop) -> impl Fn(&str) -> Call {
    |query| shop.get(&format!("/products?{query}"))
}

#[tokio::test]
async fn anyone_sees_what_is_for_sale_newest_first() {
    let shop = Shop::open().await;
    let now = shop.clock.now();
    shop.product("Old").listed_at(now - Duration::from_secs(60)).list().await;
    let gone = shop.product("Gone").listed_at(now - Duration::from_secs(30)).list().await;
    shop.product("New").listed_at(now).list().await;
    shop.archive(&gone).await;

    let page = shop.get("/products").await.is(200);
    assert_eq!(names(page["items"].as_array().unwrap()), ["New", "Old"]);
    assert_eq!(page["next_cursor"], json!(null));
    shop.finish().await;
}

#[tokio::test]
async fn an_empty_catalogue_is_an_empty_page() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/products").await.is(200), json!({"items": [], "next_cursor": null}));
    shop.finish().await;
}

#[tokio::test]
async fn a_listed_product_is_the_same_as_alone() {
    let shop = Shop::open().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 3), ("M", 0)]).shards(2).list().await;
    let page = shop.get("/products?limit=1").await.is(200);
    assert_eq!(page["items"][0], shop.get(&format!("/products/{}", shirt.id)).await.is(200));
    shop.finish().await;
}

#[tokio::test]
async fn pages_have_every_product_once_even_those_listed_in_the_same_moment() {
    let shop = Shop::open().await;
    let now = shop.clock.now();
    for number in 0..45_u64 {
        let age = Duration::from_millis(100 * (number / 3));
        shop.product(&format!("{number}")).listed_at(now - age).list().await;
    }
    let all = all_pages(list(&shop), 100).await;
    assert_eq!(all.len(), 45);
    assert!(all.is_sorted_by(|newer, older| newer["created_at"].as_str() >= older["created_at"].as_str()));
    for limit in [1, 7, 44, 45] {
        assert_eq!(names(&all_pages(list(&shop), limit).await), names(&all), "{limit} at a time");
    }
    let twenty = shop.get("/products").await.is(200);
    assert_eq!(names(twenty["items"].as_array().unwrap()), names(&all[..20]));
    shop.finish().await;
}

#[tokio::test]
async fn a_page_has_the_stock_of_more_items_than_one_read_takes() {
    let shop = Shop::open().await;
    for number in 0..15 {
        shop.product(&format!("{number}")).sizes(&[("S", 3), ("M", 4), ("L", 5)]).shards(3).list().await;
    }
    let page = shop.get("/products").await.is(200);
    for product in page["items"].as_array().unwrap() {
        let available: Vec<_> = (0..3).map(|size| product["stock"][size]["available"].clone()).collect();
        assert_eq!(json!(available), json!([3, 4, 5]));
    }
    shop.finish().await;
}

#[tokio::test]
async fn what_is_listed_or_withdrawn_between_two_pages_disturbs_no_other() {
    let shop = Shop::open().await;
    let now = shop.clock.now();
    let mut products = Vec::new();
    for age in 0..4 {
        products.push(shop.product(&format!("{age}")).listed_at(now - Duration::from_secs(age)).list().await);
    }
    let first = shop.get("/products?limit=2").await.is(200);
    assert_eq!(names(first["items"].as_array().unwrap()), ["0", "1"]);
    shop.archive(&products[1]).await;
    shop.product("newer").listed_at(now + Duration::from_secs(9)).list().await;
    let second =
        shop.get(&format!("/products?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await.is(200);
    assert_eq!(names(second["items"].as_array().unwrap()), ["2", "3"]);
    assert_eq!(second["next_cursor"], json!(null));
    shop.finish().await;
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let shop = Shop::open().await;
    for name in ["one", "two"] {
        shop.product(name).list().await;
    }
    refuses_malformed_pages(list(&shop)).await;
    refuses_tampered_cursors(list(&shop)).await;
    shop.finish().await;
}
