//! Of a SKU with many shards one buyer counts all, and the others go by what is on the boards.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use shared::error::Error;
use shared::inventory::looks::Looks;
use shared::time::Timestamp;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::{Fault, Wire, unless_it_dies};
use tokio::sync::Notify;

/// A process that serves buyers, and the wire between it and DynamoDB.
struct Process {
    wire: Wire,
    shop: shared::shop::Shop,
}

impl Process {
    async fn of(shop: &Shop) -> Process {
        let (wire, shop) = Wire::to(shop).await;
        Process { wire, shop }
    }

    /// Adds so many units to a cart; answers how many there are instead, if they are too few.
    async fn adds(&self, user: &User, product: &Product, units: u32, now: Timestamp) -> Result<(), u32> {
        let variation = product.variation();
        match self.shop.store.add_to_cart(user.id, &variation, units, None, now).await {
            Ok(_) => Ok(()),
            Err(Error::InsufficientStock(short)) => Err(short[0].available),
            Err(error) => panic!("{error}"),
        }
    }

    /// Begins to count, and dies.
    async fn dies_counting(&self, user: &User, product: &Product, units: u32, now: Timestamp) {
        self.wire.breaks("TransactWriteItems", Fault::DeathAfter);
        assert!(unless_it_dies(self.adds(user, product, units, now)).await.is_none());
    }

    /// Does `work` while `rival` acts just before the call after so many others of an operation.
    async fn before_the_call<T>(
        &self,
        (operation, after): (&'static str, usize),
        work: impl Future<Output = T>,
        rival: impl Future<Output = ()>,
    ) -> T {
        let mut pause = self.wire.pauses(operation);
        let meanwhile = async {
            for _ in 0..after {
                let mut next = None;
                pause.during(async { next = Some(self.wire.pauses(operation)) }).await;
                pause = next.expect("a pause");
            }
            pause.during(rival).await;
        };
        tokio::join!(work, meanwhile).0
    }
}

/// Two people who look at the same board.
async fn two_at_a_board(shop: &Shop) -> [User; 2] {
    let board = |user: &User| Looks::of(user.id, 96).board();
    let ada = shop.shopper_who("ada", User::sees_the_board_last).await;
    let ben = shop.shopper_who("ben", |ben| ben.sees_the_board_last() && board(ben) == board(&ada)).await;
    [ada, ben]
}

/// Someone who does not see the first shard, where a lone unit is, unless they count.
async fn one_who_looks_elsewhere(shop: &Shop) -> User {
    let looks_elsewhere = |user: &User| {
        let mut looks = Looks::of(user.id, 96);
        let sees_it = looks.further().contains(&0) || looks.unseen_board() == Some(0);
        // Nor is it among those to look at while somebody else counts.
        !sees_it && !looks.further().contains(&0)
    };
    shop.shopper_who("ada", looks_elsewhere).await
}

const LOOKS: [&str; 3] = ["BatchGetItem"; 3];
const COUNT: [&str; 4] = ["TransactWriteItems", "BatchGetItem", "BatchGetItem", "TransactWriteItems"];

#[tokio::test]
async fn what_one_process_counts_no_other_counts_again() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let (ada, ben) = (shop.shopper_who("ada", User::sees_the_board_last).await, shop.shopper("ben").await);
    let (print, now) = (shop.product("Print").stock(96).shards(16).list().await, shop.clock.now());
    assert_eq!(one.adds(&ada, &print, 97, now).await, Err(96));
    assert_eq!(one.wire.calls(), [&LOOKS[..], &COUNT].concat());
    assert_eq!(another.adds(&ben, &print, 98, now).await, Err(96));
    // The shard that every SKU has is a board, too.
    assert_eq!(another.wire.calls(), LOOKS[..2]);
    // There is one for Ben.
    another.adds(&ben, &print, 1, now).await.expect("a unit");
    shop.finish().await;
}

/// What there was is enough for whoever wants no more.
#[tokio::test]
async fn who_wants_all_that_was_counted_gets_it() {
    let shop = Shop::open().await;
    let process = Process::of(&shop).await;
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let (print, now) = (shop.product("Print").stock(5).shards(16).list().await, shop.clock.now());
    assert_eq!(process.adds(&ada, &print, 6, now).await, Err(5));
    assert_eq!(process.adds(&ben, &print, 5, now).await, Ok(()));
    shop.finish().await;
}

/// Both find nobody counting, but only one is first.
#[tokio::test]
async fn of_two_who_begin_to_count_one_does() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let [ada, ben] = two_at_a_board(&shop).await;
    let (print, now) = (shop.product("Print").stock(5).shards(16).list().await, shop.clock.now());
    let bens = another.dies_counting(&ben, &print, 6, now);
    let refused = one.before_the_call(("TransactWriteItems", 0), one.adds(&ada, &print, 6, now), bens).await;
    assert_eq!(refused, Err(5));
    // She waits until he should be done, and only then begins.
    let calls = one.wire.calls();
    assert_eq!(calls.iter().filter(|call| *call == "TransactWriteItems").count(), 3, "{calls:?}");
    shop.finish().await;
}

/// Ada counts, and should be done in ten seconds; Ben does not count meanwhile, and hears it as soon as she is.
#[tokio::test]
async fn who_waits_hears_what_was_counted() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let [ada, ben] = two_at_a_board(&shop).await;
    let (print, now) = (shop.product("Print").stock(5).shards(16).list().await, shop.clock.now());
    let (begins, mut calls) = (Notify::new(), Vec::new());
    let bens = async {
        begins.notified().await;
        another.adds(&ben, &print, 6, now).await
    };
    let until_he_waits = async {
        begins.notify_one();
        while calls.len() < LOOKS.len() + 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            calls.extend(another.wire.calls());
        }
    };
    let adas = one.adds(&ada, &print, 6, now + Duration::from_secs(10));
    let adas = one.before_the_call(("BatchGetItem", LOOKS.len()), adas, until_he_waits);
    assert_eq!(tokio::join!(adas, bens), (Err(5), Err(5)));
    calls.extend(another.wire.calls());
    assert!(calls.iter().all(|call| call == "BatchGetItem"), "{calls:?}");
    shop.finish().await;
}

/// Ada counts for ten seconds, but Ben needs no count to find more shards that have a unit each.
#[tokio::test]
async fn who_waits_looks_further() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let [ada, ben] = two_at_a_board(&shop).await;
    let (print, now) = (shop.product("Print").stock(96).shards(16).list().await, shop.clock.now());
    one.dies_counting(&ada, &print, 97, now + Duration::from_secs(10)).await;
    another.adds(&ben, &print, 7, now).await.expect("seven units");
    // The shard that every SKU has, two, the board, and twice two more.
    assert_eq!(another.wire.calls(), [&LOOKS[..], &["BatchGetItem"; 2], &["TransactWriteItems"]].concat());
    shop.finish().await;
}

#[tokio::test]
async fn whoever_dies_counting_keeps_nobody_waiting_for_long() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let [ada, ben] = two_at_a_board(&shop).await;
    let (print, now) = (shop.product("Print").stock(5).shards(16).list().await, shop.clock.now());
    one.dies_counting(&ada, &print, 6, now).await;
    assert_eq!(another.adds(&ben, &print, 6, now).await, Err(5));
    let calls = another.wire.calls();
    assert_eq!(calls.iter().filter(|call| *call == "TransactWriteItems").count(), 2, "he counts in the end: {calls:?}");
    shop.finish().await;
}

/// A notice that was put up late says nothing of what became of the stock since.
#[tokio::test]
async fn the_newest_notice_stays() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let (ada, ben) = (shop.shopper("ada").await, shop.shopper("ben").await);
    let (print, now) = (shop.product("Print").stock(5).shards(16).list().await, shop.clock.now());
    let later = now + Duration::from_secs(5);
    let bens = async { assert_eq!(another.adds(&ben, &print, 6, later).await, Err(5)) };
    let refused = one.before_the_call(("TransactWriteItems", 1), one.adds(&ada, &print, 6, now), bens).await;
    assert_eq!(refused, Err(5));
    let inventory = shop.snapshot().await.inventory;
    let notices: BTreeSet<_> = inventory.iter().filter_map(|item| item["short"]["at"].as_str()).collect();
    assert!(notices.len() == 1 && notices.iter().all(|at| *at >= later.to_string().as_str()), "{notices:?}");
    shop.finish().await;
}

/// All are seen without a unit, and yet there always was one.
#[tokio::test]
async fn a_unit_that_comes_back_while_it_is_counted_is_found() {
    let shop = Shop::open().await;
    let (eve, ada) = (shop.shopper("eve").await, shop.shopper_who("ada", User::sees_the_board_last).await);
    for (shards, reads_before) in [(1, 1), (2, 2), (16, 4)] {
        let process = Process::of(&shop).await;
        let (print, now) = (shop.product("Print").stock(1).shards(shards).list().await, shop.clock.now());
        eve.adds(&print, 1).await.is(201);
        let leaves = async { eve.delete("/cart-items").await.is_empty() };
        let adds = process.adds(&ada, &print, 1, now);
        process.before_the_call(("BatchGetItem", reads_before), adds, leaves).await.expect("the unit");
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}

/// A notice is a second old at most; who made units available knows better at once.
#[tokio::test]
async fn what_a_process_made_available_it_sells_whatever_a_notice_says() {
    let shop = Shop::open().await;
    let [one, another] = [Process::of(&shop).await, Process::of(&shop).await];
    let (eve, ada, ben) = (shop.shopper("eve").await, one_who_looks_elsewhere(&shop).await, shop.shopper("ben").await);
    let (print, now) = (shop.product("Print").stock(1).shards(16).list().await, || shop.clock.now());
    one.adds(&eve, &print, 1, now()).await.expect("the unit");
    assert_eq!(one.adds(&ada, &print, 1, now()).await, Err(0));
    one.shop.store.clear_cart(eve.id, now()).await.expect("it is emptied");
    one.adds(&ada, &print, 1, now()).await.expect("the unit");
    one.shop.store.clear_cart(ada.id, now()).await.expect("it is emptied");
    shop.pass(1);
    another.adds(&ben, &print, 1, now()).await.expect("the unit");
    shop.finish().await;
}

/// Stock may be read as it was a moment ago, for half the units, until that has misled somebody.
#[tokio::test]
async fn a_refusal_is_by_what_is_so_now() {
    let shop = Shop::open().await;
    let process = Process::of(&shop).await;
    let (ada, print) = (shop.shopper("ada").await, shop.product("Print").stock(1).shards(2).list().await);
    assert_eq!(process.adds(&ada, &print, 2, shop.clock.now()).await, Err(1));
    let reads = process.wire.served().await;
    let is_consistent = |body: &str| {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let of = |table: &str| {
            let tables = body["RequestItems"].as_object().expect("tables");
            tables
                .iter()
                .find(|(name, _)| name.ends_with(table))
                .map(|(_, asked)| asked["ConsistentRead"] == json!(true))
        };
        [of("-inventory"), of("-products"), of("-carts")]
    };
    let reads: Vec<_> = reads.iter().map(|read| is_consistent(&read.body)).collect();
    let [yes, no] = [Some(true), Some(false)];
    assert_eq!(reads, [[no, yes, yes], [no, None, None], [yes, yes, yes]]);
    shop.finish().await;
}
