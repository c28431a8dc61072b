//! audit-inventory: it finds what is wrong with the stock, and nothing where nothing is, also while people buy.

mod plants;
mod sellers;

use std::pin::Pin;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::books::FindingKind;
use tests::shop::Shop;
use tests::wire::Wire;

use self::plants::Plant;

/// The findings of a report, each as its kind and what it is about.
fn found(report: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().expect("a text").to_owned();
    let findings = report["findings"].as_array().expect("findings").iter();
    let mut found: Vec<_> = findings.map(|finding| (text(finding, "kind"), text(finding, "subject"))).collect();
    found.sort();
    found
}

async fn audits(shop: &Shop) -> Value {
    shop.invoke("audit-inventory", json!({})).await
}

async fn repairs(shop: &Shop) -> Value {
    shop.invoke("audit-inventory", json!({"repair": true})).await
}

fn nothing(stock_items: usize) -> Value {
    json!({"stock_items": stock_items, "passes": 1, "found": 0, "repaired": 0, "unsettled": [], "findings": []})
}

/// A bit of everything: carts that hold, orders in every status, coupons, archived products, adjustments.
#[tokio::test]
async fn where_nothing_is_wrong_nothing_is_found() {
    let shop = Shop::open().await;
    assert_eq!(audits(&shop).await, nothing(0));
    let (ada, admin) = (shop.shopper("ada").await, shop.admin().await);
    let mug = shop.product("Mug").shards(3).list().await;
    let shirt = shop.product("Shirt").sizes(&[("S", 5), ("M", 5)]).list().await;
    let code = shop.coupon_for(&ada, json!({"kind": "fixed", "value": "5", "valid_days": 30})).await;
    ada.adds(&mug, 90).await.is(201);
    ada.adds_size(&shirt, "M", 2).await.is(201);
    ada.checks_out(&json!({"coupon_code": code, "split": "per_item"})).await.is(201);
    let paid = ada.orders_online(&mug, 2).await;
    admin.settles(&paid, &json!({"outcome": "succeeded"})).await.is(200);
    ada.orders_online(&mug, 1).await;
    let cancelled = ada.orders_directly(&mug, 1).await.is(201);
    ada.cancels(&cancelled).await.is(200);
    admin.delete(&tests::payment::path_of(&cancelled)).await.is_empty();
    ada.adds_size(&shirt, "S", 3).await.is(201);
    for change in [json!({"delta": 7}), json!({"set_available": 4})] {
        let mut adjustment = json!({"product_id": mug.id, "reason": "stocktake"});
        adjustment.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        admin.post("/inventory/adjustments", &adjustment).await.is(200);
    }
    shop.archive(&shirt).await;
    shop.settle().await;
    assert_eq!(audits(&shop).await, nothing(6));
    assert_eq!(shop.fire("audit-inventory").await, nothing(6));
    shop.finish().await;
}

/// Each corruption is planted on a product of its own, all are found at once, each named; those that can be are put
/// right, and then only the others are found.
#[tokio::test]
async fn what_is_planted_is_found_and_put_right_where_it_can_be() {
    let shop = Shop::open().await;
    let planted = plants::all(&shop).await;
    assert!(planted.len() >= 10);
    let expected = |plants: &[&Plant]| {
        let mut expected: Vec<_> = plants.iter().map(|plant| (plant.kind_name(), plant.subject.clone())).collect();
        expected.sort();
        expected
    };
    let all: Vec<&Plant> = planted.iter().collect();
    let report = audits(&shop).await;
    assert_eq!(found(&report), expected(&all), "{report:#}");
    for finding in report["findings"].as_array().expect("findings") {
        let plant = planted.iter().find(|plant| finding["subject"] == plant.subject.as_str()).expect("it was planted");
        assert_eq!((&finding["repairable"], &finding["repaired"]), (&json!(plant.repairable), &json!(false)));
        assert!(finding["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{finding}");
    }
    assert_eq!(found(&audits(&shop).await), expected(&all), "it is left alone until somebody says otherwise");

    let report = repairs(&shop).await;
    let (mended, left): (Vec<&Plant>, Vec<&Plant>) = planted.iter().partition(|plant| plant.repairable);
    assert_eq!((&report["found"], &report["repaired"]), (&json!(planted.len()), &json!(mended.len())), "{report:#}");
    assert_eq!(found(&audits(&shop).await), expected(&left));

    plants::undo(&shop, &planted).await;
    assert_eq!(audits(&shop).await["found"], 0);
    shop.finish().await;
}

/// While eight people buy, what is sound stays unsuspected, and what is planted is found and put right.
#[tokio::test(flavor = "multi_thread")]
async fn while_people_buy_it_finds_what_is_there_and_nothing_else() {
    let shop = Shop::open().await;
    let (sellers, audited) = tokio::join!(sellers::open(&shop), async { shop.product("Quiet").stock(9).list().await });
    let quiet = format!("{}#-#0", audited.id);
    let auditing = async {
        for round in 0..12 {
            let report = audits(&shop).await;
            assert_eq!(found(&report), [], "round {round}: {report:#}");
        }
        for round in 0..4 {
            plants::count(&shop, &quiet, "reserved", 2).await;
            plants::count(&shop, &quiet, "available", 7).await;
            let expected = [("reserved_too_high".to_owned(), format!("stock {quiet}"))];
            assert_eq!(found(&audits(&shop).await), expected, "round {round}");
            assert_eq!(repairs(&shop).await["repaired"], 1);
        }
    };
    sellers.sell_during(auditing).await;
    assert_eq!(audits(&shop).await["found"], 0);
    shop.finish().await;
}

/// The counters are the same before and after, but not those who hold the units: two carts are seen to hold one.
#[tokio::test]
async fn what_only_looks_the_same_is_not_taken_for_still() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (eve, ben) = (shop.shopper("eve").await, shop.shopper("ben").await);
    let mug = shop.product("Mug").list().await;
    eve.adds(&mug, 1).await.is(201);
    let stock = wire.pauses("Scan");
    let rivals = async {
        let mut carts = None;
        stock.during(async { carts = Some(wire.pauses("Scan")) }).await;
        let mut again = None;
        let ben_adds = async {
            ben.adds(&mug, 1).await.is(201);
            again = Some(wire.pauses("BatchGetItem"));
        };
        carts.expect("a pause").during(ben_adds).await;
        again.expect("a pause").during(async { eve.delete("/cart-items").await.is_empty() }).await;
    };
    let (report, ()) = tokio::join!(wired.store.audit_stock(false), rivals);
    let report = report.expect("a report");
    assert_eq!((report.found, report.passes, report.unsettled), (0, 2, Vec::<String>::new()));
    shop.finish().await;
}

/// What a cart holds is checked out to be paid online after the cart was read, and before the orders are: no counter
/// changes, but both are seen to hold it.
#[tokio::test]
async fn what_is_handed_from_a_cart_to_an_order_is_not_counted_twice() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").list().await);
    ada.adds(&mug, 2).await.is(201);
    let (mut carts, mut orders) = (None, None);
    let stock = wire.pauses("Scan");
    let rivals = async {
        stock.during(async { carts = Some(wire.pauses("Scan")) }).await;
        carts.expect("a pause").during(async { orders = Some(wire.pauses("Scan")) }).await;
        let checkout = ada.checks_out(&json!({"payment_method": "online"}));
        orders.expect("a pause").during(async { drop(checkout.await.is(201)) }).await;
    };
    let (report, ()) = tokio::join!(wired.store.audit_stock(false), rivals);
    let report = report.expect("a report");
    assert_eq!((report.found, report.passes, report.unsettled), (0, 2, Vec::<String>::new()));
    shop.finish().await;
}

/// What is listed or counted once the stock items were read, and before all else is, only seems to be wrong.
#[tokio::test]
async fn what_changes_between_its_reads_is_looked_at_again() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (admin, mug) = (shop.admin().await, shop.product("Mug").list().await);
    let counts = async {
        let adjustment = json!({"product_id": mug.id, "delta": 5, "reason": "stocktake"});
        admin.post("/inventory/adjustments", &adjustment).await.is(200);
    };
    let lists = async { drop(shop.product("Late").list().await) };
    let changes: [Pin<Box<dyn Future<Output = ()>>>; 2] = [Box::pin(counts), Box::pin(lists)];
    for change in changes {
        let stock = wire.pauses("Scan");
        let rivals = async {
            let mut carts = None;
            stock.during(async { carts = Some(wire.pauses("Scan")) }).await;
            carts.expect("a pause").during(change).await;
        };
        let (report, ()) = tokio::join!(wired.store.audit_stock(false), rivals);
        let report = report.expect("a report");
        assert_eq!((report.found, &report.unsettled), (0, &Vec::new()), "{:?}", report.findings);
    }
    shop.finish().await;
}

/// One of two orders that seem to have used a coupon is cancelled before they are looked at again.
#[tokio::test]
async fn an_order_that_is_cancelled_meanwhile_has_not_used_its_coupon() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let ada = shop.shopper("ada").await;
    let used_twice = plants::coupon_used_twice(&shop, &ada).await;
    let orders = ada.get(&format!("/orders/user/{}", ada.id)).await.is(200);
    let look_again = wire.pauses("TransactGetItems");
    let cancels = look_again.during(async { drop(ada.cancels(&orders["items"][0]).await.is(200)) });
    let (report, ()) = tokio::join!(wired.store.audit_stock(false), cancels);
    let report = report.expect("a report");
    assert_eq!((report.found, report.passes), (0, 1), "{:?}", report.findings);
    plants::undo(&shop, &[used_twice]).await;
    shop.finish().await;
}

/// Units that nobody could have are put right, by a repair or by hand, between the two reads that would refuse them.
#[tokio::test]
async fn what_is_put_right_while_a_buyer_is_refused_is_theirs() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let ada = shop.shopper("ada").await;
    for by_hand in [None, Some(1), Some(9)] {
        let mug = shop.product("Mug").stock(9).list().await;
        let stock_id = format!("{}#-#0", mug.id);
        plants::count(&shop, &stock_id, "available", 0).await;
        let puts_right = async {
            match by_hand {
                Some(units) => plants::count(&shop, &stock_id, "available", units).await,
                None => assert_eq!(shop.store().audit_stock(true).await.expect("a report").repaired, 1),
            }
        };
        let variation = mug.variation();
        let adds = wired.store.add_to_cart(ada.id, &variation, 1, None, shop.clock.now());
        let (first, mut second) = (wire.pauses("BatchGetItem"), None);
        let between = async {
            first.during(async { second = Some(wire.pauses("BatchGetItem")) }).await;
            second.expect("a pause").during(puts_right).await;
        };
        tokio::join!(adds, between).0.expect("a mug");
        let inventory = shop.snapshot().await.inventory;
        let item = inventory.iter().find(|item| item["stock_id"] == json!(stock_id)).expect("the stock");
        assert_eq!(
            item["freed"].as_u64().unwrap_or_default(),
            u64::from(by_hand.is_none()),
            "a repair says that there is more"
        );
        shop.store().audit_stock(true).await.expect("a report");
    }
    shop.finish().await;
}

/// A counter that is wrong is found once, however many passes another item takes that is moved during each.
#[tokio::test]
async fn what_never_stands_still_is_named() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, busy, quiet) =
        (shop.shopper("ada").await, shop.product("Busy").list().await, shop.product("Quiet").list().await);
    let (busy_id, quiet_id) = (format!("{}#-#0", busy.id), format!("{}#-#0", quiet.id));
    ada.adds(&busy, 1).await.is(201);
    for stock_id in [&busy_id, &quiet_id] {
        plants::count(&shop, stock_id, "available", 90).await;
    }
    let looks_again = [(); 4].map(|()| wire.pauses("BatchGetItem"));
    let rival = async {
        for look in looks_again {
            look.during(async { drop(ada.adds(&busy, 1).await.is(200)) }).await;
        }
    };
    let (report, ()) = tokio::join!(wired.store.audit_stock(false), rival);
    let report = report.expect("a report");
    assert_eq!((report.found, report.passes, report.unsettled), (1, 4, vec![busy_id.clone()]));

    let began = Instant::now();
    let hurried = wired.store.until(began + Duration::from_millis(4_700));
    let look_again = wire.pauses("BatchGetItem");
    let rival = look_again.during(async {
        ada.adds(&busy, 1).await.is(200);
        shop.wait_for("no time is left", || (began.elapsed() > Duration::from_millis(2_700)).then_some(())).await;
    });
    let (report, ()) = tokio::join!(hurried.audit_stock(false), rival);
    let report = report.expect("a report");
    assert_eq!((report.found, report.passes, report.unsettled), (1, 1, vec![busy_id.clone()]));
    plants::count(&shop, &busy_id, "available", 94).await;
    plants::count(&shop, &quiet_id, "available", 100).await;
    shop.finish().await;
}

/// Somebody takes a unit between the reading and the repair: it is not written over.
#[tokio::test]
async fn a_repair_is_of_what_was_read_or_none() {
    let shop = Shop::open().await;
    let (wire, wired) = Wire::to(&shop).await;
    let (ada, mug) = (shop.shopper("ada").await, shop.product("Mug").stock(9).list().await);
    let stock_id = format!("{}#-#0", mug.id);
    plants::count(&shop, &stock_id, "reserved", 4).await;
    plants::count(&shop, &stock_id, "available", 5).await;
    let pause = wire.pauses("TransactWriteItems");
    let buys = pause.during(async { drop(ada.adds(&mug, 1).await.is(201)) });
    let (report, ()) = tokio::join!(wired.store.audit_stock(true), buys);
    let report = report.expect("a report");
    assert_eq!((report.found, report.repaired), (1, 0));
    let report = wired.store.audit_stock(true).await.expect("a report");
    assert_eq!((report.findings[0].kind, report.repaired), (FindingKind::ReservedTooHigh, 1));
    assert_eq!(shop.stock_of(&mug).await, 8);
    shop.finish().await;
}
