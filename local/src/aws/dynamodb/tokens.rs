//! The client tokens of transactions: one that comes again within ten minutes is answered as it was, and not done again.
//!
//! The embedded DynamoDB could do that itself, but looks at every token that it remembers for each new transaction, and
//! puts each request into an order of its own to compare it: a busy shop would slow down from minute to minute.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dynoxide::DynoxideError;
use sha2::{Digest as _, Sha256};

/// For how long DynamoDB remembers a token (API reference, `ClientRequestToken`).
const REMEMBERED_FOR: Duration = Duration::from_secs(10 * 60);

/// The tokens of the last ten minutes.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    by_token: HashMap<Arc<str>, Arc<Slot>>,
    /// The oldest first.
    since: VecDeque<(Instant, Arc<str>)>,
}

/// What was asked with a token, and the answer; nothing, as long as it has not succeeded. Locked while it is tried.
#[derive(Default)]
struct Slot(Mutex<Option<(Vec<u8>, String)>>);

impl Tokens {
    /// Does what `request` asks for, unless it was done with this token; then the answer is the first one again, its
    /// capacity included (DynamoDB's own would name what reading the items costs). Whoever comes meanwhile waits.
    ///
    /// # Errors
    /// Those of `execute`, which are not remembered; and that another request had this token. A request is the same if
    /// it is byte for byte, which it is when a client sends it again.
    pub(super) fn once(
        &self,
        token: &str,
        request: &[u8],
        execute: impl FnOnce() -> Result<String, DynoxideError>,
    ) -> Result<String, DynoxideError> {
        let slot = self.slot(token, Instant::now());
        let mut done = lock(&slot.0);
        let request = Sha256::digest(request).to_vec();
        match &*done {
            Some((first, answer)) if *first == request => Ok(answer.clone()),
            Some(_) => Err(DynoxideError::IdempotentParameterMismatchException(
                "another request has been made with this ClientRequestToken".to_owned(),
            )),
            None => {
                let answer = execute()?;
                *done = Some((request, answer.clone()));
                Ok(answer)
            }
        }
    }

    /// What is remembered of a token at `now`.
    fn slot(&self, token: &str, now: Instant) -> Arc<Slot> {
        let mut remembered = lock(&self.0);
        while remembered.since.front().is_some_and(|(since, _)| now.duration_since(*since) >= REMEMBERED_FOR) {
            if let Some((_, forgotten)) = remembered.since.pop_front() {
                remembered.by_token.remove(&forgotten);
            }
        }
        if let Some(slot) = remembered.by_token.get(token) {
            return slot.clone();
        }
        let (token, slot) = (Arc::<str>::from(token), Arc::<Slot>::default());
        remembered.since.push_back((now, token.clone()));
        remembered.by_token.insert(token, slot.clone());
        slot
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Result<String, DynoxideError> {
        Err(DynoxideError::InternalServerError("no".to_owned()))
    }

    #[test]
    fn a_token_is_good_for_one_success_of_one_request() {
        let tokens = Tokens::default();
        assert!(tokens.once("a", b"1", fails).is_err());
        assert_eq!(tokens.once("a", b"1", || Ok("first".to_owned())).unwrap(), "first");
        assert_eq!(tokens.once("a", b"1", fails).unwrap(), "first");
        let other = tokens.once("a", b"2", fails).unwrap_err();
        assert!(matches!(other, DynoxideError::IdempotentParameterMismatchException(_)), "{other}");
        assert_eq!(tokens.once("b", b"2", || Ok("second".to_owned())).unwrap(), "second");
    }

    #[test]
    fn a_token_is_forgotten_after_ten_minutes() {
        let (tokens, start) = (Tokens::default(), Instant::now());
        let first = tokens.slot("a", start);
        let just_before = start + REMEMBERED_FOR - Duration::from_millis(1);
        assert!(Arc::ptr_eq(&first, &tokens.slot("a", just_before)));
        assert!(!Arc::ptr_eq(&first, &tokens.slot("a", start + REMEMBERED_FOR)));
        assert_eq!(tokens.0.lock().unwrap().by_token.len(), 1);
    }
}
