//! `GET /orders`.

mod pages;

use std::time::Duration;

use serde_json::{Value, json};
use shared::time::{Day, Timestamp};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use crate::routes::without;

const DAY: u64 = 24 * 60 * 60;

/// Lets time pass until it is noon, so that what happens within some hours happens on one day; answers
/// which day it is.
fn wait_for_noon(shop: &Shop) -> Day {
    let now = shop.clock.now();
    let noon = now.day().end() + Duration::from_secs(DAY / 2);
    shop.pass(u64::try_from(noon.millis() - now.millis()).expect("it lies ahead") / 1_000);
    shop.clock.now().day()
}

/// The ids of the orders that a query finds on its first page.
async fn found(admin: &User, query: &str) -> Vec<Value> {
    ids(&admin.get(&format!("/orders?{query}")).await.is(200))
}

fn ids(page: &Value) -> Vec<Value> {
    page["items"].as_array().expect("a page").iter().map(|order| order["order_id"].clone()).collect()
}

fn made_at(order: &Value) -> Timestamp {
    serde_json::from_value(order["created_at"].clone()).expect("a time")
}

/// Orders of one mug each, one after each of these pauses, in days and a second.
async fn orders_after(shop: &Shop, buyer: &User, mug: &Product, days: &[u64]) -> Vec<Value> {
    let mut orders = Vec::new();
    for pause in days {
        shop.pass(pause * DAY + 1);
        orders.push(buyer.orders_directly(mug, 1).await.is(201));
    }
    orders
}

#[tokio::test]
async fn an_admin_sees_everybodys_orders_as_summaries_and_nobody_else_does() {
    let shop = Shop::open().await;
    let (sofia, admin) = (shop.seller("sofia").await, shop.admin().await);
    let mug = shop.product("Mug").sold_by(&sofia).list().await;
    assert_eq!(admin.get("/orders").await.is(200), json!({"items": [], "next_cursor": null}));
    let mut summaries = Vec::new();
    for name in ["ada", "ben"] {
        let mut summary = shop.shopper(name).await.orders_directly(&mug, 1).await.is(201);
        for particular in ["items", "contact", "address", "status_history"] {
            summary = without(&summary, particular);
        }
        summaries.insert(0, summary);
        shop.pass(1);
    }
    assert_eq!(admin.get("/orders").await.is(200), json!({"items": summaries, "next_cursor": null}));
    for other in [&sofia, &shop.shopper("eve").await] {
        for query in ["", "?limit=0", "?status=x"] {
            other.get(&format!("/orders{query}")).await.is_refused(403, "forbidden");
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn the_newest_come_first_over_days_and_shards() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let pauses = [0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 5, 0, 9, 0, 0, 0, 0, 0, 1];
    let orders = orders_after(&shop, &ada, &mug, &pauses).await;
    let newest_first: Vec<_> = orders.iter().rev().map(|order| order["order_id"].clone()).collect();
    assert_eq!(found(&admin, "limit=100").await, newest_first);
    assert_eq!(found(&admin, "").await, newest_first[..20]);
    shop.finish().await;
}

#[tokio::test]
async fn from_is_inclusive_and_to_is_not() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    wait_for_noon(&shop);
    let orders = orders_after(&shop, &ada, &mug, &[0, 1, 1, 1]).await;
    let id = |number: usize| orders[number]["order_id"].clone();
    let at = |number: usize| made_at(&orders[number]);
    let day = |number: usize| at(number).day();
    let millisecond = Duration::from_millis(1);
    for (query, expected) in [
        (format!("from={}&to={}", at(1), at(3)), vec![id(2), id(1)]),
        (format!("from={}&to={}", at(1) + millisecond, at(3) + millisecond), vec![id(3), id(2)]),
        (format!("from={}&to={}", day(1), day(3)), vec![id(2), id(1)]),
        (format!("from={}", day(2)), vec![id(3), id(2)]),
        (format!("to={}", day(2)), vec![id(1), id(0)]),
        (format!("from={}&to={}", at(2), at(2)), vec![]),
        (format!("from={}&to={}", at(2), at(2) + millisecond), vec![id(2)]),
        ("from=2999-01-01".to_owned(), vec![]),
        ("from=2999-01-01&to=2999-02-01".to_owned(), vec![]),
        ("to=2025-12-31".to_owned(), vec![]),
        ("from=0000-01-01&to=9999-12-31".to_owned(), vec![id(3), id(2), id(1), id(0)]),
    ] {
        assert_eq!(found(&admin, &query).await, expected, "{query}");
    }
    let elsewhere = at(1).to_string().replace('Z', "%2B00:00");
    assert_eq!(found(&admin, &format!("from={elsewhere}&to={}", at(2))).await, [id(1)]);
    shop.finish().await;
}

#[tokio::test]
async fn unless_told_otherwise_it_goes_back_thirty_days() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    wait_for_noon(&shop);
    let orders = orders_after(&shop, &ada, &mug, &[0, 20]).await;
    let newest_first = [1, 0].map(|number: usize| orders[number]["order_id"].clone());
    shop.pass(9 * DAY);
    assert_eq!(found(&admin, "").await, newest_first);
    shop.pass(DAY);
    assert_eq!(found(&admin, "").await, newest_first[..1]);
    assert_eq!(found(&admin, &format!("from={}", made_at(&orders[0]))).await, newest_first);
    // They are the thirty days before `to`, where that is given.
    let to = made_at(&orders[1]);
    assert_eq!(found(&admin, &format!("to={to}")).await, newest_first[1..]);
    let a_year_on = to + Duration::from_secs(365 * DAY);
    assert!(found(&admin, &format!("to={a_year_on}")).await.is_empty());
    shop.finish().await;
}

#[tokio::test]
async fn a_status_selects() {
    let shop = Shop::open().await;
    let (ada, admin, mug) = (shop.shopper("ada").await, shop.admin().await, shop.product("Mug").list().await);
    let mut orders = orders_after(&shop, &ada, &mug, &[0, 1, 0, 1, 3]).await;
    orders.reverse();
    for (order, statuses) in orders.iter().zip([&["processing"][..], &[], &["processing", "shipped"]]) {
        for status in statuses {
            admin.moves(order, status).await.is(200);
        }
    }
    ada.cancels(&orders[3]).await.is(200);
    for (status, expected) in [
        ("under_paying", vec![]),
        ("placed", vec![1, 4]),
        ("processing", vec![0]),
        ("shipped", vec![2]),
        ("delivered", vec![]),
        ("cancelled", vec![3]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|number: usize| orders[number]["order_id"].clone()).collect();
        assert_eq!(found(&admin, &format!("status={status}")).await, expected, "{status}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn parameters_that_are_none_are_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for bad in [
        "status=",
        "status=Placed",
        "status=paid",
        "status=placed,shipped",
        "from=",
        "from=yesterday",
        "from=2026-02-30",
        "from=2026-11-20T06:21",
        "from=1795155693",
        "to=x",
        "to=20.11.2026",
        "to=%2B12026-11-20",
        "from=2026-11-21&to=2026-11-20",
        "from=2026-11-20T00:00:00.001Z&to=2026-11-20",
        "from=2999-01-02&to=2999-01-01",
    ] {
        admin.get(&format!("/orders?{bad}")).await.is_refused(400, "invalid_parameter");
    }
    shop.finish().await;
}
