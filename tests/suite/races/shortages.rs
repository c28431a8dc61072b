//! What is told of a shortage is true of one instant, however units move while they are counted.

use serde_json::json;
use shared::error::Error;
use shared::inventory::looks::Looks;
use shared::store::Store;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

/// Someone who looks for stock in this one of two shards first.
async fn shopper_of(shop: &Shop, shard: u16) -> User {
    shop.shopper_who("shopper", |user| Looks::of(user.id, 2).further()[0] == shard).await
}

/// Does `work` while `rival` acts between its first and its second `BatchGetItem`.
async fn while_it_reads<T>(wire: &Wire, work: impl Future<Output = T>, rival: impl Future<Output = ()>) -> T {
    let first = wire.pauses("BatchGetItem");
    let meanwhile = async {
        let mut second = None;
        first.during(async { second = Some(wire.pauses("BatchGetItem")) }).await;
        second.expect("a pause").during(rival).await;
    };
    tokio::join!(work, meanwhile).0
}

/// One unit is there all the time, but never where it is looked for.
#[tokio::test]
async fn a_unit_that_moves_to_a_shard_that_was_counted_is_found() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let store: &Store = &wired.store;
    for direct in [false, true] {
        let print = shop.product("Print").stock(2).shards(2).list().await;
        let (eve, dan, ada) = (shopper_of(&shop, 0).await, shopper_of(&shop, 1).await, shop.shopper("ada").await);
        eve.adds(&print, 1).await.is(201);
        let moves = async {
            eve.delete("/cart-items").await.is_empty();
            dan.adds(&print, 1).await.is(201);
        };
        // By now no process knows how many shards there are.
        shop.pass(2);
        let (variation, now) = (print.variation(), shop.clock.now());
        let buys = async {
            if !direct {
                return store.add_to_cart(ada.id, &variation, 1, None, now).await.map(drop);
            }
            let request = serde_json::from_value(json!({"product_id": print.id, "quantity": 1})).expect("a request");
            let placed = store.order_directly(ada.id, ada.id, &request, None, now).await?;
            wired.order_events.announce(&placed.to_announce).await;
            Ok(())
        };
        while_it_reads(&wire, buys, moves).await.expect("the unit is found");
        assert_eq!(shop.stock_of(&print).await, 0);
    }
    shop.finish().await;
}

/// A double click: the second of two equal requests reads the stock after the first took it.
#[tokio::test]
async fn what_the_cart_holds_by_now_is_not_missing() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let print = shop.product("Print").stock(3).list().await;
    let item_id = ada.adds(&print, 1).await.is(201)["item_id"].clone();
    // Who is refused has looked for holds that are over, so that nobody does again for a second.
    wired.store.add_to_cart(ben.id, &print.variation(), 4, None, shop.clock.now()).await.expect_err("there are two");
    let id = serde_json::from_value(item_id.clone()).expect("an id");
    let changes = wired.store.set_quantity(ada.id, id, 3, shop.clock.now());
    let first = async { drop(ada.changes(&item_id, 3).await.is(200)) };
    while_it_reads(&wire, changes, first).await.expect("the line has three");
    shop.finish().await;
}

/// The number that a refusal names is of one instant, too.
#[tokio::test]
async fn a_refusal_names_what_there_is_at_one_instant() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let print = shop.product("Print").stock(4).shards(2).list().await;
    let (eve, dan, ada) = (shopper_of(&shop, 0).await, shopper_of(&shop, 1).await, shop.shopper("ada").await);
    eve.adds(&print, 2).await.is(201);
    let moves = async {
        eve.delete("/cart-items").await.is_empty();
        dan.adds(&print, 2).await.is(201);
    };
    shop.pass(2);
    let variation = print.variation();
    let adds = wired.store.add_to_cart(ada.id, &variation, 3, None, shop.clock.now());
    let Err(Error::InsufficientStock(short)) = while_it_reads(&wire, adds, moves).await else {
        panic!("there are two")
    };
    assert_eq!((short[0].requested, short[0].available), (3, 2));
    shop.finish().await;
}
