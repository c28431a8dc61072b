//! A shopper who comes again and again: looks at the catalogue, adds three products, takes two of one of them
//! after all, and checks out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::ids::KeyId;
use tests::api::Call;
use tests::product::Product;
use tests::user::User;

/// How many different products go into a cart.
pub(crate) const LINES: usize = 3;

/// What every shopper has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Seen>);

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// How long whole shoppers took, from the first request to the answer with the order.
    pub(crate) rounds: Vec<Duration>,
    /// How long each kind of request took that succeeded.
    pub(crate) requests: BTreeMap<&'static str, Vec<Duration>>,
    /// How often a request failed, by the code of its problem, else by its status.
    pub(crate) errors: BTreeMap<String, u64>,
    /// How many units of each product were in orders, as their answers say.
    pub(crate) units: BTreeMap<String, u64>,
}

impl Tally {
    /// What was seen so far.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shops until `end`; a cart that was begun before is checked out after it.
pub(crate) async fn shop_until(end: Instant, user: User, products: &[Product], tally: &Tally) {
    while Instant::now() < end {
        let started = Instant::now();
        match round(&user, products, tally).await {
            Some(orders) => {
                let mut seen = tally.lock();
                seen.rounds.push(started.elapsed());
                for item in items(&orders) {
                    let product = item["product_id"].as_str().unwrap_or_default().to_owned();
                    *seen.units.entry(product).or_default() += item["quantity"].as_u64().unwrap_or_default();
                }
            }
            // A shop that is down is not to be asked a thousand times a second.
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// One whole shopper; none, if a request failed.
async fn round(user: &User, products: &[Product], tally: &Tally) -> Option<Value> {
    timed("list products", user.get("/products"), &[200], tally).await?;
    let mut line = Value::Null;
    for product in fastrand::choose_multiple(products.iter(), LINES) {
        line = timed("add to cart", user.adds(product, 1), &[200, 201], tally).await?;
    }
    timed("change quantity", user.changes(&line["item_id"], 2), &[200], tally).await?;
    let key = KeyId::random().to_string();
    timed("checkout", user.checks_out(&json!({})).key(&key), &[201], tally).await
}

async fn timed(kind: &'static str, call: Call, expected: &[u16], tally: &Tally) -> Option<Value> {
    let started = Instant::now();
    let answer = call.attempt().await;
    let took = started.elapsed();
    let code = match &answer {
        Ok(answer) if expected.contains(&answer.status) => {
            tally.lock().requests.entry(kind).or_default().push(took);
            return serde_json::from_str(&answer.text).ok();
        }
        Ok(answer) => serde_json::from_str::<Value>(&answer.text)
            .ok()
            .and_then(|problem| problem["code"].as_str().map(str::to_owned))
            .unwrap_or_else(|| answer.status.to_string()),
        Err(_) => "no answer".to_owned(),
    };
    *tally.lock().errors.entry(code).or_default() += 1;
    None
}

fn items(placed: &Value) -> impl Iterator<Item = &Value> {
    let orders = placed["orders"].as_array().into_iter().flatten();
    orders.flat_map(|order| order["items"].as_array().into_iter().flatten())
}
