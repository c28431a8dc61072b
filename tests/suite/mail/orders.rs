//! The mails that follow an order.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use super::{ORDER, cancels, claim, counts, fails, forget, id, kept, moves, news};

const PLACED: &str = "Your order at Cartwright";
const SHIPPED: &str = "Your order from Cartwright is on its way";
const CANCELLED: &str = "Your order at Cartwright was cancelled";
const UNPAID: &str = "Your payment at Cartwright did not go through";

async fn orders_online(user: &User, product: &Product) -> Value {
    user.adds(product, 2).await.is(201);
    user.checks_out(&json!({"payment_method": "online"})).await.is(201)["orders"][0].clone()
}

async fn pays(admin: &User, order: &Value, outcome: &str) {
    admin.post(&format!("/orders/{}/payment", id(order)), &json!({"outcome": outcome})).await.is(200);
}

#[tokio::test]
async fn the_buyer_hears_once_that_it_is_placed_and_once_that_it_is_shipped() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let shirt = shop.product("Shirt <L>").price("12.50").sizes(&[("M", 9)]).list().await;
    let line = json!({"product_id": shirt.id, "size": "M", "quantity": 3, "product_properties": {"color": "red"}});
    ada.post("/cart-items", &line).await.is(201);
    let order = ada.checks_out(&json!({})).await.is(201)["orders"][0].clone();
    let mail = shop.mails_to(&ada).await.remove(0);
    assert_eq!(mail.subject, format!("{PLACED} ({})", &id(&order)[..8]));
    assert_eq!(mail.headers.len(), 0, "nobody can unsubscribe from their own order");
    for said in ["Hello ada", "size M, color: red", "37.50", "You pay 37.50 USD", "12 Harbor Street", id(&order)] {
        assert!(mail.text.contains(said) && mail.html.contains(said), "{said} is missing in {}", mail.text);
    }
    assert!(mail.text.contains("3 x Shirt <L>") && mail.html.contains("Shirt &#60;L&#62;"), "{}", mail.html);

    moves(&admin, &order, &json!({"status": "processing"})).await;
    moves(&admin, &order, &json!({"status": "shipped", "tracking": "1Z999AA10123456784"})).await;
    moves(&admin, &order, &json!({"status": "delivered"})).await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, SHIPPED]);
    let mail = shop.mails_to(&ada).await.remove(0);
    assert!(mail.text.contains("Tracking number: 1Z999AA10123456784"), "{}", mail.text);
    assert!(mail.html.contains("1Z999AA10123456784"));
    shop.finish().await;
}

#[tokio::test]
async fn the_buyer_hears_that_it_was_cancelled_and_why() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let lamp = shop.product("Lamp").list().await;
    let order = ada.buys(&lamp, 1).await;
    shop.settle().await;
    cancels(&ada, &order, &json!({"reason": "changed my mind"})).await;
    let mail = shop.mails_to(&ada).await.remove(0);
    assert!(mail.text.contains("Reason: changed my mind") && mail.text.contains("You owe nothing"), "{}", mail.text);
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, CANCELLED]);
    // What is left of a deleted order is no news.
    admin.delete(&format!("/orders/{}", id(&order))).await.is_empty();
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, CANCELLED]);

    let paid = orders_online(&ada, &lamp).await;
    pays(&admin, &paid, "succeeded").await;
    shop.settle().await;
    cancels(&admin, &paid, &json!({})).await;
    let mail = shop.mails_to(&ada).await.remove(0);
    assert!(mail.text.contains("We will send the money back") && !mail.text.contains("Reason"), "{}", mail.text);
    shop.finish().await;
}

#[tokio::test]
async fn an_order_that_waits_for_its_payment_is_no_news_until_that_comes_or_fails() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let lamp = shop.product("Lamp").list().await;
    let paid = orders_online(&ada, &lamp).await;
    assert!(shop.order_mails_to(&ada).await.is_empty());
    pays(&admin, &paid, "succeeded").await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED]);
    assert!(shop.mails_to(&ada).await[0].text.contains("Your payment of 20.00 USD has arrived"));

    let refused = orders_online(&ada, &lamp).await;
    pays(&admin, &refused, "failed").await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, UNPAID]);
    assert!(shop.mails_to(&ada).await[0].text.contains("was refused"));
    // Paid after all.
    pays(&admin, &refused, "succeeded").await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, UNPAID, PLACED]);

    orders_online(&ada, &lamp).await;
    shop.pass(900);
    shop.fire("expire-unpaid-orders").await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, UNPAID, PLACED, UNPAID]);
    assert!(shop.mails_to(&ada).await[0].text.contains("did not reach us in time"));
    shop.finish().await;
}

#[tokio::test]
async fn who_has_no_address_is_told_nothing() {
    let shop = Shop::open().await;
    let ada = shop.stranger("ada").await;
    shop.invoke("register-user", json!({"request": {"userAttributes": {"sub": ada.id}}, "response": {}})).await;
    ada.adds(&shop.product("Lamp").list().await, 1).await.is(201);
    let address = json!({"line1": "1 Main St", "city": "Springfield", "postal_code": "1", "country": "US"});
    let order = ada.checks_out(&json!({"address": address})).await.is(201)["orders"][0].clone();
    shop.settle().await;
    assert!(shop.mailbox().newest_first().is_empty());
    assert!(kept(&shop, &order).await["placed_mail_claimed_until"].is_null());
    shop.finish().await;
}

/// A stream gives a record at least once.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_comes_again_mails_nothing_more() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    moves(&admin, &order, &json!({"status": "processing"})).await;
    moves(&admin, &order, &json!({"status": "shipped"})).await;
    shop.settle().await;
    let records = [news(&order, &ada, None, "placed"), news(&order, &ada, Some("processing"), "shipped")];
    for record in records.iter().chain(&records) {
        assert!(!fails(&shop, record).await);
    }
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, SHIPPED]);

    for round in 3..8 {
        forget(&shop, &order, "shipped").await;
        join_all((0..4).map(|_| fails(&shop, &records[1]))).await;
        assert_eq!(shop.order_mails_to(&ada).await.len(), round, "side by side");
    }
    shop.finish().await;
}

/// What is told is so when it is told, whatever the record says.
#[tokio::test]
async fn late_news_that_is_no_longer_so_is_kept_to_oneself() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    moves(&admin, &order, &json!({"status": "processing"})).await;
    moves(&admin, &order, &json!({"status": "shipped"})).await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, SHIPPED]);
    let placed = news(&order, &ada, None, "placed");
    let shipped = news(&order, &ada, Some("processing"), "shipped");

    // A confirmation does not follow the news that it is on its way, but may come before it.
    forget(&shop, &order, "placed").await;
    assert!(!fails(&shop, &placed).await);
    assert_eq!(shop.order_mails_to(&ada).await.len(), 2);
    forget(&shop, &order, "shipped").await;
    assert!(!fails(&shop, &placed).await);
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, SHIPPED, PLACED]);

    cancels(&admin, &order, &json!({})).await;
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, SHIPPED, PLACED, CANCELLED]);
    forget(&shop, &order, "placed").await;
    for late in [&shipped, &placed, &news(&order, &ada, Some("cancelled"), "placed")] {
        assert!(!fails(&shop, late).await);
    }
    assert_eq!(shop.order_mails_to(&ada).await.len(), 4);
    shop.finish().await;
}

/// Both in one batch, as a stream gives them when it is behind.
#[tokio::test]
async fn the_news_of_one_order_is_told_in_its_order() {
    let shop = Shop::open().await;
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    moves(&admin, &order, &json!({"status": "processing"})).await;
    moves(&admin, &order, &json!({"status": "shipped"})).await;
    shop.settle().await;
    for notice in ["placed", "shipped"] {
        forget(&shop, &order, notice).await;
    }
    let mut both = news(&order, &ada, None, "placed");
    let shipped = news(&order, &ada, Some("processing"), "shipped")["Records"][0].clone();
    both["Records"].as_array_mut().expect("records").push(shipped);
    assert!(!fails(&shop, &both).await);
    assert_eq!(shop.order_mails_to(&ada).await, [PLACED, SHIPPED, PLACED, SHIPPED]);
    shop.finish().await;
}

/// It may have sent the mail, and it may not: nobody else does while its claim stands.
#[tokio::test]
async fn the_claim_of_a_function_that_died_lapses() {
    let shop = Shop::open().await;
    let ada = shop.shopper("ada").await;
    let order = ada.buys(&shop.product("Lamp").list().await, 1).await;
    shop.settle().await;
    forget(&shop, &order, "placed").await;
    claim(&shop, &order, "placed", shop.clock.now() + Duration::from_secs(60)).await;
    let record = news(&order, &ada, None, "placed");
    assert!(fails(&shop, &record).await, "it must come again");
    assert_eq!(counts(&shop, ORDER)[&ada.email], 1);
    shop.pass(61);
    assert!(!fails(&shop, &record).await);
    assert!(!fails(&shop, &record).await);
    assert_eq!(counts(&shop, ORDER)[&ada.email], 2);
    shop.finish().await;
}
