//! What the functions with routes do, by the names of their folders.

use std::collections::BTreeMap;

use shared::openapi::Operation;

/// What each function with a route says of it.
pub(super) fn operations() -> BTreeMap<&'static str, Operation> {
    BTreeMap::from([
        ("health", health::operation()),
        ("list-products", list_products::operation()),
        ("get-product", get_product::operation()),
        ("create-product", create_product::operation()),
        ("update-product", update_product::operation()),
        ("archive-product", archive_product::operation()),
        ("list-inventory", list_inventory::operation()),
        ("reshard-product", reshard_product::operation()),
        ("adjust-inventory", adjust_inventory::operation()),
        ("get-profile", get_profile::operation()),
        ("put-profile", put_profile::operation()),
        ("add-cart-item", add_cart_item::operation()),
        ("get-cart", get_cart::operation()),
        ("update-cart-item", update_cart_item::operation()),
        ("remove-cart-item", remove_cart_item::operation()),
        ("clear-cart", clear_cart::operation()),
        ("checkout", checkout::operation()),
        ("create-order", create_order::operation()),
        ("get-order", get_order::operation()),
        ("list-orders", list_orders::operation()),
        ("list-user-orders", list_user_orders::operation()),
        ("list-seller-orders", list_seller_orders::operation()),
        ("get-order-stats", get_order_stats::operation()),
        ("update-order-status", update_order_status::operation()),
        ("cancel-order", cancel_order::operation()),
        ("delete-order", delete_order::operation()),
        ("settle-payment", settle_payment::operation()),
        ("receive-payment-event", receive_payment_event::operation()),
        ("list-coupons", list_coupons::operation()),
        ("get-coupon", get_coupon::operation()),
        ("create-reward-rule", create_reward_rule::operation()),
        ("list-reward-rules", list_reward_rules::operation()),
        ("get-reward-rule", get_reward_rule::operation()),
        ("update-reward-rule", update_reward_rule::operation()),
        ("delete-reward-rule", delete_reward_rule::operation()),
    ])
}
