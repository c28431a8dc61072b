use futures_util::future::join_all;
use serde_json::json;
use tests::shop::Shop;
use tests::user::User;

use super::{ROUNDS, at_once};

const TTL: u64 = 1_800;

async fn shoppers(shop: &Shop) -> Vec<User> {
    join_all((0..8).map(|number| async move { shop.shopper(&format!("shopper{number}")).await })).await
}

/// A hold that is over is still the buyer's as long as nobody else took the stock: checkout succeeds
/// whether the sweep comes first or not, and the units are sold once.
#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_against_checkout() {
    let shop = Shop::open().await;
    let shoppers = shoppers(&shop).await;
    for round in 0..ROUNDS {
        let product = shop.product(&format!("Mug {round}")).stock(16).list().await;
        for shopper in &shoppers {
            shopper.adds(&product, 2).await.is(201);
        }
        shop.pass(TTL + 1);
        let checkouts = at_once(shoppers.iter().map(|shopper| shopper.checks_out(&json!({}))));
        let (answers, _) = tokio::join!(checkouts, shop.fire("release-reservations"));
        for answer in answers {
            answer.is(201);
        }
        assert_eq!(shop.stock_of(&product).await, 0);
    }
    shop.finish().await;
}

/// A change either finds the hold, or finds it ended and starts a new one.
#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_against_a_change() {
    let shop = Shop::open().await;
    let shoppers = shoppers(&shop).await;
    for round in 0..ROUNDS {
        let product = shop.product(&format!("Mug {round}")).stock(40).list().await;
        let mut lines = Vec::new();
        for shopper in &shoppers {
            lines.push((shopper, shopper.adds(&product, 2).await.is(201)["item_id"].clone()));
        }
        shop.pass(TTL + 1);
        let changes = at_once(lines.iter().map(|(shopper, item_id)| shopper.changes(item_id, 5)));
        let (answers, _) = tokio::join!(changes, shop.fire("release-reservations"));
        for answer in answers {
            let line = answer.is(200);
            assert_eq!((&line["quantity"], &line["is_stock_reserved"]), (&json!(5), &json!(true)));
        }
        assert_eq!(shop.stock_of(&product).await, 0);
        join_all(shoppers.iter().map(|shopper| async { shopper.delete("/cart-items").await.is_empty() })).await;
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_side_by_side_release_each_unit_once() {
    let shop = Shop::open().await;
    let shoppers = shoppers(&shop).await;
    let product = shop.product("Mug").stock(16).list().await;
    for _ in 0..ROUNDS {
        for shopper in &shoppers {
            shopper.delete("/cart-items").await.is_empty();
            shopper.adds(&product, 2).await.is(201);
        }
        shop.pass(TTL + 1);
        let sweeps = join_all((0..4).map(|_| shop.fire("release-reservations"))).await;
        let released: u64 = sweeps.iter().map(|report| report["units_released"].as_u64().expect("units")).sum();
        assert_eq!(released, 16);
        assert_eq!(shop.stock_of(&product).await, 16);
    }
    shop.finish().await;
}
