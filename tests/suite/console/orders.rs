//! `GET /_local/orders`: each order with the buttons that take it further. The tests press them as a
//! browser would: they make the calls that the page describes.

use std::collections::BTreeSet;

use local::options::Options;
use serde_json::{Value, json};
use tests::api::{Answer, Call};
use tests::shop::Shop;

use super::{buys, id};

const ORDERS: &str = "/_local/orders";

async fn page(shop: &Shop, path: &str) -> String {
    let answer = shop.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    answer.text
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

/// What the page shows of an order.
fn article<'a>(page: &'a str, order: &Value) -> &'a str {
    between(page, &format!("<article id=\"{}\">", id(order)), "</article>").expect("the page shows the order")
}

/// The buttons in a part of the page: what each says, and its attributes.
fn buttons(part: &str) -> Vec<(&str, &str)> {
    let buttons = part.split("<button ").skip(1).map(|button| button.split_once("</button>").expect("its end").0);
    buttons
        .map(|button| button.split_once('>').expect("its text"))
        .map(|(attributes, text)| (text, attributes))
        .collect()
}

fn labels(part: &str) -> Vec<&str> {
    buttons(part).into_iter().map(|(text, _)| text).collect()
}

fn unescaped(value: &str) -> String {
    value.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

fn attribute(attributes: &str, name: &str) -> String {
    unescaped(between(attributes, &format!("{name}=\""), "\"").expect("the attribute"))
}

/// A call with the token that the page gives to its buttons.
fn call(shop: &Shop, page: &str, method: &str, path: &str) -> Call {
    let method = ["POST", "PATCH", "DELETE"].into_iter().find(|known| *known == method).expect("a method");
    shop.api.call(method, path).token(between(page, "data-token=\"", "\"").expect("a token"))
}

/// Presses a button of an order, and answers what its call is answered.
async fn press(shop: &Shop, page: &str, order: &Value, label: &str) -> Answer {
    let buttons = buttons(article(page, order));
    let (_, attributes) = buttons.into_iter().find(|(text, _)| *text == label).expect("the button");
    let (method, path) = (attribute(attributes, "data-method"), attribute(attributes, "data-path"));
    let call = call(shop, page, &method, &path);
    match serde_json::from_str(&attribute(attributes, "data-body")).expect("JSON") {
        Value::Null => call.await,
        body => call.json(&body).await,
    }
}

/// The page shows an order in this status, with these buttons.
#[track_caller]
fn shows(page: &str, order: &Value, status: &str, expected: &[&str]) {
    let article = article(page, order);
    assert!(article.contains(&format!(">{status}</strong>")), "{article}");
    assert_eq!(labels(article), expected, "{status}");
    assert_eq!(article.contains("name=\"tracking\""), expected.contains(&"Ship"), "{article}");
}

#[tokio::test]
async fn an_order_goes_from_payment_to_delivery_by_the_buttons_of_the_page() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let order = buys(&ada, &mug, "online").await;
    for (status, expected) in [
        ("under_paying", &["Pay", "Fail payment", "Cancel"][..]),
        ("placed", &["Process", "Cancel"]),
        ("processing", &["Ship", "Cancel"]),
        ("shipped", &["Deliver", "Cancel"]),
        ("delivered", &[]),
    ] {
        let page = page(&shop, ORDERS).await;
        shows(&page, &order, status, expected);
        if let Some(next) = expected.first() {
            press(&shop, &page, &order, next).await.is(200);
        }
    }
    shop.finish().await;
}

#[tokio::test]
async fn an_order_is_cancelled_and_deleted_by_the_buttons_of_the_page() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(5).list().await);
    let order = buys(&ada, &mug, "on_delivery").await;
    for step in ["Process", "Ship", "Cancel"] {
        press(&shop, &page(&shop, ORDERS).await, &order, step).await.is(200);
    }
    let cancelled = page(&shop, ORDERS).await;
    shows(&cancelled, &order, "cancelled", &["Delete"]);
    press(&shop, &cancelled, &order, "Delete").await.is_empty();
    assert!(!page(&shop, ORDERS).await.contains(id(&order)));
    assert_eq!(shop.stock_of(&mug).await, 5);
    shop.finish().await;
}

#[tokio::test]
async fn only_what_payment_itself_cancelled_can_be_paid_late() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let [refused, overdue, unwanted] =
        [buys(&ada, &mug, "online").await, buys(&ada, &mug, "online").await, buys(&ada, &mug, "online").await];
    let unpaid = page(&shop, ORDERS).await;
    press(&shop, &unpaid, &refused, "Fail payment").await.is(200);
    press(&shop, &unpaid, &unwanted, "Cancel").await.is(200);
    shop.pass(900);
    shop.fire("expire-unpaid-orders").await;
    let page = page(&shop, ORDERS).await;
    shows(&page, &refused, "cancelled", &["Pay late", "Delete"]);
    shows(&page, &overdue, "cancelled", &["Pay late", "Delete"]);
    shows(&page, &unwanted, "cancelled", &["Delete"]);
    assert!(article(&page, &refused).contains("(payment_failed)"));
    assert!(article(&page, &overdue).contains("(payment_timeout)"));
    press(&shop, &page, &overdue, "Pay late").await.is(200);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_tells_its_buyer_items_payment_tracking_and_history() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let shirt = shop.product("<b>Shirt</b> & \"Co\"").price("28.00").sizes(&[("M", 5)]).list().await;
    let request = json!({"product_id": shirt.id, "size": "M", "quantity": 2, "payment_method": "online"});
    let order = ada.post("/orders", &request).await.is(201);
    let seen = page(&shop, ORDERS).await;
    let deadline = &order["payment"]["deadline"].as_str().expect("a deadline")[11..19];
    let of_order = article(&seen, &order);
    for expected in ["ada", "56.00 USD", "(M)", &format!("online, pending until {deadline}"), id(&order)] {
        assert!(of_order.contains(expected), "{expected}: {of_order}");
    }
    assert!(!seen.contains("<b>"), "what people wrote is shown as text");
    assert!(unescaped(of_order).contains("2 × <b>Shirt</b> & \"Co\" (M)"), "{of_order}");

    press(&shop, &seen, &order, "Pay").await.is(200);
    press(&shop, &page(&shop, ORDERS).await, &order, "Process").await.is(200);
    let path = format!("/orders/{}", id(&order));
    admin.patch(&path, &json!({"status": "shipped", "tracking": "1Z 999"})).await.is(200);
    let seen = page(&shop, ORDERS).await;
    for expected in ["online, succeeded", "Tracking: 1Z 999", " by admin"] {
        assert!(article(&seen, &order).contains(expected), "{expected}: {seen}");
    }
    shop.finish().await;
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let empty = page(&shop, ORDERS).await;
    assert!(empty.contains("Nobody has ordered") && !empty.contains("Older orders"), "{empty}");
    let mut ordered = Vec::new();
    for _ in 0..45 {
        ordered.push(id(&buys(&ada, &mug, "on_delivery").await).to_owned());
    }
    let (mut path, mut pages) = ("/_local/orders".to_owned(), Vec::new());
    loop {
        let page = page(&shop, &path).await;
        let articles = page.split("<article id=\"").skip(1).map(|article| article[..36].to_owned());
        pages.push(articles.collect::<Vec<_>>());
        match between(&page, "<a href=\"/_local/orders?", "\">Older orders") {
            Some(query) => path = format!("/_local/orders?{query}"),
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    assert_eq!(pages.concat().into_iter().collect::<BTreeSet<_>>(), ordered.iter().cloned().collect());
    assert_eq!(pages[0][0], ordered[44], "the newest comes first");
    assert_eq!(shop.get(&format!("{path}x")).await.is(400)["message"].as_str().map(str::is_empty), Some(false));
    shop.finish().await;
}

/// The form of the page makes what it is given into an order, also where no admin has signed up.
#[tokio::test]
async fn a_demo_order_is_made_with_what_the_form_offers() {
    for seed in [true, false] {
        let shop = Shop::open_with(|options| Options { seed, ..options }).await;
        if !seed {
            assert!(!page(&shop, ORDERS).await.contains("<form"), "there is nothing to order");
            shop.shopper("ada").await;
            shop.product("Shirt").sizes(&[("M", 5)]).list().await;
        }
        let seen = page(&shop, ORDERS).await;
        let first_of = |select: &str| {
            let options = between(&seen, &format!("name=\"{select}\""), "</select>").expect("the choice");
            unescaped(between(options, "<option value=\"", "\"").expect("something to choose"))
        };
        let (user_id, offer) = (first_of("user_id"), first_of("offer"));
        let mut request: Value = serde_json::from_str(&offer).expect("JSON");
        request["user_id"] = json!(user_id);
        request["quantity"] = json!(1);
        let order = call(&shop, &seen, "POST", "/orders").json(&request).await.is(201);
        assert_eq!(order["user_id"], user_id);
        let seen = page(&shop, ORDERS).await;
        shows(&seen, &order, "placed", &["Process", "Cancel"]);
        press(&shop, &seen, &order, "Cancel").await.is(200);
        shop.finish().await;
    }
}

#[tokio::test]
async fn the_first_page_shows_the_newest_orders() {
    let shop = Shop::open().await;
    assert!(page(&shop, "/_local/").await.contains("Nobody has ordered yet"));
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").price("7.77").list().await);
    buys(&ada, &mug, "online").await;
    let first = page(&shop, "/_local/").await;
    assert!(
        first.contains("7.77 USD") && first.contains("under_paying") && first.contains("/_local/orders"),
        "{first}"
    );
    shop.finish().await;
}
