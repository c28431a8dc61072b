//! Writing several items: all of them, or none.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItems, TransactWriteItemsInput};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, Table};
use crate::error::Error;
use crate::ids::KeyId;
use crate::inventory::movement::{LogEntry, StockChanges};
use crate::inventory::{Level, Sku};

/// An expression's parts, so that names and values are added where they are used. Every name is
/// aliased, because DynamoDB reserves some 570 words.
#[derive(Debug, Clone, Default)]
pub(super) struct Expression {
    pub(super) update: String,
    pub(super) condition: String,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
}

impl Expression {
    /// An expression that only sets a condition.
    pub(super) fn when(condition: &str) -> Expression {
        Expression { condition: condition.to_owned(), ..Expression::default() }
    }

    /// An expression that updates where `condition` holds.
    pub(super) fn update(update: &str, condition: &str) -> Expression {
        Expression { update: update.to_owned(), condition: condition.to_owned(), ..Expression::default() }
    }

    /// An expression that makes `new` out of `old`, whatever else the item has.
    pub(super) fn difference(old: &Item, new: &Item) -> Expression {
        let mut change = Expression::default();
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (attribute, value) in new.iter().filter(|(attribute, value)| old.get(*attribute) != Some(value)) {
            set.push(format!("#{attribute} = :{attribute}"));
            change = change.name(attribute).value(attribute, value.clone());
        }
        for attribute in old.keys().filter(|attribute| !new.contains_key(*attribute)) {
            remove.push(format!("#{attribute}"));
            change = change.name(attribute);
        }
        let clause = |keyword: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{keyword} {} ", parts.join(", ")),
        };
        change.update = format!("{}{}", clause("SET", &set), clause("REMOVE", &remove)).trim().to_owned();
        change
    }

    /// Expects this, too.
    pub(super) fn and(mut self, condition: &str) -> Expression {
        if !self.condition.is_empty() {
            self.condition.push_str(" AND ");
        }
        self.condition.push_str(condition);
        self
    }

    /// Says that `#name` is the attribute of that name.
    pub(super) fn name(mut self, name: &str) -> Expression {
        self.names.push((format!("#{name}"), name.to_owned()));
        self
    }

    /// Says what `:name` is.
    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Expression {
        self.values.push((format!(":{name}"), value));
        self
    }

    /// The aliases, as the SDK takes them.
    pub(super) fn names(&self) -> Option<std::collections::HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.iter().cloned().collect())
    }

    /// The values, as the SDK takes them.
    pub(super) fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.iter().cloned().collect())
    }
}

/// Writes that happen together or not at all.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    store: &'a Store,
    writes: Vec<TransactWriteItem>,
    /// What is to be told about the stock once everything is written.
    moved: Vec<(LogEntry, String)>,
    /// Of what there will be more to be had.
    freed: BTreeSet<Sku>,
    /// Whether it takes units that others may be after, too.
    last_units: bool,
}

impl Store {
    /// A transaction without writes yet.
    pub(super) fn transaction(&self) -> Transaction<'_> {
        Transaction { store: self, writes: Vec::new(), moved: Vec::new(), freed: BTreeSet::new(), last_units: false }
    }
}

impl Transaction<'_> {
    /// Puts a whole item.
    pub(super) fn put(&mut self, table: Table, item: Item, guard: &Expression) -> Result<(), Error> {
        let put = Put::builder()
            .table_name(self.store.table(table))
            .set_item(Some(item))
            .condition_expression(&guard.condition)
            .set_expression_attribute_names(guard.names())
            .set_expression_attribute_values(guard.values());
        self.writes.push(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build());
        Ok(())
    }

    /// Changes an item in place.
    pub(super) fn update(&mut self, key: &Key, expression: &Expression) -> Result<(), Error> {
        let update = Update::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.item()))
            .update_expression(&expression.update)
            .condition_expression(&expression.condition)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values());
        self.writes.push(TransactWriteItem::builder().update(update.build().map_err(Error::internal)?).build());
        Ok(())
    }

    /// Deletes an item.
    pub(super) fn delete(&mut self, key: &Key, guard: &Expression) -> Result<(), Error> {
        let delete = Delete::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.item()))
            .condition_expression(&guard.condition)
            .set_expression_attribute_names(guard.names())
            .set_expression_attribute_values(guard.values());
        self.writes.push(TransactWriteItem::builder().delete(delete.build().map_err(Error::internal)?).build());
        Ok(())
    }

    /// Changes nothing of an item, but expects something of it.
    pub(super) fn check(&mut self, key: &Key, expectation: &Expression) -> Result<(), Error> {
        let check = ConditionCheck::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.item()))
            .condition_expression(&expectation.condition)
            .set_expression_attribute_names(expectation.names())
            .set_expression_attribute_values(expectation.values());
        let check = check.build().map_err(Error::internal)?;
        self.writes.push(TransactWriteItem::builder().condition_check(check).build());
        Ok(())
    }

    /// Has the log tell of units that move, as soon as they have.
    pub(super) fn log_stock(&mut self, changes: &StockChanges) {
        let told = changes.log().iter().map(|entry| (entry.clone(), changes.cause_id().to_owned()));
        self.moved.extend(told);
    }

    /// Notes of what there will be more to be had, so that nobody goes by what was known of it.
    pub(super) fn free(&mut self, changes: &StockChanges) {
        let freed = changes.iter().filter(|(_, change)| change.available > 0);
        self.freed.extend(freed.map(|(stock_id, _)| stock_id.sku.clone()));
    }

    /// Notes whether units are taken of which few are left, so that others may be after them, too.
    pub(super) fn leave(&mut self, changes: &StockChanges, left: &[Level]) {
        self.last_units |= changes.takes_last_units(left);
    }

    /// Writes everything. One client token goes with all attempts, so that an attempt whose answer
    /// was lost is not written twice.
    ///
    /// # Errors
    /// [`Failure::Stale`] if a condition does not hold, or if others are after the last units; nothing is written then.
    pub(super) async fn commit(self) -> Result<(), Failure> {
        let token = KeyId::random().to_string();
        let input = TransactWriteItemsInput::builder().set_transact_items(Some(self.writes));
        let input = input.client_request_token(token).build().map_err(Error::internal)?;
        self.store.recent_shortages.forget(&self.freed);
        let written = self.store.call_for::<TransactWriteItems>(input, self.last_units).await;
        // Also where it failed: its answer may have been lost.
        self.store.recent_shortages.forget(&self.freed);
        written?;
        for (LogEntry { kind, sku, quantity }, cause_id) in &self.moved {
            tracing::info!(kind, %sku, quantity, cause_id, "stock moved");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Aws;
    use crate::config::Config;
    use crate::ids::{ProductId, UserId};
    use crate::inventory::movement::Movement;
    use crate::inventory::{Level, StockId, allocate};

    #[test]
    fn what_a_transaction_frees_is_what_there_will_be_more_of() {
        let store = Store::new(&Aws::from_env(), &Config::from_lookup(|_| Some("1".to_owned())).unwrap());
        let sku = Sku { product_id: ProductId::derived("mug"), size: None };
        let mut levels = [Level { id: StockId { sku: sku.clone(), shard: 0 }, available: 3 }];
        let units = allocate(&mut levels, &sku, UserId::derived("ada"), 2).unwrap();
        for (movement, frees) in [
            (Movement::Release, true),
            (Movement::Return, true),
            (Movement::Reserve, false),
            (Movement::Sell, false),
            (Movement::HandOn, false),
        ] {
            let mut changes = StockChanges::caused_by("order");
            changes.move_units(movement, &sku, &units);
            let mut transaction = store.transaction();
            transaction.free(&changes);
            transaction.log_stock(&changes);
            assert_eq!(transaction.freed.contains(&sku), frees, "{movement:?}");
            let told: Vec<_> =
                transaction.moved.iter().map(|(entry, cause)| (entry.quantity, cause.as_str())).collect();
            assert_eq!(told, [(2, "order")]);
        }
    }
}
