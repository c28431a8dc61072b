//! `DELETE /reward-rules/{rule_id}`: deletes a rule that rewards orders, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::RuleId;
use shared::openapi::{Operation, Tag};
use shared::shop::Shop;

/// Answers 204. Coupons that the rule granted stay good.
///
/// # Errors
/// A caller who is no admin, or no such rule.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    request.caller()?.must_be_admin()?;
    let rule_id = request.path_id("rule_id", Error::RuleNotFound)?;
    shop.store.delete_rule(rule_id).await?;
    Ok(http::no_content())
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::RewardRules, "Delete a rule", "For admins. Coupons that it granted stay good.")
        .path::<RuleId>("rule_id", "The rule.")
        .answers_nothing("It is gone.")
        .refuses(&["rule_not_found"])
}
