//! `bench load`: shoppers who come again and again, each waiting for an answer before the next request.
//!
//! Everything runs in this process, each part on threads of its own, so that the kernel's count of what
//! each thread had tells the functions' CPU from that of the cloud around them. A whole shopper, with all that
//! follows from the order (rewards, mails), is what is counted.

mod report;
mod shopper;
mod threads;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use local::console::QueueState;
use serde_json::json;
use shared::error::Cause;
use tests::audit::{Snapshot, Violation};
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::progress::{self, TICK};

use report::Report;
use shopper::{Seen, Tally, shop_until};
use threads::{CpuTimes, cpu_times, since};

/// How many products there are: more than a page of the catalogue.
const PRODUCTS: usize = 24;

/// The units of each, more than are sold.
const PLENTY: u32 = 10_000_000;

/// The threads that functions run on, and how many.
const FUNCTIONS: (&str, usize) = ("functions", 2);

/// The threads of API Gateway, SQS, SES and the pollers.
const CLOUD: (&str, usize) = ("cloud", 2);

/// The thread of the shoppers.
const SHOPPERS: (&str, usize) = ("shoppers", 1);

/// What to send through the shop.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many shop at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    shoppers: u32,
    /// How long they come back.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// What was measured.
struct Measured {
    seen: Seen,
    /// From the first request to the last answer.
    shopping: Duration,
    /// How long the queue and the stream were worked off after that.
    afterwards: Duration,
    /// Of both.
    cpu: CpuTimes,
}

/// Measures and prints.
///
/// # Errors
/// The threads cannot be had, a request failed, or the data is not sound; all but the first are printed, too.
pub(crate) fn run(options: &Options) -> Result<(), Cause> {
    let functions = threads_of(FUNCTIONS)?;
    let cloud = threads_of(CLOUD)?;
    let shoppers = threads_of(SHOPPERS)?;
    let handle = functions.handle().clone();
    let opening =
        cloud.spawn(Shop::open_with(|options| local::options::Options { function_threads: Some(handle), ..options }));
    // What is asked of the shop's store directly is asked on the functions' threads: connections stay on
    // the threads that opened them.
    let (shop, users, products) = functions.block_on(async {
        let shop = opening.await?;
        let (users, products) = stock(&shop, options.shoppers).await;
        Ok::<_, Cause>((shop, users, products))
    })?;
    let products: Arc<[Product]> = products.into();

    let before = cpu_times()?;
    let measured = shoppers.block_on(measure(&shop, users, products.clone(), options, &before))?;
    let violations = cloud.block_on(audit(&shop, &products, &measured.seen));
    cloud.block_on(shop.close());
    let report = Report::new(options, &measured, &violations);
    report.print(options.json)?;
    report.verdict()
}

fn threads_of((name, count): (&str, usize)) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(count).thread_name(name).enable_all().build()
}

/// Fills the shop: products at different prices, a rule that rewards some of the orders, and shoppers.
async fn stock(shop: &Shop, shoppers: u32) -> (Vec<User>, Vec<Product>) {
    let mut products = Vec::new();
    for number in 0..PRODUCTS {
        let product = shop.product(&format!("Product {number}")).price(&format!("{}.90", 10 + number));
        products.push(product.stock(PLENTY).list().await);
    }
    let condition = json!({"kind": "min_order_total", "amount": "100.00"});
    shop.rule(condition, json!({"kind": "percent", "value": "10", "valid_days": 30})).await;
    let mut users = Vec::new();
    for number in 0..shoppers {
        users.push(shop.shopper(&format!("shopper-{number}")).await);
    }
    (users, products)
}

async fn measure(
    shop: &Shop,
    users: Vec<User>,
    products: Arc<[Product]>,
    options: &Options,
    before: &CpuTimes,
) -> Result<Measured, Cause> {
    let tally = Arc::new(Tally::default());
    let started = Instant::now();
    let end = started + Duration::from_secs(options.seconds);
    let mut running = JoinSet::new();
    for user in users {
        let (products, tally) = (products.clone(), tally.clone());
        running.spawn(async move { shop_until(end, user, &products, &tally).await });
    }
    show(started, options.seconds, &tally).await;
    while let Some(ended) = running.join_next().await {
        ended?;
    }
    let shopping = started.elapsed();
    work_off(shop).await;
    let afterwards = started.elapsed() - shopping;
    let cpu = since(before, &cpu_times()?);
    let seen = tally.lock().clone();
    Ok(Measured { seen, shopping, afterwards, cpu })
}

/// Shows how it goes, until the time is over.
async fn show(started: Instant, seconds: u64, tally: &Tally) {
    let bar = progress::bar(seconds * 10);
    for tick in 1..=seconds * 10 {
        tokio::time::sleep_until((started + TICK * u32::try_from(tick).unwrap_or(u32::MAX)).into()).await;
        let (orders, errors) = {
            let seen = tally.lock();
            (seen.rounds.len(), seen.errors.values().sum::<u64>())
        };
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let rate = orders as f64 / started.elapsed().as_secs_f64();
        bar.set_message(format!("{orders} orders, {rate:.0} a second, {errors} errors"));
        bar.set_position(tick);
    }
    bar.finish_and_clear();
}

/// Waits until the order events and the changes of orders have been dealt with.
async fn work_off(shop: &Shop) {
    loop {
        let QueueState { visible, in_flight, .. } = shop.order_events();
        if visible + in_flight == 0 {
            break;
        }
        tokio::time::sleep(TICK / 10).await;
    }
    for stream in &shop.cloud().console().streams {
        stream.caught_up().await;
    }
}

/// The promises about the data that do not hold; and whether what is sold is what shoppers heard that they bought.
async fn audit(shop: &Shop, products: &[Product], seen: &Seen) -> Vec<String> {
    let mut violations: Vec<_> = shop.audit().await.iter().map(Violation::to_string).collect();
    let Snapshot { inventory, .. } = shop.snapshot().await;
    for product in products {
        let id = product.id.to_string();
        let sold =
            inventory.iter().filter(|item| item["product_id"] == id.as_str()).filter_map(|item| item["sold"].as_u64());
        let (sold, bought) = (sold.sum::<u64>(), seen.units.get(&id).copied().unwrap_or_default());
        // Of a checkout whose answer was lost nobody knows; then there was an error.
        if sold != bought && seen.errors.is_empty() {
            violations.push(format!("{}: {sold} are sold, but shoppers bought {bought}", product.name));
        }
    }
    violations
}
