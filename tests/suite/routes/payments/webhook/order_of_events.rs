//! Events come twice, late and in any order, and people act in between: an order's end does not depend
//! on luck.

use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::payment::{failed, succeeded};
use tests::shop::Shop;
use tests::user::User;

use Step::{Cancel, Failure, Success, Timeout};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Success,
    Failure,
    Timeout,
    Cancel,
}

const STEPS: [Step; 4] = [Success, Failure, Timeout, Cancel];

/// What has become of an order: the statuses of its history, and the status of its payment.
struct End {
    history: Vec<&'static str>,
    paid: &'static str,
}

impl End {
    /// What comes first decides: a success places the order, anything else cancels it. A later success
    /// places it after all, unless it was a person who cancelled it; and what was placed, only a
    /// person can cancel.
    fn after(steps: &[Step]) -> End {
        let mut history = vec!["under_paying"];
        let cancelled = steps[0] != Success;
        history.extend(cancelled.then_some("cancelled"));
        let Some(success) = steps.iter().position(|step| *step == Success) else {
            return End { history, paid: "failed" };
        };
        if steps[0] == Cancel {
            return End { history, paid: "refund_required" };
        }
        history.push("placed");
        let called_off = steps[success..].contains(&Cancel);
        history.extend(called_off.then_some("cancelled"));
        End { history, paid: if called_off { "refund_required" } else { "succeeded" } }
    }

    fn stands(&self) -> bool {
        self.history.last() == Some(&"placed")
    }
}

async fn take(step: Step, shop: &Shop, ada: &User, order: &Value) {
    match step {
        Success => drop(shop.stripe_sends(&succeeded(order)).await.is(200)),
        Failure => drop(shop.stripe_sends(&failed(order)).await.is(200)),
        Timeout => shop.payments_time_out().await,
        Cancel => drop(ada.calls_off(order).await.is(200)),
    }
    shop.settle().await;
}

/// The statuses of the coupons that an order earned.
async fn earned(shop: &Shop, order: &Value) -> Vec<Value> {
    let order_id: OrderId = serde_json::from_value(order["order_id"].clone()).expect("an id");
    let codes = shop.store().order(order_id).await.expect("the order").earned_coupons.unwrap_or_default();
    let coupons = shop.snapshot().await.coupons.into_iter();
    let earned = coupons.filter(|coupon| codes.iter().any(|code| coupon["code"] == *code.as_str()));
    earned.map(|coupon| coupon["status"].clone()).collect()
}

/// Takes every way of up to four steps that begins with `first`.
async fn all_ways_from(first: Step) {
    let shop = Shop::open().await;
    shop.rule(json!({"kind": "min_items", "count": 1}), json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    let ada = shop.shopper("ada").await;
    let mut ways = vec![vec![first]];
    for length in 1..4 {
        let shorter = ways.iter().filter(|way| way.len() == length);
        let longer = shorter.flat_map(|way| STEPS.map(|step| [way.as_slice(), &[step]].concat())).collect::<Vec<_>>();
        ways.extend(longer);
    }
    for way in ways {
        let mug = shop.product("Mug").stock(3).list().await;
        let order = ada.orders_online(&mug, 2).await;
        for step in &way {
            take(*step, &shop, &ada, &order).await;
        }
        let now = ada.sees(&order).await;
        let end = End::after(&way);
        let history: Vec<_> =
            now["status_history"].as_array().expect("a history").iter().map(|entry| &entry["status"]).collect();
        assert_eq!((json!(history), &now["payment"]["status"]), (json!(end.history), &json!(end.paid)), "{way:?}");
        assert_eq!(shop.stock_of(&mug).await, if end.stands() { 1 } else { 3 }, "{way:?}");
        let coupon = if end.stands() { "active" } else { "revoked" };
        let coupons: Vec<_> = end.history.iter().filter(|status| **status == "placed").map(|_| coupon).collect();
        assert_eq!(json!(earned(&shop, &order).await), json!(coupons), "{way:?}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn whatever_follows_a_success() {
    all_ways_from(Success).await;
}

#[tokio::test]
async fn whatever_follows_a_failure() {
    all_ways_from(Failure).await;
}

#[tokio::test]
async fn whatever_follows_a_timeout() {
    all_ways_from(Timeout).await;
}

#[tokio::test]
async fn whatever_follows_a_cancellation() {
    all_ways_from(Cancel).await;
}
