//! What a SKU with many shards says of itself as a whole.
//!
//! That it is sold out is seen only by counting all shards. When it has just sold out, thousands of buyers want to know,
//! and if each counted, none would get through. So some shards are *boards*: one buyer counts while the others wait, and
//! puts up a notice of what there was, by which everybody may go for a short time. Whoever finds neither a notice nor
//! somebody counting counts. A lone buyer counts at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Sku;
use crate::memory::{Memory, Since};
use crate::retry::FullJitter;
use crate::time::Timestamp;

/// How many shards are boards, the first ones: several, because one partition would be read too often.
pub const BOARDS: u16 = 8;

/// For how long a SKU need not be counted again that was short of units, if it has many shards. So long, and no longer,
/// may a buyer be refused a unit that has just become available elsewhere.
pub const SHORTAGE_KNOWN: Duration = Duration::from_secs(1);

/// For how long others wait for who counts. Who then still has no answer counts, too.
pub const COUNTING_TAKES: Duration = Duration::from_millis(50);

/// What was counted: at that moment no more than so many units were available, over all shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How many.
    pub units: u32,
    /// When.
    pub at: Timestamp,
}

/// What is on a board.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Board {
    /// The last count that came to too few.
    pub short: Option<Notice>,
    /// Until when somebody counts.
    pub counted_until: Option<Timestamp>,
}

/// What a process knows of SKUs with many shards that were short of units when they were last counted.
#[derive(Debug)]
pub struct Shortages {
    known: Memory<Sku, u32>,
    /// What units have just become available of here, and when.
    freed: BTreeMap<Sku, Instant>,
}

impl Default for Shortages {
    /// Nothing is known.
    fn default() -> Shortages {
        Shortages { known: Memory::of(SHORTAGE_KNOWN), freed: BTreeMap::new() }
    }
}

impl Shortages {
    /// How many units there were, as far as one may still go by it: by what this process has counted or read, or by a
    /// notice that somebody has come by. One from before units became available here is none.
    pub fn there_were(&mut self, sku: &Sku, notice: Option<Notice>, now: Timestamp) -> Option<u32> {
        if let Some(units) = self.known.get(sku, now) {
            return Some(*units);
        }
        let freed = self.freed.get(sku).map(|freed| now - freed.elapsed());
        let notice = notice.filter(|notice| freed.is_none_or(|freed| freed < notice.at))?;
        self.remember(self.since(), sku.clone(), notice);
        Some(notice.units)
    }

    /// Where it is now. Take it before counting.
    pub fn since(&self) -> Since {
        self.known.since()
    }

    /// Remembers what was counted, unless units have become available here since.
    pub fn remember(&mut self, since: Since, sku: Sku, notice: Notice) {
        self.known.remember(since, sku, notice.units, notice.at);
    }

    /// Forgets a SKU of which units are about to become available here, or just have.
    pub fn forget(&mut self, sku: &Sku) {
        self.known.forget(sku);
        // Nobody goes by notices that are older.
        self.freed.retain(|_, freed| freed.elapsed() < SHORTAGE_KNOWN);
        self.freed.insert(sku.clone(), Instant::now());
    }
}

impl Board {
    /// The pauses of who waits for somebody else's count, before the board is looked at again. The first are about as
    /// long as a count takes: if all looked as often as they try again, the boards could not be read any more.
    pub fn waits() -> FullJitter {
        FullJitter::beginning_at(COUNTING_TAKES)
    }

    /// The notice, while one may go by it.
    pub fn notice(&self, now: Timestamp) -> Option<Notice> {
        self.short.filter(|notice| now < notice.at + SHORTAGE_KNOWN)
    }

    /// Whether somebody counts.
    pub fn is_counted(&self, now: Timestamp) -> bool {
        self.counted_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProductId;

    #[test]
    fn a_notice_is_good_for_a_second_and_a_count_takes_a_moment() {
        let [counted, just_before, after] = [0, 999, 1_000].map(Timestamp::from_millis);
        let board = Board { short: Some(Notice { units: 2, at: counted }), counted_until: Some(after) };
        assert_eq!((board.notice(just_before), board.notice(after)), (board.short, None));
        assert_eq!((board.is_counted(just_before), board.is_counted(after)), (true, false));
        assert_eq!((Board::default().notice(counted), Board::default().is_counted(counted)), (None, false));
    }

    #[test]
    fn who_waits_may_wait_for_as_long_as_a_count_takes_before_looking_again() {
        let mut waits = Board::waits();
        let longest = [(); 2].map(|()| waits.pause(Duration::MAX, 1.0));
        assert_eq!(longest, [Some(COUNTING_TAKES), Some(COUNTING_TAKES * 2)]);
    }

    #[test]
    fn what_became_available_here_is_no_longer_short() {
        let [print, ticket] = ["print", "ticket"].map(|name| Sku { product_id: ProductId::derived(name), size: None });
        let at = Timestamp::from_millis;
        let notice = |millis| Some(Notice { units: 3, at: at(millis) });
        let mut shortages = Shortages::default();
        assert_eq!(shortages.there_were(&print, None, at(0)), None);
        assert_eq!(shortages.there_were(&print, notice(0), at(10)), Some(3));
        assert_eq!(
            shortages.there_were(&print, None, at(999)),
            Some(3),
            "it is remembered as long as the notice is good"
        );
        assert_eq!(shortages.there_were(&print, None, at(1_000)), None);

        assert_eq!(shortages.there_were(&print, notice(1_000), at(1_000)), Some(3));
        shortages.forget(&print);
        shortages.forget(&ticket);
        assert_eq!(shortages.there_were(&print, notice(1_000), at(1_500)), None, "it is older");
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(shortages.there_were(&print, notice(1_490), at(1_500)), Some(3), "it is newer");
    }
}
