//! The events of a sale, one after the other, in time that is only counted.

mod event;
mod looking;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use fastrand::Rng;
use shared::ids::{ProductId, UserId};
use shared::inventory::Sku;
use shared::inventory::movement::Movement;
use shared::inventory::notices::Shortages;
use shared::memory::Memory;
use shared::retry::{LEFT_OUT_PAUSE, Remedy, Setback};
use shared::store::PRODUCT_REMEMBERED;
use shared::time::Timestamp;

use super::buyer::{Buyer, Call, Heard};
use super::dynamodb::{DynamoDb, Micros};
use super::outcome::Outcome;
use super::{Mode, Sale};
use event::{Answer, Event};

/// A process of a function: it serves one request at a time, and remembers.
#[derive(Debug)]
struct Process {
    /// Over how many items the product is spread.
    product: Memory<ProductId, u16>,
    /// How many units there were, when they were too few.
    shortages: Shortages,
}

/// A sale, going on.
pub(super) struct World<'a> {
    sale: &'a Sale,
    random: Rng,
    now: Micros,
    /// When what happens to whom. The number keeps events of one moment in the order they were made in.
    events: BinaryHeap<Reverse<(Micros, u64, usize, Event)>>,
    made: u64,
    db: DynamoDb,
    buyers: Vec<Buyer>,
    processes: Vec<Process>,
    idle: Vec<usize>,
    sku: Sku,
    outcome: Outcome,
    /// When there were last fewer units than a buyer wants.
    last_short: Option<Micros>,
}

impl World<'_> {
    /// Plays a sale from its first buyer to its last answer.
    pub(super) fn play(sale: &Sale) -> Outcome {
        let mut random = Rng::with_seed(sale.seed);
        let user = |random: &mut Rng| Buyer::new(UserId::derived(&random.u64(..).to_string()));
        let mut world = World {
            sale,
            now: 0,
            events: BinaryHeap::new(),
            made: 0,
            db: DynamoDb::new(sale.items, sale.partitions, sale.filled, sale.stock),
            buyers: (0..sale.buyers).map(|_| user(&mut random)).collect(),
            random,
            processes: Vec::new(),
            idle: Vec::new(),
            sku: Sku { product_id: ProductId::derived("hot"), size: None },
            outcome: Outcome::default(),
            last_short: (sale.stock < sale.units).then_some(0),
        };
        world.open();
        while let Some(Reverse((at, _, buyer, event))) = world.events.pop() {
            world.now = at;
            world.happens(buyer, event);
        }
        let [left, reserved, sold] = world.db.counters();
        assert_eq!(left + reserved + sold, sale.stock, "no unit is made or lost");
        world.outcome.left = left;
        world.outcome.setbacks = world.db.seen;
        world.outcome.processes = world.processes.len();
        world.outcome
    }

    /// Buyers arrive independently of one another, so many a second.
    fn open(&mut self) {
        let mut at = 0.0;
        for buyer in 0..self.buyers.len() {
            at += -(1.0 - self.random.f64()).ln() * 1e6 / self.sale.buyers_per_second;
            self.later(micros(Duration::from_secs_f64(at / 1e6)), buyer, Event::Arrives);
        }
    }

    fn later(&mut self, after: Micros, buyer: usize, event: Event) {
        self.made += 1;
        self.events.push(Reverse((self.now + after, self.made, buyer, event)));
    }

    fn happens(&mut self, buyer: usize, event: Event) {
        match event {
            Event::Arrives => self.arrives(buyer),
            Event::Reaches => self.reaches(buyer),
            Event::Commits => self.commits(buyer),
            Event::Returns(Answer::Refused(refusal)) => self.set_back(buyer, refusal.into()),
            Event::Returns(Answer::Done) => self.returns(buyer),
        }
    }

    fn arrives(&mut self, buyer: usize) {
        if self.idle.is_empty() && self.processes.len() >= self.sale.processes {
            let is_checkout = self.buyers[buyer].allocation.total() > 0;
            return self.outcome.request_ends(Heard::Failure, is_checkout, 0, self.now);
        }
        let process = self.idle.pop().unwrap_or_else(|| {
            self.processes.push(Process { product: Memory::of(PRODUCT_REMEMBERED), shortages: Shortages::default() });
            self.processes.len() - 1
        });
        self.buyers[buyer].begin(process, self.now);
        if self.buyers[buyer].allocation.total() > 0 {
            self.calls(buyer, Call::ReadCart);
        } else {
            self.decides(buyer, Duration::ZERO);
        }
    }

    fn calls(&mut self, buyer: usize, call: Call) {
        self.buyers[buyer].calls(call);
        self.sends(buyer, Duration::ZERO);
    }

    /// Sends the call, after a pause. Half of what a call takes is the way there.
    fn sends(&mut self, buyer: usize, pause: Duration) {
        let way = self.way(buyer);
        self.later(micros(pause) + way, buyer, Event::Reaches);
    }

    fn way(&mut self, buyer: usize) -> Micros {
        let spread = match &self.buyers[buyer].call {
            Call::Read { .. } | Call::ReadCart => self.sale.latencies.read_ms,
            Call::Reserve | Call::Sell if self.sale.mode == Mode::Plain => self.sale.latencies.write_ms,
            Call::Reserve | Call::Sell | Call::BeginToCount { .. } | Call::PutUp(_) => {
                self.sale.latencies.transaction_ms
            }
        };
        spread.draw(&mut self.random) / 2
    }

    fn reaches(&mut self, buyer: usize) {
        let now = self.now;
        let answer = match self.buyers[buyer].call.clone() {
            Call::Read { product, items, freshness } => self.reads(buyer, product, &items, freshness),
            Call::BeginToCount { board, at } => {
                let prepared = self.db.prepare_to_count(board, at, now);
                return self.commits_later(buyer, prepared);
            }
            Call::PutUp(notice) => {
                let prepared = self.db.prepare_to_put_up(notice, now);
                return self.commits_later(buyer, prepared);
            }
            Call::ReadCart => Answer::Done,
            Call::Reserve | Call::Sell => {
                let movement = self.movement(buyer);
                self.outcome.attempts += 1;
                if self.sale.mode != Mode::Plain {
                    let prepared = self.db.prepare(&self.buyers[buyer].allocation, movement, now);
                    return self.commits_later(buyer, prepared);
                }
                let parts = self.buyers[buyer].allocation.clone();
                let (shard, units) = parts.parts().next().unwrap_or_default();
                self.db.write(shard, units, movement, now).map_or_else(Answer::from, |()| Answer::Done)
            }
        };
        self.answers(buyer, answer);
    }

    /// A transaction that is prepared holds its items for a while.
    fn commits_later(&mut self, buyer: usize, prepared: Result<(), Setback>) {
        match prepared {
            Ok(()) => {
                let held = self.sale.latencies.hold_ms.draw(&mut self.random);
                self.later(held, buyer, Event::Commits);
            }
            Err(setback) => self.answers(buyer, setback.into()),
        }
    }

    fn answers(&mut self, buyer: usize, answer: Answer) {
        if self.db.available() < self.sale.units {
            self.last_short = Some(self.now);
        }
        let way = self.way(buyer);
        self.later(way, buyer, Event::Returns(answer));
    }

    fn movement(&self, buyer: usize) -> Movement {
        if matches!(self.buyers[buyer].call, Call::Sell) { Movement::Sell } else { Movement::Reserve }
    }

    fn commits(&mut self, buyer: usize) {
        match self.buyers[buyer].call {
            Call::BeginToCount { board, at } => self.db.begin_to_count(board, at),
            Call::PutUp(notice) => self.db.put_up(notice),
            _ => {
                let movement = self.movement(buyer);
                self.db.commit(&self.buyers[buyer].allocation, movement);
            }
        }
        self.answers(buyer, Answer::Done);
    }

    fn returns(&mut self, buyer: usize) {
        match &self.buyers[buyer].call {
            Call::Read { product: false, items, .. } if items.is_empty() => self.looks_or_plans(buyer),
            Call::Read { .. } if self.left(buyer).is_zero() => self.ends(buyer, Heard::Failure),
            Call::Read { .. } => self.sends(buyer, LEFT_OUT_PAUSE),
            Call::BeginToCount { .. } => self.counts(buyer),
            Call::PutUp(_) => self.ends(buyer, Heard::SoldOut),
            Call::ReadCart => self.calls(buyer, Call::Sell),
            Call::Reserve | Call::Sell => self.ends(buyer, Heard::Yes),
        }
    }

    fn set_back(&mut self, buyer: usize, setback: Setback) {
        let (left, draw) = (self.left(buyer), self.random.f64());
        match (&self.buyers[buyer].call, setback) {
            // Somebody else counts.
            (Call::BeginToCount { .. }, Setback::Stale) => return self.waits(buyer),
            // Somebody else has counted.
            (Call::PutUp(_), Setback::Stale) => return self.ends(buyer, Heard::SoldOut),
            _ => {}
        }
        let buyer_now = &mut self.buyers[buyer];
        let is_lost = std::mem::take(&mut buyer_now.last_units) && matches!(buyer_now.call, Call::Reserve);
        let remedy = if is_lost { setback.over_last_units() } else { setback }.remedy();
        let pauses = match remedy {
            Remedy::DecideAgain => &mut buyer_now.deciding,
            Remedy::SendAgain => &mut buyer_now.sending,
        };
        match (pauses.pause(left, draw), remedy) {
            (None, _) => self.ends(buyer, Heard::Failure),
            (Some(pause), Remedy::SendAgain) => self.sends(buyer, pause),
            (Some(pause), Remedy::DecideAgain) => {
                buyer_now.decisions += 1;
                self.decides(buyer, pause);
            }
        }
    }

    fn ends(&mut self, buyer: usize, heard: Heard) {
        let Buyer { process, since, ref call, .. } = self.buyers[buyer];
        let sold = matches!(call, Call::Sell);
        self.idle.push(process);
        self.outcome.request_ends(heard, sold, self.now - since, self.now);
        if heard == Heard::SoldOut && self.last_short.is_none_or(|short| short < since) {
            self.outcome.wrongly_refused += 1;
        }
        if heard == Heard::Yes && !sold && self.sale.mode == Mode::Sell {
            let thinks = self.sale.think_ms * 1_000;
            let thought = self.random.u64(0..=2 * thinks);
            self.later(thought, buyer, Event::Arrives);
        }
        if heard != Heard::Yes || sold || self.sale.mode != Mode::Sell {
            self.buyers[buyer].looks(None);
        }
    }

    /// The time that a request has left.
    fn left(&self, buyer: usize) -> Duration {
        let passed = Duration::from_micros(self.now - self.buyers[buyer].since);
        self.sale.time_for_a_request.saturating_sub(passed)
    }

    /// Now, as the shop's own code has it.
    fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.now / 1_000).unwrap_or(i64::MAX))
    }
}

fn micros(duration: Duration) -> Micros {
    u64::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}
