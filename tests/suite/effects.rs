//! What an act has changed, without what is different each time: ids, codes and times.

use std::collections::BTreeMap;

use local::mailbox::Mail;
use serde_json::{Map, Value, json};
use tests::audit::Snapshot;

/// What follows from an id, says when, or counts how often something was written or how much there is.
const PASSING: [&str; 15] = [
    "version",
    "fingerprint",
    "trace_id",
    "expiry_shard",
    "payment_due_shard",
    "day_shard",
    "rewards_pending",
    "expires_at",
    "next_cursor",
    "variation_key",
    "listed_at",
    "held",
    "moves",
    "freed",
    "stock_items",
];

/// What has changed between two looks at the data: items that are new or other, and mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effects {
    /// Each item as it is now.
    pub(crate) items: Vec<String>,
    /// Whom each mail is for, and its subject.
    pub(crate) mails: Vec<String>,
}

impl Effects {
    pub(crate) fn between(before: &Snapshot, after: &Snapshot, new_mails: &[Mail]) -> Effects {
        let mut items = Vec::new();
        for ((table, key, old), (_, _, new)) in before.tables().into_iter().zip(after.tables()) {
            let (old, new) = (by_key(key, old), by_key(key, new));
            let changed = new.iter().filter(|(key, item)| old.get(*key) != Some(item));
            items.extend(changed.map(|(_, item)| format!("{table}: {}", plain(item))));
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            items.extend(gone.map(|_| format!("{table}: one is gone")));
        }
        items.sort();
        let about = |mail: &Mail| {
            let subject = mail.subject.rsplit_once(" (").map_or(mail.subject.as_str(), |(subject, _)| subject);
            format!("{}: {}", mail.to, plain_text(subject))
        };
        let mut mails: Vec<_> = new_mails.iter().map(about).collect();
        mails.sort();
        Effects { items, mails }
    }

    /// The items that are not as expected, and what was expected instead.
    pub(crate) fn difference(&self, expected: &Effects) -> String {
        let without = |these: &[String], others: &[String]| {
            let mut left = others.to_vec();
            let other = |item: &&String| match left.iter().position(|other| other == *item) {
                Some(found) => {
                    left.remove(found);
                    false
                }
                None => true,
            };
            these.iter().filter(other).cloned().collect::<Vec<_>>()
        };
        let (left, wanted) = (without(&self.items, &expected.items), without(&expected.items, &self.items));
        format!("left {left:#?}\nand not {wanted:#?}")
    }

    /// The mails besides those of `other`; none if those are not all among them.
    pub(crate) fn mails_besides(&self, other: &Effects) -> Option<Vec<String>> {
        let mut left = self.mails.clone();
        for mail in &other.mails {
            left.remove(left.iter().position(|sent| sent == mail)?);
        }
        Some(left)
    }
}

/// Items by the attribute that is their key.
pub(crate) fn by_key<'a>(key: &str, items: &'a [Value]) -> BTreeMap<&'a str, &'a Value> {
    items.iter().map(|item| (item[key].as_str().expect("a key"), item)).collect()
}

/// JSON without what is different each time.
pub(crate) fn plain(value: &Value) -> String {
    without_passing(value).to_string()
}

fn without_passing(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain_text(text)),
        Value::Array(values) => values.iter().map(without_passing).collect(),
        Value::Object(fields) if fields.keys().any(|key| key.get(..36).is_some_and(is_id)) => {
            // In no order: the keys of such an object are ids.
            let mut values: Vec<_> = fields.values().map(without_passing).collect();
            values.sort_by_key(Value::to_string);
            Value::Array(values)
        }
        Value::Object(fields) => {
            let is_passing = |name: &str, value: &Value| PASSING.contains(&name) && !value.is_null();
            let field = |(name, value): (&String, &Value)| {
                (name.clone(), if is_passing(name, value) { json!("<passing>") } else { without_passing(value) })
            };
            // What is on a board is good for a moment, and nobody depends on it.
            let lasts = |name: &str| !["short", "counted_until"].contains(&name);
            Value::Object(fields.iter().filter(|(name, _)| lasts(name)).map(field).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn plain_text(text: &str) -> String {
    const ID: usize = 36;
    const CODE: &str = "REWARD-";
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = if rest.get(..ID).is_some_and(is_id) {
            plain.push_str("<id>");
            ID
        } else if rest.starts_with(CODE) {
            plain.push_str("<code>");
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len())
        } else if is_moment(rest) {
            plain.push_str("<time>");
            rest.find('Z').map_or(rest.len(), |end| end + 1)
        } else {
            plain.push(next);
            next.len_utf8()
        };
        rest = &rest[taken..];
    }
    plain
}

fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether it begins like `2026-11-20T06:21:33.123Z`.
fn is_moment(text: &str) -> bool {
    let shape = text.bytes().take(11).map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq(*b"0000-00-00T")
}

#[test]
fn only_what_is_different_each_time_is_left_out() {
    let order = json!({
        "order_id": "e166137c-dae1-550b-a7f4-a8b76fe54a86", "total": "9.00", "version": 3, "code": "REWARD-0A1B2C3D",
        "at": "2026-11-20T06:21:33.123Z", "stock": "e166137c-dae1-550b-a7f4-a8b76fe54a86#-#1",
        "lines": {"e166137c-dae1-550b-a7f4-a8b76fe54a86": {"quantity": 2}},
    });
    let left = r#"{"at":"<time>","code":"<code>","lines":[{"quantity":2}],"order_id":"<id>","stock":"<id>#-#1","total":"9.00","version":"<passing>"}"#;
    assert_eq!(plain(&order), left);
}
