use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::error::Error;
use shared::store::Adjusted;
use tests::api::Call;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

use super::{ROUNDS, at_once, count};

fn by(product: &Product, delta: i64) -> Value {
    json!({"product_id": product.id, "delta": delta, "reason": "stocktake"})
}

fn to(product: &Product, units: u32) -> Value {
    json!({"product_id": product.id, "set_available": units, "reason": "stocktake"})
}

fn adjusts(user: &User, adjustment: &Value) -> Call {
    user.post("/inventory/adjustments", adjustment)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_take_one_of_ten_units_ten_succeed() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for shards in [1, 1, 4, 10] {
        let mug = shop.product("Mug").stock(10).shards(shards).list().await;
        let answers = at_once((0..20).map(|_| adjusts(&admin, &by(&mug, -1)))).await;
        assert_eq!(count(&answers, 200), 10);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            let errors = answer.is_refused(409, "insufficient_stock");
            assert_eq!((&errors[0]["requested"], &errors[0]["available"]), (&json!(1), &json!(0)));
        }
        assert_eq!(shop.stock_of(&mug).await, 0);
    }
    shop.finish().await;
}

/// It takes all there is, so that whoever looks again finds nothing left to take.
#[tokio::test(flavor = "multi_thread")]
async fn eight_under_one_key_adjust_once() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for round in 0..ROUNDS {
        let mug = shop.product("Mug").stock(10).shards(if round % 2 == 0 { 1 } else { 3 }).list().await;
        let key = format!("adjust-{round}");
        let answers = at_once((0..8).map(|_| adjusts(&admin, &by(&mug, -10)).key(&key))).await;
        assert_eq!(count(&answers, 200), 8, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(), 1);
    }
    assert_eq!(shop.snapshot().await.adjustments.len(), usize::try_from(ROUNDS).expect("few"));
    shop.finish().await;
}

/// Units that go broken and units that are bought are never the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_adjusted_while_it_is_ordered_adds_up() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyers = join_all((0..8).map(|number| shop_user(&shop, number))).await;
    for shards in [1, 3, 1, 3] {
        let mug = shop.product("Mug").stock(13).shards(shards).list().await;
        let (ordering, adding) = buyers.split_at(4);
        for answer in at_once(ordering.iter().map(|buyer| buyer.adds(&mug, 1))).await {
            answer.is(201);
        }
        let checkouts = ordering.iter().map(|buyer| buyer.checks_out(&json!({})));
        let adds = adding.iter().map(|buyer| buyer.adds(&mug, 1));
        let deltas = [-3, 5, -2].map(|delta| adjusts(&admin, &by(&mug, delta)));
        let answers = at_once(checkouts.chain(adds).chain(deltas)).await;
        assert_eq!((count(&answers, 201), count(&answers, 200)), (8, 3), "{answers:?}");
        assert_eq!(shop.stock_of(&mug).await, 13 - 8);
        for buyer in adding {
            buyer.delete("/cart-items").await.is_empty();
        }
    }
    shop.finish().await;
}

async fn shop_user(shop: &Shop, number: usize) -> User {
    shop.shopper(&format!("buyer{number}")).await
}

/// The last count wins, and buyers hold what they were told they hold.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_while_it_is_bought_adds_up() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyers = join_all((0..4).map(|number| shop_user(&shop, number))).await;
    for shards in [1, 3, 1, 3] {
        let mug = shop.product("Mug").stock(6).shards(shards).list().await;
        let adds = buyers.iter().map(|buyer| buyer.adds(&mug, 2));
        let counts = [3, 8].map(|units| adjusts(&admin, &to(&mug, units)));
        let answers = at_once(adds.chain(counts)).await;
        assert_eq!(count(&answers, 200), 2, "{answers:?}");
        let held = u64::try_from(2 * count(&answers, 201)).expect("few");
        let stock = admin.get("/inventory?limit=1").await.is(200)["items"][0].clone();
        assert_eq!((&stock["product_id"], &stock["reserved"]), (&json!(mug.id), &json!(held)));
        for buyer in &buyers {
            buyer.delete("/cart-items").await.is_empty();
        }
    }
    shop.finish().await;
}

/// Adjusts as an admin while `rival` acts between the read and the write.
async fn adjust_while(shop: &Shop, request: Value, rival: impl Future<Output = ()>) -> Result<Adjusted, Error> {
    let (wire, wired) = Wire::to(shop).await;
    let admin = shop.admin().await.caller("admin");
    let request = serde_json::from_value(request).expect("an adjustment");
    let pause = wire.pauses("TransactWriteItems");
    let meanwhile = pause.during(rival);
    tokio::join!(wired.store.adjust_stock(&admin, &request, None, shop.clock.now()), meanwhile).0
}

/// A count is of the moment it is written: what goes into carts until then does not make it wrong, in
/// whichever shard it is taken, and though the count changes no shard or only another.
#[tokio::test]
async fn the_stock_is_reserved_before_its_count_is_written() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    for (shards, units, count) in [(1, 6, 9), (1, 6, 2), (1, 6, 6), (3, 6, 6), (3, 6, 7), (3, 6, 5), (4, 1, 3)] {
        let mug = shop.product("Mug").stock(units).shards(shards).list().await;
        let rival = async { drop(ada.adds(&mug, 1).await.is(201)) };
        let adjusted = adjust_while(&shop, to(&mug, count), rival).await.expect("an adjustment");
        let item = adjusted.item;
        assert_eq!((item.available, item.reserved, item.received), (count, 1, count + 1), "{shards} shards");
        assert_eq!(shop.stock_of(&mug).await, u64::from(count));
        let deltas = shop.snapshot().await.adjustments.into_iter().filter(|kept| kept["product_id"] == json!(mug.id));
        let deltas: Vec<_> = deltas.map(|kept| kept["delta"].clone()).collect();
        assert_eq!(deltas, [i64::from(count) - i64::from(units) + 1]);
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_last_units_are_reserved_before_they_are_taken_away() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    for shards in [1, 3] {
        let mug = shop.product("Mug").stock(6).shards(shards).list().await;
        let rival = async { drop(ada.adds(&mug, 4).await.is(201)) };
        let Err(Error::InsufficientStock(short)) = adjust_while(&shop, by(&mug, -3), rival).await else {
            panic!("a unit that somebody holds was taken away")
        };
        assert_eq!((short[0].requested, short[0].available), (3, 2));
        assert_eq!(shop.stock_of(&mug).await, 2);
        ada.delete("/cart-items").await.is_empty();
    }
    assert!(shop.snapshot().await.adjustments.is_empty());
    shop.finish().await;
}

/// The shard that was to be emptied is short, but the others have enough.
#[tokio::test]
async fn a_unit_is_taken_from_another_shard_where_the_first_ran_out() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").stock(9).shards(3).list().await;
    let rival = async { drop(ada.adds(&mug, 4).await.is(201)) };
    let adjusted = adjust_while(&shop, by(&mug, -5), rival).await.expect("an adjustment");
    assert_eq!((adjusted.item.available, adjusted.item.reserved, adjusted.item.received), (0, 4, 4));
    assert_eq!(shop.stock_of(&mug).await, 0);
    shop.finish().await;
}

#[tokio::test]
async fn the_product_is_withdrawn_before_it_is_adjusted() {
    let shop = Shop::open().await;
    for request in [by, |product: &Product, units: i64| to(product, u32::try_from(units).expect("units"))] {
        let mug = shop.product("Mug").stock(6).shards(2).list().await;
        let refused = adjust_while(&shop, request(&mug, 3), shop.archive(&mug)).await;
        assert!(matches!(refused, Err(Error::ProductNotFound)), "{refused:?}");
    }
    assert!(shop.snapshot().await.adjustments.is_empty());
    shop.finish().await;
}
