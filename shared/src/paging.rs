//! Lists come in pages; a cursor says where the next begins, sealed so that only this API can make one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::error::Error;

/// Bytes of HMAC-SHA256 kept; 96 bits are beyond guessing.
const SEAL_BYTES: usize = 12;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at most, 1 to 100.
    pub limit: usize,
    /// Where to go on, as an earlier page said.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "{T}List")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How to ask for what follows; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of `limit` items, of items that are more than it holds or all there are. `position` says where an
    /// item is in the list.
    ///
    /// # Errors
    /// As [`Cursors::seal`].
    pub fn cut<P: Serialize>(
        mut items: Vec<T>,
        limit: usize,
        cursors: &Cursors<'_>,
        position: impl FnOnce(&T) -> P,
    ) -> Result<Page<T>, Error> {
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|last| cursors.seal(&position(last))).transpose()?;
        Ok(Page { items, next_cursor })
    }

    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// Makes and reads the cursors of one list.
pub struct Cursors<'a> {
    secret: &'a str,
    list: String,
}

impl<'a> Cursors<'a> {
    /// `list` names the list and everything that selects its items, so that a cursor fits no other.
    pub fn new(secret: &'a str, list: impl Into<String>) -> Cursors<'a> {
        Cursors { secret, list: list.into() }
    }

    /// The cursor that continues after `position`.
    ///
    /// # Errors
    /// [`Error::Internal`] for a position that is not representable in JSON.
    pub fn seal<P: Serialize>(&self, position: &P) -> Result<String, Error> {
        let position = serde_json::to_vec(position).map_err(Error::internal)?;
        let seal = self.mac(&position).finalize().into_bytes();
        Ok(URL_SAFE_NO_PAD.encode([&seal[..SEAL_BYTES], &position].concat()))
    }

    /// The position that a cursor holds.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`] for any text that [`Cursors::seal`] did not make for this list.
    pub fn open<P: DeserializeOwned>(&self, cursor: &str) -> Result<P, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::InvalidCursor)?;
        let (seal, position) = bytes.split_at_checked(SEAL_BYTES).ok_or(Error::InvalidCursor)?;
        self.mac(position).verify_truncated_left(seal).map_err(|_| Error::InvalidCursor)?;
        serde_json::from_slice(position).map_err(|_| Error::InvalidCursor)
    }

    fn mac(&self, position: &[u8]) -> Hmac<Sha256> {
        keyed(self.secret).chain_update(self.list.as_bytes()).chain_update([0]).chain_update(position)
    }
}

/// HMAC-SHA256 under `secret`, which may have any length.
pub(crate) fn keyed(secret: &str) -> Hmac<Sha256> {
    // Hashed first, a secret of any length fits the one length of key that cannot be refused.
    let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
    let digest = <Sha256 as sha2::Digest>::digest(secret.as_bytes());
    key[..digest.len()].copy_from_slice(&digest);
    Hmac::<Sha256>::new(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_to_go_on_only_if_there_is_more() {
        let cursors = Cursors::new("secret", "numbers");
        let page = Page::cut(vec![1, 2, 3], 2, &cursors, |last| *last).unwrap().map(|number| number * 10);
        assert_eq!(page.items, [10, 20]);
        assert_eq!(cursors.open::<i32>(&page.next_cursor.unwrap()).unwrap(), 2);
        let all = Page::cut(vec![1, 2], 2, &cursors, |last| *last).unwrap();
        assert_eq!((all.items, all.next_cursor), (vec![1, 2], None));
    }

    #[test]
    fn a_cursor_opens_only_where_it_was_sealed_and_as_it_was() {
        let cursors = Cursors::new("secret", "orders/ada");
        let sealed = cursors.seal(&("2026", 7)).unwrap();
        assert_eq!(cursors.open::<(String, u32)>(&sealed).unwrap(), ("2026".to_owned(), 7));

        assert!(Cursors::new("secret", "orders/bob").open::<(String, u32)>(&sealed).is_err());
        assert!(Cursors::new("other", "orders/ada").open::<(String, u32)>(&sealed).is_err());
        for i in 0..sealed.len() {
            let mut tampered = sealed.clone().into_bytes();
            tampered[i] = if tampered[i] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(tampered).unwrap();
            assert!(cursors.open::<(String, u32)>(&tampered).is_err(), "byte {i}");
        }
        for text in ["", "x", "AAAA", "not a cursor"] {
            assert!(matches!(cursors.open::<(String, u32)>(text), Err(Error::InvalidCursor)));
        }
    }
}
