use super::*;
use crate::cart::{Properties, Variation};
use crate::ids::UserId;
use crate::inventory::Level;
use crate::order::tests::order;
use crate::time::Timestamp;

fn sku() -> Sku {
    Sku { product_id: product().product_id, size: None }
}

fn id(shard: u16) -> StockId {
    StockId { sku: sku(), shard }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_155_693_120)
}

fn product() -> Product {
    serde_json::from_value(serde_json::json!({
        "product_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "name": "Mug", "description": "", "price": "12.50",
        "currency": "USD", "has_sizes": false, "sizes": [], "low_stock_threshold": 5, "status": "active",
        "stock_shards": 2, "created_at": now(), "updated_at": now(),
    }))
    .unwrap()
}

fn record(available: i64, reserved: i64, sold: i64, received: i64) -> StockRecord {
    let counters = Counters { available, reserved, sold, received };
    StockRecord { counters, moves: 7, opened: Some(10), archived: false }
}

/// Somebody whose cart holds three units of the first of two shards that began with ten units each.
fn cart() -> Cart {
    let mut cart = Cart::empty(UserId::derived("ada"));
    let variation = Variation { product_id: product().product_id, size: None, properties: Properties::default() };
    cart.add(&variation, 3, &product(), &mut [Level { id: id(0), available: 10 }], now()).unwrap();
    cart
}

/// The books, with the first stock item as told.
fn books(first: StockRecord) -> Books {
    let mut books = Books::default();
    books.enter_stock(id(0), first);
    books.enter_stock(id(1), record(10, 0, 0, 10));
    books.enter_product(&product());
    books.enter_cart(&cart());
    books
}

/// What is found if the first stock item is as told, and what it is put right to.
fn found(first: StockRecord) -> Vec<(FindingKind, Option<Counters>)> {
    let right = |repair| match repair {
        Some(Repair::Counters { right, .. }) => Some(right),
        _ => None,
    };
    books(first).findings().into_iter().map(|finding| (finding.kind, right(finding.repair))).collect()
}

#[test]
fn what_adds_up_is_sound() {
    assert_eq!(found(record(7, 3, 0, 10)), []);
}

#[test]
fn each_counter_is_put_right_by_what_the_others_say() {
    let right = Some(record(7, 3, 0, 10).counters);
    for (wrong, kind) in [
        (record(5, 5, 0, 10), FindingKind::ReservedTooHigh),
        (record(7, 5, 0, 10), FindingKind::ReservedTooHigh),
        (record(9, 1, 0, 10), FindingKind::ReservedTooLow),
        (record(5, 3, 2, 10), FindingKind::SoldTooHigh),
        (record(9, 3, -2, 10), FindingKind::SoldTooLow),
        (record(6, 3, 0, 10), FindingKind::AvailableDrift),
        (record(-1, 3, 0, 10), FindingKind::AvailableDrift),
        (record(7, 3, 0, 12), FindingKind::ReceivedDrift),
    ] {
        assert_eq!(found(wrong.clone()), [(kind, right)], "{wrong:?}");
    }
    let both = [(FindingKind::ReservedTooHigh, right), (FindingKind::SoldTooHigh, right)];
    assert_eq!(found(record(5, 4, 1, 10)), both);
}

#[test]
fn units_from_nowhere_are_found_but_nobody_knows_whose_they_are() {
    assert_eq!(found(record(9, 3, 0, 12)), [(FindingKind::ReceivedDrift, None)]);
    let mut adjusted = books(record(9, 3, 0, 12));
    adjusted.enter_adjustment(sku(), 2);
    assert_eq!(adjusted.findings(), []);
    // Who does not know with how many units it began cannot tell.
    assert_eq!(found(StockRecord { opened: None, ..record(9, 3, 0, 12) }), []);
}

#[test]
fn what_was_never_received_cannot_be_put_right() {
    let oversold = found(record(0, 3, 0, 2));
    assert!(oversold.contains(&(FindingKind::Oversold, None)), "{oversold:?}");
    assert!(oversold.iter().all(|(_, right)| right.is_none()), "{oversold:?}");
}

#[test]
fn products_and_stock_items_without_one_another_are_found() {
    let mut books = books(StockRecord { archived: true, ..record(7, 3, 0, 10) });
    books.stock.remove(&id(1));
    books.enter_stock(id(2), StockRecord { opened: None, ..record(0, 0, 0, 0) });
    let found: Vec<_> = books.findings().into_iter().map(|found| (found.kind, found.subject, found.repair)).collect();
    let mark = Repair::Mark { id: id(0), archived: false };
    let expected = [
        (FindingKind::ArchivedMarkDiffers, Subject::Stock(id(0)), Some(mark)),
        (FindingKind::StockItemMissing, Subject::Stock(id(1)), None),
        (FindingKind::StockItemOrphaned, Subject::Stock(id(2)), None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_line_holds_all_of_its_units_or_none() {
    let mut cart = cart();
    for line in cart.lines.values_mut() {
        line.quantity = 4;
    }
    let mut books = Books::default();
    books.enter_stock(id(0), record(7, 3, 0, 10));
    books.enter_stock(id(1), record(10, 0, 0, 10));
    books.enter_product(&product());
    books.enter_cart(&cart);
    let found = books.findings();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].detail.as_str()), (FindingKind::LineHeldInPart, "it holds 3 of its 4 units"));
}

#[test]
fn a_report_says_what_and_whether_it_can_be_put_right() {
    let found = serde_json::to_value(&books(record(5, 5, 0, 10)).findings()[0]).unwrap();
    let expected = serde_json::json!({
        "kind": "reserved_too_high",
        "subject": "stock 3fa85f64-5717-4562-b3fc-2c963f66afa6#-#0",
        "detail": "reserved is 5, but carts and unpaid orders hold 3",
        "repairable": true,
        "repaired": false,
    });
    assert_eq!(found, expected);
}

#[test]
fn what_orders_hold_and_bought_counts_until_they_are_cancelled() {
    let allocation: Allocation = serde_json::from_value(serde_json::json!({ "0": 2 })).unwrap();
    let with_order = |status, first| {
        let mut order = order(status);
        order.items[0].product_id = product().product_id;
        let mut books = books(first);
        books.enter_order(&order, std::slice::from_ref(&allocation), order.summary.order_id);
        books.findings()
    };
    assert_eq!(with_order(OrderStatus::UnderPaying, record(5, 5, 0, 10)), []);
    for bought in [OrderStatus::Placed, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered] {
        assert_eq!(with_order(bought, record(5, 3, 2, 10)), [], "{bought}");
    }
    assert_eq!(with_order(OrderStatus::Cancelled, record(7, 3, 0, 10)), []);

    let [received] = &with_order(OrderStatus::Placed, record(5, 3, 2, 12))[..] else { panic!("one finding") };
    assert_eq!(
        (received.kind, &received.detail[..]),
        (FindingKind::ReceivedDrift, "received is 12, but 10 were brought")
    );

    let [drifted] = &with_order(OrderStatus::Placed, record(4, 3, 2, 10))[..] else { panic!("one finding") };
    assert_eq!(
        (drifted.kind, &drifted.detail[..]),
        (FindingKind::AvailableDrift, "available is 4, but 5 of 10 are left")
    );
}

#[test]
fn a_coupon_is_used_by_one_checkout() {
    let used_by = |checkouts: &[&str]| {
        let mut books = books(record(7, 3, 0, 10));
        for (number, first) in checkouts.iter().enumerate() {
            let mut order = order(OrderStatus::Placed);
            order.items.clear();
            order.summary.order_id = OrderId::derived(&number.to_string());
            order.summary.coupon_code = Some("REWARD-1".to_owned());
            books.enter_order(&order, &[], OrderId::derived(first));
        }
        books.findings()
    };
    assert_eq!(used_by(&["a", "a", "a"]), [], "parts of one checkout");
    let orders = ["0", "1"].map(OrderId::derived);
    let [twice] = &used_by(&["a", "b"])[..] else { panic!("one finding") };
    assert_eq!(twice.kind, FindingKind::CouponUsedTwice);
    let Subject::Coupon { orders: named, .. } = &twice.subject else { panic!("{:?}", twice.subject) };
    assert_eq!(named.iter().collect::<BTreeSet<_>>(), orders.iter().collect());
    let ids: Vec<_> = named.iter().map(ToString::to_string).collect();
    assert_eq!(twice.detail, format!("2 checkouts that stand used it: orders {}", ids.join(", ")));
}

#[test]
fn what_is_held_of_nothing_is_found_once() {
    let mut books = books(record(7, 3, 0, 10));
    books.products.clear();
    books.stock.clear();
    let found: Vec<_> = books.findings().into_iter().map(|found| (found.kind, found.subject, found.detail)).collect();
    let detail = "carts and orders have 3 units of it".to_owned();
    assert_eq!(found, [(FindingKind::StockItemMissing, Subject::Stock(id(0)), detail)]);

    // A stock item that no product has is one finding, and what is held of it no second one.
    books.enter_stock(id(0), record(7, 3, 0, 10));
    assert_eq!(books.findings().iter().map(|found| found.kind).collect::<Vec<_>>(), [FindingKind::StockItemOrphaned]);
    // Nor is it where a product lacks the stock item.
    books.stock.clear();
    books.enter_product(&product());
    assert_eq!(books.findings().iter().map(|found| found.kind).collect::<Vec<_>>(), [FindingKind::StockItemMissing; 2]);
}

#[test]
fn the_books_say_what_was_entered() {
    let mut books = books(record(7, 3, 0, 10));
    books.enter_stock(StockId { sku: Sku { size: Some("M".to_owned()), ..sku() }, shard: 0 }, record(0, 0, 0, 10));
    assert_eq!((books.stock_items(), books.shards_of(&sku())), (3, vec![id(0), id(1)]));
    assert_eq!((books.stock(&id(0)), books.stock(&id(9))), (Some(&record(7, 3, 0, 10)), None));
    let mut unreadable = Books::default();
    unreadable.enter_unreadable(Subject::Stock(id(0)), "sold is no number".to_owned());
    let found = Finding::new(FindingKind::Unreadable, Subject::Stock(id(0)), "sold is no number".to_owned());
    assert_eq!(unreadable.findings(), [found]);
}
