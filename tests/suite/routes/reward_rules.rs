//! `/reward-rules`.

mod create;
mod delete;
mod get;
mod list;
mod update;

use serde_json::{Value, json};
use tests::user::User;

/// A request for a rule of this condition.
fn rule_on(condition: &Value) -> Value {
    json!({
        "name": "Thank you",
        "condition": condition,
        "coupon": {"kind": "percent", "value": "10", "min_order_total": "20.00", "valid_days": 30},
    })
}

/// Makes a rule, and answers it.
async fn make(admin: &User, request: &Value) -> Value {
    admin.post("/reward-rules", request).await.is(201)
}

fn path_of(rule: &Value) -> String {
    format!("/reward-rules/{}", rule["rule_id"].as_str().expect("an id"))
}
