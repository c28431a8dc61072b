//! Promise 5 for carts, and that a hold can be found as long as there is one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::{entries, list, number, text, units};
use super::{Findings, Snapshot};

pub(super) fn check(data: &Snapshot, findings: &mut Findings) {
    let orders = data.placed_orders().chain(data.deleted_orders());
    let orders: BTreeMap<&str, &Value> = orders.map(|order| (text(order, "order_id"), order)).collect();
    for cart in &data.carts {
        check_hold(cart, findings);
        check_unpaid(cart, data, findings);
        check_filling(cart, findings);
        if !cart["last_checkout"].is_null() {
            check_last_checkout(cart, &orders, findings);
        }
    }
    for alias in data.orders.iter().filter(|entry| !entry["alias_of"].is_null()) {
        findings.expect(5, orders.contains_key(text(alias, "alias_of")), || format!("stands for no order: {alias}"));
    }
}

/// The sweep finds what is held by the index, and time-to-live must not delete what is held.
fn check_hold(cart: &Value, findings: &mut Findings) {
    let user_id = text(cart, "user_id");
    let held: i64 = entries(cart, "lines").map(|(_, line)| units(&line["allocation"])).sum();
    for attribute in ["reserved_until", "expiry_shard", "held_since", "held"] {
        let is_there = !cart[attribute].is_null();
        findings.expect(2, is_there == (held > 0), || {
            format!("cart of {user_id}: holds {held} units, but {attribute} is {}", cart[attribute])
        });
    }
    let shard = cart["expiry_shard"].as_i64().unwrap_or_default();
    findings.expect(2, (0..16).contains(&shard), || format!("cart of {user_id}: no sweep looks at shard {shard}"));
}

/// Every order that waits for its payment is remembered by its user's cart, with all that it holds.
fn check_unpaid(cart: &Value, data: &Snapshot, findings: &mut Findings) {
    let user_id = text(cart, "user_id");
    let waits = |order: &&Value| text(order, "user_id") == user_id && text(order, "status") == "under_paying";
    for order in data.placed_orders().filter(waits) {
        let order_id = text(order, "order_id");
        let known = list(cart, "unpaid_orders").iter().find(|known| text(known, "order_id") == order_id);
        let remembered: i64 = known.map_or(0, |known| units(&known["units"]));
        let holds: i64 = list(order, "allocations").iter().map(units).sum();
        findings.expect(2, remembered == holds, || {
            format!("cart of {user_id}: remembers {remembered} units of unpaid order {order_id}, which holds {holds}")
        });
    }
}

fn check_filling(cart: &Value, findings: &mut Findings) {
    let user_id = text(cart, "user_id");
    let lines = entries(cart, "lines").count();
    findings.expect(5, cart["cart_id"].is_null() == (lines == 0), || {
        format!("cart of {user_id}: {lines} lines, but its cart_id is {}", cart["cart_id"])
    });
    findings.expect(2, cart["expires_at"].is_null() == (lines > 0), || {
        format!("cart of {user_id}: {lines} lines, but it is deleted at {}", cart["expires_at"])
    });
    for (item_id, line) in entries(cart, "lines") {
        findings.expect(2, (1..=999).contains(&number(line, "quantity")), || {
            format!("cart of {user_id}, line {item_id}: a quantity of {}", line["quantity"])
        });
    }
}

fn check_last_checkout(cart: &Value, orders: &BTreeMap<&str, &Value>, findings: &mut Findings) {
    let user_id = text(cart, "user_id");
    let (cart_id, order_id) = (text(&cart["last_checkout"], "cart_id"), text(&cart["last_checkout"], "order_id"));
    // Nothing about its buyer is left of a deleted order.
    let its_own = orders.get(order_id).is_some_and(|order| order["user_id"].is_null() || order["user_id"] == user_id);
    findings.expect(5, its_own, || format!("cart of {user_id}: was not ordered as {order_id}"));
    findings.expect(5, text(cart, "cart_id") != cart_id, || {
        format!("cart of {user_id}: {cart_id} was ordered and is still there")
    });
}
