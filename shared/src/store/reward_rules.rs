//! The reward_rules table.

use super::Store;
use super::keys::{Table, from_item, to_item};
use crate::error::Error;
use crate::reward::Rule;

impl Store {
    /// Every rule, live or not.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn rules(&self) -> Result<Vec<Rule>, Error> {
        let mut rules = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .client
                .scan()
                .table_name(self.table(Table::RewardRules))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            let answer = self.call(|| request.clone().send()).await?;
            for item in answer.items.unwrap_or_default() {
                rules.push(from_item(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(rules);
            }
        }
    }

    /// Makes a rule, or replaces the one with its id.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn put_rule(&self, rule: &Rule) -> Result<(), Error> {
        let request = self.client.put_item().table_name(self.table(Table::RewardRules)).set_item(Some(to_item(rule)?));
        self.call(|| request.clone().send()).await?;
        Ok(())
    }
}
