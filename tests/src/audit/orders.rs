//! Promise 4 for orders, and promise 6.

use serde_json::Value;

use super::read::{cents, list, number, text, units};
use super::{Findings, Snapshot};

pub(super) fn check(data: &Snapshot, findings: &mut Findings) {
    for order in data.placed_orders() {
        check_sums(order, findings);
        check_status(order, findings);
    }
}

fn check_sums(order: &Value, findings: &mut Findings) {
    let id = text(order, "order_id");
    let (items, allocations) = (list(order, "items"), list(order, "allocations"));
    findings.expect(3, !items.is_empty() && items.len() == allocations.len(), || {
        format!("order {id}: {} lines with {} allocations", items.len(), allocations.len())
    });
    for (item, allocation) in items.iter().zip(allocations) {
        let (quantity, held) = (number(item, "quantity"), units(allocation));
        findings.expect(3, quantity == held, || format!("order {id}: took {held} units for a line of {quantity}"));
        findings.expect(4, cents(item, "unit_price") * quantity == cents(item, "line_total"), || {
            format!("order {id}: a line's total is not its price times its quantity: {item}")
        });
    }
    let (subtotal, discount) = (cents(order, "subtotal"), cents(order, "discount"));
    findings.expect(4, subtotal == items.iter().map(|item| cents(item, "line_total")).sum::<i64>(), || {
        format!("order {id}: its subtotal {} is not what its lines add up to", order["subtotal"])
    });
    findings.expect(4, cents(order, "total_price") == subtotal - discount, || {
        format!("order {id}: {} less {} is not {}", order["subtotal"], order["discount"], order["total_price"])
    });
    findings.expect(4, (0..=subtotal).contains(&discount), || {
        format!("order {id}: a discount of {} on {}", order["discount"], order["subtotal"])
    });
    findings.expect(4, discount == 0 || !order["coupon_code"].is_null(), || {
        format!("order {id}: a discount of {} without a coupon", order["discount"])
    });
    findings.expect(
        4,
        number(order, "items_count") == items.iter().map(|item| number(item, "quantity")).sum::<i64>(),
        || format!("order {id}: its items_count {} is not the sum of its quantities", order["items_count"]),
    );
}

fn check_status(order: &Value, findings: &mut Findings) {
    let (id, status) = (text(order, "order_id"), text(order, "status"));
    let known = ["under_paying", "placed", "processing", "shipped", "delivered", "cancelled"];
    findings.expect(3, known.contains(&status), || format!("order {id}: has no known status: {status:?}"));
    let last = list(order, "status_history").last().map(|change| text(change, "status"));
    findings.expect(3, last == Some(status), || format!("order {id}: is {status}, its history ends with {last:?}"));
    // An unpaid order's stock comes free only if the deadline can be found.
    let unpaid = status == "under_paying";
    for attribute in ["payment_due", "payment_due_shard"] {
        findings.expect(2, order[attribute].is_null() != unpaid, || {
            format!("order {id}: is {status}, but {attribute} is {}", order[attribute])
        });
    }
    findings.expect(6, order["rewards_pending"].is_null(), || {
        format!("order {id}: is {status}, and its rewards are still pending")
    });
    check_history(order, findings);
    check_payment(order, findings);
}

/// Every status came from one that may come before it.
fn check_history(order: &Value, findings: &mut Findings) {
    const STEPS: [(&str, &str); 9] = [
        ("under_paying", "placed"),
        ("placed", "processing"),
        ("processing", "shipped"),
        ("shipped", "delivered"),
        ("under_paying", "cancelled"),
        ("placed", "cancelled"),
        ("processing", "cancelled"),
        ("shipped", "cancelled"),
        // Paid after payment itself had cancelled it.
        ("cancelled", "placed"),
    ];
    let history: Vec<_> = list(order, "status_history").iter().map(|change| text(change, "status")).collect();
    let begins = ["under_paying", "placed"].contains(history.first().unwrap_or(&""));
    let allowed = history.windows(2).all(|step| STEPS.contains(&(step[0], step[1])));
    findings.expect(3, begins && allowed, || {
        format!("order {}: a step that no order takes: {history:?}", text(order, "order_id"))
    });
}

/// What is paid online is sold only once it is paid, and nobody's money is kept for nothing.
fn check_payment(order: &Value, findings: &mut Findings) {
    let (method, paid) = (text(&order["payment"], "method"), text(&order["payment"], "status"));
    let fits = match (method, text(order, "status")) {
        ("on_delivery", "under_paying") => false,
        ("on_delivery", _) => paid == "not_required",
        ("online", "under_paying") => paid == "pending",
        ("online", "cancelled") => ["failed", "refund_required"].contains(&paid),
        ("online", _) => paid == "succeeded",
        _ => false,
    };
    findings.expect(3, fits, || {
        format!("order {}: is {}, paid {method}: {paid}", text(order, "order_id"), text(order, "status"))
    });
}
