//! `?status=` on `GET /inventory`: what is running out.

use serde_json::{Value, json};
use tests::api::Call;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{all_pages, refuses_malformed_pages, refuses_tampered_cursors};

fn low<'a>(user: &'a User, status: &'a str) -> impl Fn(&str) -> Call + 'a {
    move |query| user.get(&format!("/inventory?status={status}&{query}"))
}

/// Each item as its name, size and units.
fn units(items: &[Value]) -> Value {
    items.iter().map(|item| json!([item["name"], item["size"], item["available"]])).collect()
}

#[tokio::test]
async fn only_what_is_low_is_there_the_fewest_units_first() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.product("Shirt").sizes(&[("S", 6), ("M", 5), ("L", 0), ("XL", 2)]).shards(3).list().await;
    shop.product("Mug").stock(3).list().await;
    shop.product("Pen").stock(20).low_stock_threshold(20).list().await;
    shop.product("Ink").stock(1).low_stock_threshold(0).list().await;
    let gone = shop.product("Gone").stock(1).list().await;
    let none = shop.product("None").stock(0).list().await;
    shop.archive(&gone).await;
    let limited = admin.get("/inventory?status=limited_stock").await.is(200);
    let items = limited["items"].as_array().expect("items");
    assert_eq!(units(items), json!([["Shirt", "XL", 2], ["Mug", null, 3], ["Shirt", "M", 5], ["Pen", null, 20]]));
    assert!(items.iter().all(|item| item["status"] == "limited_stock"));
    let out = admin.get("/inventory?status=out_of_stock").await.is(200);
    let mut names: Vec<_> = out["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["None", "Shirt"]);

    let arrival = json!({"product_id": none.id, "delta": 1, "reason": "delivery"});
    let arrived = admin.post("/inventory/adjustments", &arrival).await.is(200);
    assert_eq!(admin.get("/inventory?status=limited_stock").await.is(200)["items"][0], arrived);
    shop.finish().await;
}

#[tokio::test]
async fn what_carts_hold_counts_as_gone() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let mug = shop.product("Mug").stock(6).list().await;
    assert_eq!(all_pages(low(&admin, "limited_stock"), 9).await, [] as [Value; 0]);
    ada.adds(&mug, 1).await.is(201);
    let limited = all_pages(low(&admin, "limited_stock"), 9).await;
    assert_eq!((&limited[0]["available"], &limited[0]["reserved"]), (&json!(5), &json!(1)));
    ada.adds(&mug, 5).await.is(200);
    assert_eq!(all_pages(low(&admin, "limited_stock"), 9).await, [] as [Value; 0]);
    assert_eq!(all_pages(low(&admin, "out_of_stock"), 9).await[0]["reserved"], 6);
    shop.finish().await;
}

#[tokio::test]
async fn pages_have_every_sku_once_even_those_with_as_many_units() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for number in 0..7 {
        shop.product(&format!("{number}")).sizes(&[("S", 1), ("M", 2), ("L", 0), ("XL", 9)]).list().await;
    }
    for (status, count) in [("limited_stock", 14), ("out_of_stock", 7)] {
        let all = all_pages(low(&admin, status), 100).await;
        assert_eq!(all.len(), count);
        assert!(all.is_sorted_by_key(|item| item["available"].as_u64()));
        for limit in [1, 2, 3, count] {
            assert_eq!(all_pages(low(&admin, status), limit).await, all, "{limit} at a time");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_catalogue_of_more_than_a_hundred_products_is_searched_to_its_end() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for number in 0..120 {
        shop.product(&format!("{number}")).stock(if number % 40 == 0 { 0 } else { 50 }).list().await;
    }
    assert_eq!(all_pages(low(&admin, "out_of_stock"), 2).await.len(), 3);
    shop.finish().await;
}

#[tokio::test]
async fn no_other_status_is_known() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for status in ["in_stock", "active", "", "LIMITED_STOCK", "limited_stock,out_of_stock"] {
        admin.get(&format!("/inventory?status={status}")).await.is_refused(400, "invalid_parameter");
    }
    for name in ["one", "two"] {
        shop.product(name).stock(1).list().await;
    }
    refuses_malformed_pages(low(&admin, "limited_stock")).await;
    refuses_tampered_cursors(low(&admin, "limited_stock")).await;
    let cursor =
        low(&admin, "limited_stock")("limit=1").await.is(200)["next_cursor"].as_str().expect("more").to_owned();
    for other in ["", "status=out_of_stock&"] {
        admin.get(&format!("/inventory?{other}cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    }
    shop.finish().await;
}
