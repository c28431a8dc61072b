//! One call that breaks in one way, and what becomes of it.

use tests::audit::Snapshot;
use tests::shop::Shop;
use tests::wire::{Fault, Served, Wire};

use super::case::{But, Case};
use crate::acts::Answer;
use crate::effects::Effects;

/// After so many seconds a placed order is announced again that nobody has evaluated.
const UNTIL_REQUEUED: u64 = 5 * 60;

/// A shop at whose wire a test listens.
pub(super) struct Stage {
    shop: Shop,
    wire: Wire,
    /// What there was before.
    before: Snapshot,
    mails: usize,
    /// What was served so far.
    pub(super) served: Vec<Served>,
}

/// A call that breaks, and how.
pub(super) struct Cell {
    /// Which of the function's calls, from zero.
    pub(super) number: usize,
    pub(super) fault: Fault,
}

/// What became of an act.
pub(super) struct Played {
    /// The calls that the function made.
    pub(super) calls: Vec<String>,
    /// What whoever did it was told.
    pub(super) first: Answer,
    /// What whoever was asked to come again was told then.
    second: Option<Answer>,
    effects: Effects,
}

/// How a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Nobody noticed.
    AtOnce,
    /// Whoever asked again was served.
    SecondTime,
    /// The same, and it may be that nobody noticed; but a mail went out twice.
    MailedAgain,
}

impl Stage {
    pub(super) async fn open() -> Stage {
        let (wire, shop) = Wire::under_a_shop().await;
        Stage { shop, wire, before: Snapshot::default(), mails: 0, served: Vec::new() }
    }

    /// Prepares the act of `case`, does it while `cell` breaks, and has everything happen that it brings about.
    /// Says what is not sound.
    pub(super) async fn plays(&mut self, case: &Case, cell: Option<&Cell>) -> Result<Played, String> {
        let Stage { shop, wire, .. } = self;
        let act = (case.setup)(shop).await;
        shop.settle().await;
        wire.calls();
        if let Some(Cell { number, fault, .. }) = cell {
            wire.strikes(case.function, *number, fault.clone());
        }
        let first = act.happens(shop).await;
        let second = match cell {
            Some(_) if first.asks_to_come_again() => Some(act.happens(shop).await),
            _ => None,
        };
        shop.settle().await;
        // Whatever was on its way when a function died.
        self.served.extend(wire.served().await);
        if wire.delivers_late().await {
            shop.settle().await;
        }
        let unmet = wire.heals();
        let calls = wire.calls_of(case.function);
        let mut after = shop.snapshot().await;
        if after.orders.iter().any(|order| !order["rewards_pending"].is_null()) {
            shop.pass(UNTIL_REQUEUED);
            shop.fire("requeue-rewards").await;
            shop.settle().await;
            after = shop.snapshot().await;
        }
        let mails = shop.mailbox().newest_first();
        let effects = Effects::between(&self.before, &after, &mails[..mails.len() - self.mails]);
        self.mails = mails.len();

        let mut wrong: Vec<_> = after.violations().iter().map(ToString::to_string).collect();
        wrong.extend(self.given_up());
        wrong.extend(self.shop.cloud().iam().denials().iter().map(ToString::to_string));
        wrong.extend((unmet > 0).then(|| "the call was not made".to_owned()));
        // Later cells are to find none of its rules, and not to see them go.
        for rule in after.reward_rules.drain(..) {
            let rule_id = serde_json::from_value(rule["rule_id"].clone()).expect("an id");
            self.shop.store().delete_rule(rule_id).await.expect("it is gone");
        }
        self.before = after;
        if wrong.is_empty() { Ok(Played { calls, first, second, effects }) } else { Err(wrong.join("; ")) }
    }

    /// Messages and records that nobody tries any more.
    fn given_up(&self) -> Option<String> {
        let console = self.shop.cloud().console();
        let letters: usize = console.queue_states().iter().map(|(_, queue)| queue.dead.len()).sum();
        let records: u64 = console.streams.iter().map(|stream| stream.state().given_up).sum();
        (letters > 0 || records > 0).then(|| format!("{letters} messages and {records} records were given up"))
    }

    pub(super) async fn close(self) {
        self.shop.close().await;
    }
}

impl Cell {
    /// Whether all is as it was to be.
    pub(super) fn judge(&self, case: &Case, expected: &Played, played: &Played) -> Result<Held, String> {
        let again = self.mailed_again(expected, played)?;
        if played.effects.items != expected.effects.items {
            return Err(played.effects.difference(&expected.effects));
        }
        let told = played.second.as_ref().unwrap_or(&played.first);
        let may_differ = match case.but {
            But::Same => false,
            But::Gone => told.status == 404,
            But::DoneBefore | But::NextTick => told.status == expected.first.status,
        };
        if *told != expected.first && !(played.second.is_some() && may_differ) {
            return Err(format!("was told {told:?}\nand not {:?}", expected.first));
        }
        let dies = matches!(self.fault, Fault::DeathBefore | Fault::DeathAfter);
        if played.second.is_some() && !dies && case.but != But::NextTick {
            return Err(format!("could have tried again itself, but answered {:?}", played.first));
        }
        Ok(match played.second {
            _ if again => Held::MailedAgain,
            None => Held::AtOnce,
            Some(_) => Held::SecondTime,
        })
    }

    /// Whether a mail went out twice, as it may where SES took it and nobody could write that down.
    fn mailed_again(&self, expected: &Played, played: &Played) -> Result<bool, String> {
        let mails = |number: usize| expected.calls.get(number).is_some_and(|call| call == "outbound-emails");
        let nobody_knows = match self.fault {
            Fault::LostAnswer | Fault::Late | Fault::DeathAfter => mails(self.number),
            Fault::DeathBefore => self.number > 0 && mails(self.number - 1),
            _ => false,
        };
        match played.effects.mails_besides(&expected.effects).as_deref() {
            Some([]) => Ok(false),
            Some([again]) if nobody_knows && expected.effects.mails.contains(again) => Ok(true),
            _ => Err(format!("sent {:?}\nand not {:?}", played.effects.mails, expected.effects.mails)),
        }
    }
}
