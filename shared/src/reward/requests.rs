//! Requests that make and change reward rules.

mod schema;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Condition, Reward, Rule};
use crate::coupon::{Discount, Percent};
use crate::error::Error;
use crate::ids::{ProductId, RuleId};
use crate::money::Money;
use crate::number::Whole;
use crate::shape::{not_null, nullable, one_word};
use crate::text::Text;
use crate::time::Timestamp;

/// A request to make a rule.
#[derive(Debug, Clone, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewRewardRule")]
pub struct CreateRule {
    /// What the shop calls it.
    pub name: Text<200>,
    /// Which orders meet it.
    #[serde(deserialize_with = "crate::shape::required_object")]
    pub condition: ConditionInput,
    /// What they earn.
    #[serde(deserialize_with = "crate::shape::required_object")]
    pub coupon: RewardInput,
    /// Whether it is switched on; it is if left out.
    pub active: Option<bool>,
    /// From when on it grants.
    pub starts_at: Option<Timestamp>,
    /// Until when it grants.
    pub ends_at: Option<Timestamp>,
    /// The most coupons that it ever grants.
    pub max_coupons: Option<MaxCoupons>,
    /// Whether a user gets no more than one coupon by it; not so if left out.
    pub once_per_user: Option<bool>,
}

/// A request to change a rule. What is left out stays as it is; null clears what may be absent.
#[derive(Debug, Clone, Default, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RewardRuleUpdate")]
pub struct UpdateRule {
    /// What the shop calls it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Text<200>")]
    pub name: Option<Text<200>>,
    /// Which orders meet it.
    #[serde(default, deserialize_with = "crate::shape::object_not_null")]
    #[schemars(with = "ConditionInput")]
    pub condition: Option<ConditionInput>,
    /// What they earn.
    #[serde(default, deserialize_with = "crate::shape::object_not_null")]
    #[schemars(with = "RewardInput")]
    pub coupon: Option<RewardInput>,
    /// Whether it is switched on.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "bool")]
    pub active: Option<bool>,
    /// From when on it grants.
    #[serde(default, deserialize_with = "nullable")]
    pub starts_at: Option<Option<Timestamp>>,
    /// Until when it grants.
    #[serde(default, deserialize_with = "nullable")]
    pub ends_at: Option<Option<Timestamp>>,
    /// The most coupons that it ever grants.
    #[serde(default, deserialize_with = "nullable")]
    pub max_coupons: Option<Option<MaxCoupons>>,
    /// Whether a user gets no more than one coupon by it.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "bool")]
    pub once_per_user: Option<bool>,
}

/// How many coupons a rule may grant.
pub type MaxCoupons = Whole<1, 1_000_000_000>;

/// A condition as a request gives it: its kind, and what that kind needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionInput {
    #[serde(deserialize_with = "one_word")]
    kind: ConditionKind,
    amount: Option<Money>,
    count: Option<Whole<1, 1_000_000>>,
    product_id: Option<ProductId>,
    n: Option<Whole<1, 1_000_000>>,
}

/// The kinds of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConditionKind {
    MinOrderTotal,
    MinItems,
    ContainsProduct,
    FirstOrder,
    EveryNthOrder,
    LifetimeSpent,
}

/// What a rule grants, as a request gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardInput {
    #[serde(deserialize_with = "one_word")]
    kind: DiscountKind,
    value: Money,
    min_order_total: Option<Money>,
    valid_days: Whole<1, 3650>,
}

/// The kinds of discounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DiscountKind {
    Percent,
    Fixed,
}

impl ConditionInput {
    fn check(&self) -> Result<Condition, Error> {
        let given = [
            ("amount", self.amount.is_some()),
            ("count", self.count.is_some()),
            ("product_id", self.product_id.is_some()),
            ("n", self.n.is_some()),
        ];
        let (needed, condition) = match self.kind {
            ConditionKind::MinOrderTotal => ("amount", self.amount.map(|amount| Condition::MinOrderTotal { amount })),
            ConditionKind::MinItems => ("count", self.count.map(|count| Condition::MinItems { count: count.count() })),
            ConditionKind::ContainsProduct => {
                ("product_id", self.product_id.map(|product_id| Condition::ContainsProduct { product_id }))
            }
            ConditionKind::FirstOrder => ("", Some(Condition::FirstOrder)),
            ConditionKind::EveryNthOrder => ("n", self.n.map(|n| Condition::EveryNthOrder { n: n.count() })),
            ConditionKind::LifetimeSpent => ("amount", self.amount.map(|amount| Condition::LifetimeSpent { amount })),
        };
        if let Some((field, _)) = given.into_iter().find(|(field, is_given)| *is_given && *field != needed) {
            return Err(Error::field(format!("condition.{field}"), "is not a field of this kind of condition"));
        }
        if condition == Some(Condition::LifetimeSpent { amount: Money::ZERO }) {
            return Err(Error::field("condition.amount", "must be above zero"));
        }
        condition.ok_or_else(|| Error::field(format!("condition.{needed}"), "is required"))
    }
}

impl RewardInput {
    fn check(&self) -> Result<Reward, Error> {
        let discount = match self.kind {
            DiscountKind::Percent => {
                Discount::Percent(Percent::new(self.value).map_err(|problem| Error::field("coupon.value", problem))?)
            }
            DiscountKind::Fixed if self.value == Money::ZERO => {
                return Err(Error::field("coupon.value", "must be an amount above zero"));
            }
            DiscountKind::Fixed => Discount::Fixed(self.value),
        };
        Ok(Reward { discount, min_order_total: self.min_order_total, valid_days: self.valid_days.count() })
    }
}

impl CreateRule {
    /// The rule that is asked for.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what does not go together.
    pub fn into_rule(self, rule_id: RuleId, now: Timestamp) -> Result<Rule, Error> {
        let rule = Rule {
            rule_id,
            name: self.name.to_string(),
            condition: self.condition.check()?,
            coupon: self.coupon.check()?,
            active: self.active.unwrap_or(true),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            max_coupons: self.max_coupons.map(Whole::count),
            once_per_user: self.once_per_user.unwrap_or(false),
            coupons_granted: 0,
            created_at: now,
            updated_at: now,
        };
        checked(rule)
    }
}

impl UpdateRule {
    /// The rule with what the request changes.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what does not go together.
    pub fn apply(&self, rule: &Rule) -> Result<Rule, Error> {
        let mut rule = rule.clone();
        if let Some(name) = &self.name {
            rule.name = name.to_string();
        }
        if let Some(condition) = &self.condition {
            rule.condition = condition.check()?;
        }
        if let Some(coupon) = &self.coupon {
            rule.coupon = coupon.check()?;
        }
        rule.active = self.active.unwrap_or(rule.active);
        rule.starts_at = self.starts_at.unwrap_or(rule.starts_at);
        rule.ends_at = self.ends_at.unwrap_or(rule.ends_at);
        rule.max_coupons = self.max_coupons.map_or(rule.max_coupons, |max| max.map(Whole::count));
        rule.once_per_user = self.once_per_user.unwrap_or(rule.once_per_user);
        checked(rule)
    }
}

fn checked(rule: Rule) -> Result<Rule, Error> {
    match (rule.starts_at, rule.ends_at) {
        (Some(start), Some(end)) if end <= start => Err(Error::field("ends_at", "must be later than starts_at")),
        _ => Ok(rule),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn body(condition: Value) -> Value {
        json!({"name": "Big order", "condition": condition, "coupon": {"kind": "percent", "value": "10", "valid_days": 30}})
    }

    fn made(body: Value) -> Result<Rule, String> {
        let request: CreateRule = serde_json::from_value(body).map_err(|problem| problem.to_string())?;
        request.into_rule(RuleId::derived("r"), Timestamp::from_millis(0)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_of_condition_is_read_with_what_it_needs_and_nothing_else() {
        let product_id = ProductId::derived("p");
        for condition in [
            json!({"kind": "min_order_total", "amount": "100.00"}),
            json!({"kind": "min_items", "count": 5}),
            json!({"kind": "contains_product", "product_id": product_id}),
            json!({"kind": "first_order"}),
            json!({"kind": "every_nth_order", "n": 5}),
            json!({"kind": "lifetime_spent", "amount": "500.00"}),
        ] {
            let rule = made(body(condition.clone())).unwrap();
            assert_eq!(serde_json::to_value(&rule.condition).unwrap(), condition);
            let mut more = condition.clone();
            more["count"] = json!(1);
            more["amount"] = json!("1.00");
            assert!(made(body(more)).unwrap_err().contains("is not a field of this kind"), "{condition}");
            let mut bare = condition.clone();
            bare.as_object_mut().unwrap().retain(|name, _| name == "kind");
            assert_eq!(made(body(bare)).is_ok(), condition["kind"] == "first_order", "{condition}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let good = body(json!({"kind": "first_order"}));
        let with = |path: &str, value: Value| {
            let mut body = good.clone();
            *body.pointer_mut(path).unwrap() = value;
            made(body).unwrap_err()
        };
        assert!(with("/coupon/value", json!("0")).starts_with("coupon.value"));
        assert!(with("/coupon/value", json!("100.01")).starts_with("coupon.value"));
        assert!(with("/coupon", json!({"kind": "fixed", "value": 0, "valid_days": 1})).starts_with("coupon.value"));
        let mut cents = good.clone();
        cents["coupon"] = json!({"kind": "fixed", "value": "0.01", "valid_days": 1});
        assert_eq!(made(cents).unwrap().coupon.discount, Discount::Fixed(Money::from_cents(1)));
        assert!(with("/coupon/valid_days", json!(0)).contains("whole number from 1 to 3650"));
        assert!(with("/condition", json!({"kind": "lifetime_spent", "amount": 0})).starts_with("condition.amount"));
        assert!(with("/condition", json!({"kind": "any_order"})).contains("unknown variant"));
        let until = |ends_at: &str| {
            let mut window = good.clone();
            window["starts_at"] = json!("2026-11-20T00:00:00Z");
            window["ends_at"] = json!(ends_at);
            made(window)
        };
        assert!(until("2026-11-20T00:00:00Z").unwrap_err().starts_with("ends_at"));
        assert!(until("2026-11-20T00:00:00.001Z").is_ok());
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_clears_what_is_null() {
        let mut start = body(json!({"kind": "first_order"}));
        start["max_coupons"] = json!(3);
        start["ends_at"] = json!("2026-11-20T00:00:00Z");
        let rule = made(start).unwrap();
        let change = |json: Value| serde_json::from_value::<UpdateRule>(json).unwrap().apply(&rule).unwrap();
        assert_eq!(change(json!({})), rule);
        let cleared = change(json!({"max_coupons": null, "ends_at": null, "active": false, "once_per_user": true}));
        assert_eq!(
            (cleared.max_coupons, cleared.ends_at, cleared.active, cleared.once_per_user),
            (None, None, false, true)
        );
        assert!(serde_json::from_value::<UpdateRule>(json!({"name": null})).is_err());
        assert!(serde_json::from_value::<UpdateRule>(json!({"coupons_granted": 0})).is_err());
    }
}
