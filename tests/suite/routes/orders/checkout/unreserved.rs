//! Checking out lines whose hold is over: their stock is taken if it is still there.

use serde_json::json;
use tests::shop::Shop;

#[tokio::test]
async fn a_hold_that_is_over_but_not_swept_is_bought_from() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(5).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 5).await.is(201);
    shop.pass(1_800);
    let placed = ada.checks_out(&json!({})).await.is(201);
    assert_eq!(placed["orders"][0]["items_count"], 5);
    assert_eq!(shop.fire("release-reservations").await["units_released"], 0);
    shop.finish().await;
}

#[tokio::test]
async fn what_was_released_is_taken_again() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(10).shards(3).list().await;
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 7).await.is(201);
    shop.pass(1_800);
    shop.fire("release-reservations").await;
    ada.checks_out(&json!({"payment_method": "online"})).await.is(201);
    assert_eq!(shop.stock_of(&mug).await, 3);
    shop.finish().await;
}

#[tokio::test]
async fn held_and_unheld_lines_are_bought_together() {
    let shop = Shop::open().await;
    let (mug, cup) = (shop.product("Mug").price("1.00").list().await, shop.product("Cup").price("2.00").list().await);
    let ada = shop.shopper("ada").await;
    ada.adds(&mug, 1).await.is(201);
    shop.pass(1_800);
    ada.adds(&cup, 1).await.is(201);
    shop.reprice(&mug, "1.50").await;
    shop.reprice(&cup, "2.50").await;
    let placed = ada.checks_out(&json!({})).await.is(201);
    assert_eq!(placed["orders"][0]["total_price"], "3.50", "the mug at the price of now, the cup at the one held");
    shop.finish().await;
}

#[tokio::test]
async fn every_line_that_is_short_is_listed_and_nothing_is_ordered() {
    let shop = Shop::open().await;
    let laptop = shop.product("Laptop").stock(5).list().await;
    let shirt = shop.product("Shirt").sizes(&[("M", 2)]).list().await;
    let mug = shop.product("Mug").stock(9).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let first = ada.adds(&laptop, 5).await.is(201);
    let second = ada.adds_size(&shirt, "M", 2).await.is(201);
    ada.adds(&mug, 2).await.is(201);
    shop.pass(1_800);
    shop.fire("release-reservations").await;
    ben.adds(&laptop, 2).await.is(201);
    ben.adds_size(&shirt, "M", 1).await.is(201);

    let answer = ada.checks_out(&json!({})).await;
    let mut errors = answer.is_refused(409, "insufficient_stock").as_array().unwrap().clone();
    errors.sort_by_key(|error| error["name"].to_string());
    assert_eq!(
        json!(errors),
        json!([
            {
                "item_id": first["item_id"], "product_id": laptop.id, "name": "Laptop", "size": null, "requested": 5,
                "available": 3, "message": "Laptop: Only 3 items available, but 5 requested",
            },
            {
                "item_id": second["item_id"], "product_id": shirt.id, "name": "Shirt", "size": "M", "requested": 2,
                "available": 1, "message": errors[1]["message"],
            },
        ])
    );
    assert_eq!(ada.cart().await["item_count"], 3);
    assert_eq!(shop.stock_of(&mug).await, 9);
    assert!(shop.snapshot().await.orders.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn two_lines_of_one_product_share_what_is_left() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").stock(4).list().await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    for color in ["red", "blue"] {
        let body = json!({"product_id": mug.id, "quantity": 2, "product_properties": {"color": color}});
        ada.post("/cart-items", &body).await.is(201);
    }
    shop.pass(1_800);
    shop.fire("release-reservations").await;
    let bens = ben.adds(&mug, 1).await.is(201);
    let errors = ada.checks_out(&json!({})).await.is_refused(409, "insufficient_stock");
    assert_eq!((&errors[0]["requested"], &errors[0]["available"]), (&json!(2), &json!(1)));
    ben.removes(&bens["item_id"]).await.is_empty();
    ada.checks_out(&json!({})).await.is(201);
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}
