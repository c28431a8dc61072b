//! A coupon as its owner sees it, by itself and against the cart.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coupon, CouponStatus, Discount};
use crate::ids::{OrderId, RuleId};
use crate::money::Money;
use crate::time::Timestamp;

/// A coupon as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[schemars(rename = "Coupon")]
pub struct CouponView {
    /// Its code.
    pub code: String,
    /// What it takes off.
    #[serde(flatten)]
    pub discount: Discount,
    /// The subtotal from which on it can be used.
    pub min_order_total: Option<Money>,
    /// What became of it.
    pub status: ShownStatus,
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

/// What became of a coupon, told at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CouponStatus")]
pub enum ShownStatus {
    /// It can be used.
    Active,
    /// It was used.
    Redeemed,
    /// Its time is over.
    Expired,
    /// It was withdrawn.
    Revoked,
}

/// A coupon against the cart of its owner.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct CouponPreview {
    /// The coupon.
    #[serde(flatten)]
    pub coupon: CouponView,
    /// Whether a checkout now could use it.
    pub applicable: bool,
    /// What it would take off, in the shop's currency; zero where it does not apply.
    pub discount: Money,
    /// Why it does not apply, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reason: Option<String>,
}

impl CouponView {
    /// The coupon as it is shown at `now`.
    pub fn new(coupon: Coupon, now: Timestamp) -> CouponView {
        CouponView {
            status: match coupon.status {
                CouponStatus::Active if coupon.expires_at <= now => ShownStatus::Expired,
                CouponStatus::Active => ShownStatus::Active,
                CouponStatus::Redeemed => ShownStatus::Redeemed,
                CouponStatus::Revoked => ShownStatus::Revoked,
            },
            code: coupon.code,
            discount: coupon.discount,
            min_order_total: coupon.min_order_total,
            expires_at: coupon.expires_at,
            order_id: coupon.order_id,
            redeemed_order_id: coupon.redeemed_order_id,
            rule_id: coupon.rule_id,
            created_at: coupon.created_at,
        }
    }
}

impl CouponPreview {
    /// The coupon against its owner's cart of `subtotal`, none if it is empty, at `now`.
    pub fn new(coupon: Coupon, subtotal: Option<Money>, now: Timestamp) -> CouponPreview {
        let applied = match subtotal {
            None if coupon.is_usable(now) => Err("The cart is empty".to_owned()),
            subtotal => {
                let applied = coupon.apply(coupon.user_id, subtotal.unwrap_or(Money::ZERO), now);
                applied.map_err(|refusal| refusal.to_string())
            }
        };
        let (discount, reason) = match applied {
            Ok(discount) => (discount, None),
            Err(reason) => (Money::ZERO, Some(reason)),
        };
        CouponPreview { coupon: CouponView::new(coupon, now), applicable: reason.is_none(), discount, reason }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ids::UserId;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_155_693_120)
    }

    fn coupon(status: CouponStatus, expires_at: Timestamp) -> Coupon {
        Coupon {
            code: "REWARD-A1B2C3D4".to_owned(),
            user_id: UserId::derived("ada"),
            discount: Discount::Fixed(Money::from_cents(5_00)),
            min_order_total: Some(Money::from_cents(20_00)),
            status,
            expires_at,
            order_id: OrderId::derived("o"),
            redeemed_order_id: None,
            rule_id: RuleId::derived("r"),
            created_at: now(),
        }
    }

    #[test]
    fn a_coupon_is_shown_with_what_became_of_it_and_against_the_cart() {
        let later = now() + Duration::from_millis(1);
        let (active, redeemed, revoked) = (CouponStatus::Active, CouponStatus::Redeemed, CouponStatus::Revoked);
        let full = Some(20_00);
        for (status, expires_at, cart, shown, reason) in [
            (active, later, full, ShownStatus::Active, None),
            (
                active,
                later,
                Some(19_99),
                ShownStatus::Active,
                Some("This coupon needs an order of at least 20.00; this one is 19.99"),
            ),
            (active, later, None, ShownStatus::Active, Some("The cart is empty")),
            (active, now(), full, ShownStatus::Expired, Some("This coupon expired on 20 November 2026")),
            // What ails the coupon matters more than the empty cart.
            (active, now(), None, ShownStatus::Expired, Some("This coupon expired on 20 November 2026")),
            (redeemed, later, None, ShownStatus::Redeemed, Some("This coupon has been used already")),
            (redeemed, now(), full, ShownStatus::Redeemed, Some("This coupon has been used already")),
            (
                revoked,
                later,
                None,
                ShownStatus::Revoked,
                Some("This coupon was withdrawn, because the order that earned it was cancelled"),
            ),
        ] {
            let preview = CouponPreview::new(coupon(status, expires_at), cart.map(Money::from_cents), now());
            let seen = (preview.coupon.status, preview.reason.as_deref(), preview.applicable);
            assert_eq!(seen, (shown, reason, reason.is_none()), "{status} until {expires_at}, cart {cart:?}");
            assert_eq!(preview.discount.cents(), if reason.is_none() { 5_00 } else { 0 });
        }
    }

    #[test]
    fn the_status_is_named_as_it_is_kept() {
        for status in [CouponStatus::Active, CouponStatus::Redeemed, CouponStatus::Revoked] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.to_string());
        }
    }
}
