//! What is put into a field: things that any client might send, and those that its kind turns on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What a field says to a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    Refused,
    /// It is understood, and answered with this status and code.
    Answered(&'static str),
}

/// What makes the whole body something else than JSON.
pub(super) const NO_JSON: [&str; 11] =
    ["NaN", "-Infinity", "undefined", "", "'x'", "\"x", "01", ".5", "1 2", "\"\\x\"", "\"a\u{1}b\""];

/// What is put into every field, whatever its kind.
const ODD: &str = r#"
    true | 0 | 1 | -1 | 1.5 | 3.0 | 1e300 | -1e300 | 1e999 | 18446744073709551616
    "" | "   " | "x" | "NaN" | "-1" | "1.50" | "1e5" | "null" | "a\u0000b" | "a\nb" | "\ud800"
    [] | [1] | [null] | [""] | {} | {"x": 1} | {"": null}
"#;

fn odd() -> Vec<String> {
    let mut odd: Vec<_> = ODD.trim().split(['|', '\n']).map(|value| value.trim().to_owned()).collect();
    odd.push(text(6_000));
    odd.push(format!("{}1{}", "[".repeat(300), "]".repeat(300)));
    odd.push(format!("{}1{}", "{\"x\":".repeat(300), "}".repeat(300)));
    odd
}

/// Every value for a field of a kind.
pub(super) fn of(kind: &str) -> BTreeMap<String, Verdict> {
    let mut values: BTreeMap<_, _> = odd().into_iter().map(|value| (value, Verdict::Refused)).collect();
    let (refused, taken) = known(kind);
    values.extend(refused.into_iter().map(|value| (value, Verdict::Refused)));
    values.extend(taken.into_iter().map(|value| (value, Verdict::Taken)));
    let answered: &[_] = match kind {
        "quantity" => &[
            ("1000", "422 quantity_limit"),
            ("4294967297", "422 quantity_limit"),
            ("18446744073709551616", "422 quantity_limit"),
            ("1e300", "422 quantity_limit"),
        ],
        "delta" => &[("-10000000", "409 insufficient_stock")],
        _ => &[],
    };
    values.extend(answered.iter().map(|(value, answer)| ((*value).to_owned(), Verdict::Answered(answer))));
    values
}

/// What a kind refuses and what it takes, besides or among the odd things.
fn known(kind: &str) -> (Vec<String>, Vec<String>) {
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text).to_string()).collect::<Vec<_>>();
    let raw = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let (kind, parameters) = kind.split_once(' ').unwrap_or((kind, ""));
    match kind {
        "text" | "prose" => {
            let max = parameters.parse().expect("a length");
            let mut taken = texts(&["x", "NaN", "-1", "1.50", "1e5", "null", " x ", "<b>&amp;", "名前 🙂"]);
            taken.extend([text(max), json!("é".repeat(max)).to_string()]);
            if kind == "prose" {
                taken.extend(texts(&["", "   ", "a\nb", "a\tb"]));
            }
            (vec![text(max + 1), "\"a\\u007fb\"".to_owned()], taken)
        }
        "nothing" => (Vec::new(), Vec::new()),
        "anything" => (Vec::new(), odd()),
        "string" => {
            let is_string = |value: &String| value.starts_with('"') && !value.contains("ud800");
            (Vec::new(), odd().into_iter().filter(is_string).collect())
        }
        "email" => (
            texts(&["ada@", "@example.com", "a@b@example.com", "ada@example", "a@x.de\r\nBcc: b@x.de"]),
            texts(&["grace@example.com", "grace+1@mail.example.com"]),
        ),
        "phone" => (texts(&["12", "call me", &"5".repeat(33)]), texts(&["1.50", "+49 (30) 123-456", "112"])),
        "country" => (texts(&["us", "USA", "XX"]), texts(&["DE", "US"])),
        "url" => (
            texts(&["lamp.jpg", "javascript:alert(1)", "ftp://example.com/x", &"https://x.de/".repeat(200)]),
            texts(&["https://example.com/lamp.jpg?w=1", "http://localhost"]),
        ),
        "words" => {
            let words: Vec<_> = parameters.split(' ').collect();
            (texts(&[&words[0].to_uppercase(), &format!("{} ", words[0]), "`x`, expected y"]), texts(&words))
        }
        "id" => {
            let id = shared::ids::KeyId::random().to_string();
            (texts(&[&id.replace('-', ""), &format!("{{{id}}}"), &format!("{id}0"), &id[1..]]), texts(&[&id]))
        }
        "amount" => {
            let (units, cents) = parameters.split_once('.').expect("cents");
            let next = format!("{}.00", units.parse::<u64>().expect("an amount") + 1);
            let mut refused = raw(&["1.001", "-0.01", &next]);
            refused.extend(texts(&["1.001", "1e2", "1,50", "+1", "$1", &next]));
            let max = format!("{units}.{cents}");
            let mut taken = raw(&["0", "1", "1.5", "3.0", "0.1", &max]);
            taken.extend(texts(&["1.50", "0", "7", &max]));
            (refused, taken)
        }
        "worth" => {
            let (mut refused, taken) = known(&format!("amount {parameters}"));
            let (zeros, taken) = taken.into_iter().partition(|value| value.trim_matches('"') == "0");
            refused.extend::<Vec<_>>(zeros);
            (refused, taken)
        }
        "flag" => (raw(&["\"true\"", "\"yes\""]), raw(&["true", "false"])),
        "moment" => (
            texts(&["tomorrow", "2026-02-30T00:00:00Z", "2026-11-20T06:21", "1795155693", "9999-12-31T23:59:59-23:59"]),
            texts(&["2026-11-20T06:21:33.123Z", "2026-11-20T06:21:33+02:00", "2026-11-20"]),
        ),
        "quantity" => (raw(&["0.5", "\"1\""]), raw(&["1", "3.0", "1e2", "999"])),
        "delta" => (raw(&["0", "10000000", "10000001", "-10000001", "\"1\""]), raw(&["1", "-1", "3.0"])),
        "whole" => {
            let (min, max) = parameters.split_once(' ').expect("a range");
            let (min, max): (i64, i64) = (min.parse().expect("a number"), max.parse().expect("a number"));
            let beyond = [min - 1, max + 1].map(|number| number.to_string());
            let within = [0, 1, min, max].into_iter().filter(|number| (min..=max).contains(number));
            (beyond.into(), within.map(|number| number.to_string()).chain(["3.0".to_owned()]).collect())
        }
        "object" => (raw(&["[\"x\", null, \"x\", null, \"x\", \"US\"]"]), Vec::new()),
        "properties" => {
            let many =
                |count: usize| (0..count).map(|i| (i.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>();
            let refused = [
                json!({"": "x"}),
                json!({"a": null}),
                json!({"a": {}}),
                json!({"a": ""}),
                json!({"a\nb": "x"}),
                json!({"x".repeat(51): "x"}),
                json!({"a": "x".repeat(201)}),
                Value::Object(many(11)),
            ];
            let mut refused: Vec<_> = refused.iter().map(Value::to_string).collect();
            refused.push("{\"a\": \"1\", \" a \": \"2\"}".to_owned());
            let taken = [json!({}), json!({"x".repeat(50): "x".repeat(200)}), Value::Object(many(10))];
            (refused, taken.iter().map(Value::to_string).collect())
        }
        "sizes" => {
            let many: Value = (0..100).map(|size| size.to_string()).collect();
            let refused = [json!(["S", "S"]), json!(["S", " S "]), json!(["x".repeat(51)]), json!({"0": "S"}), many];
            (refused.iter().map(Value::to_string).collect(), raw(&["[]", "[\"S\"]", "[\"S\", \"M\"]"]))
        }
        "stock" => (raw(&["10000001", "\"1\"", "{\"S\": 1}", "{\"S\": -1}"]), raw(&["0", "1", "3.0", "10000000"])),
        _ => panic!("a kind of no field: {kind}"),
    }
}

fn text(length: usize) -> String {
    json!("x".repeat(length)).to_string()
}
