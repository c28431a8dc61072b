//! What may happen in the middle of what.

use serde_json::{Value, json};
use tests::payment::{failed, path_of, succeeded};
use tests::product::Product;

use super::scene::Scene;
use crate::acts::Act;
use crate::events::event;

/// Something that somebody does.
pub(super) struct Operation {
    pub(super) name: &'static str,
    /// The function that does it.
    pub(super) function: &'static str,
    /// What it changes, or what it depends on.
    pub(super) touches: &'static [Thing],
    pub(super) act: fn(&Scene) -> Act,
}

/// What two operations may want at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    /// Ada's cart.
    Cart,
    /// Ben's, which is not there yet.
    NewCart,
    /// The stock of mugs.
    Mug,
    /// The two parts of a checkout, the coupon they share, and the order that earned it.
    Unpaid,
    /// The coupon that Ada has.
    Coupon,
    /// The order that earned it.
    Placed,
    /// Orders that are to be evaluated, and the rules that they meet.
    Rewards,
    /// The order whose payment failed, and its coupon.
    Failed,
    /// The order that was called off.
    CalledOff,
    /// The stock of pens, of which there are plenty.
    Pen,
}

use Thing::{CalledOff, Cart, Coupon, Failed, Mug, NewCart, Pen, Placed, Rewards, Unpaid};

impl Operation {
    /// Whether it and `other` touch the same.
    pub(super) fn meets(&self, other: &Operation) -> bool {
        self.touches.iter().any(|thing| other.touches.contains(thing))
    }

    /// Whether it ends what is overdue: time must have passed for it.
    pub(super) fn is_sweep(&self) -> bool {
        ["release-reservations", "expire-unpaid-orders"].contains(&self.function)
    }
}

/// The operation of this name.
pub(super) fn named(name: &str) -> &'static Operation {
    ALL.iter().find(|operation| operation.name == name).expect("an operation")
}

/// A payment of an order by `reference`, as Stripe reports it.
fn pays(scene: &Scene, mut report: Value, reference: &str) -> Act {
    report["data"]["object"]["id"] = reference.into();
    scene.shop.stripe_sends(&report).into()
}

fn adjusts(scene: &Scene, product: &Product, key: &str, mut how: Value) -> Act {
    how["product_id"] = json!(product.id);
    how["reason"] = json!("stocktake");
    scene.admin.post("/inventory/adjustments", &how).key(key).into()
}

macro_rules! operations {
    ($($name:literal, $function:literal, $touches:expr, |$scene:pat_param| $act:expr;)*) => {
        /// All of them.
        pub(super) const ALL: &[Operation] = &[$(
            Operation { name: $name, function: $function, touches: &$touches, act: |$scene: &Scene| Act::from($act) },
        )*];
    };
}

operations! {
    "add the last mug to the cart", "add-cart-item", [Cart, Mug], |scene| scene.ada.adds(&scene.mug, 1).key("add");
    "add to a new cart", "add-cart-item", [NewCart, Mug], |scene| scene.cay.adds(&scene.mug, 1).key("add");
    "take the last mug for a line", "update-cart-item", [Cart, Mug], |scene| scene.ada.changes(&scene.line, 3);
    "remove the line", "remove-cart-item", [Cart, Mug], |scene| scene.ada.removes(&scene.line);
    "clear the cart", "clear-cart", [Cart, Mug], |scene| scene.ada.delete("/cart-items");
    "end the hold", "release-reservations", [Cart, Mug], |_| Act::Invocation("release-reservations", event("release-reservations"));
    "check out", "checkout", [Cart], |scene| scene.ada.checks_out(&json!({})).key("cart");
    "check out under another key", "checkout", [Cart], |scene| scene.ada.checks_out(&json!({})).key("again");
    "check out with a coupon", "checkout", [Cart, Coupon],
        |scene| scene.ada.checks_out(&json!({"coupon_code": scene.code})).key("coupon");
    "order the last mug", "create-order", [Mug], |scene| scene.ben.orders_directly(&scene.mug, 1).key("mug");
    "order with a coupon", "create-order", [Coupon], |scene| scene.ada.post("/orders",
        &json!({"product_id": scene.pen.id, "quantity": 1, "coupon_code": scene.code})).key("coupon");
    "order with the coupon of a failed order", "create-order", [Failed], |scene| scene.ben.post("/orders",
        &json!({"product_id": scene.pen.id, "quantity": 1, "coupon_code": scene.bens_code})).key("coupon");
    "pay the mug", "receive-payment-event", [Unpaid, Mug], |scene| pays(scene, succeeded(&scene.unpaid[0]), "pi_1");
    "fail to pay the mug", "receive-payment-event", [Unpaid, Mug], |scene| pays(scene, failed(&scene.unpaid[0]), "pi_1");
    "cancel the unpaid mug", "cancel-order", [Unpaid, Mug], |scene| Scene::cancels(&scene.ada, &scene.unpaid[0]);
    "cancel the unpaid pen", "cancel-order", [Unpaid], |scene| Scene::cancels(&scene.ada, &scene.unpaid[1]);
    "cancel what earned the coupon of the unpaid", "cancel-order", [Unpaid],
        |scene| Scene::cancels(&scene.ada, &scene.earning);
    "expire the unpaid", "expire-unpaid-orders", [Unpaid, Mug],
        |_| Act::Invocation("expire-unpaid-orders", event("expire-unpaid-orders"));
    "ship", "update-order-status", [Placed],
        |scene| scene.admin.patch(&path_of(&scene.placed), &json!({"status": "processing"}));
    "cancel what earned a coupon", "cancel-order", [Placed, Coupon], |scene| Scene::cancels(&scene.ada, &scene.placed);
    "mail that it is placed", "send-order-mail", [Placed],
        |scene| Act::Invocation("send-order-mail", scene.record());
    "grant Ada's first", "evaluate-rewards", [Rewards],
        |scene| Act::Invocation("evaluate-rewards", Scene::message(&scene.pending[0]));
    "grant Ada's second", "evaluate-rewards", [Rewards],
        |scene| Act::Invocation("evaluate-rewards", Scene::message(&scene.pending[1]));
    "grant Ben's", "evaluate-rewards", [Rewards],
        |scene| Act::Invocation("evaluate-rewards", Scene::message(&scene.pending[2]));
    "cancel Ada's first", "cancel-order", [Rewards], |scene| Scene::cancels(&scene.ada, &json!(scene.pending[0]));
    "delete the rule", "delete-reward-rule", [Rewards], |scene| scene.admin.delete(&scene.capped);
    "pay late", "receive-payment-event", [Failed, Mug], |scene| pays(scene, succeeded(&scene.failed), "pi_1");
    "delete the failed order", "delete-order", [Failed], |scene| scene.admin.delete(&path_of(&scene.failed));
    "pay what was called off", "receive-payment-event", [CalledOff],
        |scene| pays(scene, succeeded(&scene.called_off), "pi_1");
    "pay it again", "receive-payment-event", [CalledOff], |scene| pays(scene, succeeded(&scene.called_off), "pi_2");
    "write one mug off", "adjust-inventory", [Mug], |scene| adjusts(scene, &scene.mug, "off", json!({"delta": -1}));
    "count five mugs", "adjust-inventory", [Mug], |scene| adjusts(scene, &scene.mug, "five", json!({"set_available": 5}));
    "count seven mugs", "adjust-inventory", [Mug], |scene| adjusts(scene, &scene.mug, "seven", json!({"set_available": 7}));
    "archive the mug", "archive-product", [Mug, Cart], |scene| scene.admin.delete(&scene.mug.path());
    "add a pen to a new cart", "add-cart-item", [NewCart, Pen], |scene| scene.cay.adds(&scene.pen, 1).key("pen");
    "order a pen", "create-order", [Pen], |scene| scene.ben.orders_directly(&scene.pen, 1).key("pen");
    "take ten pens in", "adjust-inventory", [Pen],
        |scene| adjusts(scene, &scene.pen, "ten", json!({"delta": 10}));
}
