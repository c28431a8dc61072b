//! Whatever is sent, no route answers with a fault: it takes it, or says what is wrong with what.
//!
//! [`fields`] is the table of every field of every body, and [`values`] what is put into each; [`scene`]
//! is what a route needs to be there. One driver makes every request and lists all that was answered
//! otherwise. [`places`] puts odd things everywhere else: queries, paths and headers.

pub(crate) mod fields;
mod places;
mod scene;
mod values;
mod webhook;

use serde_json::{Value, json};
use tests::api::Answer;

use self::fields::Field;
use self::scene::Scene;
use self::values::Verdict;
use crate::routes::roles::outcome;

/// Words that tell of the code, or of nothing.
const POOR_WORDS: &str = "expected invalid variant sequence struct enum untagged EOF column i64 surrogate `";

/// What a request is answered.
enum Expected {
    /// This status and code; `2xx` for any success.
    Answer(&'static str),
    /// 422 for this field, or for a part of it.
    Invalid(String),
}

/// A request: what it tries, its body, and what it is answered.
struct Case {
    what: String,
    body: String,
    expected: Expected,
}

/// What is done to a body.
#[derive(Clone, Copy)]
enum Edit<'a> {
    Set(&'a str),
    Remove,
    Repeat,
}

/// The text of `body`, edited at `path`.
fn edited(body: &Value, path: &[&str], edit: Edit<'_>) -> String {
    let Some((field, inner)) = path.split_first() else { return body.to_string() };
    let mut entries = Vec::new();
    for (name, value) in body.as_object().expect("an object") {
        let entry = |value: &str| format!("{}:{value}", json!(name));
        match edit {
            _ if name != field => entries.push(entry(&value.to_string())),
            _ if !inner.is_empty() => entries.push(entry(&edited(value, inner, edit))),
            Edit::Set(_) | Edit::Remove => {}
            Edit::Repeat => entries.extend([entry(&value.to_string()), entry(&value.to_string())]),
        }
    }
    if let (Edit::Set(value), []) = (edit, inner) {
        entries.push(format!("{}:{value}", json!(field)));
    }
    format!("{{{}}}", entries.join(","))
}

fn cases(fields: &[Field], body: &Value) -> Vec<Case> {
    let mut cases: Vec<_> = fields.iter().flat_map(|field| cases_of_field(field, body)).collect();
    let objects = fields.iter().filter(|field| field.kind == "object").map(|field| format!("{}.", field.path));
    for object in objects.chain([String::new()]) {
        for unknown in ["rating", "Name", "__proto__", "a`b", "ключ"] {
            let name = format!("{object}{unknown}");
            let body = edited(body, &name.split('.').collect::<Vec<_>>(), Edit::Set("1"));
            cases.push(Case { what: format!("unknown {name}"), body, expected: Expected::Invalid(name) });
        }
    }
    let text = body.to_string();
    let full = format!("{text}{}", " ".repeat(64 * 1024 - text.len()));
    let mut whole = |body: String, what: &str, expected| cases.push(Case { what: what.to_owned(), body, expected });
    whole(format!("{full} "), "a byte over 64 KiB", Expected::Answer("413 payload_too_large"));
    whole(full, "64 KiB", Expected::Answer("2xx"));
    whole("[".repeat(60_000), "half a list", Expected::Answer("400 invalid_json"));
    whole(format!("[{text}]"), "a list", Expected::Invalid("body".to_owned()));
    cases
}

fn cases_of_field(field: &Field, body: &Value) -> Vec<Case> {
    let path: Vec<_> = field.path.split('.').collect();
    let invalid = |field: &str| Expected::Invalid(field.to_owned());
    let unless = |refused: Option<&str>| refused.map_or(Expected::Answer("2xx"), invalid);
    let case = |what: &str, edit: Edit<'_>, expected| {
        let what = format!("{} {what:.60}", field.path);
        Case { what, body: edited(body, &path, edit), expected }
    };
    let mut cases = vec![
        case("is missing", Edit::Remove, unless(field.if_missing)),
        case("is null", Edit::Set("null"), unless(field.if_null)),
    ];
    for (value, verdict) in values::of(field.kind) {
        let expected = match verdict {
            Verdict::Taken => Expected::Answer(field.gets),
            Verdict::Answered(answer) => Expected::Answer(answer),
            Verdict::Refused => invalid(field.path),
        };
        cases.push(case(&format!("is {value}"), Edit::Set(&value), expected));
    }
    for value in values::NO_JSON {
        cases.push(case(&format!("is {value}"), Edit::Set(value), Expected::Answer("400 invalid_json")));
    }
    if path.iter().try_fold(body, |body, name| body.get(name)).is_some() {
        // What is in a map twice, the map is to blame for.
        cases.push(case("is there twice", Edit::Repeat, invalid(path[0])));
    }
    cases
}

impl Expected {
    /// What is wrong with `answer`, if anything is.
    fn complaint(&self, answer: &Answer) -> Option<String> {
        let outcome = outcome(answer);
        match self {
            Expected::Answer("2xx") if (200..300).contains(&answer.status) => None,
            Expected::Answer(expected) if outcome == *expected => None,
            Expected::Answer(expected) => Some(format!("{outcome} instead of {expected}: {}", answer.text)),
            Expected::Invalid(_) if outcome != "422 validation_failed" => {
                Some(format!("{outcome} instead of 422: {}", answer.text))
            }
            Expected::Invalid(field) => {
                let problem: Value = serde_json::from_str(&answer.text).expect("JSON");
                let errors = problem["errors"].as_array().expect("errors");
                let named = errors[0]["field"].as_str().expect("a field");
                let is_part =
                    named.strip_prefix(field).is_some_and(|part| part.is_empty() || part.starts_with(['.', '[']));
                let message = errors[0]["message"].as_str().expect("a message");
                let is_poor = message.len() > 200 || POOR_WORDS.split(' ').any(|word| message.contains(word));
                (errors.len() != 1 || !is_part || is_poor)
                    .then(|| format!("not about {field}, or poorly: {}", answer.text))
            }
        }
    }
}

/// Makes every request that the table of fields comes to for a section.
async fn check(section: &str) {
    let scene = Scene::of(section).await;
    let mut wrong = Vec::new();
    for Case { what, body, expected } in cases(&fields::of(section), &scene.body) {
        let answer = scene.call().raw(body).await;
        wrong.extend(expected.complaint(&answer).map(|complaint| format!("{what}: {complaint:.300}\n")));
        if answer.status < 300 {
            scene.restore().await;
        }
    }
    assert!(wrong.is_empty(), "{section}, {} wrong:\n{}", wrong.len(), wrong.concat());
    scene.shop.finish().await;
}

/// A test for each section, so that they run side by side.
macro_rules! check {
    ($($name:ident: $section:literal,)*) => {
        const CHECKED: &[&str] = &[$($section),*];

        $(#[tokio::test]
        async fn $name() {
            check($section).await;
        })*
    };
}

check! {
    add_cart_item: "POST /cart-items",
    update_cart_item: "PATCH /cart-items/{item_id}",
    checkout: "POST /orders/checkout",
    create_order: "POST /orders",
    update_order_status: "PATCH /orders/{order_id}",
    cancel_order: "PATCH /orders/{order_id}/cancel",
    settle_payment: "POST /orders/{order_id}/payment",
    put_profile: "PUT /users/me",
    create_product: "POST /products",
    create_product_in_sizes: "POST /products, in sizes",
    update_product: "PATCH /products/{product_id}",
    reshard_product: "PUT /products/{product_id}/shards",
    adjust_inventory: "POST /inventory/adjustments",
    count_inventory: "POST /inventory/adjustments, to a number",
    create_reward_rule: "POST /reward-rules",
    update_reward_rule: "PATCH /reward-rules/{rule_id}",
}

#[test]
fn each_section_is_checked() {
    assert_eq!(fields::sections().collect::<Vec<_>>(), CHECKED);
}
