//! Taking a guard away: a condition that a write is made on, made one that always holds.

use aws_sdk_dynamodb::config::http::HttpRequest;
use serde_json::Value;

use super::request::{body_of, with_body};

/// A condition of some writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The table, such as `orders`.
    pub table: &'static str,
    /// What the writes update, in a part of the expression; empty for any, and for those that put a whole item.
    pub update: &'static str,
    /// The part of the condition; empty for all of it.
    pub condition: &'static str,
}

impl Guard {
    /// Whether it is in the condition of a write, or is all of it. A table's name may have a prefix.
    pub fn is_in(&self, table: &str, update: &str, condition: &str) -> bool {
        let is_meant = table.rsplit('-').next() == Some(self.table) && update.contains(self.update);
        is_meant && !condition.is_empty() && condition.contains(self.condition)
    }

    /// The request without the guard, if it has it.
    pub(super) fn taken_off(&self, request: HttpRequest) -> HttpRequest {
        let mut body = body_of(&request);
        let mut taken = false;
        match body.get_mut("TransactItems").and_then(Value::as_array_mut) {
            Some(items) => {
                for write in items.iter_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
                    taken |= self.take_off(write);
                }
            }
            None => taken |= self.take_off(&mut body),
        }
        if taken { with_body(request, &body) } else { request }
    }

    fn take_off(&self, write: &mut Value) -> bool {
        let text = |name: &str| write[name].as_str().unwrap_or_default().to_owned();
        let (table, update, condition) = (text("TableName"), text("UpdateExpression"), text("ConditionExpression"));
        if !self.is_in(&table, &update, &condition) {
            return false;
        }
        let part = if self.condition.is_empty() { condition.as_str() } else { self.condition };
        // What an expression has names and values for, it must use.
        let always = format!("(({part}) OR NOT ({part}))");
        write["ConditionExpression"] = condition.replace(part, &always).into();
        true
    }
}
