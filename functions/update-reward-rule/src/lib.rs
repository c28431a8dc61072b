//! `PATCH /reward-rules/{rule_id}`: changes a rule that rewards orders, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::ids::RuleId;
use shared::openapi::{Operation, Tag};
use shared::reward::Rule;
use shared::reward::requests::UpdateRule;
use shared::shop::Shop;

/// Answers the rule as it is now. The change takes effect within a minute.
///
/// # Errors
/// See [`shared::store::Store::update_rule`].
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    request.caller()?.must_be_admin()?;
    let rule_id = request.path_id("rule_id", Error::RuleNotFound)?;
    let update = request.json::<UpdateRule>()?.value;
    http::ok(&shop.store.update_rule(rule_id, &update, shop.clock.now()).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    const ABOUT: &str = "For admins. What is left out stays as it is; null clears what may be absent. A change takes \
        effect within a minute.";
    Operation::new(Tag::RewardRules, "Change a rule", ABOUT)
        .path::<RuleId>("rule_id", "The rule.")
        .takes::<UpdateRule>()
        .answers_ok::<Rule>("The rule as it is now.")
        .refuses(&["rule_not_found", "conflict"])
}
