//! The coupons table: granting, redeeming, and seeing that each coupon is mailed once.

use std::time::Duration;

use serde::Deserialize;

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, string, to_item};
use super::transaction::{Expression, Transaction};
use crate::coupon::{Coupon, CouponStatus};
use crate::error::Error;
use crate::ids::{KeyId, OrderId, RuleId, UserId};
use crate::order::{Order, OrderStatus};
use crate::reward::{Rule, coupon_code};
use crate::time::Timestamp;

/// How long a function may take to mail a coupon before another may try. Shorter than the queue keeps
/// a message hidden, so that the redelivery after a crash finds the claim lapsed.
const CLAIM_LENGTH: Duration = Duration::from_secs(60);

/// Whether a coupon is to be mailed now, by whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClaim {
    /// By the one who asked.
    Granted,
    /// Not any more: it was mailed, or revoked.
    NotNeeded,
    /// Not unless whoever is just doing it fails; then the message they have comes back.
    Busy,
}

/// How far the mailing of a coupon has come.
#[derive(Deserialize)]
struct Mailing {
    status: CouponStatus,
    emailed_at: Option<Timestamp>,
    mail_claimed_by: Option<KeyId>,
}

impl Store {
    /// The coupons with these codes, those that exist.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn coupons(&self, codes: &[String]) -> Result<Vec<Coupon>, Error> {
        let mut found = self.get_all(codes.iter().map(|code| Key::coupon(code))).await?;
        found.all(Table::Coupons)
    }

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

    /// Claims the mailing of a coupon, for a minute.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn claim_mail(&self, code: &str, now: Timestamp) -> Result<MailClaim, Error> {
        let claimant = KeyId::random();
        let claim = Expression::update(
            "SET #mail_claimed_until = :until, #mail_claimed_by = :claimant",
            "attribute_exists(#code) AND attribute_not_exists(#emailed_at) AND #status <> :revoked \
             AND (attribute_not_exists(#mail_claimed_until) OR #mail_claimed_until <= :now)",
        )
        .name("mail_claimed_until")
        .name("mail_claimed_by")
        .name("emailed_at")
        .name("code")
        .name("status")
        .value("revoked", string(CouponStatus::Revoked))
        .value("until", string(now + CLAIM_LENGTH))
        .value("claimant", string(claimant))
        .value("now", string(now));
        match self.update_coupon(code, &claim).await {
            Ok(()) => return Ok(MailClaim::Granted),
            Err(Failure::Stale) => {}
            Err(failure) => return Err(failure.into()),
        }
        // The claim may be one's own: an attempt that was written, but whose answer was lost.
        Ok(match self.get::<Mailing>(&Key::coupon(code)).await? {
            Some(Mailing { emailed_at: Some(_), .. } | Mailing { status: CouponStatus::Revoked, .. }) => {
                MailClaim::NotNeeded
            }
            Some(Mailing { mail_claimed_by, .. }) if mail_claimed_by == Some(claimant) => MailClaim::Granted,
            _ => MailClaim::Busy,
        })
    }

    /// Gives a claim back, because the mail could not be sent: the next delivery may try at once.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn give_up_mail(&self, code: &str) -> Result<(), Error> {
        let release = Expression::update("REMOVE #mail_claimed_until", "attribute_exists(#code)")
            .name("mail_claimed_until")
            .name("code");
        Ok(self.update_coupon(code, &release).await?)
    }

    /// Notes that a coupon was mailed.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn mark_mailed(&self, code: &str, now: Timestamp) -> Result<(), Error> {
        let mark = Expression::update("SET #emailed_at = :now REMOVE #mail_claimed_until", "attribute_exists(#code)")
            .name("emailed_at")
            .name("mail_claimed_until")
            .name("code")
            .value("now", string(now));
        Ok(self.update_coupon(code, &mark).await?)
    }

    async fn update_coupon(&self, code: &str, expression: &Expression) -> Result<(), Failure> {
        let request = self
            .client
            .update_item()
            .table_name(self.table(Table::Coupons))
            .set_key(Some(Key::coupon(code).item()))
            .update_expression(&expression.update)
            .condition_expression(&expression.condition)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values());
        self.call(|| request.clone().send()).await?;
        Ok(())
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
