//! `GET /reward-rules`: the rules that reward orders, newest first, for admins.

use shared::error::Error;
use shared::http::{self, Request, Response};
use shared::openapi::{Operation, Tag};
use shared::paging::{Cursors, Page};
use shared::reward::Rule;
use shared::shop::Shop;

/// Answers a page of rules, live or not.
///
/// # Errors
/// A caller who is no admin, or a limit or cursor that is not valid.
pub async fn handle(shop: Shop, request: Request) -> Result<Response, Error> {
    request.caller()?.must_be_admin()?;
    let page = request.page()?;
    let cursors = Cursors::new(&shop.config.signing_secret, "reward-rules");
    http::ok(&shop.store.rules_page(&page, &cursors).await?)
}

/// For openapi.yaml.
pub fn operation() -> Operation {
    Operation::new(Tag::RewardRules, "List the rules", "For admins, newest first, live or not.")
        .pages()
        .answers_ok::<Page<Rule>>("A page of rules.")
}
