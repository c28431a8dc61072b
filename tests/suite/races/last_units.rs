use futures_util::future::join_all;
use serde_json::json;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::{at_once, count};

const BUYERS: usize = 50;
const UNITS: u32 = 10;

async fn buyers(shop: &Shop) -> Vec<User> {
    join_all((0..BUYERS).map(|number| async move { shop.shopper(&format!("buyer{number}")).await })).await
}

/// Fifty buyers add one of ten units. Ten hold one, the others are told that there is none.
async fn ten_of_fifty_can_add(shop: &Shop, buyers: &[User], product: &Product) {
    let answers = at_once(buyers.iter().map(|buyer| buyer.adds(product, 1))).await;
    assert_eq!(count(&answers, 201), 10);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.is_refused(409, "insufficient_stock")[0]["available"], 0);
    }
    assert_eq!(shop.stock_of(product).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_buyers_add_the_last_ten_units() {
    let shop = Shop::open().await;
    let buyers = buyers(&shop).await;
    for round in 0..6 {
        let product = shop.product(&format!("Print {round}")).stock(UNITS).list().await;
        ten_of_fifty_can_add(&shop, &buyers, &product).await;
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_buyers_add_the_last_ten_units_over_several_shards() {
    let shop = Shop::open().await;
    let buyers = buyers(&shop).await;
    for shards in [2, 3, 7, 10, 16] {
        let product = shop.product(&format!("Print in {shards}")).stock(UNITS).shards(shards).list().await;
        ten_of_fifty_can_add(&shop, &buyers, &product).await;
    }
    shop.finish().await;
}

/// Fifty carts whose holds are over want one each of the ten units that are left.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_buyers_order_the_last_ten_units_that_nobody_holds() {
    let shop = Shop::open().await;
    let buyers = buyers(&shop).await;
    let collector = shop.shopper("collector").await;
    for shards in [1, 1, 1, 4] {
        let product = shop.product("Vase").stock(50).shards(shards).list().await;
        for answer in at_once(buyers.iter().map(|buyer| buyer.adds(&product, 1))).await {
            answer.is(201);
        }
        shop.pass(1_801);
        assert_eq!(shop.fire("release-reservations").await["carts_released"], 50);
        collector.buys(&product, 50 - UNITS).await;

        let answers = at_once(buyers.iter().map(|buyer| buyer.checks_out(&json!({})))).await;
        assert_eq!(count(&answers, 201), 10);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            let errors = answer.is_refused(409, "insufficient_stock");
            assert_eq!((&errors[0]["requested"], &errors[0]["available"]), (&json!(1), &json!(0)));
        }
        assert_eq!(shop.stock_of(&product).await, 0);
        join_all(buyers.iter().map(|buyer| async { buyer.delete("/cart-items").await.is_empty() })).await;
    }
    shop.finish().await;
}

/// Buyers who want more than any one shard has still get every unit.
#[tokio::test(flavor = "multi_thread")]
async fn no_unit_is_left_over_while_somebody_is_refused() {
    let shop = Shop::open().await;
    let buyers = buyers(&shop).await;
    let product = shop.product("Tile").stock(60).shards(8).list().await;
    let answers = at_once(buyers.iter().map(|buyer| buyer.adds(&product, 5))).await;
    assert_eq!(count(&answers, 201), 12);
    assert_eq!(shop.stock_of(&product).await, 0);
    shop.finish().await;
}
