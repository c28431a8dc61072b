use shared::ids::{ProductId, UserId};
use shared::inventory::{Level, Sku, StockId, allocate};

use super::*;

const MILLISECOND: Micros = 1_000;

fn one(shard: u16) -> Allocation {
    let sku = Sku { product_id: ProductId::derived("lamp"), size: None };
    let mut levels = [Level { id: StockId { sku: sku.clone(), shard }, available: 1 }];
    allocate(&mut levels, &sku, UserId::derived("ada"), 1).unwrap()
}

#[test]
fn a_partition_serves_its_write_units_a_second_and_no_more() {
    let mut db = DynamoDb::new(1, 1, 1, 100_000);
    let mut written = 0;
    for attempt in 0..50_000 {
        written += u32::from(db.write(0, 1, Movement::Reserve, attempt * MILLISECOND / 5).is_ok());
    }
    // Ten seconds, and what a partition may be ahead.
    assert!((10_000..=10_100).contains(&written), "{written}");
    assert_eq!(db.seen.writes_throttled, 50_000 - u64::from(written));
    assert_eq!(db.counters(), [100_000 - written, written, 0]);
}

#[test]
fn transactions_take_twice_the_units() {
    let mut db = DynamoDb::new(1, 1, 1, 100_000);
    let mut written = 0;
    for attempt in 0..50_000 {
        if db.prepare(&one(0), Movement::Reserve, attempt * MILLISECOND / 5).is_ok() {
            db.commit(&one(0), Movement::Reserve);
            written += 1;
        }
    }
    assert!((5_000..=5_050).contains(&written), "{written}");
}

#[test]
fn a_partition_serves_its_read_units_a_second_to_all_of_its_shards() {
    let mut db = DynamoDb::new(4, 2, 4, 4);
    let mut read = |units: f64, begin: u64| {
        let steps = begin..begin + 40_000;
        steps.filter(|step| db.read(u16::try_from(step % 4).unwrap(), units, *step * 100).is_some()).count()
    };
    let (consistently, eventually) = (read(1.0, 0), read(0.5, 40_000));
    assert!((24_000..=24_600).contains(&consistently) && eventually == 40_000, "{consistently} {eventually}");
    let product = (40_000..80_000).filter(|step| db.read_product(*step * 100)).count();
    assert!((12_000..=12_300).contains(&product), "{product}");
}

#[test]
fn an_item_serves_one_transaction_at_a_time() {
    let mut db = DynamoDb::new(2, 2, 2, 20);
    db.prepare(&one(0), Movement::Reserve, 0).unwrap();
    assert_eq!(db.prepare(&one(0), Movement::Reserve, 1), Err(Setback::Contended));
    assert_eq!(db.write(0, 1, Movement::Reserve, 1), Err(Setback::Contended));
    assert_eq!(db.prepare_to_count(0, Timestamp::from_millis(0), 1), Err(Setback::Contended));
    assert_eq!(db.read(0, 1.0, 1), Some((10, Board::default())), "as it was before");
    db.prepare(&one(1), Movement::Reserve, 1).unwrap();
    db.commit(&one(1), Movement::Reserve);
    db.commit(&one(0), Movement::Reserve);
    assert_eq!([0, 1].map(|item| db.read(item, 1.0, 2).map(|(units, _)| units)), [Some(9), Some(9)]);
    assert_eq!(db.prepare(&one(0), Movement::Reserve, 2), Ok(()));
    assert_eq!(db.seen.conflicts, 3);
}

#[test]
fn a_condition_that_fails_holds_nothing() {
    let mut db = DynamoDb::new(1, 1, 1, 0);
    assert_eq!(db.prepare(&one(0), Movement::Reserve, 0), Err(Setback::Stale));
    assert_eq!(db.write(0, 1, Movement::Sell, 0), Err(Setback::Stale));
    assert_eq!(db.read(0, 1.0, 0), Some((0, Board::default())));
}

#[test]
fn one_counts_at_a_time_and_the_newest_notice_stays() {
    let mut db = DynamoDb::new(16, 16, 16, 0);
    let at = Timestamp::from_millis;
    assert_eq!(db.prepare_to_count(7, at(0), 0), Ok(()));
    assert_eq!(db.prepare_to_count(7, at(0), 0), Err(Setback::Contended));
    db.begin_to_count(7, at(0));
    assert_eq!(db.prepare_to_count(7, at(1), 1), Err(Setback::Stale));
    assert_eq!(db.prepare_to_count(7, at(0) + COUNTING_TAKES, 2), Ok(()));
    db.begin_to_count(7, at(0) + COUNTING_TAKES);
    let [old, new] = [5, 6].map(|millis| Notice { units: 0, at: at(millis) });
    assert_eq!(db.prepare_to_put_up(new, 3), Ok(()));
    db.put_up(new);
    assert_eq!(db.prepare_to_put_up(old, 3), Err(Setback::Stale));
    let notices: Vec<_> = (0..16).map(|item| db.read(item, 1.0, 4).and_then(|(_, board)| board.short)).collect();
    let [boards, others] = [vec![Some(new); 8], vec![None; 8]];
    assert_eq!(notices, [boards, others].concat());
}
