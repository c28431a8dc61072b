//! The reward_rules table.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, from_item, string, to_item};
use super::transaction::Expression;
use crate::error::Error;
use crate::ids::{IdempotencyKey, RuleId};
use crate::paging::{Cursors, Page, PageRequest};
use crate::reward::Rule;
use crate::reward::requests::UpdateRule;
use crate::time::Timestamp;

/// For how long rules that were read are taken for the rules there are.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The rules that were read last. Whoever changes a rule here forgets them.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentRules(Arc<Mutex<Option<RulesThen>>>);

/// The rules at a moment.
#[derive(Debug, Clone)]
struct RulesThen {
    read_at: Timestamp,
    rules: Arc<Vec<Rule>>,
}

/// What making a rule came to.
#[derive(Debug)]
pub struct CreatedRule {
    /// The rule as it is now.
    pub rule: Rule,
    /// Whether it was made by an earlier request with the same key.
    pub replayed: bool,
}

/// Where a page of rules ended.
#[derive(PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
struct Position(Timestamp, RuleId);

impl RecentRules {
    fn get(&self, now: Timestamp) -> Option<Arc<Vec<Rule>>> {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let then = recent.as_ref().filter(|then| now < then.read_at + REMEMBERED)?;
        Some(then.rules.clone())
    }

    fn set(&self, recent: Option<RulesThen>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = recent;
    }
}

impl Store {
    /// Every rule, live or not, as it was a minute ago or later: orders come far more often than rules
    /// change.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn recent_rules(&self, now: Timestamp) -> Result<Arc<Vec<Rule>>, Error> {
        if let Some(rules) = self.recent_rules.get(now) {
            return Ok(rules);
        }
        let rules = Arc::new(self.rules().await?);
        self.recent_rules.set(Some(RulesThen { read_at: now, rules: rules.clone() }));
        Ok(rules)
    }

    /// Every rule, live or not, as it is now.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn rules(&self) -> Result<Vec<Rule>, Error> {
        let mut rules = Vec::new();
        let mut start = None;
        loop {
            let (items, next) = self.scan_items(Table::RewardRules, start).await?;
            for item in items {
                rules.push(from_item(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(rules);
            }
        }
    }

    /// A page of the rules, newest first. There are few, so all of them are read.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`].
    pub async fn rules_page(&self, page: &PageRequest, cursors: &Cursors<'_>) -> Result<Page<Rule>, Error> {
        let after: Option<Position> = page.cursor.as_deref().map(|cursor| cursors.open(cursor)).transpose()?;
        let position = |rule: &Rule| Position(rule.created_at, rule.rule_id);
        let mut rules = self.rules().await?;
        rules.retain(|rule| after.as_ref().is_none_or(|after| position(rule) < *after));
        rules.sort_by_key(|rule| std::cmp::Reverse(position(rule)));
        Page::cut(rules, page.limit, cursors, position)
    }

    /// One rule.
    ///
    /// # Errors
    /// [`Error::RuleNotFound`].
    pub async fn rule(&self, rule_id: RuleId) -> Result<Rule, Error> {
        self.get(&Key::reward_rule(rule_id)).await?.ok_or(Error::RuleNotFound)
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`], and without a key [`Error::Conflict`] if there is a rule with this id.
    pub async fn create_rule(&self, rule: &Rule, key: Option<&IdempotencyKey>) -> Result<CreatedRule, Error> {
        let created = self.decide(|attempts| async move {
            if attempts > 0 {
                let item = self.get_item(&Key::reward_rule(rule.rule_id)).await?;
                let (Some(item), Some(key)) = (item, key) else { return Err(Error::Conflict.into()) };
                if item.get("fingerprint") != Some(&string(&key.fingerprint)) {
                    return Err(Error::IdempotencyKeyReused.into());
                }
                return Ok(CreatedRule { rule: from_item(item)?, replayed: true });
            }
            let mut item = to_item(rule)?;
            item.extend(key.map(|key| ("fingerprint".to_owned(), string(&key.fingerprint))));
            let absent = Expression::when("attribute_not_exists(#rule_id)").name("rule_id");
            let mut transaction = self.transaction();
            transaction.put(Table::RewardRules, item, &absent)?;
            transaction.commit().await?;
            Ok(CreatedRule { rule: rule.clone(), replayed: false })
        });
        let created = created.await;
        self.recent_rules.set(None);
        created
    }

    /// Changes a rule. What it has granted so far keeps counting.
    ///
    /// # Errors
    /// [`Error::RuleNotFound`] and those of [`UpdateRule::apply`].
    pub async fn update_rule(&self, rule_id: RuleId, update: &UpdateRule, now: Timestamp) -> Result<Rule, Error> {
        let key = &Key::reward_rule(rule_id);
        let updated = self.decide(|_| async move {
            let before = self.rule(rule_id).await?;
            let mut after = update.apply(&before)?;
            if after != before {
                after.updated_at = now;
                let change = Expression::difference(&to_item(&before)?, &to_item(&after)?)
                    .and("#updated_at = :read")
                    .name("updated_at")
                    .value("read", string(before.updated_at));
                let mut transaction = self.transaction();
                transaction.update(key, &change)?;
                transaction.commit().await?;
            }
            Ok(after)
        });
        let updated = updated.await;
        self.recent_rules.set(None);
        updated
    }

    /// Deletes a rule. The coupons it granted stay good.
    ///
    /// # Errors
    /// [`Error::RuleNotFound`].
    pub async fn delete_rule(&self, rule_id: RuleId) -> Result<(), Error> {
        let there = Expression::when("attribute_exists(#rule_id)").name("rule_id");
        // As a transaction for its client token: an attempt whose answer was lost must not find the rule gone.
        let mut transaction = self.transaction();
        transaction.delete(&Key::reward_rule(rule_id), &there)?;
        let deleted = transaction.commit().await;
        self.recent_rules.set(None);
        match deleted {
            Ok(_) => Ok(()),
            Err(Failure::Stale) => Err(Error::RuleNotFound),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_remembered_for_a_minute_and_no_longer() {
        let (recent, now) = (RecentRules::default(), Timestamp::from_millis(0));
        let is_known = |millis| recent.get(Timestamp::from_millis(millis)).is_some();
        assert!(!is_known(0));
        recent.set(Some(RulesThen { read_at: now, rules: Arc::default() }));
        assert!(is_known(0) && is_known(59_999) && !is_known(60_000));
    }
}
