use futures_util::future::join_all;
use serde_json::json;
use tests::api::Call;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

use super::{at_once, count};

fn spreads(admin: &User, product: &Product, shards: u16) -> Call {
    admin.put(&format!("{}/shards", product.path()), &json!({"stock_shards": shards}))
}

/// Buyers who come, go and order meanwhile get all that there is, and nobody is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_sells_is_spread_and_loses_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let shopper = async |number: u32| shop.shopper(&format!("buyer{number}")).await;
    let buyers = join_all((0..24).map(shopper)).await;
    for shards in [2, 7] {
        let print = shop.product("Print").stock(24).list().await;
        let (early, late) = buyers.split_at(8);
        for answer in at_once(early.iter().map(|buyer| buyer.adds(&print, 1))).await {
            answer.is(201);
        }
        let leave = early[..4].iter().map(|buyer| buyer.delete("/cart-items"));
        let order = early[4..].iter().map(|buyer| buyer.checks_out(&json!({})));
        let add = late.iter().map(|buyer| buyer.adds(&print, 1));
        let spread = [spreads(&admin, &print, shards), spreads(&admin, &print, shards)];
        let answers = at_once(leave.chain(order).chain(add).chain(spread)).await;
        assert_eq!((count(&answers, 204), count(&answers, 201)), (4, 4 + 16), "{answers:?}");
        assert_eq!(count(&answers, 200), 2, "{answers:?}");
        assert_eq!(shop.stock_of(&print).await, 4);
        for buyer in late {
            buyer.delete("/cart-items").await.is_empty();
        }
    }
    shop.finish().await;
}

/// Ada takes all the units that are left of products with so many shards, which get more of them before a call of hers.
async fn ada_finds_all_while_they_move(shards: &[u16], before: &'static str) {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (admin, ada, bea) = (shop.admin().await, shop.shopper("ada").await, shop.shopper("bea").await);
    for shards in shards {
        let print = shop.product("Print").stock(9).shards(*shards).list().await;
        let now = shop.clock.now();
        // A process that knows how many shards there are, if they are many, reads them without the product.
        wired.store.add_to_cart(bea.id, &print.variation(), 1, None, now).await.expect("there are nine");
        let pause = wire.pauses(before);
        let rival = pause.during(async { drop(spreads(&admin, &print, shards + 6).await.is(200)) });
        let variation = print.variation();
        let adds = wired.store.add_to_cart(ada.id, &variation, 8, None, now);
        tokio::join!(adds, rival).0.expect("all eight are found");
        assert_eq!(shop.stock_of(&print).await, 0);
        for user in [&ada, &bea] {
            user.delete("/cart-items").await.is_empty();
        }
    }
    shop.finish().await;
}

/// Who read the product before it had more shards looks for those before anybody hears "sold out".
#[tokio::test]
async fn units_that_went_to_shards_that_a_buyer_does_not_know_are_found() {
    ada_finds_all_while_they_move(&[1, 2, 16], "TransactWriteItems").await;
}

/// The same, where the old shards are read after units have left them.
#[tokio::test]
async fn a_shortage_of_the_old_shards_is_none() {
    ada_finds_all_while_they_move(&[2, 16], "BatchGetItem").await;
}

/// What is withdrawn from sale, or counted, has all the shards that it has by then.
#[tokio::test]
async fn who_read_the_old_number_of_shards_reads_again() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let admin = shop.admin().await;
    let by = admin.caller("admin");
    for shards in [1, 2] {
        let print = shop.product("Print").stock(9).shards(shards).list().await;
        let pause = wire.pauses("TransactWriteItems");
        let rival = pause.during(async { drop(spreads(&admin, &print, 4).await.is(200)) });
        let count = json!({"product_id": print.id, "set_available": 20, "reason": "stocktake"});
        let count = serde_json::from_value(count).expect("an adjustment");
        let counts = wired.store.adjust_stock(&by, &count, None, shop.clock.now());
        assert_eq!(tokio::join!(counts, rival).0.expect("it is counted").item.available, 20);
        assert_eq!(shop.stock_of(&print).await, 20);

        let pause = wire.pauses("TransactWriteItems");
        let rival = pause.during(async { drop(spreads(&admin, &print, 6).await.is(200)) });
        let withdraws = wired.store.archive_product(print.id, None, shop.clock.now());
        tokio::join!(withdraws, rival).0.expect("it is withdrawn");
    }
    shop.finish().await;
}

/// What is remembered of a product with many shards is what this process has made of it.
#[tokio::test]
async fn a_price_that_changes_here_is_the_next_buyers() {
    let shop = Shop::open().await;
    let (admin, ada, ben) = (shop.admin().await, shop.shopper("ada").await, shop.shopper("ben").await);
    let print = shop.product("Print").price("5.00").shards(16).list().await;
    assert_eq!(ada.adds(&print, 1).await.is(201)["unit_price"], "5.00");
    admin.patch(&print.path(), &json!({"price": "6.00"})).await.is(200);
    assert_eq!(ben.adds(&print, 1).await.is(201)["unit_price"], "6.00");
    shop.finish().await;
}
