//! Every sequence: random histories, in which the shop must do what a model of it in plain maps does.
//!
//! [`steps`] is what happens in a history, and [`history`] how one is made up. [`reference`] is what the model does, in
//! under three hundred lines so that it can be read as a whole, on the plain maps of [`state`], where nothing is kept
//! twice; [`shown`] is how the API would show it. [`system`] takes the same steps through the API, and [`compare`]
//! compares: after each step the answer, the cart, and what every table holds, on which the audit must find nothing.
//!
//! `cargo test` plays two hundred short histories. `MODEL_STEPS=1000000` plays long ones until so many steps were
//! taken, and says how often each step was answered what. A history that fails is made as short as it can be, and
//! its seed is written to `short-regressions.txt` or `long-regressions.txt`: `cargo test` plays both first from then on.

mod compare;
mod history;
mod reference;
mod shown;
mod state;
mod steps;
mod system;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
use std::time::Instant;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine as _;
use tests::shop::is_elsewhere;

use self::history::History;
use self::state::Model;
use self::steps::Step;
use self::system::Stage;

/// How many histories `cargo test` plays.
const HISTORIES: u32 = 200;

/// The same, where a transaction takes long.
const HISTORIES_ELSEWHERE: u32 = 8;

/// How many long histories are played before it is looked whether there were enough steps.
const LONG_HISTORIES: u32 = 20;

/// A kind of history. What a seed grows into depends on it.
struct Kind {
    /// Of how many steps they are.
    steps: RangeInclusive<usize>,
    /// Where the seeds of those are kept that failed once.
    regressions: &'static str,
}

const SHORT: Kind =
    Kind { steps: 8..=16, regressions: concat!(env!("CARGO_MANIFEST_DIR"), "/suite/model/short-regressions.txt") };

const LONG: Kind =
    Kind { steps: 20..=80, regressions: concat!(env!("CARGO_MANIFEST_DIR"), "/suite/model/long-regressions.txt") };

/// A cart is looked at with every third step or so.
const LOOKS_EVERY: usize = 3;

/// How often something was answered: by step and answer.
type Counts = BTreeMap<String, u64>;

#[test]
fn every_history_ends_as_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stage = runtime.block_on(Stage::open());
    let counts = RefCell::new(Counts::new());
    let taken = Cell::new(0_u64);
    let play = |cases: u32, kind: &Kind| {
        let (steps, persistence) = (kind.steps.clone(), FileFailurePersistence::Direct(kind.regressions));
        let config = Config { cases, failure_persistence: Some(Box::new(persistence)), ..Config::default() };
        let played = TestRunner::new(config).run(&History::sequential_strategy(steps), |(model, steps, seen)| {
            let seen_one = || {
                taken.set(taken.get() + 1);
                seen.as_ref().map(|seen| seen.fetch_add(1, Ordering::SeqCst))
            };
            let ended = runtime.block_on(plays(&stage, model, &steps, seen_one, &mut counts.borrow_mut()));
            ended.map_err(TestCaseError::fail)
        });
        if let Err(TestError::Fail(reason, (model, steps, _))) = &played {
            let steps: String = steps.iter().map(|step| format!("  {step:?}\n")).collect();
            panic!("{reason}\n\nThe shop opens with {:?}\n{steps}", model.setup);
        }
        played.expect("histories can be made");
    };
    match std::env::var("MODEL_STEPS") {
        Err(_) => {
            play(0, &LONG);
            assert!(taken.get() > 0, "the long histories that failed once are played again");
            play(if is_elsewhere() { HISTORIES_ELSEWHERE } else { HISTORIES }, &SHORT);
        }
        Ok(steps) => {
            let (steps, begin) = (steps.parse::<u64>().expect("MODEL_STEPS is a number"), Instant::now());
            while taken.get() < steps {
                play(LONG_HISTORIES, &LONG);
                eprintln!("{} of {steps} steps after {} s", taken.get(), begin.elapsed().as_secs());
            }
            let counts = counts.borrow();
            counts.iter().for_each(|(what, times)| eprintln!("{times:>9} {what}"));
        }
    }
    if !is_elsewhere() {
        let counts = counts.borrow();
        let never: Vec<_> = OFTEN.iter().filter(|what| !counts.contains_key(**what)).collect();
        assert!(never.is_empty(), "never seen: {never:?} in {counts:#?}");
    }
    runtime.block_on(stage.shop.finish());
}

/// What must have been seen, or histories are not what they should be.
const OFTEN: [&str; 12] = [
    "Add 201",
    "Add 200",
    "Add 409 insufficient_stock",
    "Add 422 quantity_limit",
    "Change 200",
    "CheckOut 201",
    "Add 201 replayed",
    "Order 201",
    "Order 409 insufficient_stock",
    "Cancel 200",
    "Settle 200 applied",
    "Adjust 200",
];

/// Plays a history; says where it is not as the model says.
async fn plays(
    stage: &Stage,
    mut model: Model,
    steps: &[Step],
    seen_one: impl Fn() -> Option<usize>,
    counts: &mut Counts,
) -> Result<(), String> {
    let mut known = stage.set(&model.setup).await;
    let parts =
        steps.iter().enumerate().flat_map(|(number, step)| step.parts().into_iter().map(move |part| (number, part)));
    let mut begun = 0..;
    for (number, step) in parts {
        let step = &step;
        if begun.start == number {
            begun.next();
            seen_one();
        }
        let failed = |what: String| format!("step {} of {}, {step:?}: {what}", number + 1, steps.len());
        let expected = model.tells(step);
        let told = stage.takes(step, &model, &known, &expected).await;
        *counts.entry(told.in_short(step)).or_default() += 1;
        known.learn(&told, &model);
        known.is_told(&expected, &told).map_err(failed)?;
        stage.shop.settle_queue().await;
        let data = stage.shop.snapshot().await;
        known.is_kept(stage, &model, &data).map_err(failed)?;
        // What a cart holds was compared; what it shows follows from that, and need not be looked at each time.
        if number % LOOKS_EVERY == 0 {
            let user = step.user().unwrap_or_default();
            let cart = stage.users[user].cart().await;
            known.is_as_expected("the cart", &model.shown_cart(user), &cart).map_err(failed)?;
        }
    }
    let whose = steps.len() % stage.users.len();
    let user = &stage.users[whose];
    let statistics = user.get(&format!("/orders/user/{}/stats", user.id)).await.is(200);
    known.is_as_expected("the statistics", &model.shown_statistics(whose), &statistics)?;
    Ok(())
}
