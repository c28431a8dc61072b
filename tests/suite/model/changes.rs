//! What becomes of the model's orders: they are paid or not, sent, cancelled, deleted.

use serde_json::{Value, json};

use super::reference::{Told, refused, told};
use super::state::{Answer, Coupon, Model, Order};

impl Model {
    pub(super) fn found(&self, number: usize) -> Result<&Order, Answer> {
        let order = self.orders.get(number).filter(|order| !order.deleted);
        order.map_or_else(|| refused(404, "order_not_found"), Ok)
    }

    pub(super) fn cancel_for(&mut self, number: usize, by_staff: bool) -> Told {
        match self.found(number)?.status {
            "cancelled" => {}
            "under_paying" | "placed" | "processing" => drop(self.cancel(number, None, false)),
            "shipped" if by_staff => drop(self.cancel(number, None, false)),
            _ => return refused(409, "invalid_transition"),
        }
        told(200, self.shown_order(number))
    }

    /// Its stock goes back, and so do coupons; answers how many units.
    pub(super) fn cancel(&mut self, number: usize, reason: Option<&'static str>, by_payment: bool) -> u32 {
        let order = &mut self.orders[number];
        let was_reserved = order.status == "under_paying";
        order.paid = match order.paid {
            "pending" => "failed",
            "succeeded" => "refund_required",
            paid => paid,
        };
        (order.status, order.cancelled_by_payment) = ("cancelled", by_payment);
        order.history.push(("cancelled", reason));
        let order = self.orders[number].clone();
        for (_, line) in &order.lines {
            if !was_reserved {
                let stock = self.stock.get_mut(&line.thing.sku).expect("the stock");
                (stock.sold, stock.reserved) = (stock.sold - line.quantity, stock.reserved + line.quantity);
            }
            self.free(line.thing.sku, line.quantity);
        }
        // The coupon that was used comes back with the last part of its checkout, unless what earned it is cancelled.
        let is_live = |part: &Order| part.first == order.first && part.status != "cancelled";
        let is_last = !self.orders.iter().any(is_live);
        for coupon in &mut self.coupons {
            if is_last && coupon.redeemed == Some(order.first) {
                let earned = self.orders[coupon.order].status != "cancelled";
                (coupon.status, coupon.redeemed) = (if earned { "active" } else { "revoked" }, None);
            } else if coupon.order == number && coupon.status == "active" {
                coupon.status = "revoked";
            }
        }
        order.lines.iter().map(|(_, line)| line.quantity).sum()
    }

    pub(super) fn move_on(&mut self, number: usize, to: &'static str) -> Told {
        match (self.found(number)?.status, to) {
            (from, to) if from == to => {}
            ("placed", "processing") | ("processing", "shipped") | ("shipped", "delivered") => {
                self.orders[number].status = to;
                self.orders[number].history.push((to, None));
            }
            _ => return refused(409, "invalid_transition"),
        }
        told(200, self.shown_order(number))
    }

    /// What is said of a payment, by an admin or by Stripe.
    pub(super) fn settle(&mut self, number: usize, succeeded: bool, by_hand: bool) -> Told {
        let order = match self.found(number) {
            Err(_) if !by_hand => return told(200, json!({"result": "ignored"})),
            found => found?.clone(),
        };
        let result = match (order.paid, succeeded) {
            ("not_required", _) | ("succeeded" | "refund_required", false) => "ignored",
            ("succeeded" | "refund_required", true) | ("failed", false) => "already_applied",
            (_, false) => {
                self.cancel(number, Some("payment_failed"), true);
                "applied"
            }
            (_, true) => {
                let again = order.cancelled_by_payment && self.take_again(&order);
                if order.status == "under_paying" || again {
                    self.orders[number].paid = "succeeded";
                    self.sell(number);
                } else {
                    (self.orders[number].paid, self.orders[number].cancelled_by_payment) = ("refund_required", false);
                }
                "applied"
            }
        };
        match by_hand {
            true if result == "ignored" => refused(409, "invalid_transition"),
            true => told(200, self.shown_order(number)),
            false => told(200, json!({"result": result})),
        }
    }

    /// Takes the stock and the coupon of a cancelled order again, if all of it is still there.
    pub(super) fn take_again(&mut self, order: &Order) -> bool {
        let mut left = self.stock.clone();
        let is_there = order.lines.iter().all(|(_, line)| {
            let stock = left.get_mut(&line.thing.sku).expect("the stock");
            let rest = stock.available.checked_sub(line.quantity);
            stock.available = rest.unwrap_or_default();
            rest.is_some() && self.products[line.thing.sku.product].active
        });
        let coupon = order.coupon.map(|coupon| &mut self.coupons[coupon]);
        let is_usable = |coupon: &&mut Coupon| coupon.status == "active" || coupon.redeemed == Some(order.first);
        if !is_there || !coupon.as_ref().is_none_or(is_usable) {
            return false;
        }
        if let Some(coupon) = coupon {
            (coupon.status, coupon.redeemed) = ("redeemed", Some(order.first));
        }
        order.lines.iter().for_each(|(_, line)| self.reserve(line.thing.sku, line.quantity));
        true
    }

    pub(super) fn delete(&mut self, number: usize) -> Told {
        if self.found(number)?.status != "cancelled" {
            return refused(409, "invalid_transition");
        }
        self.orders[number].deleted = true;
        told(204, Value::Null)
    }
}
