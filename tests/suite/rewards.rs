//! Reward rules at work: how much they grant, to whom, and when a change of them counts.

use std::future::Future;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::order::{CheckoutRequest, Order};
use shared::reward::History;
use tests::product::Product;
use tests::shop::{Shop, is_elsewhere};
use tests::user::User;
use tests::wire::Wire;

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

fn any_order() -> Value {
    json!({"kind": "min_items", "count": 1})
}

/// So many people who each order one of a product at the same moment.
async fn buyers(shop: &Shop, count: usize) -> Vec<User> {
    let mut buyers = Vec::new();
    for number in 0..count {
        buyers.push(shop.shopper(&format!("buyer{number}")).await);
    }
    buyers
}

async fn all_buy(buyers: &[User], product: &Product) {
    join_all(buyers.iter().map(|buyer| buyer.buys(product, 1))).await;
}

async fn coupons(shop: &Shop) -> usize {
    shop.settle().await;
    shop.snapshot().await.coupons.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capped_rule_grants_as_many_as_it_may_and_no_more_whoever_comes_at_once() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "max_coupons": 7})).await;
    shop.rule(any_order(), five_off()).await;
    let buyers = buyers(&shop, 12).await;
    all_buy(&buyers, &mug).await;
    assert_eq!(coupons(&shop).await, 7 + 12, "the other rule goes on");
    all_buy(&buyers, &mug).await;
    assert_eq!(coupons(&shop).await, 7 + 24);
    shop.finish().await;
}

/// Grants an order of `buyer` what it earns, while `rival` is served between the look at what there is
/// and the write; answers the codes.
async fn grant_while(shop: &Shop, buyer: &User, product: &Product, rival: impl Future<Output = ()>) -> Vec<String> {
    let (wire, wired) = Wire::to(shop).await;
    buyer.adds(product, 1).await.is(201);
    let (request, now) = (CheckoutRequest::default(), shop.clock.now());
    // Not announced, so that nobody else deals with it.
    let placed = wired.store.checkout(buyer.id, buyer.id, &request, None, now).await.expect("an order");
    let order: &Order = &placed.orders[0];
    let rules = wired.store.rules().await.expect("the rules");
    let rules: Vec<_> = rules.iter().collect();
    let pause = wire.pauses("TransactWriteItems");
    let meanwhile = pause.during(async {
        rival.await;
        shop.settle().await;
    });
    let secret = &shop.cloud().shop().config.signing_secret;
    let history = History::default();
    let (granted, ()) = tokio::join!(wired.store.grant_coupons(order, &history, &rules, secret, now), meanwhile);
    wired.store.finish_rewards(order.summary.order_id).await.expect("done");
    granted.expect("an answer")
}

/// The last coupon goes to somebody else after this order was found to earn it.
#[tokio::test]
async fn the_last_coupon_of_a_rule_goes_to_one() {
    let shop = Shop::open().await;
    let (mug, ada, ben) = (shop.product("Mug").list().await, shop.shopper("ada").await, shop.shopper("ben").await);
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "max_coupons": 1})).await;
    let rival = async { drop(ben.buys(&mug, 1).await) };
    assert!(grant_while(&shop, &ada, &mug, rival).await.is_empty());
    assert_eq!(coupons(&shop).await, 1);
    shop.finish().await;
}

/// Another order of the same user earns their one coupon first.
#[tokio::test]
async fn the_one_coupon_of_a_user_goes_to_one_order() {
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").list().await, shop.shopper("ada").await);
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "once_per_user": true})).await;
    let rival = async { drop(ada.buys(&mug, 1).await) };
    assert!(grant_while(&shop, &ada, &mug, rival).await.is_empty());
    assert_eq!(coupons(&shop).await, 1);
    shop.finish().await;
}

/// The rule is deleted before the order is granted what it earned.
#[tokio::test]
async fn a_rule_that_has_just_gone_grants_nothing() {
    let shop = Shop::open().await;
    let (mug, ada, admin) = (shop.product("Mug").list().await, shop.shopper("ada").await, shop.admin().await);
    let deleted = shop.rule(any_order(), five_off()).await;
    let rival = async { admin.delete(&format!("/reward-rules/{deleted}")).await.is_empty() };
    assert!(grant_while(&shop, &ada, &mug, rival).await.is_empty());
    assert_eq!(coupons(&shop).await, 0);
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_per_user_is_once_whichever_order_comes_first() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").list().await;
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "once_per_user": true})).await;
    for round in 1..=6 {
        let ada = shop.shopper(&format!("ada{round}")).await;
        let request = json!({"product_id": mug.id, "quantity": 1});
        join_all((0..4).map(|_| async { ada.post("/orders", &request).await.is(201) })).await;
        assert_eq!(coupons(&shop).await, round);
    }
    shop.finish().await;
}

#[tokio::test]
async fn who_gave_the_coupon_back_with_its_order_may_earn_it_again_and_keeps_one() {
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").list().await, shop.shopper("ada").await);
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "once_per_user": true})).await;
    for round in 1..=5 {
        let order = ada.buys(&mug, 1).await;
        assert_eq!(coupons(&shop).await, round);
        let path = format!("/orders/{}/cancel", order["order_id"].as_str().expect("an id"));
        ada.patch(&path, &json!({})).await.is(200);
    }
    ada.buys(&mug, 1).await;
    ada.buys(&mug, 1).await;
    assert_eq!(coupons(&shop).await, 6);
    let listed = ada.get("/coupons").await.is(200);
    let usable = listed["items"].as_array().expect("coupons").iter().filter(|coupon| coupon["status"] == "active");
    assert_eq!(usable.count(), 1);
    shop.finish().await;
}

/// Two orders that each were taken for the user's first, because the index that says so lags.
#[tokio::test]
async fn the_coupon_for_the_first_order_goes_to_one_order() {
    let shop = Shop::open().await;
    let (mug, ada) = (shop.product("Mug").list().await, shop.shopper("ada").await);
    shop.rule(json!({"kind": "first_order"}), five_off()).await;
    let rival = async {
        let request = serde_json::from_value(json!({"product_id": mug.id, "quantity": 1})).expect("an order");
        let now = shop.clock.now();
        let other = shop.store().order_directly(ada.id, ada.id, &request, None, now).await.expect("placed");
        let rules = shop.store().rules().await.expect("the rules");
        let rules: Vec<_> = rules.iter().collect();
        let secret = &shop.cloud().shop().config.signing_secret;
        let granted = shop.store().grant_coupons(&other.orders[0], &History::default(), &rules, secret, now).await;
        assert_eq!(granted.expect("granted").len(), 1);
        shop.store().finish_rewards(other.orders[0].summary.order_id).await.expect("done");
    };
    assert!(grant_while(&shop, &ada, &mug, rival).await.is_empty());
    assert_eq!(coupons(&shop).await, 1);
    shop.finish().await;
}

/// Whoever cancels an order that earned nothing, to come by the same number again, earns nothing anew.
#[tokio::test]
async fn a_number_of_orders_or_a_sum_that_is_reached_again_earns_nothing() {
    let shop = Shop::open().await;
    let (desk, ada) = (shop.product("Desk").price("100.00").list().await, shop.shopper("ada").await);
    shop.rule(json!({"kind": "every_nth_order", "n": 3}), five_off()).await;
    shop.rule(json!({"kind": "lifetime_spent", "amount": "300.00"}), five_off()).await;
    let mut orders = Vec::new();
    for earned in [0, 0, 2] {
        orders.push(ada.buys(&desk, 1).await);
        assert_eq!(coupons(&shop).await, earned);
    }
    for cancelled in &orders[..2] {
        ada.cancels(cancelled).await.is(200);
        ada.buys(&desk, 1).await;
        assert_eq!(coupons(&shop).await, 2);
    }
    shop.finish().await;
}

/// A rule that is made stricter later minds what it granted before.
#[tokio::test]
async fn a_rule_minds_what_it_granted_before_it_was_limited() {
    let shop = Shop::open().await;
    let (mug, ada, admin) = (shop.product("Mug").list().await, shop.shopper("ada").await, shop.admin().await);
    let capped = shop.rule(any_order(), five_off()).await;
    let once = shop.rule(any_order(), five_off()).await;
    ada.buys(&mug, 1).await;
    assert_eq!(coupons(&shop).await, 2);
    admin.patch(&format!("/reward-rules/{capped}"), &json!({"max_coupons": 1})).await.is(200);
    admin.patch(&format!("/reward-rules/{once}"), &json!({"once_per_user": true})).await.is(200);
    ada.buys(&mug, 1).await;
    assert_eq!(coupons(&shop).await, 2);
    shop.finish().await;
}

/// A function that has not made the change itself hears of it within a minute.
#[tokio::test]
async fn rules_are_read_again_after_a_minute() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    assert!(wired.store.recent_rules(shop.clock.now()).await.expect("rules").is_empty());
    shop.rule(any_order(), five_off()).await;
    shop.pass(58);
    assert!(wired.store.recent_rules(shop.clock.now()).await.expect("rules").is_empty());
    assert_eq!(wire.calls(), ["Scan"]);
    shop.pass(2);
    assert_eq!(wired.store.recent_rules(shop.clock.now()).await.expect("rules").len(), 1);
    shop.finish().await;
}

/// One of a hundred carts gets the coupon; the others keep their stock and are told why.
#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_that_a_hundred_checkouts_use_at_once_is_used_by_one() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("20.00").stock(100).shards(4).list().await;
    let owner = shop.shopper("owner").await;
    let code = shop.coupon_for(&owner, five_off()).await;
    // Amazon's DynamoDB Local would keep a hundred waiting until they give up.
    let rivals = if is_elsewhere() { 30 } else { 100 };
    // A coupon is one user's, and so is a cart: the other carts are those of direct orders.
    let order = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
    let answers = join_all((0..rivals).map(|_| async { owner.post("/orders", &order).await })).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.is_refused(409, "coupon_already_redeemed");
    }
    assert_eq!(shop.stock_of(&mug).await, 99);
    shop.finish().await;
}

/// A cart that loses its coupon to a direct order still holds what is in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_cart_that_loses_a_coupon_keeps_its_stock() {
    let shop = Shop::open().await;
    let mug = shop.product("Mug").price("20.00").stock(20).list().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, five_off()).await;
    ada.adds(&mug, 1).await.is(201);
    let with_coupon = json!({"coupon_code": code});
    let direct = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
    let (cart, orders) = tokio::join!(
        async { ada.checks_out(&with_coupon).await },
        join_all((0..8).map(|_| async { ada.post("/orders", &direct).await })),
    );
    let won = orders.iter().filter(|answer| answer.status == 201).count() + usize::from(cart.status == 201);
    assert_eq!(won, 1);
    if cart.status != 201 {
        cart.is_refused(409, "coupon_already_redeemed");
        assert_eq!(ada.cart().await["items"][0]["is_stock_reserved"], true);
        ada.checks_out(&json!({})).await.is(201);
    }
    shop.finish().await;
}

/// Buying, earning and cancelling, over and over, leaves nothing that could be used.
#[tokio::test]
async fn twenty_rounds_of_buying_and_cancelling_farm_nothing() {
    let shop = Shop::open().await;
    let (desk, ada) = (shop.product("Desk").price("100.00").list().await, shop.shopper("ada").await);
    shop.rule(json!({"kind": "min_order_total", "amount": "50.00"}), five_off()).await;
    shop.rule(json!({"kind": "first_order"}), five_off()).await;
    shop.rule(json!({"kind": "every_nth_order", "n": 2}), five_off()).await;
    let mut last_code: Option<String> = None;
    for _ in 0..20 {
        ada.adds(&desk, 1).await.is(201);
        let used = ada.checks_out(&json!({"coupon_code": last_code})).await;
        let placed = if used.status == 201 { used } else { ada.checks_out(&json!({})).await };
        let order = placed.is(201)["orders"][0].clone();
        shop.settle().await;
        let newest = ada.get("/coupons?limit=1").await.is(200);
        last_code = newest["items"][0]["code"].as_str().map(str::to_owned);
        let path = format!("/orders/{}/cancel", order["order_id"].as_str().expect("an id"));
        ada.patch(&path, &json!({})).await.is(200);
    }
    let coupons = shop.snapshot().await.coupons;
    assert!(coupons.len() >= 20, "{} were earned", coupons.len());
    assert!(coupons.iter().all(|coupon| coupon["status"] == "revoked"), "{coupons:#?}");
    shop.finish().await;
}
