//! Every crash: each call that a function makes to DynamoDB, SQS or SES meets with each fault there is, one at a
//! time, and nothing may come of it.
//!
//! A [`case`] says what is there and what somebody does. A first run, with nothing wrong, records which calls the
//! function makes. Then, for each of these calls and each [`Fault`] that can befall it, the same is done anew: the
//! caller asks again if it is told to, the platform brings messages and records again, a schedule ticks again.
//! In the end the answer, the data and the mails must be [what they are without a fault](crate::effects), and the
//! audit must find nothing. What may be otherwise has a name, [`case::But`].
//!
//! docs/crashes.md has what came of it. It is checked here, and written with `WRITE_DOCS=1`.

mod case;
mod cases;
mod cell;
mod conditions;
mod document;

use std::collections::BTreeSet;

use local::registry;
use tests::shop::is_elsewhere;
use tests::wire::Fault;

use self::case::Case;
use self::cell::{Cell, Stage};
use self::document::{DOCUMENT, Row};
use crate::documents;

/// The one fault that another DynamoDB may answer otherwise: it, and not the shop, tells by the token that it has
/// had a transaction before. Amazon's DynamoDB Local is slow, and all else there is the shop's own doing.
fn is_for_elsewhere(operation: &str, fault: &Fault) -> bool {
    operation == "TransactWriteItems" && matches!(fault, Fault::Late)
}

/// Breaks everything that a function does, in all its cases.
async fn everything_breaks(function: &'static str) {
    let mut rows = Vec::new();
    for case in cases::all().into_iter().filter(|case| case.function == function) {
        rows.push(everything_breaks_in(&case).await);
    }
    assert!(!rows.is_empty(), "no case of {function}");
    if !is_elsewhere() {
        DOCUMENT.check(function, &rows);
    }
}

async fn everything_breaks_in(case: &Case) -> documents::Row {
    let mut stage = Stage::open().await;
    let expected = stage.plays(case, None).await.unwrap_or_else(|why| panic!("{case}, without a fault: {why}"));
    assert_eq!(expected.first.status, case.status, "{case}: {:?}", expected.first);
    stage.close().await;
    let (mut row, mut broken) = (Row::default(), Vec::new());
    for (number, operation) in expected.calls.iter().enumerate() {
        let mut faults = Fault::that_befall(operation);
        faults.retain(|(_, fault)| !is_elsewhere() || is_for_elsewhere(operation, fault));
        if faults.is_empty() {
            continue;
        }
        let mut stage = Stage::open().await;
        for (name, fault) in faults {
            let cell = Cell { number, fault };
            let held = match stage.plays(case, Some(&cell)).await {
                Ok(played) => cell.judge(case, &expected, &played),
                Err(why) => Err(why),
            };
            match held {
                Ok(held) => row.count(held),
                Err(why) => broken.push(format!("call {number} ({operation}), {name}: {why}")),
            }
        }
        stage.close().await;
    }
    assert!(broken.is_empty(), "{case}:\n{}", broken.join("\n"));
    row.of(case, expected.calls.len())
}

/// A test for each function, so that they run side by side.
macro_rules! functions {
    ($($test:ident $function:literal),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                everything_breaks($function).await;
            }
        )*

        const FUNCTIONS: &[&str] = &[$($function),*];
    };
}

functions! {
    add_cart_item "add-cart-item",
    adjust_inventory "adjust-inventory",
    archive_product "archive-product",
    audit_inventory "audit-inventory",
    cancel_order "cancel-order",
    checkout "checkout",
    clear_cart "clear-cart",
    create_order "create-order",
    create_product "create-product",
    create_reward_rule "create-reward-rule",
    delete_order "delete-order",
    delete_reward_rule "delete-reward-rule",
    evaluate_rewards "evaluate-rewards",
    expire_unpaid_orders "expire-unpaid-orders",
    get_cart "get-cart",
    get_coupon "get-coupon",
    get_order "get-order",
    get_order_stats "get-order-stats",
    get_product "get-product",
    get_profile "get-profile",
    get_reward_rule "get-reward-rule",
    health "health",
    list_coupons "list-coupons",
    list_inventory "list-inventory",
    list_orders "list-orders",
    list_products "list-products",
    list_reward_rules "list-reward-rules",
    list_seller_orders "list-seller-orders",
    list_user_orders "list-user-orders",
    put_profile "put-profile",
    receive_payment_event "receive-payment-event",
    register_user "register-user",
    release_reservations "release-reservations",
    remove_cart_item "remove-cart-item",
    requeue_rewards "requeue-rewards",
    reshard_product "reshard-product",
    send_order_mail "send-order-mail",
    settle_payment "settle-payment",
    update_cart_item "update-cart-item",
    update_order_status "update-order-status",
    update_product "update-product",
    update_reward_rule "update-reward-rule",
}

#[test]
fn every_function_has_its_test_and_the_document_has_them_all() {
    let functions: BTreeSet<_> = registry::functions().into_keys().collect();
    assert_eq!(FUNCTIONS.iter().copied().collect::<BTreeSet<_>>(), functions);
    DOCUMENT.check_whole(&functions);
}
