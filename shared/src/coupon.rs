//! Coupons: what one is worth on an order, and to whom. [`view`] is how its owner sees it.

pub mod view;

use std::fmt;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::ids::{OrderId, RuleId, UserId};
use crate::money::Money;
use crate::openapi::inline_schema;
use crate::time::Timestamp;

/// A coupon, granted to one user for one use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Its code, `REWARD-A1B2C3D4`.
    pub code: String,
    /// Whose it is.
    pub user_id: UserId,
    /// What it takes off.
    #[serde(flatten)]
    pub discount: Discount,
    /// The subtotal from which on it can be used.
    pub min_order_total: Option<Money>,
    /// What became of it.
    pub status: CouponStatus,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// The order that earned it.
    pub order_id: OrderId,
    /// The order it was used on.
    pub redeemed_order_id: Option<OrderId>,
    /// The rule that granted it.
    pub rule_id: RuleId,
    /// When it was granted.
    pub created_at: Timestamp,
}

/// What a coupon takes off an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Discount {
    /// A share of the whole.
    Percent(Percent),
    /// An amount, or the whole if that is less.
    Fixed(Money),
}

/// A share in percent: above 0, at most 100, two decimal places. Written as a string, `"10.00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Percent(Money);

/// What became of a coupon. That it expired is told from the time, not written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponStatus {
    /// It can be used.
    Active,
    /// It was used.
    Redeemed,
    /// The order that earned it was cancelled.
    Revoked,
}

impl fmt::Display for CouponStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CouponStatus::Active => "active",
            CouponStatus::Redeemed => "redeemed",
            CouponStatus::Revoked => "revoked",
        })
    }
}

impl Percent {
    /// So many percent.
    ///
    /// # Errors
    /// Says for a person what is wrong with 0 or more than 100.
    pub fn new(percent: Money) -> Result<Percent, &'static str> {
        let allowed = percent > Money::ZERO && percent <= Money::from_cents(100_00);
        if allowed { Ok(Percent(percent)) } else { Err("must be a percentage above 0 and at most 100") }
    }
}

impl fmt::Display for Percent {
    /// As a person writes it: `10`, `12.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

inline_schema!(Percent: {"type": "string", "pattern": r"^(100\.00|[0-9]{1,2}\.[0-9]{2})$"});

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        Percent::new(Money::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Discount {
    /// What it takes off `subtotal`, never more than that.
    pub fn off(self, subtotal: Money) -> Money {
        match self {
            Discount::Percent(Percent(percent)) => subtotal.percent(percent),
            Discount::Fixed(amount) => amount.min(subtotal),
        }
    }
}

impl Coupon {
    /// Whether it can be used at `now`, on an order that is large enough.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.status == CouponStatus::Active && now < self.expires_at
    }

    /// What the coupon takes off an order of `user_id` over `subtotal` at `now`.
    ///
    /// # Errors
    /// [`Error::CouponNotFound`] for another's coupon, [`Error::CouponAlreadyRedeemed`], or
    /// [`Error::CouponNotApplicable`] with the reason.
    pub fn apply(&self, user_id: UserId, subtotal: Money, now: Timestamp) -> Result<Money, Error> {
        if self.user_id != user_id {
            return Err(Error::CouponNotFound);
        }
        match self.status {
            CouponStatus::Redeemed => return Err(Error::CouponAlreadyRedeemed),
            CouponStatus::Revoked => {
                let reason = "This coupon was withdrawn, because the order that earned it was cancelled";
                return Err(Error::CouponNotApplicable(reason.to_owned()));
            }
            CouponStatus::Active => {}
        }
        if self.expires_at <= now {
            return Err(Error::CouponNotApplicable(format!("This coupon expired on {}", self.expires_at.long_date())));
        }
        match self.min_order_total {
            Some(minimum) if subtotal < minimum => Err(Error::CouponNotApplicable(format!(
                "This coupon needs an order of at least {minimum}; this one is {subtotal}"
            ))),
            _ => Ok(self.discount.off(subtotal)),
        }
    }
}

/// Spreads `discount` over lines in proportion to their totals, to the cent: the parts add up to
/// `discount` exactly, and none exceeds its line as long as the discount does not exceed them all.
pub fn spread(discount: Money, line_totals: &[Money]) -> Vec<Money> {
    let whole = i128::from(line_totals.iter().copied().sum::<Money>().cents());
    let cents = i128::from(discount.cents());
    if whole == 0 {
        return vec![Money::ZERO; line_totals.len()];
    }
    // Each line's share is the difference of two running totals, so rounding never accumulates.
    let mut running = 0_i128;
    let mut given = 0_i128;
    let share = |total: &Money| {
        running += i128::from(total.cents());
        let due = (cents * running * 2 + whole) / (whole * 2);
        let part = due - given;
        given = due;
        Money::from_cents(i64::try_from(part).unwrap_or(i64::MAX))
    };
    line_totals.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coupon(discount: &str) -> Coupon {
        let now = Timestamp::from_millis(1_795_155_693_120);
        Coupon {
            code: "REWARD-A1B2C3D4".to_owned(),
            user_id: UserId::derived("ada"),
            discount: serde_json::from_str(discount).unwrap(),
            min_order_total: Some(Money::from_cents(20_00)),
            status: CouponStatus::Active,
            expires_at: now,
            order_id: OrderId::derived("o"),
            redeemed_order_id: None,
            rule_id: RuleId::derived("r"),
            created_at: now,
        }
    }

    fn code(result: Result<Money, Error>) -> &'static str {
        crate::http::status_and_code(&result.unwrap_err()).1
    }

    #[test]
    fn a_coupon_is_written_flat_with_its_value_as_text() {
        let json = serde_json::to_value(coupon(r#"{"kind": "percent", "value": "10"}"#)).unwrap();
        assert_eq!((json["kind"].as_str(), json["value"].as_str()), (Some("percent"), Some("10.00")));
        for bad in ["0", "100.01", "-1", "1.234"] {
            assert!(serde_json::from_value::<Percent>(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_takes_off_its_share_or_amount_but_never_more_than_all() {
        let before = Timestamp::from_millis(0);
        let (ada, subtotal) = (UserId::derived("ada"), Money::from_cents(100_05));
        let percent = coupon(r#"{"kind": "percent", "value": 10}"#);
        assert_eq!(percent.apply(ada, subtotal, before).unwrap(), Money::from_cents(10_01));
        let fixed = coupon(r#"{"kind": "fixed", "value": "500"}"#);
        assert_eq!(fixed.apply(ada, subtotal, before).unwrap(), subtotal);
    }

    #[test]
    fn who_may_not_use_it_is_told_why() {
        let (ada, all) = (UserId::derived("ada"), Money::from_cents(100_00));
        let before = Timestamp::from_millis(0);
        let good = coupon(r#"{"kind": "fixed", "value": "5"}"#);
        assert_eq!(code(good.apply(UserId::derived("eve"), all, before)), "coupon_not_found");
        assert_eq!(code(good.apply(ada, Money::from_cents(19_99), before)), "coupon_not_applicable");
        assert!(good.apply(ada, Money::from_cents(20_00), before).is_ok());
        assert_eq!(code(good.apply(ada, all, good.expires_at)), "coupon_not_applicable");
        let redeemed = Coupon { status: CouponStatus::Redeemed, ..good.clone() };
        assert_eq!(code(redeemed.apply(ada, all, before)), "coupon_already_redeemed");
        let revoked = Coupon { status: CouponStatus::Revoked, ..good };
        assert_eq!(code(revoked.apply(ada, all, before)), "coupon_not_applicable");
    }

    proptest! {
        /// A share is what a person works out: to the nearest cent, halves up, never more than all.
        #[test]
        fn a_percentage_is_rounded_half_up(cents in 0..100_000_000_00_i64, hundredths in 1..=100_00_i64) {
            let percent = Percent::new(Money::from_cents(hundredths)).unwrap();
            let off = Discount::Percent(percent).off(Money::from_cents(cents)).cents();
            let exact = i128::from(cents) * i128::from(hundredths);
            prop_assert_eq!(i128::from(off), (exact + 5_000) / 10_000);
            prop_assert!((0..=cents).contains(&off));
        }

        #[test]
        fn an_amount_is_itself_or_all(cents in 0..1_000_000_00_i64, amount in 1..1_000_000_00_i64) {
            let off = Discount::Fixed(Money::from_cents(amount)).off(Money::from_cents(cents));
            prop_assert_eq!(off.cents(), amount.min(cents));
        }

        /// No line bears more than it costs, and none is a whole cent off its exact share.
        #[test]
        fn a_discount_is_spread_to_the_cent(
            totals in prop::collection::vec(0..1_000_000_00_i64, 1..40),
            ten_thousandths in 0..=10_000_i64,
        ) {
            let whole: i64 = totals.iter().sum();
            let discount = whole * ten_thousandths / 10_000;
            let lines: Vec<_> = totals.iter().copied().map(Money::from_cents).collect();
            let parts: Vec<i64> = spread(Money::from_cents(discount), &lines).iter().map(|part| part.cents()).collect();
            prop_assert_eq!(parts.iter().sum::<i64>(), discount);
            for (part, total) in parts.iter().zip(&totals) {
                prop_assert!((0..=*total).contains(part), "{} of {}", part, total);
                let off_by = i128::from(*part) * i128::from(whole) - i128::from(discount) * i128::from(*total);
                prop_assert!(off_by.abs() <= i128::from(whole));
            }
        }
    }

    #[test]
    fn parts_add_up_and_stay_within_their_lines() {
        let totals = [1, 1, 1, 33_33, 7, 99_99].map(Money::from_cents);
        let whole: Money = totals.into_iter().sum();
        for cents in [0, 1, 2, 3, 10_00, 77_77, whole.cents()] {
            let parts = spread(Money::from_cents(cents), &totals);
            assert_eq!(parts.iter().copied().sum::<Money>(), Money::from_cents(cents));
            assert!(parts.iter().zip(&totals).all(|(part, total)| part <= total), "{cents}: {parts:?}");
        }
        assert_eq!(spread(Money::ZERO, &[Money::ZERO]), [Money::ZERO]);
    }
}
