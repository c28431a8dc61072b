//! Every function of the shop, by the name of its folder.

use std::collections::BTreeMap;

use shared::lambda::{Function, event, http};

/// The code that template.yaml's functions run.
pub fn functions() -> BTreeMap<&'static str, Function> {
    BTreeMap::from([
        ("health", http(health::handle)),
        ("list-products", http(list_products::handle)),
        ("get-product", http(get_product::handle)),
        ("register-user", event(register_user::handle)),
        ("get-profile", http(get_profile::handle)),
        ("put-profile", http(put_profile::handle)),
        ("add-cart-item", http(add_cart_item::handle)),
        ("get-cart", http(get_cart::handle)),
        ("update-cart-item", http(update_cart_item::handle)),
        ("remove-cart-item", http(remove_cart_item::handle)),
        ("clear-cart", http(clear_cart::handle)),
        ("checkout", http(checkout::handle)),
        ("get-order", http(get_order::handle)),
        ("list-user-orders", http(list_user_orders::handle)),
        ("evaluate-rewards", event(evaluate_rewards::handle)),
        ("expire-unpaid-orders", event(expire_unpaid_orders::handle)),
        ("release-reservations", event(release_reservations::handle)),
    ])
}
