use super::*;
use crate::catalog::{DEFAULT_LOW_STOCK_THRESHOLD, ProductStatus};
use crate::inventory::StockId;

const MINUTE: Duration = Duration::from_secs(60);
const POLICY: HoldPolicy =
    HoldPolicy { length: Duration::from_secs(1800), max_units: MAX_QUANTITY, max_unpaid_orders: 100 };

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(1_795_155_693_120)
}

pub(crate) fn product(max_per_order: Option<u32>) -> Product {
    Product {
        product_id: ProductId::derived("mug"),
        name: "Mug".to_owned(),
        description: String::new(),
        price: Money::from_cents(12_50),
        currency: "USD".to_owned(),
        image_url: None,
        seller_id: None,
        has_sizes: false,
        sizes: Vec::new(),
        max_per_order,
        low_stock_threshold: DEFAULT_LOW_STOCK_THRESHOLD,
        status: ProductStatus::Active,
        stock_shards: 1,
        created_at: now(),
        updated_at: now(),
    }
}

pub(crate) fn variation(color: &str) -> Variation {
    let properties = serde_json::from_value(serde_json::json!({ "color": color })).unwrap();
    Variation { product_id: product(None).product_id, size: None, properties }
}

pub(crate) fn levels(available: u32) -> Vec<Level> {
    vec![Level { id: StockId { sku: variation("red").sku(), shard: 0 }, available }]
}

#[test]
fn adding_a_variation_again_grows_its_line() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(10));
    cart.add(&variation("red"), 2, &product(None), &mut stock, now()).unwrap();
    cart.add(&variation("red"), 3, &product(None), &mut stock, now()).unwrap();
    cart.add(&variation("blue"), 1, &product(None), &mut stock, now()).unwrap();
    assert_eq!(cart.lines.len(), 2);
    assert_eq!(cart.lines[&variation("red").item_id()].quantity, 5);
    assert_eq!(stock, levels(4));
}

#[test]
fn a_shortage_counts_what_the_line_holds_already() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(3));
    cart.add(&variation("red"), 2, &product(None), &mut stock, now()).unwrap();
    let error = cart.add(&variation("red"), 3, &product(None), &mut stock, now()).unwrap_err();
    let Error::InsufficientStock(short) = error else { panic!("{error}") };
    assert_eq!((short[0].requested, short[0].available), (5, 3));
    assert_eq!(short[0].message, "Mug: Only 3 items available, but 5 requested");
}

#[test]
fn the_limit_counts_every_variation_of_a_product() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(5_000));
    let limited = product(Some(5));
    cart.add(&variation("red"), 3, &limited, &mut stock, now()).unwrap();
    let error = cart.add(&variation("blue"), 3, &limited, &mut stock, now()).unwrap_err();
    assert!(matches!(error, Error::QuantityLimit { max: 5 }));
    let error = Cart::empty(UserId::random()).add(&variation("red"), 1_000, &product(None), &mut stock, now());
    assert!(matches!(error, Err(Error::QuantityLimit { max: MAX_QUANTITY })));
}

#[test]
fn a_price_is_kept_while_it_is_held_and_taken_anew_after() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(10));
    let item_id = variation("red").item_id();
    cart.add(&variation("red"), 1, &product(None), &mut stock, now()).unwrap();
    let dearer = Product { price: Money::from_cents(20_00), ..product(None) };
    cart.set_quantity(item_id, 2, &dearer, &mut stock, now()).unwrap();
    assert_eq!(cart.lines[&item_id].unit_price, Money::from_cents(12_50));
    cart.release();
    cart.set_quantity(item_id, 2, &dearer, &mut stock, now()).unwrap();
    assert_eq!(cart.lines[&item_id].unit_price, Money::from_cents(20_00));
}

#[test]
fn a_hold_is_extended_by_changes_but_not_for_ever() {
    let mut cart = Cart::empty(UserId::random());
    cart.add(&variation("red"), 1, &product(None), &mut levels(10), now()).unwrap();
    cart.extend_hold(POLICY, now());
    assert_eq!(cart.reserved_until, Some(now() + 30 * MINUTE));
    cart.extend_hold(POLICY, now() + 20 * MINUTE);
    assert_eq!(cart.reserved_until, Some(now() + 50 * MINUTE));
    cart.extend_hold(POLICY, now() + 119 * MINUTE);
    assert_eq!(cart.reserved_until, Some(now() + 120 * MINUTE));
}

#[test]
fn a_full_cart_takes_no_more_lines_but_grows_those_it_has() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(1_000));
    for color in 0..MAX_LINES {
        cart.add(&variation(&color.to_string()), 1, &product(None), &mut stock, now()).unwrap();
    }
    assert!(matches!(cart.add(&variation("red"), 1, &product(None), &mut stock, now()), Err(Error::CartFull(_))));
    assert!(cart.add(&variation("0"), 1, &product(None), &mut stock, now()).is_ok());
}

#[test]
fn what_a_product_no_longer_for_sale_holds_can_shrink_only() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(10));
    let item_id = variation("red").item_id();
    cart.add(&variation("red"), 3, &product(None), &mut stock, now()).unwrap();
    let archived = Product { status: ProductStatus::Archived, ..product(None) };
    assert!(cart.clone().set_quantity(item_id, 2, &archived, &mut stock, now()).is_ok());
    assert!(cart.set_quantity(item_id, 4, &archived, &mut stock, now()).is_err());
}

#[test]
fn adds_are_remembered_for_a_day_and_no_more_than_a_hundred() {
    let mut cart = Cart::empty(UserId::random());
    let add = |name: usize, at| RecentAdd {
        key: KeyId::derived(&name.to_string()),
        fingerprint: "f".to_owned(),
        item_id: variation("red").item_id(),
        created: true,
        at,
    };
    (0..150).for_each(|name| cart.remember(add(name, now())));
    assert_eq!(cart.recent_adds.len(), 100);
    assert!(cart.recent_add(KeyId::derived("149"), "f").unwrap().is_some());
    assert!(cart.recent_add(KeyId::derived("49"), "f").unwrap().is_none());
    assert!(matches!(cart.recent_add(KeyId::derived("149"), "g"), Err(Error::IdempotencyKeyReused)));
    cart.remember(add(200, now() + 24 * 60 * MINUTE - Duration::from_millis(1)));
    assert_eq!(cart.recent_adds.len(), 100);
    cart.remember(add(201, now() + 24 * 60 * MINUTE));
    assert_eq!(cart.recent_adds.len(), 2);
}

fn pen() -> Product {
    Product { product_id: ProductId::derived("pen"), ..product(None) }
}

#[test]
fn an_order_may_have_the_limit_and_what_it_has_already() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(5_000));
    let pens = Variation { product_id: pen().product_id, ..variation("red") };
    cart.add(&pens, 7, &pen(), &mut [Level { id: StockId { sku: pens.sku(), shard: 0 }, available: 9 }], now())
        .unwrap();
    cart.add(&variation("red"), 3, &product(Some(5)), &mut stock, now()).unwrap();
    cart.add(&variation("blue"), 2, &product(Some(5)), &mut stock, now()).unwrap();
    // A limit that was set lower since refuses more units, and not those that are there.
    let item_id = variation("red").item_id();
    cart.set_quantity(item_id, 3, &product(Some(2)), &mut stock, now()).unwrap();
    assert!(cart.set_quantity(item_id, u32::MAX, &product(None), &mut stock, now()).is_err());
    cart.set_quantity(item_id, MAX_QUANTITY - 2, &product(None), &mut stock, now()).unwrap();
    assert!(
        Cart::empty(UserId::random()).add(&variation("red"), MAX_QUANTITY, &product(None), &mut stock, now()).is_ok()
    );
}

#[test]
fn a_smaller_quantity_gives_back_the_rest_and_changes_nothing_else() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(10));
    let item_id = variation("red").item_id();
    cart.add(&variation("red"), 7, &product(None), &mut stock, now()).unwrap();
    let changes = cart.set_quantity(item_id, 2, &product(None), &mut stock, now()).unwrap();
    assert_eq!((cart.lines[&item_id].quantity, cart.units_held_of(&variation("red").sku())), (2, 2));
    assert_eq!(cart.units_held_of(&Sku { product_id: pen().product_id, size: None }), 0);
    assert_eq!(stock, levels(8));
    assert_eq!(changes.log()[0].quantity, 5);
    assert_eq!(changes.cause_id(), cart.cart_id.unwrap().to_string());
    assert_eq!(cart.lines[&item_id].total(), Money::from_cents(25_00));
    let archived = Product { status: ProductStatus::Archived, ..product(None) };
    assert!(cart.set_quantity(item_id, 2, &archived, &mut stock, now()).is_ok());
}

#[test]
fn a_line_holds_its_stock_until_the_time_is_over() {
    let mut cart = Cart::empty(UserId::random());
    let item_id = variation("red").item_id();
    assert!(!cart.hold_is_over(now()));
    cart.add(&variation("red"), 3, &product(None), &mut levels(10), now()).unwrap();
    cart.extend_hold(POLICY, now());
    let end = now() + POLICY.length;
    for (at, holds) in [(now(), true), (end - Duration::from_millis(1), true), (end, false), (end + MINUTE, false)] {
        assert_eq!((cart.holds(&cart.lines[&item_id], at), cart.hold_is_over(at)), (holds, !holds), "{at}");
    }
    let line = |quantity| Line { quantity, ..cart.lines[&item_id].clone() };
    assert!(!cart.holds(&line(4), now()), "it holds three of four");
    assert!(!cart.holds(&Line { allocation: Allocation::default(), ..line(0) }, now()), "it is of nothing");
}

#[test]
fn what_is_held_is_told_and_released() {
    let (mut cart, mut stock) = (Cart::empty(UserId::random()), levels(10));
    let sku = variation("red").sku();
    cart.add(&variation("red"), 3, &product(None), &mut stock, now()).unwrap();
    assert_eq!(cart.held_skus(), BTreeSet::from([sku.clone()]));
    cart.extend_hold(POLICY, now());
    cart.release();
    assert_eq!(cart.held_skus(), BTreeSet::new());
    cart.extend_hold(POLICY, now());
    assert_eq!((cart.held_since, cart.reserved_until), (None, None), "there is nothing to hold");

    cart.add(&variation("blue"), 2, &product(None), &mut stock, now()).unwrap();
    let item_id = variation("blue").item_id();
    let released = cart.remove(item_id).unwrap();
    assert_eq!(released.iter().map(|(_, change)| (change.available, change.reserved)).collect::<Vec<_>>(), [(2, -2)]);
    assert!(cart.remove(item_id).is_none());
}

#[test]
fn an_empty_cart_is_as_if_it_had_never_been_filled() {
    let mut cart = Cart::empty(UserId::derived("ada"));
    cart.add(&variation("red"), 3, &product(None), &mut levels(10), now()).unwrap();
    cart.extend_hold(POLICY, now());
    cart.remove(variation("red").item_id()).unwrap();
    cart.extend_hold(POLICY, now());
    assert_eq!(cart, Cart::empty(UserId::derived("ada")));
}

#[test]
fn stock_may_be_spread_so_thin_and_no_thinner() {
    let shards = |count: u16| -> Vec<Level> {
        (0..count).map(|shard| Level { id: StockId { sku: variation("red").sku(), shard }, available: 1 }).collect()
    };
    let add = |count: u16| {
        let mut cart = Cart::empty(UserId::random());
        cart.add(&variation("red"), count.into(), &product(None), &mut shards(count), now()).map(|_| ())
    };
    assert!(add(60).is_ok());
    assert!(matches!(add(61), Err(Error::CartFull(_))));
}
