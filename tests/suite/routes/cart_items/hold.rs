//! How long a cart holds its stock, and what happens then. The template's hold is half an hour.

use serde_json::{Value, json};
use shared::time::Timestamp;
use tests::shop::Shop;
use tests::user::User;

const HALF_AN_HOUR: u64 = 1_800;

/// Until when the cart holds its stock, in milliseconds.
async fn held_until(user: &User) -> i64 {
    let until: Timestamp = serde_json::from_value(user.cart().await["reserved_until"].clone()).expect("it holds stock");
    until.millis()
}

/// The one line of a cart.
async fn line_of(user: &User) -> Value {
    user.cart().await["items"][0].clone()
}

#[tokio::test]
async fn a_hold_lasts_half_an_hour_from_the_last_change() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").list().await, shop.product("Cup").list().await);
    let ada = shop.shopper("ada").await;
    let item_id = ada.adds(&mug, 1).await.is(201)["item_id"].clone();
    let first = held_until(&ada).await;
    let ahead = first - shop.clock.now().millis();
    assert!((1_790_000..=1_800_000).contains(&ahead), "{ahead}");

    shop.pass(600);
    assert_eq!(held_until(&ada).await, first, "looking is no change");
    ada.adds(&cup, 1).await.is(201);
    let second = held_until(&ada).await;
    assert!((600_000..610_000).contains(&(second - first)), "adding extends it: {}", second - first);
    shop.pass(600);
    ada.changes(&item_id, 2).await.is(200);
    let third = held_until(&ada).await;
    assert!((600_000..610_000).contains(&(third - second)), "so does changing: {}", third - second);
    shop.pass(600);
    ada.removes(&item_id).await.is_empty();
    let fourth = held_until(&ada).await;
    assert!((600_000..610_000).contains(&(fourth - third)), "and removing: {}", fourth - third);
    shop.finish().await;
}

#[tokio::test]
async fn a_hold_ends_after_two_hours_whatever_happens() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(20).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    let first = held_until(&ada).await;
    for _ in 0..4 {
        shop.pass(HALF_AN_HOUR - 60);
        ada.adds(&mug, 1).await.is(200);
    }
    let longest = held_until(&ada).await;
    assert_eq!(longest - first, 3 * 1_800_000, "four times half an hour from when it began");
    shop.pass(300);
    assert_eq!(line_of(&ada).await["is_stock_reserved"], false);
    shop.finish().await;
}

#[tokio::test]
async fn when_it_ends_the_lines_stay_and_the_stock_is_anyones() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(5).shards(2).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    ada.adds(&mug, 4).await.is(201);
    shop.pass(HALF_AN_HOUR - 30);
    assert_eq!(shop.fire("release-reservations").await["carts_released"], 0, "not yet");
    assert_eq!(line_of(&ada).await["is_stock_reserved"], true);

    shop.pass(30);
    let report = shop.fire("release-reservations").await;
    assert_eq!(report, json!({"carts_released": 1, "units_released": 4, "carts_failed": 0, "complete": true}));
    let cart = ada.cart().await;
    assert_eq!((&cart["item_count"], &cart["reserved_until"]), (&json!(1), &json!(null)));
    assert_eq!(cart["items"][0]["is_stock_reserved"], false);
    assert_eq!(cart["items"][0]["stock"], json!({"status": "limited_stock", "available": 5, "max_quantity": 5}));
    ben.adds(&mug, 5).await.is(201);
    assert_eq!(shop.fire("release-reservations").await["carts_released"], 0, "only once");
    shop.finish().await;
}

#[tokio::test]
async fn a_hold_is_over_before_the_sweep_says_so() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(5).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 4).await.is(201);
    shop.pass(HALF_AN_HOUR);
    let cart = ada.cart().await;
    assert_eq!((&cart["items"][0]["is_stock_reserved"], &cart["reserved_until"]), (&json!(false), &json!(null)));
    assert_eq!(cart["items"][0]["stock"]["max_quantity"], 5);
    shop.finish().await;
}

#[tokio::test]
async fn the_sweep_finds_every_cart() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(100).list().await;
    for number in 0..40 {
        shop.newcomer(&format!("user{number}")).await.adds(&mug, 2).await.is(201);
    }
    shop.pass(HALF_AN_HOUR);
    let late = shop.newcomer("late").await;
    late.adds(&mug, 3).await.is(201);
    let report = shop.fire("release-reservations").await;
    assert_eq!(report, json!({"carts_released": 40, "units_released": 80, "carts_failed": 0, "complete": true}));
    assert_eq!(shop.stock_of(&mug).await, 97);
    assert_eq!(line_of(&late).await["is_stock_reserved"], true);
    shop.finish().await;
}

#[tokio::test]
async fn a_price_is_kept_as_long_as_the_hold_and_no_longer() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("10.00").list().await;
    let ada = shop.shopper("ada").await;
    let item_id = ada.adds(&mug, 1).await.is(201)["item_id"].clone();
    shop.reprice(&mug, "12.00").await;
    assert_eq!(line_of(&ada).await["unit_price"], "10.00");
    assert_eq!(ada.adds(&mug, 1).await.is(200)["unit_price"], "10.00");
    assert_eq!(ada.changes(&item_id, 3).await.is(200)["unit_price"], "10.00");

    shop.pass(HALF_AN_HOUR);
    let line = line_of(&ada).await;
    assert_eq!((&line["unit_price"], &line["line_total"]), (&json!("12.00"), &json!("36.00")));
    assert_eq!(ada.cart().await["subtotal"], "36.00");
    shop.fire("release-reservations").await;
    assert_eq!(line_of(&ada).await["unit_price"], "12.00");
    shop.reprice(&mug, "13.00").await;
    assert_eq!(line_of(&ada).await["unit_price"], "13.00", "without a hold it follows");
    shop.finish().await;
}

#[tokio::test]
async fn a_change_after_the_end_holds_again_at_the_price_of_now() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").stock(9).list().await, shop.product("Cup").list().await);
    let ada = shop.shopper("ada").await;
    let item_id = ada.adds(&mug, 4).await.is(201)["item_id"].clone();
    shop.reprice(&mug, "12.00").await;
    shop.pass(HALF_AN_HOUR);
    ada.adds(&cup, 1).await.is(201);
    let line = line_of(&ada).await;
    assert_eq!((&line["is_stock_reserved"], shop.stock_of(&mug).await), (&json!(false), 9));
    let line = ada.changes(&item_id, 5).await.is(200);
    assert_eq!((&line["is_stock_reserved"], &line["unit_price"]), (&json!(true), &json!("12.00")));
    assert_eq!(shop.stock_of(&mug).await, 4);
    shop.finish().await;
}

#[tokio::test]
async fn the_length_of_a_hold_is_a_setting() {
    let shop = Shop::open_with(|options| local::options::Options { reservation_ttl: Some(60), ..options }).await;
    let mug = shop.product("Mug").list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 4).await.is(201);
    shop.pass(60);
    assert_eq!(shop.fire("release-reservations").await["carts_released"], 1);
    shop.finish().await;
}
