use proptest::prelude::*;

use super::*;
use crate::cart::Properties;
use crate::ids::ProductId;
use crate::inventory::{Level, Sku, StockId, allocate};

fn units(sku: &Sku, units: u32) -> Allocation {
    let mut levels = vec![Level { id: StockId { sku: sku.clone(), shard: 0 }, available: units }];
    allocate(&mut levels, sku, UserId::random(), units).unwrap()
}

fn line(name: &str, seller: Option<&str>, cents: i64, held: u32, unheld: u32) -> PurchasedLine {
    let product_id = ProductId::derived(name);
    let variation = Variation { product_id, size: None, properties: Properties::default() };
    PurchasedLine {
        held: units(&variation.sku(), held),
        unheld: units(&variation.sku(), unheld),
        variation,
        name: name.to_owned(),
        seller_id: seller.map(UserId::derived),
        unit_price: Money::from_cents(cents),
    }
}

fn purchase(split: Split) -> Purchase {
    let lines =
        vec![line("a", Some("x"), 3_33, 1, 0), line("b", Some("y"), 5_00, 2, 1), line("c", Some("x"), 10_01, 0, 1)];
    Purchase { lines, coupon: Some(("REWARD-1".to_owned(), Money::from_cents(5_55))), split }
}

fn buyer(payment_method: PaymentMethod) -> Buyer {
    Buyer {
        user_id: UserId::derived("ada"),
        placed_by: UserId::derived("ada"),
        contact: Contact { name: None, email: None, phone: None },
        address: serde_json::from_str(
            r#"{"line1": "1 Main St", "city": "Springfield", "postal_code": "1", "country": "US"}"#,
        )
        .unwrap(),
        payment_method,
        payment_deadline: Duration::from_secs(900),
        currency: "USD".to_owned(),
    }
}

#[test]
fn every_split_adds_up_to_the_whole() {
    for (split, parts) in [(Split::None, 1), (Split::PerItem, 3), (Split::PerSeller, 2)] {
        let whole = purchase(split);
        let total = whole.total();
        let orders =
            whole.into_orders(OrderId::derived("o"), &buyer(PaymentMethod::OnDelivery), Timestamp::from_millis(0));
        assert_eq!(orders.len(), parts);
        let sum = |amount: fn(&OrderSummary) -> Money| {
            orders.iter().map(|placed| amount(&placed.order.summary)).sum::<Money>()
        };
        assert_eq!(sum(|order| order.total_price), total);
        assert_eq!(sum(|order| order.discount), Money::from_cents(5_55));
        assert!(orders.iter().all(|placed| placed.order.summary.coupon_code.is_some()));
        assert_eq!(orders[0].order.summary.order_id, OrderId::derived("o"));
    }
}

#[test]
fn an_order_has_a_seller_only_if_it_has_one() {
    let sellers = |split| {
        let orders = purchase(split).into_orders(
            OrderId::derived("o"),
            &buyer(PaymentMethod::OnDelivery),
            Timestamp::from_millis(0),
        );
        orders.into_iter().map(|placed| placed.order.summary.seller_id).collect::<Vec<_>>()
    };
    let (x, y) = (Some(UserId::derived("x")), Some(UserId::derived("y")));
    assert_eq!(sellers(Split::None), [None]);
    assert_eq!(sellers(Split::PerSeller), [x, y]);
    assert_eq!(sellers(Split::PerItem), [x, y, x]);
}

#[test]
fn stock_is_sold_on_delivery_and_stays_reserved_online() {
    let sums = |method| {
        let changes = purchase(Split::None).stock_changes(method, OrderId::derived("o"));
        changes.iter().fold((0, 0, 0), |(a, r, s), (_, c)| (a + c.available, r + c.reserved, s + c.sold))
    };
    assert_eq!(sums(PaymentMethod::OnDelivery), (-2, -3, 5));
    assert_eq!(sums(PaymentMethod::Online), (-2, 2, 0));
    let online = purchase(Split::None).into_orders(
        OrderId::derived("o"),
        &buyer(PaymentMethod::Online),
        Timestamp::from_millis(0),
    );
    assert_eq!(online[0].order.summary.status, OrderStatus::UnderPaying);
    assert_eq!(online[0].order.summary.payment.deadline, Some(Timestamp::from_millis(900_000)));
    assert_eq!(online[0].allocations[1].total(), 3);
}

/// A purchase of any lines, sellers, discount and split.
fn any_purchase() -> impl Strategy<Value = Purchase> {
    let any_line = (0..4_usize, 1..50_000_00_i64, 0..40_u32, 1..40_u32);
    let split = prop_oneof![Just(Split::None), Just(Split::PerItem), Just(Split::PerSeller)];
    (prop::collection::vec(any_line, 1..12), 0..=10_000_u32, split).prop_map(|(lines, ten_thousandths, split)| {
        let numbered = |(index, (seller, cents, held, unheld)): (usize, (usize, i64, u32, u32))| {
            let seller = ["x", "y", "z"].get(seller).copied();
            line(&format!("line {index}"), seller, cents, held, unheld)
        };
        let lines: Vec<_> = lines.into_iter().enumerate().map(numbered).collect();
        let mut purchase = Purchase { lines, coupon: None, split };
        let discount = purchase.subtotal().cents() * i64::from(ten_thousandths) / 10_000;
        purchase.coupon = Some(("REWARD-1".to_owned(), Money::from_cents(discount)));
        purchase
    })
}

proptest! {
    /// An order's total is its lines less its discount, never below zero; the parts of a split add up.
    #[test]
    fn however_it_is_split_every_cent_and_every_unit_is_in_one_order(purchase in any_purchase()) {
        let (total, discount) = (purchase.total(), purchase.discount());
        let units: u32 = purchase.lines.iter().map(PurchasedLine::quantity).sum();
        let orders = purchase.into_orders(OrderId::derived("o"), &buyer(PaymentMethod::OnDelivery), Timestamp::from_millis(0));
        for PlacedOrder { order, allocations } in &orders {
            let lines: Money = order.items.iter().map(|item| item.line_total).sum();
            prop_assert_eq!(order.summary.subtotal, lines);
            prop_assert!(order.summary.discount <= lines);
            prop_assert_eq!(order.summary.total_price + order.summary.discount, lines);
            let taken: Vec<u32> = allocations.iter().map(Allocation::total).collect();
            prop_assert_eq!(taken, order.items.iter().map(|item| item.quantity).collect::<Vec<_>>());
        }
        let sum = |amount: fn(&OrderSummary) -> Money| orders.iter().map(|placed| amount(&placed.order.summary)).sum::<Money>();
        prop_assert_eq!(sum(|order| order.total_price), total);
        prop_assert_eq!(sum(|order| order.discount), discount);
        prop_assert_eq!(orders.iter().map(|placed| placed.order.summary.items_count).sum::<u32>(), units);
    }
}
