//! Typed ids: a product's id cannot be handed where an order's is wanted.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::openapi::inline_schema;

/// The namespace of every id that is derived (UUIDv5) rather than drawn.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1e_9f3c_52a4_4f0e_9d0b_7c1a_2b8e_44d1);

/// The text is no UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID, such as 3fa85f64-5717-4562-b3fc-2c963f66afa6")]
pub struct NotAnId;

fn parse(text: &str) -> Result<Uuid, NotAnId> {
    const HYPHENATED: usize = 36;
    if text.len() != HYPHENATED {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id that sorts before all others.
            pub const LEAST: Self = Self(Uuid::nil());

            /// A new random id.
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// The id that stands for `name`, always the same one.
            pub fn derived(name: &str) -> Self {
                Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
            }

            /// The sixteen bytes, for hashing to a shard.
            pub fn as_u128(self) -> u128 {
                self.0.as_u128()
            }
        }

        inline_schema!($name: {"type": "string", "format": "uuid"});

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A shopper, seller or admin: the token's `sub`.
    UserId
    /// A product of the catalogue.
    ProductId
    /// One filling of a cart, from its first line until it is ordered or emptied.
    CartId
    /// A line of a cart or order: derived from the product and its variation.
    ItemId
    /// An order.
    OrderId
    /// An idempotency key, with all that it is bound to.
    KeyId
    /// A reward rule.
    RuleId
}

/// An `Idempotency-Key`, bound to its user and route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Names the request: the same for its every retry, no other's.
    pub id: KeyId,
    /// Tells the body that came with the key from others.
    pub fingerprint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let text = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
        assert_eq!(text.parse::<OrderId>().unwrap().to_string(), text);
        for bad in ["", "1", "3fa85f6457174562b3fc2c963f66afa6", "3fa85f64-5717-4562-b3fc-2c963f66afaX"] {
            assert_eq!(bad.parse::<OrderId>(), Err(NotAnId), "{bad}");
        }
    }

    #[test]
    fn a_derived_id_depends_on_its_name_alone() {
        assert_eq!(OrderId::derived("a"), OrderId::derived("a"));
        assert_ne!(OrderId::derived("a"), OrderId::derived("b"));
    }
}
