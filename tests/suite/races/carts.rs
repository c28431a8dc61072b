use serde_json::json;
use tests::shop::Shop;

use super::{ROUNDS, at_once, count};

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_adds_of_one_variation_all_count() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    for round in 0..ROUNDS {
        let mug = shop.product(&format!("Mug {round}")).list().await;
        let answers = at_once((1..=4).map(|quantity| ada.adds(&mug, quantity))).await;
        assert_eq!((count(&answers, 201), count(&answers, 200)), (1, 3));
        let cart = ada.cart().await;
        assert_eq!((&cart["item_count"], &cart["total_quantity"]), (&json!(1), &json!(10)));
        assert_eq!(shop.stock_of(&mug).await, 90);
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_adds_under_one_key_count_once() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").list().await;
    for round in 0..ROUNDS {
        let key = format!("add-{round}");
        let answers = at_once((0..6).map(|_| ada.adds(&mug, 1).key(&key))).await;
        let first = if round == 0 { 201 } else { 200 };
        assert_eq!(count(&answers, first), 6, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(), 1);
    }
    assert_eq!(ada.cart().await["total_quantity"], ROUNDS);
    shop.finish().await;
}

/// An add either makes it into the order or stays in the next cart; it is never lost and never free.
#[tokio::test(flavor = "multi_thread")]
async fn an_add_during_checkout_is_ordered_or_kept() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (mug, pen) = (shop.product("Mug").list().await, shop.product("Pen").list().await);
    for _ in 0..ROUNDS {
        ada.adds(&mug, 1).await.is(201);
        let answers = at_once([ada.checks_out(&json!({})), ada.adds(&pen, 1)]).await;
        let order = answers[0].is(201)["orders"][0].clone();
        answers[1].is(201);
        let ordered = order["items"].as_array().expect("lines").len();
        let kept = ada.cart().await["items"].as_array().expect("lines").len();
        assert_eq!(ordered + kept, 2, "{order}");
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_removed_changed_and_cleared_at_once_leaves_no_stock_behind() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").list().await;
    for _ in 0..ROUNDS {
        let line = ada.adds(&mug, 3).await.is(201);
        let rivals = [
            ada.changes(&line["item_id"], 7),
            ada.removes(&line["item_id"]),
            ada.delete("/cart-items"),
            ada.adds(&mug, 2),
        ];
        let answers = at_once(rivals).await;
        assert!(answers.iter().all(|answer| answer.status < 500), "{answers:?}");
        let held = ada.cart().await["total_quantity"].as_u64().expect("units");
        assert_eq!(shop.stock_of(&mug).await, 100 - held);
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}
