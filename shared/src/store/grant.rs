//! Granting: which coupons an order earns is settled once, in the transaction that makes them.

use super::Store;
use super::call::Failure;
use super::keys::{Key, Table, number, to_item};
use super::transaction::{Expression, Transaction};
use crate::coupon::{Coupon, CouponStatus};
use crate::error::Error;
use crate::ids::RuleId;
use crate::metrics::{Metric, count};
use crate::order::{Order, OrderStatus};
use crate::reward::{Grant, History, Rule, coupon_code};
use crate::time::Timestamp;

impl Store {
    /// Grants a placed order the coupons of the rules it meets, all in one transaction with the record
    /// that this was done, and answers their codes. An order that was granted its coupons before keeps
    /// those; one that was cancelled gets none. A rule that has granted all it may, or that grants a
    /// user one coupon who has it, grants none. `history` is what the user bought before.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub async fn grant_coupons(
        &self,
        order: &Order,
        history: &History,
        rules: &[&Rule],
        secret: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let order_id = order.summary.order_id;
        self.decide(|attempts| async move {
            let mut rules: Vec<Rule> = rules.iter().copied().cloned().collect();
            if attempts > 0 {
                let record = self.order(order_id).await?;
                if record.earned_coupons.is_some()
                    || record.rewards_pending.is_none()
                    || record.order.summary.status == OrderStatus::Cancelled
                {
                    return Ok(record.earned_coupons.unwrap_or_default());
                }
                rules = self.still_live(&rules, now).await?;
            }
            let held = if rules.iter().any(|rule| rule.once_per_user) {
                self.all_coupons_of(order.summary.user_id).await?
            } else {
                Vec::new()
            };
            let mut transaction = self.transaction();
            let mut codes = Vec::new();
            for rule in rules.iter().filter(|rule| !rule.is_used_up()) {
                if rule.once_per_user && held.iter().any(|coupon| is_of(coupon, rule)) {
                    continue;
                }
                let Some(code) = self.free_code(rule, order, rule.grant_of(order, history), secret).await? else {
                    continue;
                };
                let absent = Expression::when("attribute_not_exists(#code)").name("code");
                transaction.put(Table::Coupons, to_item(&rule.grant(order, code.clone(), now))?, &absent)?;
                transaction.count_grant(rule.rule_id)?;
                codes.push(code);
            }
            transaction.settle_rewards(order_id, &codes)?;
            transaction.commit().await?;
            count(Metric::CouponsGranted, codes.len() as u64);
            Ok(codes)
        })
        .await
    }

    /// The rules as they are now, without those that were deleted or switched off.
    async fn still_live(&self, rules: &[Rule], now: Timestamp) -> Result<Vec<Rule>, Failure> {
        let mut found = self.get_all(rules.iter().map(|rule| Key::reward_rule(rule.rule_id))).await?;
        let mut rules: Vec<Rule> = found.all(Table::RewardRules)?;
        rules.retain(|rule| rule.is_live(now));
        Ok(rules)
    }

    /// The first code for `grant` that no coupon has; none if the user has the coupon that `rule` grants for
    /// it. One that was revoked does not count.
    async fn free_code(
        &self,
        rule: &Rule,
        order: &Order,
        grant: Grant,
        secret: &str,
    ) -> Result<Option<String>, Failure> {
        for attempt in 0.. {
            let code = coupon_code(secret, grant, rule.rule_id, attempt);
            match self.get::<Coupon>(&Key::coupon(&code)).await? {
                None => return Ok(Some(code)),
                Some(coupon) if coupon.user_id == order.summary.user_id && is_of(&coupon, rule) => return Ok(None),
                Some(_) => {}
            }
        }
        Err(Error::internal("no coupon code is free").into())
    }
}

/// Whether `coupon` is one that `rule` granted and nobody took back.
fn is_of(coupon: &Coupon, rule: &Rule) -> bool {
    coupon.rule_id == rule.rule_id && coupon.status != CouponStatus::Revoked
}

impl Transaction<'_> {
    /// Counts a coupon that a rule grants, if it may grant another.
    fn count_grant(&mut self, rule_id: RuleId) -> Result<(), Error> {
        let count = Expression::update(
            "SET #coupons_granted = #coupons_granted + :one",
            "attribute_exists(#rule_id) AND (attribute_not_exists(#max_coupons) OR #coupons_granted < #max_coupons)",
        )
        .name("coupons_granted")
        .name("max_coupons")
        .name("rule_id")
        .value("one", number(1));
        self.update(&Key::reward_rule(rule_id), &count)
    }
}
