//! Every route, through the gateway.

pub(crate) mod acting_for;
mod aliases;
pub(crate) mod auth;
pub(crate) mod bad_input;
mod cart_items;
mod cors;
mod coupons;
mod health;
mod inventory;
mod orders;
mod payments;
mod products;
mod reward_rules;
pub(crate) mod roles;
mod seller_orders;
mod users;

use serde_json::{Value, json};
use tests::api::Call;

/// The body with one field different; a null stays a null.
pub(crate) fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    match field.split_once('.') {
        Some((outer, inner)) => body[outer] = with(&body[outer], inner, value),
        None => body[field] = value,
    }
    body
}

/// The body without one field.
pub(crate) fn without(body: &Value, field: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().expect("an object").remove(field);
    body
}

/// Sends what no route takes as its JSON body, and expects each to be refused for what it is.
pub(crate) async fn refuses_unreadable_bodies(call: &Call) {
    for no_json in ["{", "nope", "{\"quantity\": NaN}", "{\"a\": 1}}", "{\"a\": \"\u{1}\"}", "{'a': 1}"] {
        call.clone().raw(no_json).await.is_refused(400, "invalid_json");
    }
    call.clone().raw(b"{\"a\": \"\xff\"}".to_vec()).await.is_refused(400, "invalid_json");
    for no_object in ["[1]", "null", "7", "\"text\""] {
        call.clone().raw(no_object).await.is_invalid("body");
    }
    for (unknown, field) in [("rating", "rating"), ("discount", "discount"), ("", "")] {
        let body = json!({unknown: 1});
        let errors = call.clone().json(&body).await.is_refused(422, "validation_failed");
        assert_eq!(errors[0]["field"], field, "{errors}");
    }
    let most = format!("{{\"x\": \"{}\"}}", "y".repeat(64 * 1024 - 9));
    assert_eq!(most.len(), 64 * 1024);
    call.clone().raw(most.clone()).await.is_refused(422, "validation_failed");
    call.clone().raw(format!("{most} ")).await.is_refused(413, "payload_too_large");
}

/// Sends keys that are none, and expects each to be refused. Nothing is made.
pub(crate) async fn refuses_malformed_keys(call: &Call) {
    for malformed in ["", "two words", "naïve", "tab\tbed", &"k".repeat(256)] {
        call.clone().key(malformed).await.is_refused(400, "invalid_parameter");
    }
}

/// Asks for a list with parameters that are none, and expects each to be refused.
pub(crate) async fn refuses_malformed_pages(list: impl Fn(&str) -> Call) {
    for limit in ["0", "101", "-1", "1.5", "x", "", "99999999999999999999", "1,2"] {
        list(&format!("limit={limit}")).await.is_refused(400, "invalid_parameter");
    }
    for cursor in ["x", "", "AAAA", "%00", "bm8gY3Vyc29y", "e30"] {
        list(&format!("cursor={cursor}")).await.is_refused(400, "invalid_cursor");
    }
}

/// Pages through a list; answers every item, in the order they came. No page may be larger than `limit`.
pub(crate) async fn all_pages(list: impl Fn(&str) -> Call, limit: usize) -> Vec<Value> {
    let (mut items, mut query) = (Vec::new(), format!("limit={limit}"));
    loop {
        let page = list(&query).await.is(200);
        let found = page["items"].as_array().expect("items");
        assert!(found.len() <= limit, "{} items", found.len());
        items.extend_from_slice(found);
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit={limit}&cursor={cursor}"),
            None => return items,
        }
    }
}

/// Changes a cursor at every place, one at a time, and expects each to be refused.
pub(crate) async fn refuses_tampered_cursors(list: impl Fn(&str) -> Call) {
    let page = list("limit=1").await.is(200);
    let cursor = page["next_cursor"].as_str().expect("there is more");
    for place in 0..cursor.len() {
        let mut tampered = cursor.to_owned();
        tampered.replace_range(place..=place, if &cursor[place..=place] == "A" { "B" } else { "A" });
        list(&format!("cursor={tampered}")).await.is_refused(400, "invalid_cursor");
    }
    list(&format!("cursor={cursor}A")).await.is_refused(400, "invalid_cursor");
    list(&format!("cursor={}", &cursor[1..])).await.is_refused(400, "invalid_cursor");
    list(&format!("cursor={cursor}")).await.is(200);
}
