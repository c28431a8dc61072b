//! What a buyer's function looks at, and what it makes of it: the shop's own rules, on a DynamoDB that is reckoned with.

use std::time::Duration;

use shared::inventory::looks::{Looks, are_many};
use shared::inventory::movement::{Movement, StockChanges};
use shared::inventory::notices::{Board, Notice};
use shared::inventory::{Level, StockId, allocate};
use shared::retry::Setback;

use super::super::buyer::{Buyer, Call, Count, Freshness, Heard};
use super::{Answer, World};

impl World<'_> {
    /// Looks at the first items, after a pause; and at the product, unless it is remembered and nothing has turned
    /// out to be otherwise.
    pub(super) fn decides(&mut self, buyer: usize, pause: Duration) {
        let now = self.timestamp();
        let Buyer { user_id, process, decisions, .. } = self.buyers[buyer];
        let remembered = self.processes[process].product.get(&self.sku.product_id, now).copied();
        let remembered = remembered.filter(|_| !self.sale.forgetful);
        let mut looks = remembered.map(|items| Looks::wide(user_id, items, self.sale.looks));
        let items = looks.as_mut().map_or_else(|| vec![0], Looks::further);
        let product = looks.is_none() || decisions > 0;
        let freshness = self.freshness(buyer);
        let buyer_now = &mut self.buyers[buyer];
        buyer_now.looks(looks);
        buyer_now.calls(Call::Read { product, items, freshness });
        self.sends(buyer, pause);
    }

    /// Whoever was misled once reads what is so now.
    fn freshness(&self, buyer: usize) -> Freshness {
        if self.buyers[buyer].decisions == 0 && !self.sale.consistent { Freshness::OfLate } else { Freshness::Now }
    }

    /// A batch: what is short of capacity is left out and asked for again; if that is all of it, the call fails.
    pub(super) fn reads(&mut self, buyer: usize, product: bool, items: &[u16], freshness: Freshness) -> Answer {
        let now = self.now;
        let product_left = product && !self.db.read_product(now);
        let units = if freshness == Freshness::Now { 1.0 } else { 0.5 };
        let mut left = Vec::new();
        let asked = items.len() + usize::from(product);
        for item in items {
            let Some((available, board)) = self.db.read(*item, units, now) else {
                left.push(*item);
                continue;
            };
            let id = StockId { sku: self.sku.clone(), shard: *item };
            let buyer_now = &mut self.buyers[buyer];
            buyer_now.levels.insert(*item, Level { id, available });
            if buyer_now.looks.as_ref().and_then(Looks::board) == Some(*item) {
                buyer_now.board = board;
            }
            buyer_now.notice = buyer_now.notice.into_iter().chain(board.short).max_by_key(|notice| notice.at);
        }
        let all_left = asked > 0 && left.len() + usize::from(product_left) == asked;
        self.buyers[buyer].call = Call::Read { product: product_left, items: left, freshness };
        if product && !product_left {
            self.knows_items(buyer, items);
        }
        if all_left { Setback::Unavailable.into() } else { Answer::Done }
    }

    /// The product says over how many items it is spread.
    fn knows_items(&mut self, buyer: usize, asked: &[u16]) {
        let (now, items, product_id) = (self.timestamp(), self.sale.items, self.sku.product_id);
        let Buyer { user_id, process, ref mut looks, ref mut is_new, .. } = self.buyers[buyer];
        if looks.is_none() {
            let mut all = Looks::wide(user_id, items, self.sale.looks);
            all.leave_out(asked);
            *looks = Some(all);
            *is_new = true;
        }
        if are_many(items) {
            let known = &mut self.processes[process].product;
            known.remember(known.since(), product_id, items, now);
        }
    }

    /// Who has just heard how many items there are has seen only the one that every SKU has.
    pub(super) fn looks_or_plans(&mut self, buyer: usize) {
        let buyer_now = &mut self.buyers[buyer];
        let unseen = match &mut buyer_now.looks {
            Some(looks) if std::mem::take(&mut buyer_now.is_new) => looks.further(),
            _ => Vec::new(),
        };
        match (unseen.as_slice(), buyer_now.count) {
            ([], Count::Second(notice)) => self.is_certain(buyer, notice),
            ([], _) => self.plans(buyer),
            _ => {
                let freshness = self.freshness(buyer);
                self.calls(buyer, Call::Read { product: false, items: unseen, freshness });
            }
        }
    }

    /// Takes units of the items that were looked at, or finds them too few.
    fn plans(&mut self, buyer: usize) {
        let Buyer { user_id, ref levels, .. } = self.buyers[buyer];
        let mut levels: Vec<Level> = levels.values().cloned().collect();
        match allocate(&mut levels, &self.sku, user_id, self.sale.units) {
            Ok(allocation) => {
                let mut taken = StockChanges::caused_by(user_id);
                taken.move_units(Movement::Reserve, &self.sku, &allocation);
                let buyer_now = &mut self.buyers[buyer];
                buyer_now.last_units = taken.takes_last_units(&levels);
                buyer_now.allocation = allocation;
                self.calls(buyer, Call::Reserve);
            }
            Err(_) => self.is_short(buyer),
        }
    }

    /// The shop's `plan_with`, where the plan falls short.
    fn is_short(&mut self, buyer: usize) {
        let now = self.timestamp();
        let Buyer { process, notice, ref mut looks, count, board, ref levels, .. } = self.buyers[buyer];
        let notice = Board { short: notice, ..board }.notice(now);
        let known = self.processes[process].shortages.there_were(&self.sku, notice, now);
        if known.is_some_and(|there_were| there_were < self.sale.units) && !self.sale.forgetful {
            return self.ends(buyer, Heard::SoldOut);
        }
        let unseen_board = looks.as_mut().and_then(Looks::unseen_board);
        let (is_seen, all) = (levels.len() == usize::from(self.sale.items), (0..self.sale.items).collect());
        let freshness = self.freshness(buyer);
        if let Some(board) = unseen_board {
            self.calls(buyer, Call::Read { product: false, items: vec![board], freshness });
        } else if is_seen || count == Count::First {
            let units = self.buyers[buyer].levels.values().map(|level| level.available).sum();
            self.buyers[buyer].count = Count::Second(Notice { units, at: now });
            self.calls(buyer, Call::Read { product: false, items: all, freshness: Freshness::Now });
        } else if board.is_counted(now) {
            self.waits(buyer);
        } else {
            let board = self.buyers[buyer].looks.as_ref().and_then(Looks::board).unwrap_or_default();
            self.calls(buyer, Call::BeginToCount { board, at: now });
        }
    }

    /// Looks at all items.
    pub(super) fn counts(&mut self, buyer: usize) {
        let freshness = self.freshness(buyer);
        self.buyers[buyer].count = Count::First;
        let all = (0..self.sale.items).collect();
        self.calls(buyer, Call::Read { product: false, items: all, freshness });
    }

    /// Looks at the board again after a pause, and at a few more items: somebody else counts.
    pub(super) fn waits(&mut self, buyer: usize) {
        let (left, draw, freshness) = (self.left(buyer), self.random.f64(), self.freshness(buyer));
        let buyer_now = &mut self.buyers[buyer];
        let Some(pause) = buyer_now.waiting.pause(left, draw) else { return self.ends(buyer, Heard::Failure) };
        let mut items = buyer_now.looks.as_mut().map(Looks::further).unwrap_or_default();
        items.extend(buyer_now.looks.as_ref().and_then(Looks::board));
        buyer_now.calls(Call::Read { product: false, items, freshness });
        self.sends(buyer, pause);
    }

    /// Nothing became available while it was counted, so that there were too few.
    fn is_certain(&mut self, buyer: usize, notice: Notice) {
        if !are_many(self.sale.items) {
            return self.ends(buyer, Heard::SoldOut);
        }
        let process = self.buyers[buyer].process;
        let shortages = &mut self.processes[process].shortages;
        shortages.remember(shortages.since(), self.sku.clone(), notice);
        self.calls(buyer, Call::PutUp(notice));
    }
}
