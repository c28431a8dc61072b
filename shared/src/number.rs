//! Whole numbers as requests bring them: bounded, checked where they enter.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use crate::openapi::inline_schema;

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: i32, const MAX: i32>(i32);

impl<const MIN: i32, const MAX: i32> Whole<MIN, MAX> {
    /// The number.
    pub fn get(self) -> i32 {
        self.0
    }

    /// The number, where it counts something; zero if it is less.
    pub fn count(self) -> u32 {
        u32::try_from(self.0).unwrap_or_default()
    }

    fn new<E: de::Error>(number: Option<i32>) -> Result<Self, E> {
        match number {
            Some(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            _ => Err(E::custom(format!("must be a whole number from {MIN} to {MAX}"))),
        }
    }
}

inline_schema!([const MIN: i32, const MAX: i32] Whole<MIN, MAX>: {"type": "integer", "minimum": MIN, "maximum": MAX});

impl<'de, const MIN: i32, const MAX: i32> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor<const MIN: i32, const MAX: i32>;

impl<const MIN: i32, const MAX: i32> Visitor<'_> for WholeVisitor<MIN, MAX> {
    type Value = Whole<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Whole::new(number.try_into().ok())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Whole::new(number.try_into().ok())
    }

    /// JSON knows one kind of number: `3.0` is 3.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        let whole = Some(number).filter(|number| number.fract() == 0.0);
        Whole::new(whole.and_then(|whole| format!("{whole:.0}").parse().ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_within_bounds_are_read() {
        type Small = Whole<-3, 10>;
        for (json, number) in [("-3", -3), ("10", 10), ("3.0", 3), ("1e1", 10), ("-0.0", 0)] {
            assert_eq!(serde_json::from_str::<Small>(json).unwrap().get(), number, "{json}");
        }
        for json in ["-4", "11", "1.5", "1e300", "-1e300", "99999999999999999999", "\"1\"", "null", "true", "[]"] {
            let problem = serde_json::from_str::<Small>(json).unwrap_err().to_string();
            assert!(problem.contains("a whole number from -3 to 10"), "{json}: {problem}");
        }
    }
}
