//! The coupons table: granting, redeeming, and mailing.

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, from_item, string, to_item};
use super::mailing::{MailClaim, Mailing};
use super::transaction::{Expression, Transaction};
use crate::coupon::{Coupon, CouponStatus};
use crate::error::Error;
use crate::ids::{OrderId, RuleId, UserId};
use crate::order::{Order, OrderStatus};
use crate::reward::{Rule, coupon_code};
use crate::time::Timestamp;

impl Store {
    /// Grants a placed order the coupons of the rules it meets, all in one transaction with the
    /// record that this was done, and answers their codes. An order that was granted its coupons
    /// before keeps those; one that was cancelled gets none.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub async fn grant_coupons(
        &self,
        order: &Order,
        rules: &[&Rule],
        secret: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let order_id = order.summary.order_id;
        self.decide(|attempts| async move {
            if attempts > 0 {
                let record = self.order(order_id).await?;
                if record.earned_coupons.is_some()
                    || record.rewards_pending.is_none()
                    || record.order.summary.status == OrderStatus::Cancelled
                {
                    return Ok(record.earned_coupons.unwrap_or_default());
                }
            }
            let mut transaction = self.transaction();
            let mut codes = Vec::new();
            for rule in rules {
                let code = self.free_code(order_id, rule.rule_id, secret).await?;
                let absent = Expression::when("attribute_not_exists(#code)").name("code");
                transaction.put(Table::Coupons, to_item(&rule.grant(order, code.clone(), now))?, &absent)?;
                codes.push(code);
            }
            transaction.settle_rewards(order_id, &codes)?;
            transaction.commit().await?;
            Ok(codes)
        })
        .await
    }

    /// The first code derived from an order and rule that no other order's coupon has.
    async fn free_code(&self, order_id: OrderId, rule_id: RuleId, secret: &str) -> Result<String, Failure> {
        for attempt in 0.. {
            let code = coupon_code(secret, order_id, rule_id, attempt);
            if self.get::<Coupon>(&Key::coupon(&code)).await?.is_none() {
                return Ok(code);
            }
        }
        Err(Error::internal("no coupon code is free").into())
    }

    /// Claims the mail of a coupon, for a minute, unless the coupon was revoked.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn claim_mail(&self, code: &str, now: Timestamp) -> Result<MailClaim<Coupon>, Error> {
        let statuses = &["active", "redeemed"];
        let mailing = Mailing { key: Key::coupon(code), prefix: "", statuses, with: None, without: None };
        self.claim(mailing, now).await?.about(from_item)
    }
}

impl Transaction<'_> {
    /// Redeems a coupon if it is still active, the user's, and not expired.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        user_id: UserId,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let redeem = Expression::update(
            "SET #status = :redeemed, #redeemed_order_id = :order_id",
            "#status = :active AND #user_id = :user_id AND #expires_at > :now",
        )
        .name("status")
        .name("redeemed_order_id")
        .name("user_id")
        .name("expires_at")
        .value("redeemed", string(CouponStatus::Redeemed))
        .value("active", string(CouponStatus::Active))
        .value("order_id", string(order_id))
        .value("user_id", string(user_id))
        .value("now", string(now));
        self.update(&Key::coupon(code), &redeem)
    }

    /// Redeems a coupon again that payment gave back when it cancelled the order, if nobody used it since.
    /// Whether it expired meanwhile does not matter: the buyer paid the price with it.
    pub(super) fn redeem_again(&mut self, code: &str, user_id: UserId, order_id: OrderId) -> Result<(), Error> {
        let redeem = Expression::update(
            "SET #status = :redeemed, #redeemed_order_id = :order_id",
            "#status = :active AND #user_id = :user_id",
        )
        .name("status")
        .name("redeemed_order_id")
        .name("user_id")
        .value("redeemed", string(CouponStatus::Redeemed))
        .value("active", string(CouponStatus::Active))
        .value("order_id", string(order_id))
        .value("user_id", string(user_id));
        self.update(&Key::coupon(code), &redeem)
    }

    /// Takes a coupon off the checkout beginning with `order_id`, which redeemed it, and leaves it with
    /// this status.
    pub(super) fn give_back(&mut self, code: &str, order_id: OrderId, status: CouponStatus) -> Result<(), Error> {
        let give_back = Expression::update(
            "SET #status = :status REMOVE #redeemed_order_id",
            "#status = :redeemed AND #redeemed_order_id = :order_id",
        )
        .name("status")
        .name("redeemed_order_id")
        .value("status", string(status))
        .value("redeemed", string(CouponStatus::Redeemed))
        .value("order_id", string(order_id));
        self.update(&Key::coupon(code), &give_back)
    }

    /// Withdraws a coupon that has not been used.
    pub(super) fn revoke(&mut self, code: &str) -> Result<(), Error> {
        let revoke = Expression::update("SET #status = :revoked", "#status = :active")
            .name("status")
            .value("revoked", string(CouponStatus::Revoked))
            .value("active", string(CouponStatus::Active));
        self.update(&Key::coupon(code), &revoke)
    }

    /// Expects that a coupon has the status that was read, and is redeemed for the same order.
    pub(super) fn expect_coupon(&mut self, coupon: &Coupon) -> Result<(), Error> {
        let mut expected = Expression::when("#status = :status").name("status").value("status", string(coupon.status));
        if let Some(order_id) = coupon.redeemed_order_id {
            expected.condition += " AND #redeemed_order_id = :order_id";
            expected = expected.name("redeemed_order_id").value("order_id", string(order_id));
        }
        self.check(&Key::coupon(&coupon.code), &expected)
    }
}
