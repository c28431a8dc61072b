//! Somebody with one account who wants to keep the stock from everybody else. In the shop of most of these tests, a
//! user may hold five units of a product and have three orders waiting for their payment.

use std::borrow::Cow;

use local::options::Options;
use serde_json::{Value, json};
use shared::aws::Wire;
use shared::config::Config;
use shared::store::Store;
use tests::api::Call;
use tests::payment::DEADLINE;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;

use crate::races::at_once;

const MOST: u64 = 5;
const STOCK: u32 = 100;

async fn strict_shop() -> Shop {
    Shop::open_with(limited_to(5, 3)).await
}

/// A cloud where a user may hold so many units of a product and have so many orders waiting for their payment.
pub(crate) fn limited_to(units: u32, orders: u32) -> impl FnOnce(Options) -> Options {
    move |options| {
        let limits = [
            ("MaxHeldUnits", "999 # As many", format!("{units} # As many")),
            ("MaxUnpaidOrders", "Default: 100", format!("Default: {orders}")),
        ];
        let mut template = options.template.into_owned();
        for (parameter, default, stricter) in limits {
            let (before, after) = template.split_once(&format!("\n  {parameter}:\n")).expect("the parameter");
            assert!(after.contains(default), "{parameter}");
            template = format!("{before}\n  {parameter}:\n{}", after.replacen(default, &stricter, 1));
        }
        Options { template: Cow::Owned(template), ..options }
    }
}

/// Adds in a colour of its own, which makes a line of its own.
fn adds_in(user: &User, product: &Product, color: &str, quantity: u32) -> Call {
    let properties = json!({"color": color});
    user.post("/cart-items", &json!({"product_id": product.id, "quantity": quantity, "product_properties": properties}))
}

fn orders_online(user: &User, product: &Product, quantity: u32) -> Call {
    user.post("/orders", &json!({"product_id": product.id, "quantity": quantity, "payment_method": "online"}))
}

fn checks_out_online(user: &User) -> Call {
    user.checks_out(&json!({"payment_method": "online"}))
}

async fn is_refused(call: Call) {
    call.await.is_refused(422, "quantity_limit");
}

/// How many units of a product everybody holds.
async fn held(shop: &Shop, product: &Product) -> u64 {
    let stock = shop.snapshot().await.inventory;
    let of_product = stock.iter().filter(|item| item["product_id"] == json!(product.id));
    of_product.map(|item| item["reserved"].as_u64().expect("a number")).sum()
}

#[tokio::test]
async fn whatever_a_bot_calls_it_holds_no_more_than_its_limit() {
    let shop = strict_shop().await;
    let (bot, mug) = (shop.shopper("bot").await, shop.product("Mug").stock(STOCK).list().await);
    is_refused(bot.adds(&mug, 6)).await;
    let line = bot.adds(&mug, 3).await.is(201)["item_id"].clone();
    is_refused(bot.adds(&mug, 3)).await;
    let red = adds_in(&bot, &mug, "red", 2).await.is(201)["item_id"].clone();
    is_refused(adds_in(&bot, &mug, "blue", 1)).await;
    is_refused(bot.changes(&line, 4)).await;
    is_refused(orders_online(&bot, &mug, 1)).await;
    assert_eq!(held(&shop, &mug).await, MOST);

    bot.removes(&red).await.is_empty();
    let direct = orders_online(&bot, &mug, 2).await.is(201);
    is_refused(bot.adds(&mug, 1)).await;
    is_refused(bot.changes(&line, 4)).await;
    bot.changes(&line, 2).await.is(200);
    bot.changes(&line, 3).await.is(200);
    let from_cart = checks_out_online(&bot).await.is(201)["orders"][0].clone();
    is_refused(bot.adds(&mug, 1)).await;
    is_refused(orders_online(&bot, &mug, 1)).await;
    assert_eq!(held(&shop, &mug).await, MOST);

    // What is paid is sold, and what is called off is free: neither counts.
    bot.calls_off(&direct).await.is(200);
    bot.adds(&mug, 2).await.is(201);
    is_refused(bot.adds(&mug, 1)).await;
    shop.admin().await.settles(&from_cart, &json!({"outcome": "succeeded"})).await.is(200);
    bot.adds(&mug, 3).await.is(200);
    is_refused(bot.adds(&mug, 1)).await;
    assert_eq!(held(&shop, &mug).await, MOST);
    shop.finish().await;
}

/// An order holds its units until it is cancelled, and not only until its deadline.
#[tokio::test]
async fn an_overdue_order_counts_until_it_is_cancelled() {
    let shop = strict_shop().await;
    let (bot, mug) = (shop.shopper("bot").await, shop.product("Mug").stock(STOCK).list().await);
    orders_online(&bot, &mug, 5).await.is(201);
    shop.pass(DEADLINE);
    is_refused(bot.adds(&mug, 1)).await;
    is_refused(orders_online(&bot, &mug, 1)).await;
    shop.fire("expire-unpaid-orders").await;
    bot.adds(&mug, 5).await.is(201);
    shop.finish().await;
}

/// A hold that ended leaves its line in the cart. Together with an order it is too much.
#[tokio::test]
async fn lines_without_a_hold_count_when_they_are_ordered() {
    let shop = strict_shop().await;
    let (bot, mug) = (shop.shopper("bot").await, shop.product("Mug").stock(STOCK).list().await);
    bot.adds(&mug, 3).await.is(201);
    shop.pass(1_800);
    shop.fire("release-reservations").await;
    orders_online(&bot, &mug, 3).await.is(201);
    is_refused(checks_out_online(&bot)).await;
    // Paid on delivery, it is sold and not held.
    bot.checks_out(&json!({})).await.is(201);
    bot.orders_directly(&mug, 6).await.is(201);
    assert_eq!(held(&shop, &mug).await, 3);
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_at_once_holds_no_more() {
    let shop = strict_shop().await;
    let bot = shop.shopper("bot").await;
    for round in 0..6 {
        let mug = shop.product(&format!("Mug {round}")).stock(STOCK).shards(3).list().await;
        let colors = ["red", "green", "blue", "grey"];
        let adds = (0..12).map(|number| adds_in(&bot, &mug, colors[number % 4], 1));
        let orders = (0..2).map(|_| orders_online(&bot, &mug, 2));
        let statuses = at_once(adds.chain(orders)).await.into_iter().map(|answer| answer.status);
        let refused = statuses.filter(|status| ![200, 201].contains(status)).collect::<Vec<_>>();
        assert!(refused.iter().all(|status| *status == 422), "{refused:?}");
        assert!((MOST - 1..=MOST).contains(&held(&shop, &mug).await), "{}", held(&shop, &mug).await);
        bot.delete("/cart-items").await.is_empty();
        shop.payments_time_out().await;
    }
    shop.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_go_and_taking_again_holds_no_more() {
    let shop = strict_shop().await;
    let (bot, mug) = (shop.shopper("bot").await, shop.product("Mug").stock(STOCK).list().await);
    for _ in 0..10 {
        let calls = [
            bot.adds(&mug, 5),
            bot.delete("/cart-items"),
            bot.adds(&mug, 3),
            checks_out_online(&bot),
            adds_in(&bot, &mug, "red", 4),
        ];
        at_once(calls).await;
        assert!(held(&shop, &mug).await <= MOST);
    }
    shop.finish().await;
}

#[tokio::test]
async fn no_more_than_so_many_orders_wait_for_their_payment() {
    let shop = strict_shop().await;
    let bot = shop.shopper("bot").await;
    let mut products = Vec::new();
    for name in ["Mug", "Cup", "Pot", "Jug"] {
        products.push(shop.product(name).list().await);
        bot.adds(&products[products.len() - 1], 1).await.is(201);
    }
    // A split is as many orders as it has parts.
    is_refused(bot.checks_out(&json!({"payment_method": "online", "split": "per_item"}))).await;
    let one = checks_out_online(&bot).await.is(201)["orders"][0].clone();
    for product in &products[..2] {
        orders_online(&bot, product, 1).await.is(201);
    }
    is_refused(orders_online(&bot, &products[3], 1)).await;
    bot.adds(&products[3], 1).await.is(201);
    is_refused(checks_out_online(&bot)).await;
    shop.admin().await.settles(&one, &json!({"outcome": "failed"})).await.is(200);
    checks_out_online(&bot).await.is(201);
    shop.payments_time_out().await;
    for product in &products[..3] {
        orders_online(&bot, product, 1).await.is(201);
    }
    shop.finish().await;
}

/// The cart forgets orders as time goes by, and an empty one is kept for as long as it remembers any.
#[tokio::test]
async fn a_cart_does_not_remember_orders_for_ever() {
    let shop = strict_shop().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    let remembered = async || shop.snapshot().await.carts.remove(0)["unpaid_orders"].as_array().map_or(0, Vec::len);
    for _ in 0..4 {
        let order = orders_online(&ada, &mug, 1).await.is(201);
        shop.admin().await.settles(&order, &json!({"outcome": "succeeded"})).await.is(200);
        shop.pass(DEADLINE);
    }
    assert_eq!(remembered().await, 2);
    shop.finish().await;
}

/// The limits that the template sets are no honest buyer's business.
#[tokio::test]
async fn by_default_a_cart_full_of_one_product_may_be_ordered_online() {
    let shop = Shop::open().await;
    let (ada, nail) = (shop.shopper("ada").await, shop.product("Nail").stock(3_000).list().await);
    ada.adds(&nail, 999).await.is(201);
    checks_out_online(&ada).await.is(201);
    let refused = ada.adds(&nail, 1).await.is_refused(422, "quantity_limit");
    assert_eq!(refused, Value::Null, "no field is wrong");
    shop.finish().await;
}

/// The limit is no reason to take from anybody what they hold: it is asked of those only who want more.
#[tokio::test]
async fn who_holds_more_than_a_limit_that_was_lowered_may_keep_it() {
    let shop = Shop::open().await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(STOCK).list().await);
    let line = ada.adds(&mug, 5).await.is(201)["item_id"].clone();
    let item_id = serde_json::from_value(line).expect("an id");
    let lowered = Config { max_held_units: 2, ..(*shop.cloud().shop().config).clone() };
    let store = Store::new(&shop.aws("local", Wire::new(false)), &lowered);
    for (quantity, is_allowed) in [(5, true), (6, false), (4, true), (5, false)] {
        let changed = store.set_quantity(ada.id, item_id, quantity, shop.clock.now()).await;
        assert_eq!(changed.is_ok(), is_allowed, "{quantity}");
    }
    shop.finish().await;
}
