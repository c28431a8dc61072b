//! The cart, and holds.

use serde_json::{Value, json};
use tests::user::User;

use super::{Act, But, Case, Shop, ada_and_a_mug, ada_and_two_shards, case, with_two_alike};

/// How many seconds a hold lasts.
const HOLD: u64 = 1_800;

/// Ada with two mugs in her cart, and their line.
async fn with_two(shop: &Shop) -> (User, Value) {
    let (ada, mug) = ada_and_a_mug(shop).await;
    let line = ada.adds(&mug, 2).await.is(201);
    (ada, line["item_id"].clone())
}

/// The same, when her hold is over and nobody has noticed.
async fn with_two_once_held(shop: &Shop) -> (User, Value) {
    let cart = with_two(shop).await;
    shop.pass(HOLD);
    cart
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("add-cart-item", "the first line", 201, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            ada.adds(&mug, 2).key("k")
        }),
        case!("add-cart-item", "from two shards", 201, |shop| {
            let (ada, mug) = ada_and_two_shards(shop).await;
            ada.adds(&mug, 2).key("k")
        }),
        case!("add-cart-item", "a line that grows", 200, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            ada.adds(&mug, 2).await.is(201);
            ada.adds(&mug, 3).key("k")
        }),
        case!("add-cart-item", "after the hold is over", 201, |shop| {
            let (ada, _) = with_two_once_held(shop).await;
            let pen = shop.product("Pen").list().await;
            ada.adds(&pen, 1).key("k")
        }),
        case!("add-cart-item", "what another held too long", 201, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            ada.adds(&mug, 100).await.is(201);
            shop.pass(HOLD);
            shop.shopper("ben").await.adds(&mug, 1).key("k")
        }),
        case!("add-cart-item", "the last one", 201, |shop| {
            let print = shop.product("Print").stock(1).list().await;
            shop.shopper("ada").await.adds(&print, 1).key("k")
        }),
        case!("add-cart-item", "refused, of many shards", 409, |shop| {
            let print = shop.product("Print").stock(2).shards(16).list().await;
            shop.shopper_who("ada", User::sees_the_board_last).await.adds(&print, 3).key("k")
        }),
        case!("get-cart", "of two lines", 200, |shop| {
            let (ada, _) = with_two(shop).await;
            ada.adds(&shop.product("Pen").list().await, 1).await.is(201);
            ada.get("/cart-items")
        }),
        case!("update-cart-item", "to more", 200, |shop| {
            let (ada, line) = with_two(shop).await;
            ada.changes(&line, 5)
        }),
        case!("update-cart-item", "to fewer, after the hold is over", 200, |shop| {
            let (ada, line) = with_two_once_held(shop).await;
            ada.changes(&line, 1)
        }),
        case!("remove-cart-item", "one of two", 204, |shop| {
            let (ada, line) = with_two(shop).await;
            ada.adds(&shop.product("Pen").list().await, 1).await.is(201);
            ada.removes(&line)
        }),
        case!("remove-cart-item", "after the hold is over", 204, |shop| {
            let (ada, line) = with_two_once_held(shop).await;
            ada.removes(&line)
        }),
        case!("clear-cart", "of one line", 204, |shop| {
            let (ada, _) = with_two(shop).await;
            ada.delete("/cart-items")
        }),
        case!("checkout", "a held cart", 201, |shop| {
            let (ada, _) = with_two(shop).await;
            ada.checks_out(&json!({})).key("k")
        }),
        case!("checkout", "after the hold is over", 201, |shop| {
            let (ada, _) = with_two_once_held(shop).await;
            shop.fire("release-reservations").await;
            ada.checks_out(&json!({})).key("k")
        }),
        case!("checkout", "paid online, in two parts, with a coupon", 201, |shop| {
            let (ada, code) = with_two_alike(shop).await;
            ada.checks_out(&json!({"payment_method": "online", "split": "per_item", "coupon_code": code})).key("k")
        }),
        case!("release-reservations", "a cart of two lines", 200, But::DoneBefore, |shop| {
            let (ada, _) = with_two(shop).await;
            ada.adds(&shop.product("Pen").list().await, 1).await.is(201);
            shop.pass(HOLD);
            Act::tick(shop, "release-reservations")
        }),
    ]
}
