//! What the busy operations may take at most.

use std::collections::BTreeMap;

use super::operations::{Measured, measure};
use super::{Cost, cost, disagreements};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_take_no_more_than_they_may() {
    let measured = measure().await;
    assert_eq!(disagreements(&measured), [""; 0], "what DynamoDB says and what the sizes come to");
    let costs: BTreeMap<_, _> = measured.iter().map(|operation| (operation.name, cost(operation))).collect();
    let takes = |name: &str, calls: usize, write_units: f64| {
        let Cost { calls: made, write_units: consumed, .. } = costs[name];
        assert_eq!(made, calls, "calls of {name}");
        assert!(consumed <= write_units, "{name} takes {consumed} write units instead of {write_units}");
    };
    takes("checkout_held_3_lines", 2, 18.0);
    takes("checkout_replay", 1, 0.0);
    for name in ["add_cart_item", "add_cart_item_repeated", "add_cart_item_second_line", "remove_cart_item"] {
        takes(name, 2, 6.0);
    }
    // Only the cart knows which stock the line is of.
    takes("update_cart_item", 3, 6.0);
    takes("create_order", 2, 8.0);
    takes("browse", 2, 0.0);
    takes("get_cart", 2, 0.0);
    // One query a shard, and for each cart that is due one read and one transaction.
    takes("release_idle", 16, 0.0);
    assert_eq!(operations(&measured, "release_idle"), ["Query"; 16]);
    let two = operations(&measured, "release_two_carts");
    let count = |operation: &str| two.iter().filter(|made| **made == operation).count();
    assert_eq!((count("Query"), count("TransactWriteItems"), two.len()), (16, 2, 16 + 4), "{two:?}");
}

fn operations<'a>(measured: &'a [Measured], name: &str) -> Vec<&'a str> {
    let operation = measured.iter().find(|operation| operation.name == name).expect("it was measured");
    operation.calls.iter().map(|call| call.operation.as_str()).collect()
}
