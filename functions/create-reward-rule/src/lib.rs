//! `POST /reward-rules`: makes a rule that rewards orders, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response, StatusCode};
use shared::ids::RuleId;
use shared::openapi::{Operation, Tag};
use shared::reward::Rule;
use shared::reward::requests::CreateRule;
use shared::shop::Shop;

/// Answers 201 with the rule. It takes effect within a minute.
///
/// # Errors
/// See [`CreateRule::into_rule`] and [`shared::store::Store::create_rule`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    let caller = request.caller()?;
    caller.must_be_admin()?;
    let body = request.json::<CreateRule>()?;
    let key = request.idempotency_key("reward-rules", &caller, caller.user_id, &body)?;
    let rule_id = key.as_ref().map_or_else(RuleId::random, |key| RuleId::derived(&format!("key/{}", key.id)));
    let rule = body.value.into_rule(rule_id, shop.clock.now())?;
    let created = shop.store.create_rule(&rule, key.as_ref()).await?;
    let response = http::json(StatusCode::CREATED, &created.rule)?;
    Ok(if created.replayed { http::replayed(response) } else { response })
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For admins. When an order becomes placed, every live rule whose condition it meets grants one \
        coupon. A rule takes effect within a minute.";
    Operation::new(Tag::RewardRules, "Create a rule", ABOUT)
        .takes::<CreateRule>()
        .idempotent()
        .answers::<Rule>(StatusCode::CREATED, "The rule.")
        .refuses(&["conflict"])
}
