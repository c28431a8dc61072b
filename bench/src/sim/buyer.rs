//! A buyer of the SKU, with what one invocation of a function knows.

use shared::ids::UserId;
use shared::inventory::looks::Looks;
use shared::inventory::{Allocation, Level};
use shared::retry::FullJitter;

use super::dynamodb::Micros;

/// What a function is about to ask of DynamoDB.
#[derive(Debug, Clone)]
pub(super) enum Call {
    /// A batch: the product, if it is wanted, some shards, and what belongs to the buyer alone.
    Read { product: bool, shards: Vec<u16> },
    /// Every shard at one instant.
    ReadAtOneInstant,
    /// The hold: units become reserved.
    Reserve,
    /// The cart, which only the buyer reads.
    ReadCart,
    /// The checkout: reserved units become sold.
    Sell,
}

/// What a buyer heard in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is theirs.
    Yes,
    /// It is sold out.
    SoldOut,
    /// 409 `conflict` or 503 `unavailable`, when the time was up.
    Failure,
}

/// A buyer and their request.
#[derive(Debug)]
pub(super) struct Buyer {
    pub(super) user_id: UserId,
    /// Which process serves the request.
    pub(super) process: usize,
    /// When the request came.
    pub(super) since: Micros,
    /// How often everything was decided.
    pub(super) decisions: u32,
    pub(super) deciding: FullJitter,
    pub(super) sending: FullJitter,
    /// The shards that were not looked at, once it is known how many there are.
    pub(super) looks: Option<Looks>,
    /// Whether that has only just become known.
    pub(super) is_new: bool,
    pub(super) levels: Vec<Level>,
    /// What was decided.
    pub(super) allocation: Allocation,
    pub(super) call: Call,
}

impl Buyer {
    pub(super) fn new(user_id: UserId) -> Buyer {
        Buyer {
            user_id,
            process: 0,
            since: 0,
            decisions: 0,
            deciding: FullJitter::default(),
            sending: FullJitter::default(),
            looks: None,
            is_new: false,
            levels: Vec::new(),
            allocation: Allocation::default(),
            call: Call::ReadCart,
        }
    }

    /// Begins a request in a process.
    pub(super) fn begin(&mut self, process: usize, now: Micros) {
        (self.process, self.since, self.decisions) = (process, now, 0);
        (self.deciding, self.sending) = (FullJitter::default(), FullJitter::default());
    }

    /// Makes the next call, which nothing was attempted of yet.
    pub(super) fn calls(&mut self, call: Call) {
        self.call = call;
        self.sending = FullJitter::default();
    }
}
