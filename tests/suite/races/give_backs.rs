//! An order is cancelled while it changes, or what its coupons depend on: after all of it was read,
//! before anything is written.

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::auth::Caller;
use shared::order::CheckoutRequest;
use tests::payment::{failed, path_of, succeeded};
use tests::shop::Shop;
use tests::user::User;
use tests::wire::Wire;

use super::payments::success_while;

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

/// Cancels an order of the user's while `rival` acts between the read and the write.
async fn cancel_while(shop: &Shop, user: &User, order: &Value, rival: impl Future<Output = ()>) {
    let (wire, wired) = Wire::to(shop).await;
    let caller = Caller::from_claims(&HashMap::from([("sub".to_owned(), user.id.to_string())])).expect("a caller");
    let order_id = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let pause = wire.pauses("TransactWriteItems");
    let meanwhile = pause.during(rival);
    let cancel = wired.store.cancel_order(order_id, &caller, None, shop.clock.now());
    let (cancelled, ()) = tokio::join!(cancel, meanwhile);
    assert_eq!(json!(cancelled.expect("the order").summary.status), "cancelled");
}

/// The two orders of one checkout that share a coupon.
async fn two_parts(shop: &Shop, user: &User, method: &str) -> (Value, Value) {
    let code = shop.coupon_for(user, five_off()).await;
    for name in ["Mug", "Pen"] {
        user.adds(&shop.product(name).list().await, 1).await.is(201);
    }
    let request = json!({"payment_method": method, "split": "per_item", "coupon_code": code});
    let parts = user.checks_out(&request).await.is(201)["orders"].clone();
    (parts[0].clone(), parts[1].clone())
}

/// The status of the only coupon there is.
async fn coupon(shop: &Shop) -> Value {
    let coupons = shop.snapshot().await.coupons;
    assert_eq!(coupons.len(), 1);
    coupons[0]["status"].clone()
}

/// Each took the other for live; the second to be written has to look again.
#[tokio::test]
async fn the_other_part_goes_too() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (first, second) = two_parts(&shop, &ada, "on_delivery").await;
    let rival = async { drop(ada.calls_off(&second).await.is(200)) };
    cancel_while(&shop, &ada, &first, rival).await;
    assert_eq!(coupon(&shop).await, "active");
    shop.finish().await;
}

/// The last part that stood was about to give the coupon back.
#[tokio::test]
async fn the_other_part_comes_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (first, second) = two_parts(&shop, &ada, "online").await;
    shop.stripe_sends(&failed(&second)).await.is(200);
    let rival = async { drop(shop.stripe_sends(&succeeded(&second)).await.is(200)) };
    cancel_while(&shop, &ada, &first, rival).await;
    assert_eq!(coupon(&shop).await, "redeemed");
    ada.calls_off(&second).await.is(200);
    assert_eq!(coupon(&shop).await, "active");
    shop.finish().await;
}

/// Nobody gets a coupon back that was earned by what they do not keep.
#[tokio::test]
async fn the_order_that_earned_the_coupon_goes_too() {
    for deleted in [false, true] {
        let shop = Shop::open().await;
        let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
        let (order, other) = two_parts(&shop, &ada, "on_delivery").await;
        ada.calls_off(&other).await.is(200);
        let earning = json!({"order_id": shop.snapshot().await.coupons[0]["order_id"]});
        let rival = async {
            ada.calls_off(&earning).await.is(200);
            if deleted {
                admin.delete(&path_of(&earning)).await.is_empty();
            }
        };
        cancel_while(&shop, &ada, &order, rival).await;
        assert_eq!(coupon(&shop).await, "revoked");
        shop.finish().await;
    }
}

/// The earned coupon was in use, and is about to be free again.
#[tokio::test]
async fn the_order_that_uses_the_earned_coupon_goes_too() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (order, other) = two_parts(&shop, &ada, "on_delivery").await;
    ada.calls_off(&other).await.is(200);
    let earning = json!({"order_id": shop.snapshot().await.coupons[0]["order_id"]});
    let rival = async { drop(ada.calls_off(&order).await.is(200)) };
    cancel_while(&shop, &ada, &earning, rival).await;
    assert_eq!(coupon(&shop).await, "revoked");
    shop.finish().await;
}

/// The earned coupon was free, and is about to be used: whoever used it keeps its worth.
#[tokio::test]
async fn the_earned_coupon_is_used() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let code = shop.coupon_for(&ada, five_off()).await;
    let earning = json!({"order_id": shop.snapshot().await.coupons[0]["order_id"]});
    let pen = shop.product("Pen").list().await;
    let request = json!({"product_id": pen.id, "quantity": 1, "coupon_code": code});
    let rival = async { drop(ada.post("/orders", &request).await.is(201)) };
    cancel_while(&shop, &ada, &earning, rival).await;
    assert_eq!(coupon(&shop).await, "redeemed");
    shop.finish().await;
}

/// The order is rewarded after it was read without rewards.
#[tokio::test]
async fn the_order_earns_a_coupon() {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), five_off()).await;
    let ada = shop.shopper("ada").await;
    ada.adds(&shop.product("Mug").list().await, 1).await.is(201);
    // Not announced before somebody cancels it.
    let request = CheckoutRequest::default();
    let placed = shop.store().checkout(ada.id, ada.id, &request, None, shop.clock.now()).await.expect("an order");
    let order = json!(placed.orders[0]);
    let rival = async {
        shop.cloud().shop().order_events.announce(&placed.to_announce).await;
        shop.settle().await;
        assert_eq!(coupon(&shop).await, "active");
    };
    cancel_while(&shop, &ada, &order, rival).await;
    assert_eq!(coupon(&shop).await, "revoked");
    shop.finish().await;
}

/// Nothing that happened to the order is forgotten.
#[tokio::test]
async fn the_order_moves_on() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let order = ada.buys(&shop.product("Mug").list().await, 1).await;
    let rival = async { drop(admin.patch(&path_of(&order), &json!({"status": "processing"})).await.is(200)) };
    cancel_while(&shop, &ada, &order, rival).await;
    assert_eq!(ada.sees(&order).await["status_history"].as_array().expect("a history").len(), 3);
    shop.finish().await;
}

/// A part that comes back counts on the coupon that the other holds, which gives it up.
#[tokio::test]
async fn the_other_part_goes_before_this_one_comes_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (first, second) = two_parts(&shop, &ada, "online").await;
    shop.stripe_sends(&failed(&second)).await.is(200);
    let rival = async { drop(ada.calls_off(&first).await.is(200)) };
    success_while(&shop, &second, rival).await;
    assert_eq!(ada.sees(&second).await["status"], "placed");
    assert_eq!(coupon(&shop).await, "redeemed");
    shop.finish().await;
}

/// The coupon that the other part held is somebody else's by then: the price it made is not to be had.
#[tokio::test]
async fn the_coupon_goes_elsewhere_before_this_part_comes_back() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let (first, second) = two_parts(&shop, &ada, "online").await;
    shop.stripe_sends(&failed(&second)).await.is(200);
    let rival = async {
        ada.calls_off(&first).await.is(200);
        let ink = shop.product("Ink").list().await;
        let request = json!({"product_id": ink.id, "quantity": 1, "coupon_code": first["coupon_code"]});
        ada.post("/orders", &request).await.is(201);
    };
    success_while(&shop, &second, rival).await;
    assert_eq!(ada.sees(&second).await["payment"]["status"], "refund_required");
    shop.finish().await;
}
