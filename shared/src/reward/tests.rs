use serde_json::json;

use super::*;

fn order(total: &str, units: u32) -> Order {
    let at = "2026-11-20T06:21:33.123Z";
    serde_json::from_value(json!({
        "order_id": OrderId::derived("this"), "user_id": UserId::derived("ada"), "seller_id": null,
        "status": "placed", "items_count": units, "subtotal": total, "discount": "0.00", "total_price": total,
        "currency": "USD", "coupon_code": null, "tracking": null, "created_at": at, "updated_at": at,
        "payment": {"method": "on_delivery", "status": "not_required", "deadline": null, "reference": null},
        "items": [{
            "item_id": crate::ids::ItemId::derived("i"), "product_id": ProductId::derived("mug"), "seller_id": null,
            "name": "Mug", "size": null, "product_properties": {}, "variation_key": "", "unit_price": total,
            "quantity": units, "line_total": total,
        }],
        "contact": {"name": null, "email": null, "phone": null},
        "address": {"line1": "1 Main St", "line2": null, "city": "X", "region": null, "postal_code": "1", "country": "US"},
        "status_history": [],
    }))
    .unwrap()
}

fn rule(condition: serde_json::Value) -> Rule {
    serde_json::from_value(json!({
        "rule_id": RuleId::derived("rule"), "name": "Thanks", "condition": condition,
        "coupon": {"kind": "percent", "value": "10", "min_order_total": null, "valid_days": 30},
        "active": true, "starts_at": null, "ends_at": null, "created_at": "2026-11-01T00:00:00.000Z",
        "updated_at": "2026-11-01T00:00:00.000Z",
    }))
    .unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_155_693_120)
}

fn earned(condition: serde_json::Value, order: &Order, history: History) -> bool {
    rule(condition).is_earned_by(order, &history, now())
}

#[test]
fn each_condition_at_below_and_above_its_threshold() {
    let none = History::default();
    let total = json!({"kind": "min_order_total", "amount": "100.00"});
    assert!(!earned(total.clone(), &order("99.99", 1), none));
    assert!(earned(total.clone(), &order("100.00", 1), none));
    assert!(earned(total, &order("100.01", 1), none));

    let items = json!({"kind": "min_items", "count": 5});
    assert!(!earned(items.clone(), &order("1", 4), none));
    assert!(earned(items.clone(), &order("1", 5), none));
    assert!(earned(items, &order("1", 6), none));

    assert!(earned(json!({"kind": "contains_product", "product_id": ProductId::derived("mug")}), &order("1", 1), none));
    assert!(!earned(
        json!({"kind": "contains_product", "product_id": ProductId::derived("pen")}),
        &order("1", 1),
        none
    ));

    let after = |orders, cents| History { orders, spent: Money::from_cents(cents) };
    assert!(earned(json!({"kind": "first_order"}), &order("1", 1), none));
    assert!(!earned(json!({"kind": "first_order"}), &order("1", 1), after(1, 0)));

    let fifth = json!({"kind": "every_nth_order", "n": 5});
    for (before, expected) in [(3, false), (4, true), (5, false), (9, true)] {
        assert_eq!(earned(fifth.clone(), &order("1", 1), after(before, 0)), expected, "{before}");
    }

    let lifetime = json!({"kind": "lifetime_spent", "amount": "500.00"});
    for (spent, expected) in [(399_99, false), (400_00, true), (499_99, true), (500_00, false)] {
        assert_eq!(earned(lifetime.clone(), &order("100.00", 1), after(4, spent)), expected, "{spent}");
    }
}

#[test]
fn a_rule_grants_only_while_it_is_live() {
    let any = json!({"kind": "min_items", "count": 1});
    let live = rule(any);
    let hour = Duration::from_secs(3600);
    let granted = |rule: Rule| rule.is_earned_by(&order("1", 1), &History::default(), now());
    assert!(granted(live.clone()));
    assert!(!granted(Rule { active: false, ..live.clone() }));
    assert!(granted(Rule { starts_at: Some(now()), ..live.clone() }));
    assert!(!granted(Rule { starts_at: Some(now() + hour), ..live.clone() }));
    assert!(!granted(Rule { ends_at: Some(now()), ..live.clone() }));
    assert!(granted(Rule { ends_at: Some(now() + hour), ..live }));
}

#[test]
fn history_counts_what_came_before_and_was_not_cancelled() {
    let this = order("10", 1).summary;
    let at = |hours: u64, status| OrderSummary {
        order_id: OrderId::random(),
        created_at: this.created_at - Duration::from_secs(3600 * hours),
        status,
        ..this.clone()
    };
    let later = OrderSummary {
        order_id: OrderId::random(),
        created_at: this.created_at + Duration::from_secs(1),
        ..this.clone()
    };
    let orders = [
        at(3, OrderStatus::Delivered),
        at(2, OrderStatus::Cancelled),
        at(1, OrderStatus::UnderPaying),
        this.clone(),
        later,
    ];
    assert_eq!(History::before(&this, &orders), History { orders: 2, spent: Money::from_cents(10_00) });
}

#[test]
fn a_code_is_derived_from_order_and_rule() {
    let (order, rule_id) = (Grant::OfOrder(OrderId::derived("o")), RuleId::derived("r"));
    let code = coupon_code("secret", order, rule_id, 0);
    assert_eq!(code, coupon_code("secret", order, rule_id, 0));
    let symbols = code.strip_prefix("REWARD-").unwrap();
    assert_eq!(symbols.len(), 8);
    assert!(symbols.bytes().all(|symbol| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&symbol)));
    for other in [
        coupon_code("other", order, rule_id, 0),
        coupon_code("secret", Grant::OfOrder(OrderId::derived("p")), rule_id, 0),
        coupon_code("secret", Grant::OfUser(UserId::derived("o")), rule_id, 0),
        coupon_code("secret", Grant::OfMilestone(UserId::derived("o"), Milestone::Orders(1)), rule_id, 0),
        coupon_code(
            "secret",
            Grant::OfMilestone(UserId::derived("o"), Milestone::Spent(Money::from_cents(1))),
            rule_id,
            0,
        ),
        coupon_code("secret", order, RuleId::derived("s"), 0),
        coupon_code("secret", order, rule_id, 1),
    ] {
        assert_ne!(code, other);
    }
}

#[test]
fn what_looks_back_is_granted_for_how_far_the_user_came() {
    let after = |orders| History { orders, spent: Money::from_cents(490_00) };
    let of = |condition, orders| rule(condition).grant_of(&order("20.00", 1), &after(orders));
    let user = order("20.00", 1).summary.user_id;
    let fifth = json!({"kind": "every_nth_order", "n": 5});
    assert_eq!(of(fifth.clone(), 4), Grant::OfMilestone(user, Milestone::Orders(5)));
    assert_eq!(of(fifth, 9), Grant::OfMilestone(user, Milestone::Orders(10)));
    assert_eq!(of(json!({"kind": "first_order"}), 0), Grant::OfMilestone(user, Milestone::Orders(1)));
    let spent = of(json!({"kind": "lifetime_spent", "amount": "500.00"}), 4);
    assert_eq!(spent, Grant::OfMilestone(user, Milestone::Spent(Money::from_cents(500_00))));
    assert_eq!(of(json!({"kind": "min_items", "count": 1}), 4), Grant::OfOrder(OrderId::derived("this")));
}

#[test]
fn a_granted_coupon_is_the_buyers_for_as_long_as_the_rule_says() {
    let granted = rule(json!({"kind": "first_order"})).grant(&order("1", 1), "REWARD-1".to_owned(), now());
    assert_eq!(granted.user_id, order("1", 1).summary.user_id);
    assert_eq!(granted.expires_at, now() + Duration::from_secs(30 * 24 * 60 * 60));
}

/// The codes as another implementation makes them: Python's `hmac`.
#[test]
fn a_code_is_the_beginning_of_an_hmac_in_base32() {
    let (user, rule_id) = (UserId::derived("u"), RuleId::derived("r"));
    let spent = Milestone::Spent(Money::from_cents(500_00));
    for (grant, attempt, code) in [
        (Grant::OfOrder(OrderId::derived("o")), 0, "REWARD-H4VCTDVT"),
        (Grant::OfMilestone(user, Milestone::Orders(5)), 1, "REWARD-18BAXWYT"),
        (Grant::OfMilestone(user, spent), 0, "REWARD-EMPYET2B"),
        (Grant::OfUser(user), 0, "REWARD-1GE51059"),
    ] {
        assert_eq!(coupon_code("secret", grant, rule_id, attempt), code, "{grant:?}");
    }
}

#[test]
fn some_conditions_look_back_and_a_rule_is_used_up_by_its_last_coupon() {
    for (condition, looks_back) in [
        (json!({"kind": "min_order_total", "amount": "1"}), false),
        (json!({"kind": "min_items", "count": 1}), false),
        (json!({"kind": "contains_product", "product_id": ProductId::derived("mug")}), false),
        (json!({"kind": "first_order"}), true),
        (json!({"kind": "every_nth_order", "n": 2}), true),
        (json!({"kind": "lifetime_spent", "amount": "1"}), true),
    ] {
        assert_eq!(rule(condition.clone()).condition.looks_back(), looks_back, "{condition}");
    }
    let granted = |max_coupons, coupons_granted| {
        Rule { max_coupons, coupons_granted, ..rule(json!({"kind": "first_order"})) }.is_used_up()
    };
    assert_eq!(
        [granted(None, 9), granted(Some(3), 2), granted(Some(3), 3), granted(Some(3), 4)],
        [false, false, true, true]
    );
}
