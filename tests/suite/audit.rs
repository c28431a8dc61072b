//! The auditor finds what it is there to find: each promise is broken by hand, and seen.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::ids::OrderId;
use tests::audit::Snapshot;
use tests::shop::Shop;
use tests::user::User;

/// A shop in which a bit of everything has happened: a cart that holds, an order that earned a coupon,
/// an order that used it over two parts, and one that waits for its payment.
async fn busy_shop() -> (Shop, User) {
    let shop = Shop::open().await;
    let reward = json!({"kind": "percent", "value": "10", "valid_days": 30});
    shop.rule(json!({"kind": "min_order_total", "amount": "100.00"}), reward).await;
    let laptop = shop.product("Laptop").price("100.00").stock(10).shards(2).list().await;
    let cup = shop.product("Cup").price("3.33").stock(10).list().await;
    let ada = shop.shopper("ada").await;
    ada.buys(&laptop, 1).await;
    shop.settle().await;
    let coupon = shop.snapshot().await.coupons[0]["code"].clone();
    ada.adds(&laptop, 1).await.is(201);
    ada.adds(&cup, 2).await.is(201);
    ada.checks_out(&json!({"coupon_code": coupon, "split": "per_item"})).await.is(201);
    ada.adds(&cup, 1).await.is(201);
    ada.checks_out(&json!({"payment_method": "online"})).await.is(201);
    ada.adds(&cup, 3).await.is(201);
    (shop, ada)
}

/// Breaks a copy of sound data, and expects that the auditor finds that this promise is broken, and
/// says so with these words.
#[track_caller]
fn finds(sound: &Snapshot, invariant: u8, words: &str, break_it: impl FnOnce(&mut Snapshot)) {
    let mut broken = sound.clone();
    break_it(&mut broken);
    let violations = broken.violations();
    let found = violations.iter().any(|violation| violation.invariant == invariant && violation.text.contains(words));
    assert!(found, "[{invariant}] {words}: {violations:#?}");
}

fn find<'a>(items: &'a mut [Value], attribute: &str, value: &str) -> &'a mut Value {
    items.iter_mut().find(|item| item[attribute] == value).expect("it is there")
}

fn add(value: &mut Value, units: i64) {
    *value = json!(value.as_i64().expect("a number") + units);
}

#[tokio::test]
async fn counters_that_do_not_add_up_are_found() {
    let (shop, _) = busy_shop().await;
    let sound = shop.snapshot().await;
    finds(&sound, 1, "is not 5 received", |data| {
        let stock = &mut data.inventory[0];
        stock["received"] = json!(5);
        stock["available"] = json!(5);
        add(&mut stock["available"], 1);
    });
    finds(&sound, 1, "below zero", |data| {
        add(&mut data.inventory[0]["available"], -100);
        add(&mut data.inventory[0]["sold"], 100);
    });
    finds(&sound, 1, "no number", |data| data.inventory[0]["available"] = json!("7"));
    shop.finish().await;
}

#[tokio::test]
async fn stock_that_is_nobodys_or_twice_somebodys_is_found() {
    let (shop, ada) = busy_shop().await;
    let sound = shop.snapshot().await;
    for (counter, invariant) in [("reserved", 2), ("sold", 3)] {
        finds(&sound, invariant, &format!("{counter} is"), |data| {
            add(&mut data.inventory[0][counter], 1);
            add(&mut data.inventory[0]["available"], -1);
        });
    }
    finds(&sound, 2, "reserved is 4", |data| data.carts.clear());
    finds(&sound, 2, "reserved is 4", |data| {
        find(&mut data.orders, "status", "under_paying")["status"] = json!("cancelled");
    });
    finds(&sound, 3, "sold is", |data| {
        find(&mut data.orders, "status", "placed")["status"] = json!("cancelled");
    });
    finds(&sound, 2, "of no stock", |data| data.inventory.clear());
    finds(&sound, 2, "holds 3 of 4", |data| {
        let line = data.carts[0]["lines"].as_object_mut().unwrap().values_mut().next().unwrap();
        line["quantity"] = json!(4);
    });
    finds(&sound, 3, "units for a line of 7", |data| {
        find(&mut data.orders, "status", "placed")["items"][0]["quantity"] = json!(7);
    });
    assert_eq!(sound.carts[0]["user_id"], json!(ada.id));
    shop.finish().await;
}

#[tokio::test]
async fn a_product_and_its_stock_that_disagree_are_found() {
    let (shop, _) = busy_shop().await;
    let gone = shop.product("Gone").sizes(&[("S", 1), ("M", 1)]).list().await;
    shop.archive(&gone).await;
    let sound = shop.snapshot().await;
    let of_gone = |stock: &&mut Value| stock["product_id"] == json!(gone.id);
    finds(&sound, 7, "its product is archived, but it says null", |data| {
        data.inventory.iter_mut().find(of_gone).unwrap()["archived"] = json!(null);
    });
    finds(&sound, 7, "its product is active, but it says true", |data| {
        find(&mut data.products, "name", "Gone")["status"] = json!("active");
    });
    finds(&sound, 7, "has no known status", |data| data.products[0]["status"] = json!("hidden"));
    finds(&sound, 7, "is of no product", |data| data.products.retain(|product| product["name"] != "Gone"));
    finds(&sound, 7, "can have no stock", |data| data.products[0]["stock_shards"] = json!(0));
    finds(&sound, 7, "has no stock", |data| data.inventory.retain(|stock| stock["size"] != "M"));
    shop.finish().await;
}

#[tokio::test]
async fn adjustments_that_the_stock_does_not_bear_out_are_found() {
    let (shop, _) = busy_shop().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").sizes(&[("S", 9)]).list().await);
    let adjustment = json!({"product_id": mug.id, "size": "S", "delta": -4, "reason": "broken"});
    admin.post("/inventory/adjustments", &adjustment).await.is(200);
    let sound = shop.snapshot().await;
    finds(&sound, 1, "without its adjustments, -1 units were received", |data| {
        data.adjustments[0]["delta"] = json!(6);
    });
    finds(&sound, 1, "an adjustment of no stock", |data| data.adjustments[0]["size"] = json!("M"));
    for attribute in ["by", "at", "reason"] {
        finds(&sound, 1, "not who, when and why", |data| data.adjustments[0][attribute] = json!(null));
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_hold_that_no_sweep_would_find_is_found() {
    let (shop, _) = busy_shop().await;
    let sound = shop.snapshot().await;
    for attribute in ["reserved_until", "expiry_shard", "held_since"] {
        finds(&sound, 2, &format!("but {attribute} is null"), |data| data.carts[0][attribute] = json!(null));
    }
    finds(&sound, 2, "no sweep looks at shard 16", |data| data.carts[0]["expiry_shard"] = json!(16));
    finds(&sound, 2, "it is deleted at", |data| data.carts[0]["expires_at"] = json!(1_800_000_000));
    finds(&sound, 2, "but payment_due is null", |data| {
        find(&mut data.orders, "status", "under_paying")["payment_due"] = json!(null);
    });
    finds(&sound, 2, "but reserved_until is \"", |data| data.carts[0]["lines"] = json!({}));
    shop.finish().await;
}

#[tokio::test]
async fn sums_that_are_wrong_are_found() {
    let (shop, _) = busy_shop().await;
    let sound = shop.snapshot().await;
    for (field, words) in [
        ("total_price", "is not \"1.00\""),
        ("subtotal", "is not what its lines add up to"),
        ("discount", "a discount of \"1.00\" without a coupon"),
    ] {
        finds(&sound, 4, words, |data| {
            let order = data.orders.iter_mut().find(|order| order["coupon_code"].is_null()).unwrap();
            order[field] = json!("1.00");
        });
    }
    finds(&sound, 4, "is not its price times its quantity", |data| {
        data.orders[0]["items"][0]["line_total"] = json!("0.01");
    });
    finds(&sound, 4, "is not the sum of its quantities", |data| data.orders[0]["items_count"] = json!(9));
    finds(&sound, 4, "cents off over all its parts", |data| {
        let part = data.orders.iter_mut().find(|order| !order["coupon_code"].is_null()).unwrap();
        part["discount"] = json!("0.01");
    });
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_that_is_redeemed_twice_or_for_nothing_is_found() {
    let (shop, ada) = busy_shop().await;
    let sound = shop.snapshot().await;
    let code = sound.placed_orders().find_map(|order| order["coupon_code"].as_str()).unwrap().to_owned();
    finds(&sound, 4, "which is redeemed for", |data| {
        let mut twice = data.orders.iter().find(|order| order["coupon_code"] == code.as_str()).unwrap().clone();
        twice["order_id"] = json!(OrderId::random());
        twice.as_object_mut().unwrap().remove("parts");
        data.orders.push(twice);
    });
    finds(&sound, 4, "which does not use it", |data| {
        for order in data.orders.iter_mut().filter(|order| order["coupon_code"] == code.as_str()) {
            order["status"] = json!("cancelled");
        }
    });
    finds(&sound, 4, "is active, redeemed for", |data| {
        find(&mut data.coupons, "code", &code)["status"] = json!("active");
    });
    finds(&sound, 4, "does not exist", |data| data.coupons.retain(|coupon| coupon["code"] != code.as_str()));
    finds(&sound, 4, "somebody else's", |data| find(&mut data.coupons, "code", &code)["user_id"] = json!("eve"));
    assert!(sound.coupons.iter().all(|coupon| coupon["user_id"] == json!(ada.id)));
    shop.finish().await;
}

#[tokio::test]
async fn a_cart_that_became_two_orders_is_found() {
    let (shop, ada) = busy_shop().await;
    let cup = shop.product("Saucer").list().await;
    ada.delete("/cart-items").await.is_empty();
    ada.adds(&cup, 1).await.is(201);
    ada.checks_out(&json!({})).key("once").await.is(201);
    shop.settle().await;
    let sound = shop.snapshot().await;
    let cart_id = sound.carts[0]["last_checkout"]["cart_id"].as_str().unwrap().to_owned();
    finds(&sound, 5, "became two orders", |data| {
        let mut second = data.orders[0].clone();
        second["order_id"] = json!(OrderId::random());
        second["parts"] = json!([]);
        data.orders.push(second);
    });
    finds(&sound, 5, "was ordered and is still there", |data| data.carts[0]["cart_id"] = json!(cart_id));
    finds(&sound, 5, "was not ordered as", |data| data.orders.clear());
    finds(&sound, 5, "its cart_id is", |data| data.carts[0]["cart_id"] = json!("x"));
    finds(&sound, 5, "stands for no order", |data| data.orders.push(json!({"order_id": "a", "alias_of": "b"})));
    let parts = |order: &&mut Value| order["parts"].as_array().is_some_and(|parts| !parts.is_empty());
    finds(&sound, 5, "is missing", |data| {
        data.orders.iter_mut().find(parts).unwrap()["parts"][1] = json!(OrderId::random());
    });
    finds(&sound, 5, "knows of other parts", |data| {
        let split = data.orders.iter_mut().find(parts).unwrap();
        split["parts"] = json!([split["order_id"]]);
        let split = split["parts"].clone();
        data.orders.iter_mut().filter(parts).last().unwrap()["parts"][0] = split[0].clone();
        data.orders.iter_mut().find(parts).unwrap()["parts"] = split;
    });
    finds(&sound, 5, "is the only one of its parts", |data| {
        data.orders[0]["parts"] = json!([data.orders[0]["order_id"]]);
    });
    finds(&sound, 5, "is none of its own parts", |data| {
        let other = data.orders[0]["order_id"].clone();
        data.orders.iter_mut().filter(|order| order["order_id"] != other).last().unwrap()["parts"] = json!([other]);
    });
    shop.finish().await;
}

#[tokio::test]
async fn a_coupon_that_is_granted_twice_or_unknown_to_its_order_is_found() {
    let (shop, _) = busy_shop().await;
    let sound = shop.snapshot().await;
    finds(&sound, 5, "granted it", |data| {
        let mut twice = data.coupons[0].clone();
        twice["code"] = json!("REWARD-TWICE");
        twice["status"] = json!("active");
        twice.as_object_mut().unwrap().remove("redeemed_order_id");
        data.coupons.push(twice);
    });
    finds(&sound, 5, "does not know that it earned it", |data| {
        data.orders.iter_mut().for_each(|order| order["earned_coupons"] = json!([]));
    });
    finds(&sound, 5, "does not exist", |data| data.coupons.clear());
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_was_never_evaluated_is_found() {
    let (shop, _) = busy_shop().await;
    shop.settle().await;
    let order_id = shop.snapshot().await.placed_orders().next().unwrap()["order_id"].clone();
    let pending = AttributeValue::S("0".to_owned());
    shop.set("orders", "order_id", order_id.as_str().unwrap(), "rewards_pending", pending).await;
    let violations = shop.audit().await;
    assert_eq!(violations.iter().map(|violation| violation.invariant).collect::<Vec<_>>(), [6], "{violations:?}");
    shop.close().await;
}
