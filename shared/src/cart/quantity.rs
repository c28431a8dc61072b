//! How many units a request names.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use crate::catalog::MAX_QUANTITY;
use crate::openapi::inline_schema;

/// A whole number of units, at least 1. How many are allowed depends on the product; a number beyond
/// all reason is kept as the largest there is, so that it is refused as too many and not as no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity(u32);

impl Quantity {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

inline_schema!(Quantity: {"type": "integer", "minimum": 1, "maximum": MAX_QUANTITY});

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl QuantityVisitor {
    const EXPECTED: &str = "must be a whole number of at least 1; to take an item out of the cart, use DELETE";
}

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 1")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantity, E> {
        match number {
            0 => Err(E::custom(QuantityVisitor::EXPECTED)),
            _ => Ok(Quantity(u32::try_from(number).unwrap_or(u32::MAX))),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Quantity, E> {
        self.visit_u64(u64::try_from(number).unwrap_or(0))
    }

    /// JSON knows one kind of number: `3.0` is 3, and what exceeds 64 bits arrives here too.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity, E> {
        if number.fract() != 0.0 || number < 1.0 {
            return Err(E::custom(QuantityVisitor::EXPECTED));
        }
        format!("{number:.0}").parse().map_or(Ok(Quantity(u32::MAX)), |whole: u64| self.visit_u64(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_from_one_are_quantities() {
        for (json, quantity) in [("1", 1), ("1.0", 1), ("1e2", 100), ("99999999999", u32::MAX), ("1e300", u32::MAX)] {
            assert_eq!(serde_json::from_str::<Quantity>(json).unwrap().get(), quantity, "{json}");
        }
        for json in ["0", "-1", "1.5", "0.5", "-1e300", "\"1\"", "null", "true", "[]"] {
            assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
        }
        let problem = serde_json::from_str::<Quantity>("true").unwrap_err().to_string();
        assert!(problem.contains("expected a whole number of at least 1"), "{problem}");
    }
}
