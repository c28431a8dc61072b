//! Every condition that functions write on: a test takes it away, and sees what comes of that.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::shop::is_elsewhere;
use tests::wire::{Guard, Served};

use super::cases;
use super::cell::Stage;
use crate::interleavings::guards;
use crate::tidy;

/// A condition of one table's writes.
const fn condition(table: &'static str, condition: &'static str) -> Guard {
    Guard { table, update: "", condition }
}

/// Conditions that no two operations of [`guards`] miss, and the test that fails without each.
const BY_HAND: &[(Guard, &str)] = &[
    (condition("inventory", "#reserved >= :reserved"), WRONG_COUNTERS),
    (condition("inventory", "#sold >= :sold"), WRONG_COUNTERS),
    (condition("inventory", "#received >= :received"), WRONG_COUNTERS),
    (condition("inventory", "#reserved = :read_reserved"), REPAIRS),
    (condition("inventory", "#sold = :read_sold"), REPAIRS),
    (condition("inventory", "#received = :read_received"), REPAIRS),
    (condition("inventory", "#moves"), REPAIRS),
    (condition("inventory", "#counted_until <= :now"), "races::counting::of_two_who_begin_to_count_one_does"),
    (condition("inventory", "#short.#at < :at"), "races::counting::the_newest_notice_stays"),
    (condition("orders", "#status = :cancelled"), "races::give_backs::the_other_part_comes_back"),
    (
        condition("products", "#status = :active"),
        "races::catalogue::a_change_does_not_bring_back_what_was_withdrawn_since_it_was_read",
    ),
    (
        condition("products", "#stock_shards = :shards"),
        "races::resharding::who_read_the_old_number_of_shards_reads_again",
    ),
    (
        condition("reward_rules", "#updated_at = :read"),
        "races::rules::two_changes_make_a_rule_together_or_one_is_refused",
    ),
    (
        condition("reward_rules", "attribute_not_exists(#rule_id)"),
        "routes::reward_rules::create::a_retry_under_its_key_makes_no_second_rule",
    ),
    (
        condition("users", "attribute_not_exists(#user_id)"),
        "routes::users::sign_up::a_second_confirmation_leaves_the_profile_alone",
    ),
];

const WRONG_COUNTERS: &str = "faults::no_counter_falls_below_zero_even_where_it_is_wrong";
const REPAIRS: &str = "stock_audit::a_repair_is_of_what_was_read_or_none";

/// Conditions that nothing can fail today, because something else fails first or nothing ever changes what they are about.
/// They stay, as what they rely on is elsewhere.
const COVERED: &[(Guard, &str)] = &[
    (condition("coupons", "#user_id = :user_id"), "whose a coupon is never changes after it was read"),
    (condition("coupons", "#expires_at > :now"), "when it expires never changes after it was read"),
    (condition("coupons", "#status = :redeemed"), "the order that gives it back is cancelled once"),
    (condition("coupons", "#redeemed_order_id = :order_id"), "the same"),
    (
        condition("inventory", "attribute_not_exists(#stock_id)"),
        "the product beside it must be new, or have as many as were read",
    ),
    (condition("products", "#stock_shards = :before"), "shards that it gets must be new, too"),
    (condition("products", "attribute_not_exists(#product_id)"), "its stock is put if absent, too"),
    (condition("inventory", "attribute_exists(#stock_id)"), "stock is never deleted"),
    (
        condition("orders", "attribute_exists(#order_id)"),
        "what is deleted leaves a tombstone for longer than a message lives",
    ),
];

/// What a write depends on: a part of its condition that may fail by itself.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    table: String,
    update: String,
    condition: String,
}

#[tokio::test]
async fn every_condition_is_taken_away_once() {
    if is_elsewhere() {
        return;
    }
    let mut stage = Stage::open().await;
    for case in cases::all() {
        stage.plays(&case, None).await.unwrap_or_else(|why| panic!("{case}: {why}"));
    }
    let mut parts: BTreeSet<Part> = stage.served.iter().flat_map(parts_of).collect();
    stage.close().await;
    let others = [BY_HAND, COVERED].concat().into_iter().map(|(guard, _)| guard);
    for guard in others.clone() {
        let is_there = parts.iter().any(|Part { table, update, condition }| guard.is_in(table, update, condition));
        assert!(is_there, "nothing is written on {guard:?}");
    }
    let guards: Vec<Guard> = guards::taken_away().into_iter().chain(others).collect();
    parts.retain(|Part { table, update, condition }| !guards.iter().any(|guard| guard.is_in(table, update, condition)));
    let list: String = parts.iter().map(|part| format!("\n{part:?}")).collect();
    assert!(parts.is_empty(), "no test takes these away:{list}");
}

#[test]
fn the_tests_that_take_conditions_away_by_hand_are_there() {
    tidy::are_tests(BY_HAND.iter().map(|(_, test)| *test));
}

/// The parts of the conditions of a request's writes. The mails about orders are alike.
fn parts_of(served: &Served) -> Vec<Part> {
    let Ok(body) = serde_json::from_str::<Value>(&served.body) else { return Vec::new() };
    let writes: Vec<&Value> = match body["TransactItems"].as_array() {
        Some(items) => items.iter().filter_map(Value::as_object).flat_map(|item| item.values()).collect(),
        None => vec![&body],
    };
    let text = |write: &Value, name: &str| write[name].as_str().unwrap_or_default().to_owned();
    let parts = |write: &Value| {
        let (table, update) = (text(write, "TableName"), text(write, "UpdateExpression"));
        let table = table.rsplit('-').next().unwrap_or_default().to_owned();
        let condition = text(write, "ConditionExpression");
        let [update, condition] = [update, condition].map(|text| {
            let of_one = |text: String, notice| text.replace(&format!("#{notice}_"), "#placed_");
            ["shipped", "cancelled", "payment_failed"].into_iter().fold(text, of_one)
        });
        let part = |part: &str| Part { table: table.clone(), update: update.clone(), condition: part.to_owned() };
        condition.split(" AND ").filter(|part| !part.is_empty()).map(part).collect::<Vec<_>>()
    };
    writes.into_iter().flat_map(parts).collect()
}
