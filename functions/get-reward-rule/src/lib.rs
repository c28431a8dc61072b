//! `GET /reward-rules/{rule_id}`: a rule that rewards orders, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::RuleId;
use shared::openapi::{Operation, Tag};
use shared::reward::Rule;
use shared::shop::Shop;

/// Answers the rule.
///
/// # Errors
/// A caller who is no admin, or no such rule.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    request.caller()?.must_be_admin()?;
    let rule_id = request.path_id("rule_id", Error::RuleNotFound)?;
    http::ok(&shop.store.rule(rule_id).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::RewardRules, "Get a rule", "For admins.")
        .path::<RuleId>("rule_id", "The rule.")
        .answers_ok::<Rule>("The rule.")
        .refuses(&["rule_not_found"])
}
