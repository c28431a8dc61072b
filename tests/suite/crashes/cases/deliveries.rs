//! What the queue, the stream and the schedules bring to functions that nobody waits for. The act is what
//! causes it; whoever does it is served, whatever becomes of the rest.

use serde_json::json;
use tests::payment::path_of;

use super::{Act, But, Case, Shop, ada_and_a_mug, case, five_off};

/// After so many seconds a placed order is announced again that nobody has evaluated.
const UNTIL_REQUEUED: u64 = 5 * 60;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("evaluate-rewards", "an order that earns nothing", 201, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            shop.settle().await;
            shop.rule(json!({"kind": "min_items", "count": 9}), five_off()).await;
            ada.orders_directly(&mug, 1).key("k")
        }),
        case!("evaluate-rewards", "an order that earns two coupons", 201, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            shop.settle().await;
            let once = json!({"condition": {"kind": "first_order"}, "coupon": five_off(), "once_per_user": true});
            let capped =
                json!({"condition": {"kind": "min_items", "count": 1}, "coupon": five_off(), "max_coupons": 1});
            for rule in [once, capped] {
                shop.rule_with(rule).await;
            }
            ada.orders_directly(&mug, 1).key("k")
        }),
        case!("send-order-mail", "an order is placed", 201, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            ada.orders_directly(&mug, 1).key("k")
        }),
        case!("send-order-mail", "an order is shipped", 200, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            let (admin, order) = (shop.admin().await, ada.orders_directly(&mug, 1).await.is(201));
            admin.moves(&order, "processing").await.is(200);
            admin.patch(&path_of(&order), &json!({"status": "shipped"}))
        }),
        case!("requeue-rewards", "an order that was not announced", 200, But::NextTick, |shop| {
            let (ada, mug) = ada_and_a_mug(shop).await;
            let request = json!({"product_id": mug.id, "quantity": 1});
            let request = serde_json::from_value(request).expect("a request");
            let placed = shop.store().order_directly(ada.id, ada.id, &request, None, shop.clock.now()).await;
            placed.expect("an order");
            shop.pass(UNTIL_REQUEUED);
            Act::tick(shop, "requeue-rewards")
        }),
    ]
}
