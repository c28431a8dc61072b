//! A thousand messages about orders are handled while they come twice, late and in any order, while
//! DynamoDB and SES fail, and while functions die.
//!
//! What comes of it is the same as on a good day, but for one thing that nobody can help: a mail goes
//! out again if its function died after SES took it and before that was written down.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use futures_util::future::join_all;
use local::mailbox::Refusal;
use serde_json::{Value, json};
use shared::ids::OrderId;
use shared::shop::Shop as Wired;
use shared::sqs::OrderEvent;
use tests::product::Product;
use tests::shop::Shop;
use tests::user::User;
use tests::wire::{Fault, Served, Wire, unless_it_dies};

const BUYERS: usize = 20;
const ORDERS_EACH: usize = 25;

/// How often each order is announced.
const TIMES: usize = 2;

/// How many functions run side by side.
const FUNCTIONS: usize = 4;

type Message = (OrderId, String);

/// Places orders that nobody announces; answers the messages that would have.
async fn place(shop: &Shop, user: &User, products: [&Product; 2]) -> Vec<Message> {
    let mut messages = Vec::new();
    for number in 0..ORDERS_EACH {
        // Every fifth is over the amount of the second rule.
        let product = products[usize::from(number % 5 == 0)];
        let request = serde_json::from_value(json!({"product_id": product.id, "quantity": 1})).expect("an order");
        let placed =
            shop.store().order_directly(user.id, user.id, &request, None, shop.clock.now()).await.expect("placed");
        let order = &placed.orders[0];
        messages.push((order.summary.order_id, serde_json::to_string(&OrderEvent::placed(order)).expect("a message")));
    }
    messages
}

/// One function, whose calls fail now and then.
struct Function {
    wire: Wire,
    wired: Wired,
    rng: Rng,
    /// Mails that were sent, less the marks that were written, of invocations that died; by coupon.
    unmarked: HashMap<String, usize>,
    deaths: usize,
}

impl Function {
    async fn on(shop: &Shop, rng: Rng) -> Function {
        let (wire, wired) = Wire::to(shop).await;
        Function { wire, wired, rng, unmarked: HashMap::new(), deaths: 0 }
    }

    /// Handles a batch; answers the messages that must come again.
    async fn handle(&mut self, batch: Vec<Message>) -> Vec<Message> {
        self.break_something();
        let record = |(number, (_, body)): (usize, &Message)| json!({"messageId": number.to_string(), "body": body});
        let event = json!({"Records": batch.iter().enumerate().map(record).collect::<Vec<_>>()});
        let event = serde_json::from_value(event).expect("an event");
        let answer = unless_it_dies(evaluate_rewards::handle(self.wired.clone(), event)).await;
        self.wire.heals();
        let served = self.wire.served().await;
        match answer {
            Some(Ok(response)) => {
                assert_eq!(unmarked(&served), HashMap::new(), "whoever lives marks what it sends");
                let failed = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
                failed.map(|id| batch[id.parse::<usize>().expect("a number")].clone()).collect()
            }
            // The rules could not be read.
            Some(Err(_)) => batch,
            None => {
                self.deaths += 1;
                for (code, count) in unmarked(&served) {
                    *self.unmarked.entry(code).or_default() += count;
                }
                batch
            }
        }
    }

    fn break_something(&mut self) {
        const STORE: [&str; 4] = ["GetItem", "UpdateItem", "TransactWriteItems", "Scan"];
        const SES: &str = "outbound-emails";
        if self.rng.u8(..100) < 40 {
            let fault = match self.rng.u8(..4) {
                0 => Fault::Throttle,
                1 => Fault::ServerError,
                2 => Fault::LostRequest,
                _ => Fault::LostAnswer,
            };
            let operation = STORE[self.rng.usize(..STORE.len())];
            self.wire.breaks(operation, fault);
        }
        if self.rng.u8(..100) < 15 {
            let fault = if self.rng.bool() { Fault::Throttle } else { Fault::LostRequest };
            self.wire.breaks(SES, fault);
        }
        if self.rng.u8(..100) < 10 {
            let operation = [SES, "UpdateItem", "TransactWriteItems"][self.rng.usize(..3)];
            self.wire.breaks(operation, if self.rng.bool() { Fault::DeathBefore } else { Fault::DeathAfter });
        }
    }
}

/// By coupon, how many mails were sent and not marked as sent.
fn unmarked(served: &[Served]) -> HashMap<String, usize> {
    let codes =
        |is: fn(&Served) -> bool| served.iter().filter(move |served| is(served)).map(|served| code_in(&served.body));
    let mut sent: HashMap<String, usize> = HashMap::new();
    for code in codes(|served| served.operation == "outbound-emails") {
        *sent.entry(code).or_default() += 1;
    }
    let is_mark = |served: &Served| served.operation == "UpdateItem" && served.body.contains("SET #emailed_at");
    // A mark whose answer was lost is written twice.
    for code in codes(is_mark).collect::<BTreeSet<_>>() {
        *sent.get_mut(&code).expect("no mark without a mail") -= 1;
    }
    sent.retain(|_, count| *count > 0);
    sent
}

fn code_in(text: &str) -> String {
    let at = text.find("REWARD-").expect("a code");
    text[at..at + "REWARD-".len() + 8].to_owned()
}

/// Messages in random batches, in any order.
fn batches(rng: &mut Rng, mut messages: Vec<Message>) -> Vec<Vec<Message>> {
    rng.shuffle(&mut messages);
    let mut batches = Vec::new();
    while !messages.is_empty() {
        let size = rng.usize(1..=10).min(messages.len());
        batches.push(messages.split_off(messages.len() - size));
    }
    batches
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_messages_reward_each_order_once_whatever_fails() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    eprintln!("to see this again: SEED={seed}");
    let mut rng = Rng::with_seed(seed);

    let shop = Shop::open().await;
    let percent = json!({"kind": "percent", "value": "10", "valid_days": 30});
    shop.rule(json!({"kind": "min_items", "count": 1}), percent.clone()).await;
    shop.rule(json!({"kind": "min_order_total", "amount": "100"}), percent).await;
    let cup = shop.product("Cup").stock(10_000).shards(8).list().await;
    let desk = shop.product("Desk").price("100").stock(10_000).shards(8).list().await;
    let names: Vec<_> = (0..BUYERS).map(|number| format!("buyer{number}")).collect();
    let buyers: Vec<User> = join_all(names.iter().map(|name| shop.shopper(name))).await;
    let placed = join_all(buyers.iter().map(|buyer| place(&shop, buyer, [&cup, &desk]))).await;
    let all: Vec<Message> = placed.into_iter().flatten().collect();
    assert_eq!(all.len(), BUYERS * ORDERS_EACH);
    for buyer in &buyers {
        for refusal in [Refusal::TooManyRequests, Refusal::Fault, Refusal::SendingPaused] {
            shop.mailbox().refuse(&buyer.email, "", refusal, rng.usize(..4));
        }
    }

    let mut functions = join_all((0..FUNCTIONS).map(|_| Function::on(&shop, rng.fork()))).await;
    let mut waiting: Vec<Message> = std::iter::repeat_n(&all, TIMES).flatten().cloned().collect();
    let mut rounds = 0;
    assert_eq!(waiting.len(), 1_000);
    while !waiting.is_empty() {
        rounds += 1;
        assert!(rounds < 50, "{} messages never succeed", waiting.len());
        let mut share: Vec<Vec<Vec<Message>>> = vec![Vec::new(); FUNCTIONS];
        for (number, batch) in batches(&mut rng, waiting).into_iter().enumerate() {
            share[number % FUNCTIONS].push(batch);
        }
        let work = functions.iter_mut().zip(share).map(|(function, batches)| async move {
            let mut again = Vec::new();
            for batch in batches {
                again.extend(function.handle(batch).await);
            }
            again
        });
        waiting = join_all(work).await.into_iter().flatten().collect();
        // One who finds the mail claimed by another is content, and so is one who finds the order done.
        // What is still pending is announced again, as in the shop.
        shop.pass(61);
        let pending = shop.snapshot().await.orders.into_iter().filter(|order| !order["rewards_pending"].is_null());
        let pending: Vec<Value> = pending.map(|order| order["order_id"].clone()).collect();
        waiting.extend(all.iter().filter(|(id, _)| pending.contains(&json!(id))).cloned());
        waiting.sort();
        waiting.dedup();
    }
    shop.settle().await;

    let data = shop.snapshot().await;
    assert_eq!(data.coupons.len(), all.len() + all.len() / 5);
    let mut expected: BTreeMap<String, usize> =
        data.coupons.iter().map(|coupon| (coupon["code"].as_str().expect("a code").to_owned(), 1)).collect();
    for (code, again) in functions.iter().flat_map(|function| &function.unmarked) {
        *expected.get_mut(code).expect("a coupon") += again;
    }
    let mails = shop.mailbox().newest_first();
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for mail in mails.iter().filter(|mail| mail.text.contains("REWARD-")) {
        *sent.entry(code_in(&mail.text)).or_default() += 1;
    }
    assert_eq!(sent, expected);
    let about_orders: BTreeMap<_, _> =
        mails.iter().filter(|mail| !mail.text.contains("REWARD-")).map(|mail| (&mail.text, mail)).collect();
    assert_eq!(about_orders.len(), all.len());
    assert_eq!(mails.len() - sent.values().sum::<usize>(), all.len(), "each order's buyer is told once");
    let deaths: usize = functions.iter().map(|function| function.deaths).sum();
    let again: usize = functions.iter().flat_map(|function| function.unmarked.values()).sum();
    eprintln!("{rounds} rounds, {deaths} functions died, {again} of them between SES's answer and the mark");
    shop.finish().await;
}
