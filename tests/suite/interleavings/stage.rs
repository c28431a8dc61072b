//! A scene on which operations are played in turns, and which is put back as it was after each.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use serde_json::Value;
use shared::ids::RuleId;
use tests::audit::Snapshot;
use tests::wire::{Fault, Guard, Pause, Wire};

use super::operations::Operation;
use super::scene::Scene;
use crate::acts::{Act, Answer};
use crate::effects::{Effects, by_key};

/// Every hold is over by then, and every payment overdue.
const LATER: u64 = 1_800;

/// How many writes DynamoDB takes in a batch.
const BATCH: usize = 25;

/// How long an operation may take until it makes the call that it waits at. Only a failure takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// When it plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Time {
    /// The cart holds its stock.
    Soon,
    /// Its hold is over, and one payment is overdue: two would be dealt with side by side, by luck or one after
    /// the other.
    Later,
    /// The hold was ended.
    Swept,
    /// Nothing but the rule is left that grants each user one.
    Ruled,
}

/// A scene, and the wire under it.
pub(super) struct Stage {
    pub(super) time: Time,
    wire: Wire,
    scene: Scene,
    at_first: Snapshot,
}

/// Who acts when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// One after the other.
    FirstThenSecond,
    /// The second, with all that follows from it, before this call of the first is sent.
    SecondBeforeCall(usize),
}

/// What came of two operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What each was told in the end: status and code.
    pub(super) told: [String; 2],
    pub(super) effects: Effects,
    /// Promises about the data that do not hold.
    pub(super) violations: Vec<String>,
}

impl Stage {
    pub(super) async fn open(time: Time) -> Stage {
        let (wire, shop) = Wire::under_a_shop().await;
        let scene = Scene::set(shop).await;
        match time {
            Time::Soon | Time::Ruled => {}
            Time::Later => {
                Scene::cancels(&scene.ada, &scene.unpaid[1]).await.is(200);
                scene.shop.pass(LATER);
            }
            Time::Swept => {
                scene.shop.pass(LATER);
                scene.shop.fire("release-reservations").await;
            }
        }
        if time == Time::Ruled {
            scene.admin.delete(&scene.capped).await.is_empty();
        }
        scene.shop.settle().await;
        let at_first = scene.shop.snapshot().await;
        assert_eq!(violations(&at_first), Vec::<String>::new());
        Stage { time, wire, scene, at_first }
    }

    /// The calls that an operation makes if nobody else acts, with their numbers. A sweep asks all shards of its
    /// index at once; the first of these questions stands for all.
    pub(super) async fn calls_of(&self, operation: &Operation) -> Vec<(usize, String)> {
        self.wire.calls();
        let act = (operation.act)(&self.scene);
        assert!(!self.happens(&act).await.asks_to_come_again(), "{}", operation.name);
        let calls = self.wire.calls_of(operation.function);
        self.put_back_from(self.scene.shop.snapshot().await).await;
        let numbered = calls.into_iter().enumerate();
        numbered.filter(|(number, call)| *number == 0 || !operation.is_sweep() || call != "Query").collect()
    }

    /// Plays two operations, without a guard if one is named, after others.
    pub(super) async fn plays(&self, [first, second]: [&Operation; 2], turn: Turn, missing: Option<Guard>) -> Outcome {
        let acts = [first, second].map(|operation| (operation.act)(&self.scene));
        let mails = self.mails();
        self.wire.misses(missing);
        let mut told = match turn {
            Turn::FirstThenSecond => [self.happens(&acts[0]).await, self.happens(&acts[1]).await],
            Turn::SecondBeforeCall(number) => {
                let pause = Pause::default();
                // A sweep does several things side by side: all of them wait.
                if first.is_sweep() && second.function != first.function {
                    self.wire.strikes_from(first.function, number, Fault::Pause(pause.clone()));
                } else {
                    self.wire.strikes(first.function, number, Fault::Pause(pause.clone()));
                }
                let mut told = None;
                let meanwhile = pause.during(async {
                    // What the first has done so far has been noticed.
                    self.scene.shop.settle().await;
                    told = Some(self.happens(&acts[1]).await);
                });
                let meanwhile = async {
                    let reached = tokio::time::timeout(PATIENCE, meanwhile).await;
                    reached.unwrap_or_else(|_| panic!("{}: there is no call {number}", first.name));
                };
                let (first, ()) = tokio::join!(self.happens(&acts[0]), meanwhile);
                [first, told.expect("the second was told something")]
            }
        };
        self.wire.heals();
        for (act, told) in acts.iter().zip(&mut told) {
            if told.asks_to_come_again() {
                *told = self.happens(act).await;
            }
        }
        self.wire.misses(None);
        let after = self.scene.shop.snapshot().await;
        let new_mails = self.scene.shop.mailbox().newest_first();
        let effects = Effects::between(&self.at_first, &after, &new_mails[..new_mails.len() - mails]);
        let told = told.map(|answer| format!("{} {}", answer.status, answer.code()).trim().to_owned());
        let violations = violations(&after);
        self.put_back_from(after).await;
        Outcome { told, effects, violations }
    }

    /// Does something, with all that follows from it.
    async fn happens(&self, act: &Act) -> Answer {
        let answer = act.happens(&self.scene.shop).await;
        self.scene.shop.settle().await;
        answer
    }

    fn mails(&self) -> usize {
        self.scene.shop.mailbox().newest_first().len()
    }

    /// Puts the data back as it was at first. If an order is told of that is placed again by this, the mark of its
    /// mail is put back, too.
    async fn put_back_from(&self, mut now: Snapshot) {
        let shop = &self.scene.shop;
        loop {
            let writes = self.writes_back_from(&now);
            for batch in writes.chunks(BATCH) {
                let mut request = shop.dynamodb.batch_write_item();
                for (table, write) in batch {
                    let mut writes = request.get_request_items().clone().unwrap_or_default();
                    writes.entry(table.clone()).or_default().push(write.clone());
                    request = request.set_request_items(Some(writes));
                }
                let left_out = request.send().await.expect("it is written").unprocessed_items.unwrap_or_default();
                assert!(left_out.is_empty(), "all of it is written");
            }
            let mails = self.mails();
            shop.settle().await;
            if self.mails() == mails {
                break;
            }
            now = shop.snapshot().await;
        }
        // Whoever changes a rule forgets those that were read; it does not matter that there is none with this id.
        drop(shop.store().delete_rule(RuleId::random()).await);
    }

    fn writes_back_from(&self, now: &Snapshot) -> Vec<(String, WriteRequest)> {
        let mut writes = Vec::new();
        for ((table, key, wanted), (_, _, found)) in self.at_first.tables().into_iter().zip(now.tables()) {
            let (wanted, found) = (by_key(key, wanted), by_key(key, found));
            let table = self.scene.shop.table(table);
            for (_, item) in wanted.iter().filter(|(key, item)| found.get(*key) != Some(item)) {
                let put = PutRequest::builder().set_item(Some(attributes(item))).build().expect("an item");
                writes.push((table.clone(), WriteRequest::builder().put_request(put).build()));
            }
            for gone in found.keys().filter(|key| !wanted.contains_key(*key)) {
                let delete = DeleteRequest::builder().key(key, AttributeValue::S((*gone).to_owned())).build();
                writes.push((table.clone(), WriteRequest::builder().delete_request(delete.expect("a key")).build()));
            }
        }
        writes
    }

    /// Ends it. No function may have tried what it may not.
    pub(super) async fn close(self) {
        let denials = self.scene.shop.cloud().iam().denials();
        assert!(denials.is_empty(), "{}", denials.iter().map(ToString::to_string).collect::<String>());
        self.scene.shop.close().await;
    }
}

/// What does not hold, but for orders that the scene keeps from being evaluated.
fn violations(data: &Snapshot) -> Vec<String> {
    const UNEVALUATED: u8 = 6;
    let found = data.violations().into_iter().filter(|violation| violation.invariant != UNEVALUATED);
    found.map(|violation| violation.to_string()).collect()
}

fn attributes(item: &Value) -> HashMap<String, AttributeValue> {
    let fields = item.as_object().expect("an item").iter();
    fields.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(is) => AttributeValue::Bool(*is),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(attribute).collect()),
        Value::Object(_) => AttributeValue::M(attributes(value)),
    }
}
