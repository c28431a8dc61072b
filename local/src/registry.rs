//! Every function of the shop, by the name of its folder.

use std::collections::BTreeMap;

use shared::lambda::{Function, event, http};

/// The code that template.yaml's functions run.
pub fn functions() -> BTreeMap<&'static str, Function> {
    BTreeMap::from([
        ("health", http(health::handle)),
        ("list-products", http(list_products::handle)),
        ("get-product", http(get_product::handle)),
        ("create-product", http(create_product::handle)),
        ("update-product", http(update_product::handle)),
        ("archive-product", http(archive_product::handle)),
        ("list-inventory", http(list_inventory::handle)),
        ("reshard-product", http(reshard_product::handle)),
        ("adjust-inventory", http(adjust_inventory::handle)),
        ("register-user", event(register_user::handle)),
        ("get-profile", http(get_profile::handle)),
        ("put-profile", http(put_profile::handle)),
        ("add-cart-item", http(add_cart_item::handle)),
        ("get-cart", http(get_cart::handle)),
        ("update-cart-item", http(update_cart_item::handle)),
        ("remove-cart-item", http(remove_cart_item::handle)),
        ("clear-cart", http(clear_cart::handle)),
        ("checkout", http(checkout::handle)),
        ("create-order", http(create_order::handle)),
        ("get-order", http(get_order::handle)),
        ("list-orders", http(list_orders::handle)),
        ("list-user-orders", http(list_user_orders::handle)),
        ("list-seller-orders", http(list_seller_orders::handle)),
        ("get-order-stats", http(get_order_stats::handle)),
        ("update-order-status", http(update_order_status::handle)),
        ("cancel-order", http(cancel_order::handle)),
        ("delete-order", http(delete_order::handle)),
        ("settle-payment", http(settle_payment::handle)),
        ("receive-payment-event", http(receive_payment_event::handle)),
        ("list-coupons", http(list_coupons::handle)),
        ("get-coupon", http(get_coupon::handle)),
        ("create-reward-rule", http(create_reward_rule::handle)),
        ("list-reward-rules", http(list_reward_rules::handle)),
        ("get-reward-rule", http(get_reward_rule::handle)),
        ("update-reward-rule", http(update_reward_rule::handle)),
        ("delete-reward-rule", http(delete_reward_rule::handle)),
        ("evaluate-rewards", event(evaluate_rewards::handle)),
        ("send-order-mail", event(send_order_mail::handle)),
        ("requeue-rewards", event(requeue_rewards::handle)),
        ("expire-unpaid-orders", event(expire_unpaid_orders::handle)),
        ("release-reservations", event(release_reservations::handle)),
        ("audit-inventory", event(audit_inventory::handle)),
    ])
}
