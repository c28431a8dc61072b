use std::collections::BTreeSet;

use serde_json::json;
use tests::api::Answer;
use tests::shop::Shop;
use tests::user::User;

use super::{ROUNDS, at_once};

const RIVALS: usize = 20;

fn order_ids(answers: &[Answer]) -> BTreeSet<String> {
    let placed = answers.iter().filter(|answer| answer.status == 201);
    placed.map(|answer| answer.is(201)["order_id"].as_str().expect("an id").to_owned()).collect()
}

async fn orders_of(user: &User) -> usize {
    let orders = user.get(&format!("/orders/user/{}?limit=100", user.id)).await.is(200);
    orders["items"].as_array().expect("a list").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_checkouts_under_one_key_are_one_order_that_all_get() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").stock(1_000).list().await;
    for round in 0..ROUNDS {
        ada.adds(&mug, 2).await.is(201);
        let key = format!("order-{round}");
        let answers = at_once((0..RIVALS).map(|_| ada.checks_out(&json!({})).key(&key))).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        assert_eq!(order_ids(&answers).len(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(), 1);
    }
    assert_eq!(orders_of(&ada).await, ROUNDS as usize);
    shop.finish().await;
}

/// Whoever read the cart before it was emptied gets the order; whoever came after finds it empty.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_checkouts_without_a_key_are_one_order() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").stock(1_000).list().await;
    for _ in 0..ROUNDS {
        ada.adds(&mug, 2).await.is(201);
        let answers = at_once((0..RIVALS).map(|_| ada.checks_out(&json!({})))).await;
        assert_eq!(order_ids(&answers).len(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.is_refused(400, "cart_empty");
        }
    }
    assert_eq!(orders_of(&ada).await, ROUNDS as usize);
    shop.finish().await;
}

/// A checkout that lost to another key's has the winner's order under its own key from then on.
#[tokio::test(flavor = "multi_thread")]
async fn every_key_that_got_the_order_gets_it_again() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let mug = shop.product("Mug").stock(1_000).list().await;
    for round in 0..ROUNDS {
        ada.adds(&mug, 1).await.is(201);
        let keys: Vec<_> = (0..RIVALS).map(|rival| format!("{round}-{rival}")).collect();
        let answers = at_once(keys.iter().map(|key| ada.checks_out(&json!({"split": "per_item"})).key(key))).await;
        let order_id = order_ids(&answers);
        assert_eq!(order_id.len(), 1);
        for (key, answer) in keys.iter().zip(&answers).filter(|(_, answer)| answer.status == 201) {
            let again = ada.checks_out(&json!({"split": "per_item"})).key(key).await.is_replayed(201);
            assert_eq!(again["order_id"], answer.is(201)["order_id"]);
            ada.checks_out(&json!({})).key(key).await.is_refused(422, "idempotency_key_reused");
        }
    }
    assert_eq!(orders_of(&ada).await, ROUNDS as usize);
    shop.finish().await;
}

/// Each of several checkouts sees a coupon that only one of them can use.
#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_is_used_once() {
    let shop = Shop::open().await;
    let (ada, desk) = (shop.shopper("ada").await, shop.product("Desk").price("100.00").list().await);
    for _ in 0..ROUNDS {
        let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
        ada.adds(&desk, 1).await.is(201);
        let request = json!({"coupon_code": code});
        let answers = at_once((0..6).map(|_| ada.checks_out(&request))).await;
        assert_eq!(order_ids(&answers).len(), 1);
        ada.adds(&desk, 1).await.is(201);
        ada.checks_out(&request).await.is_refused(409, "coupon_already_redeemed");
        ada.delete("/cart-items").await.is_empty();
    }
    shop.finish().await;
}
