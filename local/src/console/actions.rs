//! What one can do with an order: the buttons beside it.

use serde_json::{Value, json};
use shared::order::{Actor, Order, OrderStatus, Outcome, Settlement, Transition};

/// A call that takes an order a step further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    /// What its button says.
    pub(super) label: &'static str,
    /// What it does, in more words.
    pub(super) hint: &'static str,
    /// The method of the call.
    pub(super) method: &'static str,
    /// Its path.
    pub(super) path: String,
    /// Its body; null for none.
    pub(super) body: Value,
    /// It may carry a tracking number.
    pub(super) takes_tracking: bool,
}

/// What the shop allows an admin, and the payment provider, to do with an order as it is.
pub(super) fn of(order: &Order, cancelled_by_payment: bool) -> Vec<Action> {
    let order_id = order.summary.order_id;
    let action =
        |label, hint, method, path: String, body| Action { label, hint, method, path, body, takes_tracking: false };
    let pays = |label, hint, outcome: &str| {
        action(label, hint, "POST", format!("/_local/payments/{order_id}"), json!({"outcome": outcome}))
    };
    let moves =
        |label, hint, status| action(label, hint, "PATCH", format!("/orders/{order_id}"), json!({"status": status}));
    let means = |outcome| Settlement::of(order, cancelled_by_payment, outcome);
    let can_become = |status| Transition::new(order.summary.status, status, Actor::Staff).is_ok();

    let mut actions = Vec::new();
    match means(Outcome::Succeeded) {
        Settlement::Place => actions.push(pays("Pay", "Stripe reports that the payment succeeded", "succeeded")),
        Settlement::Revive => actions.push(pays(
            "Pay late",
            "Stripe reports that the payment succeeded after all: the order is placed if its stock is still there",
            "succeeded",
        )),
        _ => {}
    }
    if means(Outcome::Failed) == Settlement::Cancel {
        actions.push(pays("Fail payment", "Stripe reports that the payment failed", "failed"));
    }
    if can_become(OrderStatus::Processing) {
        actions.push(moves("Process", "It is being packed", "processing"));
    }
    if can_become(OrderStatus::Shipped) {
        let ship = moves("Ship", "It is on its way", "shipped");
        actions.push(Action { takes_tracking: true, ..ship });
    }
    if can_become(OrderStatus::Delivered) {
        actions.push(moves("Deliver", "It has arrived", "delivered"));
    }
    if can_become(OrderStatus::Cancelled) {
        let path = format!("/orders/{order_id}/cancel");
        actions.push(action("Cancel", "Its stock goes back, and so do coupons", "PATCH", path, json!({})));
    }
    if order.summary.status == OrderStatus::Cancelled {
        let path = format!("/orders/{order_id}");
        actions.push(action("Delete", "It goes for good", "DELETE", path, Value::Null));
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(status: &str, method: &str, payment: &str, cancelled_by_payment: bool) -> Vec<&'static str> {
        let order = serde_json::from_value(json!({
            "order_id": "e166137c-dae1-550b-a7f4-a8b76fe54a86", "user_id": "3f0c1a52-6f0e-4c55-9a39-0a1d5c2b7e01",
            "seller_id": null, "status": status, "items_count": 0, "subtotal": "0", "discount": "0",
            "total_price": "0", "currency": "USD", "coupon_code": null, "tracking": null,
            "payment": {"method": method, "status": payment, "deadline": null, "reference": null},
            "created_at": "2026-11-20T06:21:33.123Z", "updated_at": "2026-11-20T06:21:33.123Z",
            "items": [], "contact": {"name": "Ada", "email": null, "phone": null}, "status_history": [],
            "address": {"line1": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US"},
        }));
        of(&order.unwrap(), cancelled_by_payment).into_iter().map(|action| action.label).collect()
    }

    #[test]
    fn there_is_a_button_for_what_the_status_machine_allows_and_for_nothing_else() {
        assert_eq!(labels("under_paying", "online", "pending", false), ["Pay", "Fail payment", "Cancel"]);
        for (method, payment) in [("online", "succeeded"), ("on_delivery", "not_required")] {
            assert_eq!(labels("placed", method, payment, false), ["Process", "Cancel"]);
            assert_eq!(labels("processing", method, payment, false), ["Ship", "Cancel"]);
            assert_eq!(labels("shipped", method, payment, false), ["Deliver", "Cancel"]);
            assert!(labels("delivered", method, payment, false).is_empty());
        }
        assert_eq!(labels("cancelled", "online", "failed", true), ["Pay late", "Delete"]);
        assert_eq!(labels("cancelled", "online", "failed", false), ["Delete"], "by a person");
        assert_eq!(labels("cancelled", "online", "refund_required", false), ["Delete"]);
        assert_eq!(labels("cancelled", "on_delivery", "not_required", false), ["Delete"]);
    }
}
