//! The shop itself: takes the steps that the model takes, through its API.

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use serde_json::{Value, json};
use shared::ids::OrderId;
use shared::time::{Clock, Timestamp};
use tests::api::{Answer, Call};
use tests::payment::{failed, path_of, succeeded};
use tests::shop::Shop;
use tests::user::User;

use super::compare::Known;
use super::shown::money;
use super::state::Model;
use super::steps::{MOST_HELD, MOST_UNPAID, Off, PRIZE, Setup, Sku, Step, Target, Terms, Thing, USERS};
use crate::hoarding::limited_to;

/// How many writes DynamoDB takes in a batch.
const BATCH: usize = 25;

/// A noon from which on all time is the tests' own.
const NOON: i64 = 1_795_176_000_000;

/// How long tokens are good for, in seconds: for every history.
const FOR_EVER: i64 = 1_000_000_000_000;

/// A shop whose clock stands still unless a history says otherwise, and who shops there. One history comes after the
/// other, each on tables that are empty but for the people.
pub(super) struct Stage {
    pub(super) shop: Shop,
    /// In the order of their ids.
    pub(super) users: Vec<User>,
    admin: User,
}

/// What a step was told.
#[derive(Debug)]
pub(super) struct Told {
    /// The status; 0 where nobody was asked.
    pub(super) status: u16,
    /// Whether it says that it is the answer to an earlier call.
    pub(super) replayed: bool,
    /// The body; null where there is none.
    pub(super) body: Value,
}

impl Told {
    fn report(body: Value) -> Told {
        Told { status: 200, replayed: false, body }
    }

    /// The step and what it was told, for the count of what happened.
    pub(super) fn in_short(&self, step: &Step) -> String {
        let code = self.body["code"].as_str().or(self.body["result"].as_str());
        let words =
            [Some(self.status.to_string()), code.map(str::to_owned), self.replayed.then(|| "replayed".to_owned())];
        words.into_iter().flatten().fold(step.name(), |text, word| format!("{text} {word}"))
    }
}

impl From<Answer> for Told {
    fn from(answer: Answer) -> Told {
        let replayed = answer.header("idempotent-replayed") == Some("true");
        let body = if answer.text.is_empty() { Value::Null } else { serde_json::from_str(&answer.text).expect("JSON") };
        Told { status: answer.status, replayed, body }
    }
}

impl Stage {
    pub(super) async fn open() -> Stage {
        let limited = limited_to(MOST_HELD, u32::try_from(MOST_UNPAID).expect("few"));
        let shop = Shop::open_with(|options| {
            let clock = Clock::standing_at(Timestamp::from_millis(NOON));
            limited(local::options::Options { clock, ..options })
        });
        let shop = shop.await;
        let mut users = Vec::new();
        for number in 0..USERS {
            let user = shop.sign_up(&format!("user{number}"), json!({"expires_in": FOR_EVER})).await;
            let address =
                json!({"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"});
            user.put("/users/me", &json!({"address": address})).await.is(200);
            // Nobody reads mails here, and writing them takes as long as all the rest.
            shop.forget("users", "user_id", &user.id.to_string(), "email").await;
            users.push(user);
        }
        users.sort_by_key(|user| user.id);
        let admin = shop.sign_up("admin", json!({"groups": ["admin"], "expires_in": FOR_EVER})).await;
        Stage { shop, users, admin }
    }

    /// Opens anew: what was before is gone, and what the shop remembers of it is too old to matter.
    pub(super) async fn set(&self, setup: &Setup) -> Known {
        self.clear().await;
        self.shop.pass(3_600);
        for (number, product) in setup.products.iter().enumerate() {
            let skus: Vec<_> = Sku::all().filter(|sku| sku.product == number).collect();
            let sizes: Vec<_> = skus.iter().filter_map(|sku| Some((sku.size?, setup.stock(*sku)))).collect();
            let id = skus[0].product_id().to_string();
            let draft = self.shop.product(&format!("Product {number}")).id(&id).price(&money(product.price));
            let draft = draft.stock(setup.stock(skus[0])).shards(product.shards);
            let draft = if sizes.is_empty() { draft } else { draft.sizes(&sizes) };
            let draft = product.limit.into_iter().fold(draft, |draft, limit| draft.max_per_order(limit));
            draft.list().await;
        }
        let prize = Sku { product: PRIZE, size: None }.product_id();
        let coupon = match setup.off {
            Off::Percent(percent) => json!({"kind": "percent", "value": percent.to_string(), "valid_days": 1}),
            Off::Fixed(amount) => json!({"kind": "fixed", "value": money(amount), "valid_days": 1}),
        };
        self.shop.rule(json!({"kind": "contains_product", "product_id": prize}), coupon).await;
        Known { start: self.shop.clock.now(), orders: Vec::new(), codes: Vec::new() }
    }

    async fn clear(&self) {
        self.shop.settle_queue().await;
        let snapshot = self.shop.snapshot().await;
        let mut deletes = Vec::new();
        for (table, key, items) in snapshot.tables().into_iter().filter(|(table, ..)| *table != "users") {
            for item in items {
                let id = AttributeValue::S(item[key].as_str().expect("a key").to_owned());
                let delete = DeleteRequest::builder().key(key, id).build().expect("a key");
                deletes.push((self.shop.table(table), WriteRequest::builder().delete_request(delete).build()));
            }
        }
        for batch in deletes.chunks(BATCH) {
            let mut requests = std::collections::HashMap::<_, Vec<_>>::new();
            for (table, delete) in batch.iter().cloned() {
                requests.entry(table).or_default().push(delete);
            }
            let deleted = self.shop.dynamodb.batch_write_item().set_request_items(Some(requests)).send().await;
            let left = deleted.expect("they are deleted").unprocessed_items.unwrap_or_default();
            assert!(left.is_empty(), "all of them are");
        }
    }

    /// Takes a step that the model has taken, and is to be told what the model says.
    pub(super) async fn takes(&self, step: &Step, model: &Model, known: &Known, expected: &Told) -> Told {
        let call = match *step {
            Step::Add { user, thing, quantity, key } => {
                keyed(self.users[user].post("/cart-items", &of(thing, quantity)), key)
            }
            Step::Change { user, thing, quantity } => self.users[user].changes(&json!(thing.item_id()), quantity),
            Step::Remove { user, thing } => self.users[user].removes(&json!(thing.item_id())),
            Step::Clear { user } => self.users[user].delete("/cart-items"),
            Step::CheckOut { user, terms, key } => {
                let mut body = written(terms, known);
                body["split"] = json!(if terms.split { "per_item" } else { "none" });
                if let Some(expected) = terms.expected {
                    body["expected_total"] = json!(money(expected));
                }
                keyed(self.users[user].checks_out(&body), key)
            }
            Step::Order { user, thing, quantity, terms, key } => {
                let mut body = written(terms, known);
                body.as_object_mut().expect("an object").extend(of(thing, quantity).as_object().expect("one").clone());
                keyed(self.users[user].post("/orders", &body), key)
            }
            Step::Cancel { order, by_staff } => {
                let owner = model.orders.get(order).map_or(0, |order| order.user);
                let who = if by_staff { &self.admin } else { &self.users[owner] };
                who.cancels(&known.order(order))
            }
            Step::Move { order, to } => self.admin.moves(&known.order(order), to),
            Step::Settle { order, succeeded, by_hand: true } => {
                let outcome = if succeeded { "succeeded" } else { "failed" };
                self.admin.settles(&known.order(order), &json!({"outcome": outcome}))
            }
            Step::Settle { order, succeeded: paid, by_hand: false } => {
                let order = known.order(order);
                self.shop.stripe_sends(&if paid { succeeded(&order) } else { failed(&order) })
            }
            Step::Delete { order } => self.admin.delete(&path_of(&known.order(order))),
            Step::Adjust { sku, to, key } => {
                let mut body = json!({"product_id": sku.product_id(), "size": sku.size, "reason": "stocktake"});
                match to {
                    Target::Delta(units) => body["delta"] = json!(units),
                    Target::Available(units) => body["set_available"] = json!(units),
                }
                keyed(self.admin.post("/inventory/adjustments", &body), key)
            }
            Step::Update { product, price, limit } => {
                let mut change = serde_json::Map::new();
                change.extend(price.map(|price| ("price".to_owned(), json!(money(price)))));
                change.extend(limit.map(|limit| ("max_per_order".to_owned(), json!(limit))));
                self.admin.patch(&path(product), &Value::Object(change))
            }
            Step::Archive { product } => self.admin.delete(&path(product)),
            Step::Pass { ms } => {
                self.shop.clock.advance(std::time::Duration::from_millis(ms));
                return match expected.status {
                    0 => Told { status: 0, replayed: false, body: Value::Null },
                    _ => Told::report(self.shop.fire("expire-unpaid-orders").await),
                };
            }
            Step::Linger { .. } => unreachable!("it is taken in parts"),
            Step::Sweep => return Told::report(self.shop.fire("release-reservations").await),
            Step::Expire => return Told::report(self.shop.fire("expire-unpaid-orders").await),
        };
        call.await.into()
    }
}

fn path(product: usize) -> String {
    format!("/products/{}", Sku { product, size: None }.product_id())
}

fn keyed(call: Call, key: Option<u8>) -> Call {
    key.into_iter().fold(call, |call, key| call.key(&key.to_string()))
}

fn of(thing: Thing, quantity: u32) -> Value {
    let Thing { sku, .. } = thing;
    json!({
        "product_id": sku.product_id(), "size": sku.size, "quantity": quantity, "product_properties": thing.properties(),
    })
}

fn written(terms: Terms, known: &Known) -> Value {
    let method = if terms.online { "online" } else { "on_delivery" };
    json!({"payment_method": method, "coupon_code": terms.coupon.map(|coupon| known.code(coupon))})
}

/// An order that there never was.
pub(super) fn no_order() -> Value {
    json!({"order_id": OrderId::LEAST, "total_price": "1.00"})
}
