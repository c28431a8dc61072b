//! Promises 4 and 5 for checkouts, split or not, and for the coupons used on them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::read::{cents, is_live, list, text};
use super::{Findings, Snapshot};

/// The orders of one checkout.
struct Checkout<'a> {
    first_id: &'a str,
    orders: Vec<&'a Value>,
    /// Whether none of them was deleted.
    complete: bool,
}

pub(super) fn check(data: &Snapshot, findings: &mut Findings) {
    let checkouts = checkouts(data, findings);
    check_carts(&checkouts, findings);
    let coupons: BTreeMap<&str, &Value> = data.coupons.iter().map(|coupon| (text(coupon, "code"), coupon)).collect();
    for checkout in &checkouts {
        check_use(checkout, &coupons, findings);
    }
    for coupon in &data.coupons {
        check_redemption(coupon, &checkouts, findings);
    }
    check_grants(data, &coupons, findings);
    check_rules(data, findings);
}

/// Puts the parts of split checkouts together.
fn checkouts<'a>(data: &'a Snapshot, findings: &mut Findings) -> Vec<Checkout<'a>> {
    let orders: BTreeMap<&str, &Value> = data.placed_orders().map(|order| (text(order, "order_id"), order)).collect();
    let deleted: BTreeSet<&str> = data.deleted_orders().map(|order| text(order, "order_id")).collect();
    let mut first_of: BTreeMap<&str, &str> = orders.keys().map(|id| (*id, *id)).collect();
    for (id, order) in &orders {
        let parts: Vec<&str> = list(order, "parts").iter().filter_map(Value::as_str).collect();
        let Some(first_id) = parts.first() else { continue };
        findings.expect(5, parts.len() > 1, || format!("order {id}: is the only one of its parts"));
        findings.expect(5, parts.contains(id), || format!("order {id}: is none of its own parts"));
        for part in &parts {
            let there = orders.contains_key(part) || deleted.contains(part);
            findings.expect(5, there, || format!("order {id}: its part {part} is missing"));
            let agrees = orders.get(part).is_none_or(|other| other["parts"] == order["parts"]);
            findings.expect(5, agrees, || format!("order {id}: its part {part} knows of other parts"));
        }
        first_of.insert(id, first_id);
    }
    let mut checkouts: BTreeMap<&str, Checkout<'a>> = BTreeMap::new();
    for (id, order) in &orders {
        let first_id = first_of[id];
        let complete = list(order, "parts").iter().filter_map(Value::as_str).all(|part| !deleted.contains(part));
        let checkout = checkouts.entry(first_id).or_insert(Checkout { first_id, orders: Vec::new(), complete });
        checkout.orders.push(order);
    }
    for Checkout { first_id, orders, .. } in checkouts.values() {
        for attribute in ["user_id", "cart_id", "coupon_code", "created_at"] {
            let agree = orders.iter().all(|order| order[attribute] == orders[0][attribute]);
            findings.expect(5, agree, || format!("order {first_id}: its parts differ in {attribute}"));
        }
    }
    checkouts.into_values().collect()
}

/// A filling of a cart was checked out at most once.
fn check_carts(checkouts: &[Checkout<'_>], findings: &mut Findings) {
    let mut ordered_as: BTreeMap<&str, &str> = BTreeMap::new();
    for Checkout { first_id, orders, .. } in checkouts {
        let other = orders[0]["cart_id"].as_str().and_then(|cart_id| ordered_as.insert(cart_id, first_id));
        findings.expect(5, other.is_none(), || format!("one cart became two orders: {first_id} and {other:?}"));
    }
}

/// A live checkout with a coupon has it redeemed, for all that it is worth and no more.
fn check_use(checkout: &Checkout<'_>, coupons: &BTreeMap<&str, &Value>, findings: &mut Findings) {
    let Checkout { first_id, orders, complete } = checkout;
    let Some(code) = orders[0]["coupon_code"].as_str() else { return };
    let Some(coupon) = coupons.get(code) else {
        findings.expect(4, false, || format!("order {first_id}: its coupon {code} does not exist"));
        return;
    };
    let sum = |name| orders.iter().map(|order| cents(order, name)).sum::<i64>();
    let worth = worth(coupon, sum("subtotal"));
    findings.expect(4, !complete || sum("discount") == worth, || {
        format!("order {first_id}: {} cents off over all its parts, but {code} is worth {worth}", sum("discount"))
    });
    findings.expect(4, coupon["user_id"] == orders[0]["user_id"], || {
        format!("order {first_id}: {code} is somebody else's coupon")
    });
    if orders.iter().any(|order| is_live(order)) {
        let redeemed_here = text(coupon, "redeemed_order_id") == *first_id;
        findings.expect(4, redeemed_here, || {
            format!("order {first_id}: used {code}, which is redeemed for {}", coupon["redeemed_order_id"])
        });
    }
}

/// What a coupon takes off, in cents: percent rounded half-up, a fixed amount at most all.
fn worth(coupon: &Value, subtotal: i64) -> i64 {
    match text(coupon, "kind") {
        "percent" => (subtotal * cents(coupon, "value") * 2 + 10_000) / 20_000,
        _ => cents(coupon, "value").min(subtotal),
    }
}

/// A coupon is redeemed exactly if it names a checkout that stands and used it.
fn check_redemption(coupon: &Value, checkouts: &[Checkout<'_>], findings: &mut Findings) {
    let (code, status) = (text(coupon, "code"), text(coupon, "status"));
    let known = ["active", "redeemed", "revoked"];
    findings.expect(4, known.contains(&status), || format!("coupon {code}: has no known status: {status:?}"));
    findings.expect(4, coupon["redeemed_order_id"].is_null() == (status != "redeemed"), || {
        format!("coupon {code}: is {status}, redeemed for {}", coupon["redeemed_order_id"])
    });
    let Some(redeemed_for) = coupon["redeemed_order_id"].as_str() else { return };
    let checkout = checkouts.iter().find(|checkout| checkout.first_id == redeemed_for);
    let used = checkout.is_some_and(|checkout| {
        checkout.orders.iter().any(|order| is_live(order) && text(order, "coupon_code") == code)
    });
    findings.expect(4, used, || format!("coupon {code}: is redeemed for {redeemed_for}, which does not use it"));
}

/// An order and rule have one coupon at most, and the order knows of it.
fn check_grants(data: &Snapshot, coupons: &BTreeMap<&str, &Value>, findings: &mut Findings) {
    let mut granted: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for coupon in &data.coupons {
        let grant = (text(coupon, "order_id"), text(coupon, "rule_id"));
        granted.entry(grant).or_default().push(text(coupon, "code"));
    }
    let all_orders = || data.placed_orders().chain(data.deleted_orders());
    for ((order_id, rule_id), codes) in &granted {
        findings.expect(5, codes.len() == 1, || format!("order {order_id}: rule {rule_id} granted it {codes:?}"));
        let order = all_orders().find(|order| text(order, "order_id") == *order_id);
        let cancelled = order.is_some_and(|order| !is_live(order));
        for code in codes {
            let usable = text(coupons[code], "status") == "active";
            findings.expect(5, !(cancelled && usable), || {
                format!("coupon {code}: can be used, but order {order_id}, which earned it, is cancelled")
            });
        }
        let earned = order.map(|order| list(order, "earned_coupons")).unwrap_or_default();
        for code in codes {
            findings.expect(5, earned.iter().any(|earned| earned == code), || {
                format!("coupon {code}: order {order_id} does not know that it earned it")
            });
        }
    }
    for order in data.placed_orders() {
        for code in list(order, "earned_coupons").iter().filter_map(Value::as_str) {
            let exists = coupons.get(code).is_some_and(|coupon| coupon["order_id"] == order["order_id"]);
            findings.expect(5, exists, || format!("order {}: its coupon {code} does not exist", order["order_id"]));
        }
    }
}

/// A rule has counted every coupon it granted, and granted no more than it may: in all, and to one user.
fn check_rules(data: &Snapshot, findings: &mut Findings) {
    for rule in &data.reward_rules {
        let rule_id = text(rule, "rule_id");
        let granted: Vec<_> = data.coupons.iter().filter(|coupon| text(coupon, "rule_id") == rule_id).collect();
        let counted = rule["coupons_granted"].as_u64();
        findings.expect(5, counted == Some(granted.len() as u64), || {
            format!("rule {rule_id}: counted {counted:?} coupons, but granted {}", granted.len())
        });
        let most = rule["max_coupons"].as_u64();
        findings.expect(5, most.is_none_or(|most| granted.len() as u64 <= most), || {
            format!("rule {rule_id}: granted {} coupons, {most:?} at most", granted.len())
        });
        let mut users: Vec<_> = granted
            .iter()
            .filter(|coupon| text(coupon, "status") != "revoked")
            .map(|coupon| text(coupon, "user_id"))
            .collect();
        let kept = users.len();
        users.sort_unstable();
        users.dedup();
        findings.expect(5, rule["once_per_user"] != true || users.len() == kept, || {
            format!("rule {rule_id}: granted {kept} coupons to {} users, one each at most", users.len())
        });
    }
}
