//! At which shards of a SKU a buyer looks, and in which order.
//!
//! Reading all of them for each buyer would take more of DynamoDB than selling does: 16 shards at 6,400 buyers a second
//! are 6,400 read units a second of each shard's partition, which serves 3,000. So a buyer looks at few, and then are all
//! counted, by one buyer for many ([`notices`](super::notices)). The others look at a few more while they wait, or they
//! would all depend on the count where few of the shards have units.

use std::cmp::Reverse;

use super::notices::BOARDS;
use crate::ids::UserId;

/// At how many shards a buyer looks at once, where they are many. More would be seen by more buyers at once, who would
/// then all go for the last units.
pub const AT_ONCE: usize = 2;

/// From how many on shards are many. Fewer sell no faster than their partitions can be read: a buyer looks at all of
/// them, and nothing of them is remembered.
pub const MANY: u16 = 16;

/// The shards of a SKU that a buyer has not looked at yet.
#[derive(Debug, Clone)]
pub struct Looks {
    left: Vec<u16>,
    at_once: usize,
    board: Option<u16>,
}

impl Looks {
    /// No shard was looked at yet.
    pub fn of(user_id: UserId, shards: u16) -> Looks {
        Looks::wide(user_id, shards, AT_ONCE)
    }

    /// The same, with so many shards in each look, if there are [`MANY`]; otherwise all are in the first.
    pub fn wide(user_id: UserId, shards: u16, at_once: usize) -> Looks {
        let many = are_many(shards);
        let mut left: Vec<u16> = (0..shards).collect();
        left.sort_by_cached_key(|shard| preference(user_id, *shard));
        let board = left.iter().copied().find(|shard| many && *shard < BOARDS);
        Looks { left, at_once: if many { at_once } else { usize::MAX }, board }
    }

    /// The shards to look at next; none if all were looked at.
    pub fn further(&mut self) -> Vec<u16> {
        self.left.drain(..self.left.len().min(self.at_once)).collect()
    }

    /// The buyer's board, to look at next; none if it was looked at.
    pub fn unseen_board(&mut self) -> Option<u16> {
        let unseen = self.board.filter(|board| self.left.contains(board));
        self.leave_out(unseen.as_slice());
        unseen
    }

    /// Where the buyer sees what is known of the SKU as a whole, where shards are many.
    pub fn board(&self) -> Option<u16> {
        self.board
    }

    /// The shards that were not looked at.
    pub fn left(&self) -> impl Iterator<Item = u16> + '_ {
        self.left.iter().copied()
    }

    /// Takes `shards` for looked at.
    pub fn leave_out(&mut self, shards: &[u16]) {
        self.left.retain(|shard| !shards.contains(shard));
    }
}

/// Whether a SKU has so many shards that not everybody can look at all of them.
pub fn are_many(shards: u16) -> bool {
    shards >= MANY
}

/// How much a buyer prefers a shard: the less, the more. The order is another for each buyer, so that buyers spread
/// over the shards; and that of any two shards is the same however many others there are, so that who looks at few
/// sees their first choice, and more shards draw only those buyers who are to move to them ("rendezvous hashing").
pub fn preference(user_id: UserId, shard: u16) -> Reverse<u64> {
    let id = user_id.as_u128();
    let [low, high] = [id, id >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default());
    Reverse(mixed(low ^ mixed(high ^ mixed(shard.into()))))
}

/// Spreads what differs in a few bits over all 64 (the finalizer of SplitMix64; Steele, Lea and Flood, 2014).
fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn user(number: u32) -> UserId {
        UserId::derived(&number.to_string())
    }

    #[test]
    fn of_many_shards_a_few_are_looked_at_and_then_the_board_and_then_a_few_more() {
        let mut boards_in_the_first = 0;
        for number in 0..200 {
            let mut looks = Looks::of(user(number), 96);
            let board = looks.board().unwrap();
            assert!(board < BOARDS);
            let first = looks.further();
            let unseen = looks.unseen_board();
            assert_eq!((first.len(), unseen), (2, (!first.contains(&board)).then_some(board)));
            boards_in_the_first += u32::from(unseen.is_none());
            assert_eq!(looks.unseen_board(), None, "it was looked at");
            let second = looks.further();
            let seen: Vec<u16> = first.into_iter().chain(unseen).chain(second).collect();
            let all: BTreeSet<u16> = seen.iter().copied().chain(looks.left()).collect();
            assert_eq!((all.len(), seen.len() + looks.left().count()), (96, 96), "each is seen or left");
            assert_eq!(seen.len(), 4 + usize::from(unseen.is_some()));
        }
        assert!(boards_in_the_first > 0);
    }

    #[test]
    fn looking_further_comes_to_all_of_them() {
        let mut looks = Looks::of(user(1), MANY + 1);
        let seen: Vec<u16> =
            std::iter::repeat_with(|| looks.further()).take_while(|next| !next.is_empty()).flatten().collect();
        assert_eq!(BTreeSet::from_iter(seen), (0..=MANY).collect());
    }

    #[test]
    fn few_shards_are_all_looked_at_at_once() {
        for few in [1, MANY - 1] {
            let mut looks = Looks::of(user(1), few);
            assert_eq!((looks.further().len(), looks.left().count(), looks.board()), (few.into(), 0, None));
            assert!(looks.further().is_empty() && looks.unseen_board().is_none());
        }
    }

    #[test]
    fn buyers_spread_evenly() {
        let mut firsts = [0_u32; 16];
        for number in 0..16_000 {
            firsts[usize::from(Looks::of(user(number), 16).further()[0])] += 1;
        }
        assert!(firsts.iter().all(|buyers| (850..1_150).contains(buyers)), "{firsts:?}");
    }

    #[test]
    fn more_shards_draw_only_those_who_move_to_them() {
        for number in 0..500 {
            let (few, many) = (Looks::of(user(number), 8).further()[0], Looks::of(user(number), 16).further()[0]);
            assert!(many == few || many >= 8);
        }
    }

    /// Steele, Lea and Flood's generator, begun at zero, draws these first.
    #[test]
    fn bits_are_mixed_as_published() {
        let drawn = [0, 0x9e37_79b9_7f4a_7c15].map(mixed);
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    /// Processes that disagreed would send a buyer to other shards each time.
    #[test]
    fn a_buyer_has_the_same_order_in_every_process() {
        let order = Looks::of(user(1), 16).left().collect::<Vec<_>>();
        assert_eq!(order, [11, 12, 13, 8, 4, 15, 14, 6, 9, 0, 1, 7, 3, 5, 10, 2]);
    }
}
