//! Money: decimal, two places, never a binary float.

use std::borrow::Cow;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in the shop's one currency: two decimal places, never negative.
///
/// JSON and the tables hold it as a string, `"149.99"`; requests may also give a JSON number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Decimal);

/// The text is no amount that the shop can charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an amount from 0.00 to 9999999999999.99 with at most two decimal places, such as \"149.99\"")]
pub struct NotMoney;

impl Money {
    /// Nothing at all.
    pub const ZERO: Money = Money(Decimal::ZERO);

    /// The largest amount that is read, in cents: 15 digits, as many as a JSON number keeps, and more
    /// than an order of the dearest things comes to.
    const MAX_CENTS: i64 = 999_999_999_999_999;

    /// The amount of so many cents.
    pub fn from_cents(cents: i64) -> Money {
        Money(Decimal::new(cents, 2))
    }

    /// The amount in cents.
    pub fn cents(self) -> i64 {
        i64::try_from(self.0.mantissa() * 10_i128.pow(2 - self.0.scale().min(2))).unwrap_or(i64::MAX)
    }

    /// `percent` of this amount, rounded half-up to the cent.
    pub fn percent(self, percent: Money) -> Money {
        let exact = self.0 * percent.0 / Decimal::ONE_HUNDRED;
        Money(exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
    }

    /// What is left after taking `other` away, zero if that is more.
    pub fn saturating_sub(self, other: Money) -> Money {
        Money((self.0 - other.0).max(Decimal::ZERO))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl Mul<u32> for Money {
    type Output = Money;
    fn mul(self, quantity: u32) -> Money {
        Money(self.0 * Decimal::from(quantity))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Money, NotMoney> {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let amount = plain.then(|| Decimal::from_str_exact(text).ok()).flatten().ok_or(NotMoney)?;
        let amount = amount.normalize();
        if amount.scale() > 2 || amount > Decimal::new(Money::MAX_CENTS, 2) {
            return Err(NotMoney);
        }
        Ok(Money(amount))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A request may give a JSON number, too.
impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_deserialize() {
            amount_schema(13)
        } else {
            json_schema!({"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$", "examples": ["149.99"]})
        }
    }
}

/// The schema of an amount that a request gives, with so many digits before the point.
pub(crate) fn amount_schema(digits: usize) -> Schema {
    let max: serde_json::Value = format!("{}.99", "9".repeat(digits)).parse().unwrap_or_default();
    json_schema!({
        "anyOf": [
            {"type": "string", "pattern": format!(r"^[0-9]{{1,{digits}}}(\.[0-9]{{1,2}})?$")},
            {"type": "number", "minimum": 0, "maximum": max, "multipleOf": 0.01},
        ],
        "examples": ["149.99"],
    })
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        deserializer.deserialize_any(MoneyVisitor)
    }
}

struct MoneyVisitor;

impl Visitor<'_> for MoneyVisitor {
    type Value = Money;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as \"149.99\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Money, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Money, E> {
        self.visit_str(&whole.to_string())
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Money, E> {
        self.visit_str(&whole.to_string())
    }

    /// A JSON number has been read as the nearest double by now; the shortest decimal that reads
    /// back as that double is what the client wrote, as long as it has 15 digits or fewer.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Money, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_strings_and_numbers_and_writes_two_places() {
        for (json, shown) in [
            ("\"149.99\"", "149.99"),
            ("149.99", "149.99"),
            ("149.9", "149.90"),
            ("149", "149.00"),
            ("\"0\"", "0.00"),
            ("0.1", "0.10"),
            ("9999999999999.99", "9999999999999.99"),
            ("\"9999999999999.99\"", "9999999999999.99"),
        ] {
            let money: Money = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&money).unwrap(), format!("\"{shown}\""));
            assert_eq!(money, Money::from_cents(money.cents()));
        }
    }

    #[test]
    fn refuses_what_cannot_be_charged() {
        for json in [
            "\"1.999\"",
            "-1",
            "\"-1\"",
            "\"\"",
            "\"1e2\"",
            "\"+1\"",
            "1e300",
            "null",
            "true",
            "\" 1\"",
            "\"1_0\"",
            "\".\"",
            "10000000000000",
        ] {
            assert!(serde_json::from_str::<Money>(json).is_err(), "{json}");
        }
        let problem = serde_json::from_str::<Money>("true").unwrap_err().to_string();
        assert!(problem.contains("expected an amount such as \"149.99\""), "{problem}");
    }

    #[test]
    fn amounts_are_reckoned_to_the_cent() {
        let [dear, cheap] = [149_99, 50_01].map(Money::from_cents);
        assert_eq!((dear + cheap).cents(), 200_00);
        assert_eq!((dear - cheap).cents(), 99_98);
        assert_eq!((cheap * 3).cents(), 150_03);
        assert_eq!([dear, cheap, cheap].into_iter().sum::<Money>().cents(), 250_01);
        assert_eq!(dear.saturating_sub(cheap).cents(), 99_98);
        assert_eq!(cheap.saturating_sub(dear), Money::ZERO);
    }

    #[test]
    fn percent_rounds_half_up() {
        let ten = Money::from_cents(10_00);
        assert_eq!(Money::from_cents(1_05).percent(ten), Money::from_cents(11));
        assert_eq!(Money::from_cents(1_04).percent(ten), Money::from_cents(10));
    }
}
