//! What a product that everybody wants must come to, on sales small enough for every test run.

use clap::Parser;

use super::report::Row;
use super::{Mode, Options, Stock, play};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn played(mode: Mode, stock: Stock, shards: u16, options: &[&str]) -> Row {
    let line = ["sim"].iter().chain(options);
    play(&Line::try_parse_from(line).expect("options").options, mode, stock, shards)
}

#[test]
fn single_writes_reach_four_fifths_of_what_16_partitions_serve() {
    let row = played(Mode::Plain, Stock::Plenty, 16, &["--buyers", "30000"]);
    assert!(row.successes_per_second >= 12_800.0 && row.is_within_targets(), "{row:?}");
}

#[test]
fn transactions_reach_four_fifths_of_what_16_partitions_serve_but_not_with_one_item_for_each() {
    for mode in [Mode::Reserve, Mode::Sell] {
        let row = played(mode, Stock::Plenty, 16, &["--buyers", "30000", "--think-ms", "200"]);
        assert!(row.successes_per_second >= 6_400.0 && row.is_within_targets(), "{row:?}");
    }
    let row = played(Mode::Reserve, Stock::Plenty, 16, &["--buyers", "10000", "--items-a-shard", "1"]);
    assert!(!row.is_within_targets(), "{row:?}");
}

#[test]
fn when_it_is_sold_out_everybody_hears_it_at_the_same_rate() {
    let row = played(Mode::Reserve, Stock::Scarce, 16, &[]);
    assert!(row.successes_per_second >= 6_400.0 && row.is_within_targets(), "{row:?}");
    assert_eq!((row.sold_out, row.stranded_units, row.wrongly_refused), (90_000, 0, 0), "{row:?}");
}

#[test]
fn nobody_is_refused_what_there_is() {
    for (stock, shards, rate) in [(Stock::Exact, 16, "6500"), (Stock::Exact, 4, "200"), (Stock::Scarce, 4, "200")] {
        let row = played(Mode::Reserve, stock, shards, &["--buyers", "5000", "--rate", rate]);
        assert_eq!((row.stranded_units, row.wrongly_refused), (0, 0), "{row:?}");
        assert!(row.visible_failure_rate <= 0.01, "{row:?}");
        assert_eq!(row.sold_out, if stock == Stock::Scarce { 4_500 } else { 0 }, "{row:?}");
    }
}

/// Of so few units more are the last ones, which many go for at once.
#[test]
fn few_go_for_the_same_last_units() {
    let attempts = (1..=8).map(|seed| {
        let seed = seed.to_string();
        played(Mode::Reserve, Stock::Scarce, 16, &["--buyers", "10000", "--seed", &seed]).attempts_per_success
    });
    let mean = attempts.sum::<f64>() / 8.0;
    assert!(mean <= 1.3, "{mean}");
}

#[test]
fn who_wants_several_of_the_last_units_is_served_or_refused_too() {
    let row = played(Mode::Reserve, Stock::Scarce, 16, &["--units", "5"]);
    assert!(row.visible_failure_rate <= 0.01, "{row:?}");
    assert_eq!((row.stranded_units, row.wrongly_refused), (0, 0), "{row:?}");
}

#[test]
fn who_finds_nothing_at_first_does_not_have_to_wait_for_a_count() {
    let row = played(Mode::Reserve, Stock::Exact, 16, &["--buyers", "5000", "--rate", "1500", "--filled", "30"]);
    assert!(row.p99_ms <= 2_000.0 && row.visible_failure_rate <= 0.0, "{row:?}");
}

#[test]
fn looking_at_all_items_is_too_much_for_their_partitions() {
    let options = ["--buyers", "10000", "--rate", "3000"];
    let few = played(Mode::Reserve, Stock::Plenty, 16, &options);
    let all = played(Mode::Reserve, Stock::Plenty, 16, &[options.as_slice(), &["--look-at-all"]].concat());
    assert!(few.is_within_targets() && all.visible_failure_rate > 0.5, "{few:?} {all:?}");
}

#[test]
fn a_seed_is_a_sale() {
    let play = |seed| format!("{:?}", played(Mode::Reserve, Stock::Exact, 4, &["--buyers", "500", "--seed", seed]));
    assert_eq!(play("7"), play("7"));
    assert_ne!(play("7"), play("8"));
}
