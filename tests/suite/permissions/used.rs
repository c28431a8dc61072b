//! No function may do what it does not do. One shop sees everything that any function may do done, the rare
//! things as well; what nobody did by then is named.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tests::payment::{failed, path_of, succeeded};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use crate::events::event;

#[tokio::test]
async fn nothing_is_allowed_that_nobody_does() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    ada.get("/users/me").await.is(200);
    let (mug, pen) = (shop.product("Mug").shards(2).list().await, shop.product("Pen").list().await);
    catalogue_and_stock(&shop, &mug).await;
    cart(&shop, &ada, &mug).await;
    rules(&shop).await;
    checkouts(&shop, &ada, &mug).await;
    held_too_long(&shop, &ada).await;
    too_much(&shop, &ada).await;
    coupons_of_orders(&shop, &ada, &mug, &pen).await;
    payments(&shop, &ada, &mug, &pen).await;
    rewards(&shop, &ada, &mug).await;
    order_lists(&shop, &ada).await;
    audit(&shop, &ada).await;

    let unused = shop.cloud().iam().unused();
    let unused = unused.into_iter().map(|(function, permission)| format!("{function}: {permission}\n"));
    let unused: String = unused.collect();
    assert!(unused.is_empty(), "template.yaml allows what this test saw nobody do:\n{unused}");
    shop.finish().await;
}

async fn catalogue_and_stock(shop: &Shop, mug: &Product) {
    let (admin, seller) = (shop.admin().await, shop.seller("sofia").await);
    shop.get("/products").await.is(200);
    shop.get(&mug.path()).await.is(200);
    let apron = json!({"name": "Apron", "price": "10.00", "stock": 3, "seller_id": seller.id});
    let lists = || admin.post("/products", &apron).key("apron");
    let apron = Product::shown(&lists().await.is_fresh(201));
    lists().await.is_replayed(201);
    admin.patch(&apron.path(), &json!({"price": "11.00"})).await.is(200);
    admin.delete(&apron.path()).await.is_empty();

    admin.put(&format!("{}/shards", mug.path()), &json!({"stock_shards": 3})).await.is(200);
    admin.get("/inventory").await.is(200);
    let adjustment = json!({"product_id": mug.id, "set_available": 101, "reason": "stocktake"});
    admin.post("/inventory/adjustments", &adjustment).key("stocktake").await.is(200);
}

async fn cart(shop: &Shop, ada: &User, mug: &Product) {
    let line = ada.adds(mug, 1).await.is(201);
    ada.cart().await;
    ada.changes(&line["item_id"], 2).await.is(200);
    ada.removes(&line["item_id"]).await.is_empty();
    ada.adds(mug, 1).await.is(201);
    ada.delete("/cart-items").await.is_empty();
    ada.adds(mug, 1).await.is(201);
    shop.pass(1_800);
    shop.fire("release-reservations").await;
}

/// Who is short of what others held too long ends those holds: by adding, growing, checking out and ordering.
async fn held_too_long(shop: &Shop, ada: &User) {
    let (pot, eve) = (shop.product("Pot").stock(4).list().await, shop.shopper("eve").await);
    let hoards = async || {
        eve.delete("/cart-items").await.is_empty();
        eve.adds(&pot, 4).await.is(201);
        shop.pass(1_800);
    };
    let lets_go = async || {
        shop.pass(1_800);
        shop.fire("release-reservations").await;
    };
    hoards().await;
    let line = ada.adds(&pot, 1).await.is(201);
    lets_go().await;
    hoards().await;
    ada.changes(&line["item_id"], 2).await.is(200);
    lets_go().await;
    hoards().await;
    ada.checks_out(&json!({})).await.is(201);
    eve.delete("/cart-items").await.is_empty();
    eve.adds(&pot, 2).await.is(201);
    shop.pass(1_800);
    ada.orders_directly(&pot, 2).await.is(201);
}

/// Who holds too much has the orders looked at that may wait for their payment.
async fn too_much(shop: &Shop, ada: &User) {
    let nail = shop.product("Nail").stock(2_000).list().await;
    ada.orders_online(&nail, 900).await;
    let line = ada.adds(&nail, 90).await.is(201);
    ada.adds(&nail, 10).await.is_refused(422, "quantity_limit");
    ada.changes(&line["item_id"], 100).await.is_refused(422, "quantity_limit");
    ada.delete("/cart-items").await.is_empty();
}

async fn rules(shop: &Shop) {
    let admin = shop.admin().await;
    let rule = json!({"name": "all", "condition": any_order(), "coupon": five_off()});
    let makes = || admin.post("/reward-rules", &rule).key("rule");
    let rule = makes().await.is_fresh(201);
    makes().await.is_replayed(201);
    let path = format!("/reward-rules/{}", rule["rule_id"].as_str().expect("an id"));
    admin.get("/reward-rules").await.is(200);
    admin.get(&path).await.is(200);
    admin.patch(&path, &json!({"active": false})).await.is(200);
    admin.delete(&path).await.is_empty();
}

/// The cart's hold has ended, so that its prices and its stock are looked up.
async fn checkouts(shop: &Shop, ada: &User, mug: &Product) {
    let admin = shop.admin().await;
    ada.checks_out(&json!({})).key("cart").await.is(201);
    ada.checks_out(&json!({})).key("empty").await.is_refused(400, "cart_empty");
    let order = ada.orders_directly(mug, 1).key("direct").await.is(201);
    ada.orders_directly(mug, 999).key("too-many").await.is_refused(409, "insufficient_stock");
    ada.looks_at(&order).await.is(200);
    admin.moves(&order, "processing").await.is(200);
    let order = ada.orders_directly(mug, 1).await.is(201);
    ada.cancels(&order).await.is(200);
    admin.delete(&path_of(&order)).await.is_empty();
}

/// A coupon is used by checkout and by direct order, and given back; one that was earned is revoked, or stays
/// with the order that used it.
async fn coupons_of_orders(shop: &Shop, ada: &User, mug: &Product, pen: &Product) {
    let code = shop.coupon_for(ada, five_off()).await;
    ada.adds(mug, 1).await.is(201);
    ada.get(&format!("/coupons/{code}")).await.is(200);
    ada.get("/coupons").await.is(200);
    ada.adds(pen, 1).await.is(201);
    let request = json!({"coupon_code": code, "split": "per_item"});
    for part in ada.checks_out(&request).await.is(201)["orders"].as_array().expect("orders") {
        ada.cancels(part).await.is(200);
    }

    let earning = shop.snapshot().await.coupons.remove(0)["order_id"].clone();
    let direct = json!({"product_id": mug.id, "quantity": 1, "coupon_code": code});
    ada.post("/orders", &direct).await.is(201);
    ada.cancels(&json!({"order_id": earning})).await.is(200);
}

/// Online payments: in time, refused, overdue and late, of single orders and of the parts of a split that share
/// a coupon; by hand and as Stripe reports them.
async fn payments(shop: &Shop, ada: &User, mug: &Product, pen: &Product) {
    let admin = shop.admin().await;
    for by_hand in [true, false] {
        let code = shop.coupon_for(ada, five_off()).await;
        for product in [mug, pen] {
            ada.adds(product, 1).await.is(201);
        }
        let request = json!({"payment_method": "online", "split": "per_item", "coupon_code": code});
        let parts = ada.checks_out(&request).await.is(201)["orders"].clone();
        let parts = parts.as_array().expect("orders");
        let settles = async |order: &Value, succeeds: bool| {
            let outcome = json!({"outcome": if succeeds { "succeeded" } else { "failed" }});
            let event = if succeeds { succeeded(order) } else { failed(order) };
            let call = if by_hand { admin.settles(order, &outcome) } else { shop.stripe_sends(&event) };
            call.await.is(200);
        };
        // The last part to go gives the coupon back; the first to return takes it, for the others as well.
        for succeeds in [false, true] {
            for part in parts {
                settles(part, succeeds).await;
            }
        }
        settles(&ada.orders_online(mug, 1).await, true).await;
    }
    let code = shop.coupon_for(ada, five_off()).await;
    for product in [mug, pen] {
        ada.adds(product, 1).await.is(201);
    }
    let request = json!({"payment_method": "online", "split": "per_item", "coupon_code": code});
    ada.checks_out(&request).await.is(201);
    shop.payments_time_out().await;
}

/// A rule that looks back, one that grants each user one coupon, and one whose last coupon is gone by the time
/// that those who read it before grant it.
async fn rewards(shop: &Shop, ada: &User, mug: &Product) {
    shop.rule_with(json!({"condition": {"kind": "first_order"}, "coupon": five_off(), "once_per_user": true})).await;
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "once_per_user": true})).await;
    shop.rule_with(json!({"condition": any_order(), "coupon": five_off(), "max_coupons": 1})).await;
    for _ in 0..2 {
        let order = ada.buys(mug, 1).await;
        shop.settle().await;
        let id = order["order_id"].as_str().expect("an id");
        // A message that comes again.
        shop.set("orders", "order_id", id, "rewards_pending", AttributeValue::S("0".to_owned())).await;
    }
    shop.pass(5 * 60);
    shop.fire("requeue-rewards").await;
    shop.settle().await;
    // A record about an order that is not there.
    shop.invoke("send-order-mail", event("send-order-mail")).await;
}

async fn order_lists(shop: &Shop, ada: &User) {
    let orders = format!("/orders/user/{}", ada.id);
    ada.get(&orders).await.is(200);
    ada.get(&format!("{orders}/stats")).await.is(200);
    shop.admin().await.get("/orders").await.is(200);
    shop.seller("tom").await.get("/seller/orders").await.is(200);
}

/// A stock item that says it is archived, one that counts wrong, and a coupon that was used twice.
async fn audit(shop: &Shop, ada: &User) {
    let jar = shop.product("Jar").stock(5).list().await;
    let orders = [ada.orders_directly(&jar, 1).await.is(201), ada.orders_directly(&jar, 1).await.is(201)];
    shop.settle().await;
    let code = AttributeValue::S("REWARD-TWICE".to_owned());
    let ids = orders.iter().map(|order| order["order_id"].as_str().expect("an id"));
    for id in ids.clone() {
        shop.set("orders", "order_id", id, "coupon_code", code.clone()).await;
    }
    let stock_id = format!("{}#-#0", jar.id);
    shop.set("inventory", "stock_id", &stock_id, "archived", AttributeValue::Bool(true)).await;
    shop.set("inventory", "stock_id", &stock_id, "available", AttributeValue::N("4".to_owned())).await;
    let report = shop.invoke("audit-inventory", json!({"repair": true})).await;
    assert_eq!((&report["found"], &report["repaired"]), (&json!(3), &json!(2)), "{report:#}");
    for id in ids {
        shop.forget("orders", "order_id", id, "coupon_code").await;
    }
}

fn any_order() -> Value {
    json!({"kind": "min_items", "count": 1})
}

fn five_off() -> Value {
    json!({"kind": "fixed", "value": "5", "valid_days": 30})
}
