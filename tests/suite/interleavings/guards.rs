//! Every guard, taken away: two operations at which the shop then goes wrong.
//!
//! A guard is a condition that a write is made on. The wire makes it one that always holds; then there is a moment
//! in the first operation at which the second does what the audit finds, or what no order of the two would have done.

use tests::shop::is_elsewhere;
use tests::wire::Guard;

use super::operations::named;
use super::stage::{Stage, Time, Turn};

/// A guard, and who goes wrong without it.
struct Control {
    guard: Guard,
    time: Time,
    both: [&'static str; 2],
}

const fn guard(table: &'static str, update: &'static str, condition: &'static str) -> Guard {
    Guard { table, update, condition }
}

const fn soon(guard: Guard, first: &'static str, second: &'static str) -> Control {
    Control { guard, time: Time::Soon, both: [first, second] }
}

/// The shop goes wrong without the guard, at a call of the first operation or when the two are done one after the other.
async fn goes_wrong(Control { guard, time, both }: Control) {
    if is_elsewhere() {
        return;
    }
    let (stage, both) = (Stage::open(time).await, both.map(named));
    let mut serial = [
        stage.plays(both, Turn::FirstThenSecond, None).await,
        stage.plays([both[1], both[0]], Turn::FirstThenSecond, None).await,
    ];
    serial[1].told.reverse();
    let mut turns = vec![Turn::FirstThenSecond];
    turns.extend(stage.calls_of(both[0]).await.into_iter().map(|(number, _)| Turn::SecondBeforeCall(number)));
    let mut wrong = Vec::new();
    for turn in turns {
        let sound = stage.plays(both, turn, None).await;
        let outcome = stage.plays(both, turn, Some(guard)).await;
        // One after the other, there is no other order.
        let otherwise = outcome != sound && (turn == Turn::FirstThenSecond || !serial.contains(&outcome));
        if otherwise || !outcome.violations.is_empty() {
            wrong.push(turn);
        }
    }
    stage.close().await;
    assert!(!wrong.is_empty(), "nothing goes wrong without {guard:?}");
}

macro_rules! controls {
    ($($test:ident: $control:expr;)*) => {
        /// Every guard that is taken away here.
        pub(crate) fn taken_away() -> Vec<Guard> {
            vec![$($control.guard),*]
        }

        $(
            #[tokio::test]
            async fn $test() {
                goes_wrong($control).await;
            }
        )*
    };
}

controls! {
    units_are_available: soon(
        guard("inventory", "", "#available >= :available"), "order the last mug", "add to a new cart");
    stock_is_as_it_was_counted: soon(
        guard("inventory", "", "#available = :read"), "count five mugs", "count seven mugs");
    what_is_archived_is_not_sold: soon(
        guard("inventory", "", "attribute_not_exists(#archived)"), "archive the mug", "check out");
    a_cart_is_as_it_was_read: soon(
        guard("carts", "", "#version = :read"), "check out", "take the last mug for a line");
    a_new_cart_is_new: soon(
        guard("carts", "", "attribute_not_exists(#user_id)"), "add a pen to a new cart", "add a pen to a new cart");
    an_order_is_new: soon(
        guard("orders", "", "attribute_not_exists(#order_id)"), "order a pen", "order a pen");
    an_orders_status_is_as_it_was_read: soon(
        guard("orders", "", "#status = :read_status"), "cancel what earned a coupon", "ship");
    an_orders_payment_is_as_it_was_read: soon(
        guard("orders", "", "#payment.#status = :read_paid"), "pay what was called off", "pay it again");
    an_order_is_deleted_as_it_was_read: soon(
        guard("orders", "", "#status = :read_status AND #payment.#status = :read_paid"),
        "delete the failed order", "pay late");
    an_order_earns_nothing_while_it_is_cancelled: soon(
        guard("orders", "", "attribute_not_exists(#earned_coupons)"), "cancel Ada's first", "grant Ada's first");
    rewards_are_settled_once: soon(
        guard("orders", "SET #earned_coupons", ""), "grant Ada's first", "cancel Ada's first");
    another_part_is_live: soon(
        guard("orders", "", "#status <> :cancelled"), "cancel the unpaid mug", "cancel the unpaid pen");
    what_earned_it_is_live: Control {
        guard: guard("orders", "", "#status <> :cancelled"), time: Time::Later,
        both: ["expire the unpaid", "cancel what earned the coupon of the unpaid"] };
    a_coupon_is_active: soon(
        guard("coupons", "SET #status = :redeemed", "#status = :active"), "order with a coupon", "check out with a coupon");
    a_revoked_coupon_was_not_used: soon(
        guard("coupons", "SET #status = :revoked", "#status = :active"),
        "cancel what earned a coupon", "order with a coupon");
    a_coupon_is_as_it_was_read: Control {
        guard: guard("coupons", "", "#status = :status AND #redeemed_order_id = :order_id"), time: Time::Later,
        both: ["cancel what earned the coupon of the unpaid", "expire the unpaid"] };
    a_coupon_is_used_again_if_nobody_has: soon(
        guard("coupons", "SET #status = :redeemed", "#status = :active"),
        "pay late", "order with the coupon of a failed order");
    a_coupon_is_new: Control {
        guard: guard("coupons", "", "attribute_not_exists(#code)"), time: Time::Ruled,
        both: ["grant Ada's first", "grant Ada's second"] };
    a_rule_has_one_left: soon(
        guard("reward_rules", "", "#coupons_granted < #max_coupons"), "grant Ada's first", "grant Ben's");
    a_rule_is_there: soon(
        guard("reward_rules", "", "attribute_exists(#rule_id)"), "delete the rule", "delete the rule");
    a_coupons_mail_is_claimed: soon(
        guard("coupons", "#mail_claimed_until", ""), "grant Ada's first", "grant Ada's first");
    an_orders_mail_is_claimed: soon(
        guard("orders", "#placed_mail_claimed_until", ""), "mail that it is placed", "mail that it is placed");
    an_adjustment_is_new: soon(
        guard("adjustments", "", "attribute_not_exists(#adjustment_id)"), "take ten pens in", "take ten pens in");
}
