use serde_json::json;

use super::*;

/// Ada's order of two mugs, which nobody sells but the shop.
pub(crate) fn order(status: OrderStatus) -> Order {
    let at = "2026-11-20T06:21:33.123Z";
    serde_json::from_value(json!({
        "order_id": OrderId::derived("order"), "user_id": UserId::derived("ada"), "seller_id": null,
        "status": status, "items_count": 2, "subtotal": "25.00", "discount": "0.00", "total_price": "25.00",
        "currency": "USD", "coupon_code": null, "tracking": null, "created_at": at, "updated_at": at,
        "payment": {"method": "online", "status": "pending", "deadline": null, "reference": null},
        "items": [{
            "item_id": ItemId::derived("mug"), "product_id": ProductId::derived("mug"), "seller_id": null, "name": "Mug",
            "size": null, "product_properties": {}, "variation_key": "", "unit_price": "12.50", "quantity": 2,
            "line_total": "25.00",
        }],
        "contact": {"name": null, "email": null, "phone": null},
        "address": {"line1": "1 Main St", "line2": null, "city": "X", "region": null, "postal_code": "1", "country": "US"},
        "status_history": [],
    }))
    .unwrap()
}

fn caller(name: &str, groups: &str) -> Caller {
    let claims = [("sub", UserId::derived(name).to_string()), ("cognito:groups", groups.to_owned())];
    Caller::from_claims(&claims.map(|(name, value)| (name.to_owned(), value)).into()).unwrap()
}

#[test]
fn an_order_is_its_buyers_its_sellers_and_the_admins() {
    let mut order = order(OrderStatus::Placed);
    order.summary.seller_id = Some(UserId::derived("sue"));
    for (name, groups, actor) in [
        ("ada", "", Some(Actor::Owner)),
        ("ada", "seller", Some(Actor::Owner)),
        ("sue", "seller", Some(Actor::Staff)),
        ("root", "admin", Some(Actor::Staff)),
        ("ada", "admin", Some(Actor::Staff)),
        // Who no longer sells has no more to do with it.
        ("sue", "", None),
        ("sam", "seller", None),
        ("eve", "", None),
    ] {
        assert_eq!(order.actor(&caller(name, groups)).ok(), actor, "{name} {groups}");
    }
}

#[test]
fn a_new_status_is_written_down_with_who_and_why() {
    let (mut order, by, now) = (order(OrderStatus::Placed), UserId::derived("root"), Timestamp::from_millis(7));
    let shipped = Transition::new(OrderStatus::Processing, OrderStatus::Shipped, Actor::Staff).unwrap();
    order.enter(&shipped, Some(by), Some("at last".to_owned()), now);
    assert_eq!((order.summary.status, order.summary.updated_at), (OrderStatus::Shipped, now));
    let change =
        StatusChange { status: OrderStatus::Shipped, at: now, by: Some(by), reason: Some("at last".to_owned()) };
    assert_eq!(order.status_history, [change]);
}

#[test]
fn a_payment_settles_an_order_once_and_for_all() {
    use OrderStatus::{Cancelled, Placed, UnderPaying};
    use Outcome::{Failed, Succeeded};
    use PaymentStatus::{NotRequired, Pending, RefundRequired};

    for (status, payment, cancelled_by_payment, outcome, settlement) in [
        (UnderPaying, Pending, false, Succeeded, Settlement::Place),
        (UnderPaying, Pending, false, Failed, Settlement::Cancel),
        (Placed, PaymentStatus::Succeeded, false, Succeeded, Settlement::AlreadyDone),
        (Placed, PaymentStatus::Succeeded, false, Failed, Settlement::Contradiction),
        (Cancelled, PaymentStatus::Failed, true, Failed, Settlement::AlreadyDone),
        (Cancelled, PaymentStatus::Failed, true, Succeeded, Settlement::Revive),
        (Cancelled, PaymentStatus::Failed, false, Succeeded, Settlement::Refund),
        (Cancelled, RefundRequired, false, Succeeded, Settlement::AlreadyDone),
        (Cancelled, RefundRequired, false, Failed, Settlement::Contradiction),
        (Placed, NotRequired, false, Succeeded, Settlement::Contradiction),
        (Cancelled, NotRequired, false, Failed, Settlement::Contradiction),
    ] {
        let mut order = order(status);
        order.summary.payment.status = payment;
        let seen = Settlement::of(&order, cancelled_by_payment, outcome);
        assert_eq!(seen, settlement, "{status} {payment:?} {outcome:?}, cancelled by payment: {cancelled_by_payment}");
    }
}

#[test]
fn statistics_count_all_and_add_up_what_is_spent() {
    use OrderStatus::{Cancelled, Delivered, Placed, UnderPaying};

    let orders = [Placed, Delivered, Placed, Cancelled, UnderPaying].map(|status| order(status).summary);
    let statistics = Statistics::of(&orders);
    assert_eq!((statistics.total_orders, statistics.total_spent), (5, Money::from_cents(75_00)));
    let counts = [(UnderPaying, 1), (Placed, 2), (Delivered, 1), (Cancelled, 1)];
    assert_eq!(statistics.status_counts, counts.into());
}
