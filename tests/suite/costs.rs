//! What the busy operations cost: how often they call DynamoDB.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use shared::auth::Caller;
use shared::catalog::requests::CreateProduct;
use shared::error::Error;
use shared::ids::{IdempotencyKey, KeyId, ProductId};
use shared::order::{OrderStatus, Outcome};
use shared::paging::{Cursors, PageRequest};
use shared::reward::History;
use shared::store::{OrderFilter, OrdersOf, PaymentReport};
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

#[tokio::test]
async fn a_held_cart_is_checked_out_with_one_read_and_one_transaction() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let ada = shop.shopper("ada").await;
    for name in ["Mug", "Pen", "Ink"] {
        let product = shop.product(name).list().await;
        ada.adds(&product, 1).await.is(201);
    }
    let key = IdempotencyKey { id: KeyId::derived("k"), fingerprint: "f".to_owned() };
    let request = serde_json::from_value(json!({})).expect("a request");
    let now = shop.clock.now();
    let placed = wired.store.checkout(ada.id, ada.id, &request, Some(&key), now).await.expect("an order");
    assert_eq!(placed.orders[0].items.len(), 3);
    assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"]);

    let again = wired.store.checkout(ada.id, ada.id, &request, Some(&key), now).await.expect("the order");
    assert!(again.replayed);
    assert_eq!(wire.calls(), ["BatchGetItem"]);
    // The store was called without its function, so nobody has announced the order yet.
    wired.order_events.announce(&again.to_announce).await;
    shop.finish().await;
}

#[tokio::test]
async fn a_direct_order_is_one_read_and_one_transaction_and_its_retry_one_read() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    let request = serde_json::from_value(json!({"product_id": mug.id, "quantity": 2, "coupon_code": code}));
    let (request, now) = (request.expect("a request"), shop.clock.now());
    let key = IdempotencyKey { id: KeyId::derived("k"), fingerprint: "f".to_owned() };
    wired.store.order_directly(ada.id, ada.id, &request, Some(&key), now).await.expect("an order");
    assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"]);

    let again = wired.store.order_directly(ada.id, ada.id, &request, Some(&key), now).await.expect("the order");
    assert!(again.replayed);
    assert_eq!(wire.calls(), ["BatchGetItem"]);
    wired.order_events.announce(&again.to_announce).await;
    shop.finish().await;
}

#[tokio::test]
async fn an_order_moves_on_and_is_cancelled_with_one_read_and_one_transaction() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_directly(&mug, 2).await.is(201);
    let order_id = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let claims = [("sub".to_owned(), ada.id.to_string()), ("cognito:groups".to_owned(), "admin".to_owned())];
    let (admin, now) = (Caller::from_claims(&HashMap::from(claims)).expect("a caller"), shop.clock.now());
    let moves = async || wired.store.advance_order(order_id, &admin, OrderStatus::Processing, None, now).await;
    let cancels = async || wired.store.cancel_order(order_id, &admin, None, now).await;
    moves().await.expect("moved");
    assert_eq!(wire.calls(), ["GetItem", "TransactWriteItems"]);
    moves().await.expect("the order");
    assert_eq!(wire.calls(), ["GetItem"]);
    cancels().await.expect("cancelled");
    assert_eq!(wire.calls(), ["GetItem", "TransactWriteItems"]);
    cancels().await.expect("the order");
    assert_eq!(wire.calls(), ["GetItem"]);
    shop.finish().await;
}

/// One for each shard of the day; the days before are looked at only if there is room for more.
#[tokio::test]
async fn a_page_of_a_busy_days_orders_is_eight_queries() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let tomorrow = shop.clock.now().day().end();
    shop.pass(tomorrow.since(shop.clock.now()).as_secs() + 60);
    // At least two of them are in one shard.
    for _ in 0..9 {
        ada.orders_directly(&mug, 1).await.is(201);
        shop.pass(1);
    }
    let today = shop.clock.now().day();
    let filter = OrderFilter { from: "2026-01-01".parse().expect("a day"), to: today.end(), status: None };
    let cursors = Cursors::new("secret", "orders");
    for limit in [1, 8] {
        let page = PageRequest { limit, cursor: None };
        let found = wired.store.orders_by_day(&filter, &page, &cursors).await.expect("a page");
        assert_eq!(found.items.len(), limit);
        assert_eq!(wire.calls(), ["Query"; 8], "{limit}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_page_of_somebodys_orders_is_one_query() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    for _ in 0..3 {
        ada.orders_directly(&mug, 1).await.is(201);
    }
    let (page, cursors) = (PageRequest { limit: 2, cursor: None }, Cursors::new("secret", "orders"));
    let found = wired.store.orders_of(OrdersOf::Buyer(ada.id), None, &page, &cursors).await.expect("a page");
    assert_eq!((found.items.len(), found.next_cursor.is_some()), (2, true));
    assert_eq!(wire.calls(), ["Query"]);
    shop.finish().await;
}

#[tokio::test]
async fn a_page_of_the_inventory_is_one_query_and_one_read() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    for name in ["Mug", "Pen", "Ink"] {
        shop.product(name).list().await;
    }
    let (page, cursors) = (PageRequest { limit: 2, cursor: None }, Cursors::new("secret", "inventory"));
    let found = wired.store.inventory(None, &page, &cursors).await.expect("a page");
    assert_eq!((found.items.len(), found.next_cursor.is_some()), (2, true));
    assert_eq!(wire.calls(), ["Query", "BatchGetItem"]);
    shop.finish().await;
}

#[tokio::test]
async fn a_grant_is_one_read_and_one_transaction() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let reward = json!({"kind": "fixed", "value": "5", "valid_days": 30});
    shop.rule(json!({"kind": "min_order_total", "amount": "0.01"}), reward).await;
    let request = serde_json::from_value(json!({"product_id": mug.id, "quantity": 1})).expect("a request");
    let (store, now) = (&wired.store, shop.clock.now());
    let order = store.order_directly(ada.id, ada.id, &request, None, now).await.expect("an order").orders.remove(0);
    let rules = store.rules().await.expect("the rules");
    wire.calls();
    let (rules, secret) = (rules.iter().collect::<Vec<_>>(), &shop.cloud().shop().config.signing_secret);
    let codes = store.grant_coupons(&order, &History::default(), &rules, secret, now).await.expect("granted");
    assert_eq!(codes.len(), 1);
    assert_eq!(wire.calls(), ["GetItem", "TransactWriteItems"]);
    store.finish_rewards(order.summary.order_id).await.expect("done");
    shop.finish().await;
}

#[tokio::test]
async fn an_add_is_one_read_and_one_transaction() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let variation = mug.variation();
    wired.store.add_to_cart(ada.id, &variation, 2, None, shop.clock.now()).await.expect("a line");
    assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"]);
    wired.store.remove_from_cart(ada.id, variation.item_id(), shop.clock.now()).await.expect("removed");
    assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"]);
    shop.finish().await;
}

/// What may be held costs no call, though it is the cart that knows of it.
#[tokio::test]
async fn paid_online_an_order_costs_the_same_calls() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let request = json!({"product_id": mug.id, "quantity": 2, "payment_method": "online"});
    let (request, now) = (serde_json::from_value(request).expect("a request"), shop.clock.now());
    wired.store.order_directly(ada.id, ada.id, &request, None, now).await.expect("an order");
    assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"]);
    ada.adds(&mug, 1).await.is(201);
    let request = serde_json::from_value(json!({"payment_method": "online"})).expect("a request");
    wired.store.checkout(ada.id, ada.id, &request, None, now).await.expect("an order");
    assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"]);
    shop.finish().await;
}

/// A refusal is certain after two reads. Where others hold units of it, it is also looked for holds that are over and
/// read again, but not twice within a second.
#[tokio::test]
async fn a_refusal_for_want_of_stock_is_two_reads_and_rarely_sixteen_queries() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, ben, mug) =
        (shop.shopper("ada").await, shop.shopper("ben").await, shop.product("Mug").stock(3).list().await);
    let variation = mug.variation();
    let began = shop.clock.now();
    let refused = async |millis| {
        let now = began + Duration::from_millis(millis);
        wired.store.add_to_cart(ben.id, &variation, 4, None, now).await.expect_err("too few");
        wire.calls()
    };
    let reads = ["BatchGetItem"; 2];
    let looks = [reads.as_slice(), &["Query"; 16], &reads].concat();
    assert_eq!(refused(0).await, reads, "nobody holds any");
    ada.adds(&mug, 3).await.is(201);
    assert_eq!(refused(1).await, looks);
    assert_eq!(refused(1_000).await, reads);
    assert_eq!(refused(1_001).await, looks);
    shop.finish().await;
}

/// A process remembers for a second that there is a product with many shards, and that it was short of units.
#[tokio::test]
async fn what_has_many_shards_is_looked_at_further_and_further_but_only_once_a_second() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let ada = shop.shopper_who("ada", User::sees_the_board_last).await;
    let print = shop.product("Print").stock(96).shards(16).list().await;
    let variation = print.variation();
    let began = shop.clock.now();
    let adds = async |units, millis| {
        let now = began + Duration::from_millis(millis);
        let added = wired.store.add_to_cart(ada.id, &variation, units, None, now).await;
        (added.map(|added| added.created), wire.calls())
    };
    let is_short = |added: &Result<bool, Error>| matches!(added, Err(Error::InsufficientStock(_)));
    let looks = ["BatchGetItem"; 3];
    let count = ["TransactWriteItems", "BatchGetItem", "BatchGetItem", "TransactWriteItems"];
    let all = [looks.as_slice(), &count].concat();
    for (millis, expected) in [(0, all.as_slice()), (999, &all[..1]), (2_000, &all)] {
        let (refused, calls) = adds(97, millis).await;
        assert_eq!((is_short(&refused), calls), (true, expected.iter().map(|call| (*call).to_owned()).collect()));
    }
    let (added, calls) = adds(1, 2_001).await;
    assert_eq!(
        (added.expect("one"), calls),
        (true, ["BatchGetItem", "TransactWriteItems"].map(str::to_owned).to_vec())
    );
    shop.finish().await;
}

/// A SKU with as many shards as there can be gets no more of them: who counts need not ask, and reads all in one batch.
#[tokio::test]
async fn as_many_shards_as_there_can_be_are_counted_in_two_reads() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let ada = shop.shopper_who("ada", User::sees_the_board_last).await;
    let print = shop.product("Print").shards(99).list().await;
    let variation = print.variation();
    let too_many = 1 + u32::try_from(shop.stock_of(&print).await).expect("units");
    wired.store.add_to_cart(ada.id, &variation, too_many, None, shop.clock.now()).await.expect_err("too many");
    let reads = wire.calls().iter().filter(|call| *call == "BatchGetItem").count();
    assert_eq!(reads, 3 + 2);
    shop.finish().await;
}

#[tokio::test]
async fn an_adjustment_is_one_read_and_one_transaction() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (admin, mug) = (shop.admin().await.caller("admin"), shop.product("Mug").list().await);
    let key = IdempotencyKey { id: KeyId::derived("k"), fingerprint: "f".to_owned() };
    for (aim, key) in [("delta", None), ("set_available", Some(&key))] {
        let request = serde_json::from_value(json!({"product_id": mug.id, aim: 7, "reason": "stocktake"}));
        let request = request.expect("an adjustment");
        let adjust = || wired.store.adjust_stock(&admin, &request, key, shop.clock.now());
        assert!(!adjust().await.expect("an adjustment").replayed);
        assert_eq!(wire.calls(), ["BatchGetItem", "TransactWriteItems"], "{aim}");
        if key.is_some() {
            assert!(adjust().await.expect("the adjustment").replayed);
            assert_eq!(wire.calls(), ["BatchGetItem"]);
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_product_is_listed_with_one_transaction() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let request = json!({"name": "Shirt", "price": 1, "sizes": ["S", "M"], "stock": {"S": 1}, "stock_shards": 3});
    let request: CreateProduct = serde_json::from_value(request).expect("a product");
    let product = request.into_product(ProductId::random(), None, "USD", shop.clock.now()).expect("a product");
    wired.store.create_product(&product, None).await.expect("it is listed");
    assert_eq!(wire.calls(), ["TransactWriteItems"]);
    shop.finish().await;
}

#[tokio::test]
async fn a_sweep_with_nothing_to_do_is_sixteen_queries() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.adds(&mug, 1).await.is(201);
    wired.store.release_expired(shop.clock.now()).await.expect("a sweep");
    assert_eq!(wire.calls(), ["Query"; 16]);
    shop.finish().await;
}

#[tokio::test]
async fn a_payment_is_one_read_and_one_transaction_and_its_duplicate_one_read() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = ada.orders_online(&mug, 2).await;
    let order_id = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let success = PaymentReport { outcome: Outcome::Succeeded, reference: Some("pi_1"), sum: None, by: None };
    let settled = wired.store.settle_payment(order_id, success, shop.clock.now()).await.expect("settled");
    assert_eq!(wire.calls(), ["GetItem", "TransactWriteItems"]);
    wired.store.settle_payment(order_id, success, shop.clock.now()).await.expect("settled before");
    assert_eq!(wire.calls(), ["GetItem"]);
    // The store was called without its function, so nobody has announced the order yet.
    wired.order_events.announce(&settled.to_announce).await;
    shop.finish().await;
}
