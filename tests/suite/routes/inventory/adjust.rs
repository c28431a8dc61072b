//! `POST /inventory/adjustments`.

use serde_json::{Value, json};
use shared::ids::ProductId;
use tests::api::Call;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::{refuses_unreadable_bodies, with, without};

fn by(product: &Product, delta: i64) -> Value {
    json!({"product_id": product.id, "delta": delta, "reason": "stocktake"})
}

fn to(product: &Product, units: u32) -> Value {
    json!({"product_id": product.id, "set_available": units, "reason": "stocktake"})
}

fn adjusts(user: &User, adjustment: &Value) -> Call {
    user.post("/inventory/adjustments", adjustment)
}

/// How many units of each stock item are available, most first.
async fn shards(shop: &Shop) -> Vec<u64> {
    let inventory = shop.snapshot().await.inventory;
    let mut shards: Vec<_> = inventory.iter().map(|stock| stock["available"].as_u64().expect("units")).collect();
    shards.sort_by(|one, other| other.cmp(one));
    shards
}

#[tokio::test]
async fn units_come_and_go_and_what_was_received_follows() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let mug = shop.product("Mug").stock(10).list().await;
    ada.buys(&mug, 2).await;
    ada.adds(&mug, 1).await.is(201);
    let sku = |available: u32, status: &str| {
        json!({
            "product_id": mug.id, "name": "Mug", "size": null, "available": available, "reserved": 1, "sold": 2,
            "received": available + 3, "status": status,
        })
    };
    for (adjustment, expected) in [
        (by(&mug, 5), sku(12, "in_stock")),
        (by(&mug, -9), sku(3, "limited_stock")),
        (by(&mug, -3), sku(0, "out_of_stock")),
        (to(&mug, 40), sku(40, "in_stock")),
        (to(&mug, 40), sku(40, "in_stock")),
        (to(&mug, 4), sku(4, "limited_stock")),
        (to(&mug, 0), sku(0, "out_of_stock")),
        (to(&mug, 0), sku(0, "out_of_stock")),
        (with(&by(&mug, 1), "delta", json!(2.0)), sku(2, "limited_stock")),
    ] {
        assert_eq!(adjusts(&admin, &adjustment).await.is_fresh(200), expected);
        assert_eq!(admin.get("/inventory").await.is(200)["items"], json!([expected]));
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_books_say_who_why_and_how_much() {
    let shop = Shop::open().await;
    let sofia = shop.seller("sofia").await;
    let shirt = shop.product("Shirt").sizes(&[("S", 3), ("M", 4)]).sold_by(&sofia).list().await;
    let to_nine = with(&with(&to(&shirt, 9), "size", json!("M")), "reason", json!(" a box was found "));
    adjusts(&sofia, &to_nine).await.is(200);
    let kept = shop.snapshot().await.adjustments.remove(0);
    for (attribute, value) in [
        ("product_id", json!(shirt.id)),
        ("size", json!("M")),
        ("delta", json!(5)),
        ("reason", json!("a box was found")),
        ("by", json!(sofia.id)),
    ] {
        assert_eq!(kept[attribute], value);
    }
    let at = kept["at"].as_str().expect("a time");
    assert_eq!(at.get(..10), shop.clock.now().to_string().get(..10));
    adjusts(&sofia, &to_nine).await.is(200);
    let mut deltas: Vec<_> = shop.snapshot().await.adjustments.iter().map(|kept| kept["delta"].clone()).collect();
    deltas.sort_by_key(Value::as_i64);
    assert_eq!(deltas, [0, 5], "counting the same again is noted, too");
    shop.finish().await;
}

#[tokio::test]
async fn no_more_goes_than_there_is() {
    let shop = Shop::open().await;
    let (admin, ada) = (shop.admin().await, shop.shopper("ada").await);
    let shirt = shop.product("Shirt").sizes(&[("S", 9), ("M", 5)]).shards(2).list().await;
    ada.adds_size(&shirt, "M", 2).await.is(201);
    let four = with(&by(&shirt, -4), "size", json!("M"));
    let before = shop.snapshot().await.inventory;
    let errors = adjusts(&admin, &four).await.is_refused(409, "insufficient_stock");
    assert_eq!(
        errors,
        json!([{
            "item_id": null, "product_id": shirt.id, "name": "Shirt", "size": "M", "requested": 4, "available": 3,
            "message": "Shirt (M): Only 3 items available, but 4 requested",
        }])
    );
    assert_eq!((shop.snapshot().await.inventory, shop.snapshot().await.adjustments), (before, vec![]));
    adjusts(&admin, &with(&four, "delta", json!(-3))).await.is(200);
    let errors = adjusts(&admin, &with(&four, "delta", json!(-10_000_000))).await.is_refused(409, "insufficient_stock");
    assert_eq!((&errors[0]["requested"], &errors[0]["available"]), (&json!(10_000_000), &json!(0)));
    shop.finish().await;
}

#[tokio::test]
async fn several_shards_are_evened_out_and_emptied_together() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(10).shards(4).list().await);
    for (adjustment, expected) in [
        (by(&mug, 7), [5, 4, 4, 4]),
        (by(&mug, -9), [2, 2, 2, 2]),
        (by(&mug, -7), [1, 0, 0, 0]),
        (to(&mug, 6), [2, 2, 1, 1]),
        (to(&mug, 0), [0, 0, 0, 0]),
    ] {
        let units: u64 = expected.iter().sum();
        assert_eq!(adjusts(&admin, &adjustment).await.is(200)["available"], units);
        assert_eq!(shards(&shop).await, expected, "{adjustment}");
    }
    adjusts(&admin, &by(&mug, -1)).await.is_refused(409, "insufficient_stock");
    let widest = shop.product("Ticket").shards(99).stock(5).list().await;
    for (adjustment, units) in [(by(&widest, 990), 995), (by(&widest, -994), 1), (to(&widest, 200), 200)] {
        assert_eq!(adjusts(&admin, &adjustment).await.is(200)["available"], units);
    }
    shop.finish().await;
}

#[tokio::test]
async fn no_more_comes_than_a_sku_can_have() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").stock(1).list().await);
    adjusts(&admin, &by(&mug, 10_000_000)).await.is_invalid("delta");
    assert_eq!(adjusts(&admin, &by(&mug, 9_999_999)).await.is(200)["available"], 10_000_000);
    adjusts(&admin, &by(&mug, 1)).await.is_invalid("delta");
    adjusts(&admin, &to(&mug, 10_000_001)).await.is_invalid("set_available");
    assert_eq!(adjusts(&admin, &by(&mug, -10_000_000)).await.is(200)["available"], 0);
    shop.finish().await;
}

#[tokio::test]
async fn a_size_is_named_where_there_are_sizes_and_only_there() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 3), ("M", 4)]).list().await;
    let mug = shop.product("Mug").list().await;
    for adjustment in [by(&shirt, 1), to(&shirt, 1), with(&by(&shirt, 1), "size", Value::Null)] {
        adjusts(&admin, &adjustment).await.is_refused(422, "size_required");
    }
    adjusts(&admin, &with(&by(&mug, 1), "size", json!("S"))).await.is_refused(422, "size_not_allowed");
    adjusts(&admin, &with(&by(&mug, 1), "size", json!("-"))).await.is_refused(422, "size_not_allowed");
    adjusts(&admin, &with(&by(&shirt, 1), "size", json!("XL"))).await.is_invalid("size");
    adjusts(&admin, &with(&by(&shirt, 1), "size", json!(" S "))).await.is(200);
    let stock = shop.get(&shirt.path()).await.is(200)["stock"].clone();
    assert_eq!((&stock[0]["available"], &stock[1]["available"]), (&json!(4), &json!(4)));
    shop.finish().await;
}

#[tokio::test]
async fn each_field_that_does_not_hold_what_it_must_is_named() {
    let shop = Shop::open().await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").list().await);
    let (by_one, to_one) = (by(&mug, 1), to(&mug, 1));
    let nothing = [json!(null), json!(""), json!("x"), json!(true), json!([]), json!({})];
    let mut cases: Vec<_> = nothing.clone().map(|value| (&by_one, "product_id", value)).into();
    for value in [json!(""), json!("x"), json!("1"), json!(1.5), json!(true), json!(10_000_001), json!(1e300)] {
        cases.extend([(&by_one, "delta", value.clone()), (&to_one, "set_available", value)]);
    }
    cases.extend([json!(0), json!(-10_000_001), json!(null)].map(|value| (&by_one, "delta", value)));
    cases.extend([(&to_one, "set_available", json!(-1)), (&to_one, "delta", json!(1))]);
    let reasons = [json!(null), json!(""), json!(" "), json!(7), json!("a\nb"), json!("x".repeat(201))];
    cases.extend(reasons.map(|value| (&by_one, "reason", value)));
    cases.extend([json!(""), json!(7), json!("x".repeat(51))].map(|value| (&by_one, "size", value)));
    for field in ["available", "received", "user_id", "by"] {
        cases.push((&by_one, field, json!(1)));
    }
    for (body, field, value) in cases {
        let answer = adjusts(&admin, &with(body, field, value)).await;
        answer.is_invalid(if body == &to_one && field == "delta" { "set_available" } else { field });
    }
    for field in ["product_id", "reason", "delta"] {
        adjusts(&admin, &without(&by_one, field)).await.is_invalid(field);
    }
    adjusts(&admin, &with(&to_one, "set_available", Value::Null)).await.is_invalid("delta");
    adjusts(&admin, &with(&by_one, "set_available", Value::Null)).await.is(200);
    refuses_unreadable_bodies(&admin.call("POST", "/inventory/adjustments")).await;
    assert_eq!(shop.stock_of(&mug).await, 101);
    shop.finish().await;
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_found() {
    let shop = Shop::open().await;
    let (admin, sofia) = (shop.admin().await, shop.seller("sofia").await);
    let gone = shop.product("Gone").sold_by(&sofia).list().await;
    shop.archive(&gone).await;
    let unknown = Product { id: ProductId::random(), name: "Unknown".to_owned() };
    for adjustment in [by(&gone, 1), by(&gone, -1_000), to(&gone, 1), by(&unknown, 1)] {
        for staff in [&admin, &sofia] {
            adjusts(staff, &adjustment).await.is_refused(404, "product_not_found");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_seller_adjusts_their_own_only_and_a_shopper_none() {
    let shop = Shop::open().await;
    let (sofia, sven) = (shop.seller("sofia").await, shop.seller("sven").await);
    let ada = shop.shopper("ada").await;
    let hers = shop.product("Hers").stock(1).sold_by(&sofia).list().await;
    let shops = shop.product("Own").stock(1).list().await;
    assert_eq!(adjusts(&sofia, &by(&hers, 1)).await.is(200)["available"], 2);
    for product in [&hers, &shops] {
        for adjustment in [by(product, 1), by(product, -9), to(product, 1)] {
            adjusts(&sven, &adjustment).await.is_refused(403, "forbidden");
            adjusts(&ada, &adjustment).await.is_refused(403, "forbidden");
        }
    }
    let unknown = Product { id: ProductId::random(), name: "Unknown".to_owned() };
    adjusts(&ada, &by(&unknown, 1)).await.is_refused(403, "forbidden");
    adjusts(&ada, &json!({})).await.is_refused(403, "forbidden");
    shop.archive(&hers).await;
    adjusts(&sven, &by(&hers, 1)).await.is_refused(403, "forbidden");
    assert_eq!(shop.snapshot().await.adjustments.len(), 1);
    shop.finish().await;
}
