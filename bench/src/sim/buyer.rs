//! A buyer of the SKU, with what one invocation of a function knows.

use std::collections::BTreeMap;

use shared::ids::UserId;
use shared::inventory::looks::Looks;
use shared::inventory::notices::{Board, Notice};
use shared::inventory::{Allocation, Level};
use shared::retry::FullJitter;
use shared::time::Timestamp;

use super::dynamodb::Micros;

/// What a function is about to ask of DynamoDB.
#[derive(Debug, Clone)]
pub(super) enum Call {
    /// A batch: the product, if it is wanted, some items, and what belongs to the buyer alone.
    Read { product: bool, items: Vec<u16>, freshness: Freshness },
    /// That the buyer counts from then on, on a board.
    BeginToCount { board: u16, at: Timestamp },
    /// What the buyer has counted.
    PutUp(Notice),
    /// The hold: units become reserved.
    Reserve,
    /// The cart, which only the buyer reads.
    ReadCart,
    /// The checkout: reserved units become sold.
    Sell,
}

/// How new what is read must be, and so for how many read units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Now,
    OfLate,
}

/// How far a buyer is with the count of all items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Not all were seen.
    None,
    /// All were seen, or are just looked at.
    First,
    /// They are looked at again, after they had this together.
    Second(Notice),
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
    pub(super) waiting: FullJitter,
    /// The items that were not looked at, once it is known how many there are.
    pub(super) looks: Option<Looks>,
    /// Whether that has only just become known.
    pub(super) is_new: bool,
    pub(super) levels: BTreeMap<u16, Level>,
    /// What was on the boards that were seen: on the buyer's own, and the newest notice.
    pub(super) board: Board,
    pub(super) notice: Option<Notice>,
    pub(super) count: Count,
    /// What was decided.
    pub(super) allocation: Allocation,
    /// Whether it takes the last units of an item, and was not attempted yet.
    pub(super) last_units: bool,
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
            waiting: Board::waits(),
            looks: None,
            is_new: false,
            levels: BTreeMap::new(),
            board: Board::default(),
            notice: None,
            count: Count::None,
            allocation: Allocation::default(),
            last_units: false,
            call: Call::ReadCart,
        }
    }

    /// Begins a request in a process.
    pub(super) fn begin(&mut self, process: usize, now: Micros) {
        (self.process, self.since, self.decisions) = (process, now, 0);
        (self.deciding, self.sending) = (FullJitter::default(), FullJitter::default());
    }

    /// Decides anew, with so many items if that is known.
    pub(super) fn looks(&mut self, looks: Option<Looks>) {
        (self.looks, self.levels, self.count) = (looks, BTreeMap::new(), Count::None);
        (self.board, self.notice, self.waiting) = (Board::default(), None, Board::waits());
    }

    /// Makes the next call, which nothing was attempted of yet.
    pub(super) fn calls(&mut self, call: Call) {
        self.call = call;
        self.sending = FullJitter::default();
    }
}
