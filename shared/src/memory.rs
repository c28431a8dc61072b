//! What a process remembers for a short time, so that it need not ask again.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Timestamp;

/// Values by key, each known for the same short time.
#[derive(Debug, Clone)]
pub struct Memory<K, V> {
    lifetime: Duration,
    known: BTreeMap<K, (Timestamp, V)>,
    forgotten: u64,
}

/// A moment in a memory's life: whether anything has been forgotten since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(u64);

impl<K: Ord, V> Memory<K, V> {
    /// An empty one, which keeps everything for `lifetime`.
    pub fn of(lifetime: Duration) -> Memory<K, V> {
        Memory { lifetime, known: BTreeMap::new(), forgotten: 0 }
    }

    /// What is known of `key` at `now`.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<&V> {
        self.known.get(key).filter(|(at, _)| now < *at + self.lifetime).map(|(_, value)| value)
    }

    /// Where the memory is now. Take it before asking what is to be remembered.
    pub fn since(&self) -> Since {
        Since(self.forgotten)
    }

    /// Remembers what was so at `at`, unless something has been forgotten `since`: then it may have changed while it
    /// was asked for.
    pub fn remember(&mut self, since: Since, key: K, value: V, at: Timestamp) {
        self.known.retain(|_, (known_at, _)| at < *known_at + self.lifetime);
        if since == self.since() {
            self.known.insert(key, (at, value));
        }
    }

    /// Forgets what is known of `key`, which is about to change or has changed.
    pub fn forget(&mut self, key: &K) {
        self.known.remove(key);
        self.forgotten += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_value_is_known_for_a_while() {
        let mut memory = Memory::of(SECOND);
        memory.remember(memory.since(), "price", 5, at(0));
        assert_eq!((memory.get(&"price", at(999)), memory.get(&"price", at(1_000))), (Some(&5), None));
        memory.remember(memory.since(), "stock", 1, at(1_000));
        assert_eq!(memory.known.len(), 1, "what is too old is let go");
    }

    #[test]
    fn what_is_remembered_later_leaves_what_is_still_known() {
        let mut memory = Memory::of(SECOND);
        for (key, millis) in [("price", 0), ("stock", 999)] {
            memory.remember(memory.since(), key, millis, at(millis));
        }
        assert_eq!((memory.get(&"price", at(999)), memory.get(&"stock", at(999))), (Some(&0), Some(&999)));
    }

    #[test]
    fn what_was_asked_for_before_a_change_is_not_remembered_after_it() {
        let mut memory = Memory::of(SECOND);
        let since = memory.since();
        memory.forget(&"price");
        memory.remember(since, "price", 5, at(0));
        assert_eq!(memory.get(&"price", at(0)), None);
        memory.remember(memory.since(), "price", 6, at(0));
        memory.forget(&"price");
        assert_eq!(memory.get(&"price", at(0)), None);
    }
}
