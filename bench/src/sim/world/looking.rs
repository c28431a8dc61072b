//! What a buyer's function looks at, and what it makes of it: the shop's own rules, on a DynamoDB that is reckoned with.

use std::time::Duration;

use shared::inventory::looks::{Looks, are_many};
use shared::inventory::{Level, StockId, allocate};
use shared::retry::Setback;

use super::super::buyer::{Buyer, Call, Heard};
use super::{Answer, World};

impl World<'_> {
    /// Looks at the first shards, after a pause; and at the product, unless it is remembered and nothing has turned
    /// out to be otherwise.
    pub(super) fn decides(&mut self, buyer: usize, pause: Duration) {
        let now = self.timestamp();
        let Buyer { user_id, process, decisions, .. } = self.buyers[buyer];
        let remembered = self.processes[process].product.get(&self.sku.product_id, now).copied();
        let remembered = remembered.filter(|_| !self.sale.forgetful);
        let mut looks = remembered.map(|shards| Looks::wide(user_id, shards, self.sale.looks));
        let shards = looks.as_mut().map_or_else(|| vec![0], Looks::further);
        let product = looks.is_none() || decisions > 0;
        let buyer_now = &mut self.buyers[buyer];
        (buyer_now.looks, buyer_now.levels) = (looks, Vec::new());
        buyer_now.calls(Call::Read { product, shards });
        self.sends(buyer, pause);
    }

    /// A batch: what is short of capacity is left out and asked for again; if that is all of it, the call fails.
    pub(super) fn reads(&mut self, buyer: usize, product: bool, shards: &[u16]) -> Answer {
        let now = self.now;
        let product_left = product && !self.db.read_product(now);
        let mut left = Vec::new();
        let asked = shards.len() + usize::from(product);
        for shard in shards {
            match self.db.read(*shard, now) {
                Some(available) => {
                    let id = StockId { sku: self.sku.clone(), shard: *shard };
                    self.buyers[buyer].levels.push(Level { id, available });
                }
                None => left.push(*shard),
            }
        }
        let all_left = asked > 0 && left.len() + usize::from(product_left) == asked;
        self.buyers[buyer].call = Call::Read { product: product_left, shards: left };
        if product && !product_left {
            self.knows_shards(buyer, shards);
        }
        if all_left { Setback::Unavailable.into() } else { Answer::Done }
    }

    /// The product says how many shards there are.
    fn knows_shards(&mut self, buyer: usize, asked: &[u16]) {
        let (now, shards, product_id) = (self.timestamp(), self.sale.shards, self.sku.product_id);
        let Buyer { user_id, process, ref mut looks, ref mut is_new, .. } = self.buyers[buyer];
        if looks.is_none() {
            let mut all = Looks::wide(user_id, shards, self.sale.looks);
            all.leave_out(asked);
            *looks = Some(all);
            *is_new = true;
        }
        if are_many(shards) {
            let known = &mut self.processes[process].product;
            known.remember(known.since(), product_id, shards, now);
        }
    }

    /// Who has just heard how many shards there are has seen only the one that every SKU has.
    pub(super) fn looks_or_plans(&mut self, buyer: usize) {
        let buyer_now = &mut self.buyers[buyer];
        let unseen = match &mut buyer_now.looks {
            Some(looks) if std::mem::take(&mut buyer_now.is_new) => looks.further(),
            _ => Vec::new(),
        };
        match unseen.as_slice() {
            [] => self.plans(buyer),
            _ => self.calls(buyer, Call::Read { product: false, shards: unseen }),
        }
    }

    /// Takes units of the shards that were looked at, or looks further.
    fn plans(&mut self, buyer: usize) {
        let (now, units, forgetful) = (self.timestamp(), self.sale.units, self.sale.forgetful);
        let Buyer { user_id, process, ref mut levels, ref mut looks, .. } = self.buyers[buyer];
        match allocate(levels, &self.sku, user_id, units) {
            Ok(allocation) => {
                self.buyers[buyer].allocation = allocation;
                self.calls(buyer, Call::Reserve);
            }
            Err(_) => {
                let remembered = self.processes[process].shortages.get(&self.sku, now);
                let short = remembered.is_some_and(|there_were| *there_were < units);
                match looks.as_mut().map(Looks::further).unwrap_or_default() {
                    _ if short && !forgetful => self.ends(buyer, Heard::SoldOut),
                    further if further.is_empty() => self.calls(buyer, Call::ReadAtOneInstant),
                    shards => self.calls(buyer, Call::Read { product: false, shards }),
                }
            }
        }
    }

    pub(super) fn is_certain(&mut self, buyer: usize, there_are: u32) {
        if there_are >= self.sale.units {
            return self.set_back(buyer, Setback::Stale);
        }
        let now = self.timestamp();
        let process = self.buyers[buyer].process;
        if are_many(self.sale.shards) {
            let shortages = &mut self.processes[process].shortages;
            shortages.remember(shortages.since(), self.sku.clone(), there_are, now);
        }
        self.ends(buyer, Heard::SoldOut);
    }
}
