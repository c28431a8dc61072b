//! What everybody acts on: a cart, orders in every state, coupons, rules, and a mug of which one is left.

use serde_json::{Value, json};
use shared::order::Order;
use shared::reward::History;
use shared::sqs::OrderEvent;
use tests::payment::{failed, path_of};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

/// People and things, as they were made.
pub(super) struct Scene {
    pub(super) shop: Shop,
    pub(super) ada: User,
    pub(super) ben: User,
    /// Who has never had a cart, nor ordered.
    pub(super) cay: User,
    pub(super) admin: User,
    /// One is left of four.
    pub(super) mug: Product,
    /// There are plenty.
    pub(super) pen: Product,
    /// Two mugs in Ada's cart.
    pub(super) line: Value,
    /// Two parts of a checkout of Ada's that wait for their payment, a mug and a pen; they share a coupon.
    pub(super) unpaid: [Value; 2],
    /// Ada's order that earned that coupon.
    pub(super) earning: Value,
    /// Ada's order of a pen, and the coupon it earned. Its mail has been forgotten.
    pub(super) placed: Value,
    pub(super) code: String,
    /// Two orders of Ada's and one of Ben's that nobody has evaluated: each earns one of a rule that has one left,
    /// and one of a rule that grants each user one.
    pub(super) pending: [Order; 3],
    /// The path of the rule that has one left.
    pub(super) capped: String,
    /// Ben's order of a mug whose payment failed, and the coupon that was used on it, which he has again.
    pub(super) failed: Value,
    pub(super) bens_code: String,
    /// Ben's order that he called off before it was paid.
    pub(super) called_off: Value,
}

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}

/// An order of one that nobody is told of.
async fn quiet(shop: &Shop, user: &User, product: &Product) -> Order {
    let request = serde_json::from_value(json!({"product_id": product.id, "quantity": 1})).expect("a request");
    let placed = shop.store().order_directly(user.id, user.id, &request, None, shop.clock.now()).await;
    placed.expect("an order").orders.remove(0)
}

/// An order of a pen, and a coupon that it earned by a rule that nobody meets.
async fn earns(shop: &Shop, user: &User, pen: &Product) -> (Value, String) {
    let (store, now) = (shop.store(), shop.clock.now());
    let rule_id = shop.rule(json!({"kind": "min_items", "count": 999}), five_off()).await;
    let (order, rule) = (quiet(shop, user, pen).await, store.rule(rule_id).await.expect("the rule"));
    let granted = store.grant_coupons(&order, &History::default(), &[&rule], "secret", now).await;
    store.finish_rewards(order.summary.order_id).await.expect("it is evaluated");
    (json!(order), granted.expect("a coupon").remove(0))
}

impl Scene {
    pub(super) async fn set(shop: Shop) -> Scene {
        let (ada, ben, cay) = (shop.shopper("ada").await, shop.shopper("ben").await, shop.shopper("cay").await);
        let admin = shop.admin().await;
        let (mug, pen) = (shop.product("Mug").stock(4).list().await, shop.product("Pen").list().await);
        let (placed, code) = earns(&shop, &ada, &pen).await;
        let (earning, shared_code) = earns(&shop, &ada, &pen).await;
        let (_, bens_code) = earns(&shop, &ben, &pen).await;

        for product in [&mug, &pen] {
            ada.adds(product, 1).await.is(201);
        }
        let online = json!({"payment_method": "online", "split": "per_item", "coupon_code": shared_code});
        let parts = ada.checks_out(&online).await.is(201)["orders"].clone();
        let part_of = |product: &Product| {
            let parts = parts.as_array().expect("parts").iter();
            parts.clone().find(|part| part["items"][0]["product_id"] == json!(product.id)).expect("a part").clone()
        };
        let unpaid = [part_of(&mug), part_of(&pen)];

        let request =
            json!({"product_id": mug.id, "quantity": 1, "payment_method": "online", "coupon_code": bens_code});
        let refused = ben.post("/orders", &request).await.is(201);
        shop.stripe_sends(&failed(&refused)).await.is(200);
        let called_off = ben.orders_online(&pen, 1).await;
        ben.cancels(&called_off).await.is(200);
        let line = ada.adds(&mug, 2).await.is(201)["item_id"].clone();

        shop.settle().await;
        let gem = shop.product("Gem").list().await;
        let contains_it = json!({"kind": "contains_product", "product_id": gem.id});
        let capped = json!({"condition": contains_it, "coupon": five_off(), "max_coupons": 1});
        let capped = format!("/reward-rules/{}", shop.rule_with(capped).await);
        shop.rule_with(json!({"condition": contains_it, "coupon": five_off(), "once_per_user": true})).await;
        let pending = [quiet(&shop, &ada, &gem).await, quiet(&shop, &ada, &gem).await, quiet(&shop, &ben, &gem).await];
        shop.settle().await;
        shop.forget("orders", "order_id", placed["order_id"].as_str().expect("an id"), "placed_emailed_at").await;
        shop.settle().await;
        let failed = refused;
        Scene {
            shop,
            ada,
            ben,
            cay,
            admin,
            mug,
            pen,
            line,
            unpaid,
            earning,
            placed,
            code,
            pending,
            capped,
            failed,
            bens_code,
            called_off,
        }
    }

    /// The queue's message that `order` was placed.
    pub(super) fn message(order: &Order) -> Value {
        json!({"Records": [{"messageId": "1", "body": json!(OrderEvent::placed(order)).to_string()}]})
    }

    /// The stream's record that the order whose mail was forgotten was placed.
    pub(super) fn record(&self) -> Value {
        let image = json!({
            "order_id": {"S": self.placed["order_id"]}, "status": {"S": "placed"},
            "contact": {"M": {"email": {"S": self.ada.email}, "name": {"NULL": true}}},
        });
        json!({"Records": [{
            "eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_162_261, "SequenceNumber": "1", "SizeBytes": 1,
                "StreamViewType": "NEW_AND_OLD_IMAGES", "Keys": {"order_id": image["order_id"]}, "OldImage": {}, "NewImage": image,
            },
        }]})
    }

    /// Where an order is cancelled.
    pub(super) fn cancels(user: &User, order: &Value) -> tests::api::Call {
        user.patch(&format!("{}/cancel", path_of(order)), &json!({}))
    }
}
