//! JSON bodies: read into domain types, or refused with the name of the field.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::{DeserializeOwned, IgnoredAny};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, FieldError};

/// The most bytes that a body may have: 64 KiB.
const MAX_BODY_BYTES: usize = 65_536;

/// A body that was read, with a digest that tells it from others.
pub struct Json<T> {
    /// The body.
    pub value: T,
    pub(super) fingerprint: String,
}

/// The body, if it is no larger than a body may be.
pub(super) fn bounded(body: &[u8]) -> Result<&[u8], Error> {
    if body.len() <= MAX_BODY_BYTES { Ok(body) } else { Err(Error::PayloadTooLarge) }
}

/// Reads a JSON object.
///
/// # Errors
/// [`Error::PayloadTooLarge`], [`Error::InvalidJson`], or [`Error::ValidationFailed`] naming the field.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<Json<T>, Error> {
    // What is not JSON at all is told apart first, whatever its fields would have been.
    let text = std::str::from_utf8(bounded(body)?).map_err(|problem| Error::InvalidJson(problem.to_string()))?;
    if text.is_empty() {
        return Err(Error::InvalidJson("it is empty".to_owned()));
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|problem| Error::InvalidJson(problem.to_string()))?;
    if !text.trim_start().starts_with('{') {
        return Err(Error::field("body", "must be a JSON object"));
    }
    let value = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|problem| {
        let path = problem.path().to_string();
        Error::ValidationFailed(vec![field_error(&path, &problem.into_inner().to_string())])
    })?;
    Ok(Json { value, fingerprint: fingerprint(text) })
}

/// Tells two JSON texts apart, though not for blanks or the order of their keys.
fn fingerprint(text: &str) -> String {
    let canonical =
        serde_json::from_str::<serde_json::Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string());
    STANDARD_NO_PAD.encode(&Sha256::digest(canonical)[..16])
}

/// Names the field in serde's words: it reports an unknown or missing one at the object around it.
fn field_error(path: &str, problem: &str) -> FieldError {
    let message = problem.rsplit_once(" at line ").map_or(problem, |(message, _)| message);
    let parent = if path == "." { "" } else { path };
    let inside = |field: &str| match parent {
        "" => field.to_owned(),
        _ if parent == field || parent.ends_with(&format!(".{field}")) => parent.to_owned(),
        _ => format!("{parent}.{field}"),
    };
    let named = |before, after| Some(inside(message.strip_prefix(before)?.rsplit_once(after)?.0));
    let (field, message) = if let Some(missing) = named("missing field `", "`") {
        (missing, "is required".to_owned())
    } else if let Some(unknown) = named("unknown field `", "`, expected ") {
        (unknown, "is not a field of this request".to_owned())
    } else if let Some(twice) = named("duplicate field `", "`") {
        (twice, "is given twice".to_owned())
    } else if parent.is_empty() {
        ("body".to_owned(), in_plain_words(message))
    } else {
        (parent.to_owned(), in_plain_words(message))
    };
    FieldError { field, message }
}

/// What serde says, for whoever made the request: what would be right, in JSON's words. What was sent
/// instead is not repeated, as it may be long.
fn in_plain_words(message: &str) -> String {
    let mismatches = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    let is_mismatch = mismatches.iter().any(|mismatch| message.starts_with(mismatch));
    if let Some((_, expected)) = message.rsplit_once(", expected ").filter(|_| is_mismatch) {
        return match expected {
            "a sequence" => "must be a list".to_owned(),
            "a map" => "must be an object".to_owned(),
            "i64" => "must be a whole number".to_owned(),
            // The variants of an enum come in backticks.
            expected => format!("must be {}", expected.replace('`', "\"")),
        };
    }
    match message {
        "number out of range" => "is out of range",
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" | "invalid unicode code point" => {
            "must be text that is valid Unicode"
        }
        message => message,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::number::Whole;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Outer {
        count: Whole<1, 9>,
        inner: Option<Inner>,
        words: Option<Vec<Word>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        PerItem,
        None,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Inner {
        city: String,
    }

    fn refused(body: &str) -> Error {
        read_json::<Outer>(body.as_bytes()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn what_is_not_json_is_400_and_what_does_not_fit_names_its_field() {
        for body in ["", "{", "{\"count\": \"x\"", "{\"count\": NaN}", "nope", "{\"count\": 1}}"] {
            assert!(matches!(refused(body), Error::InvalidJson(_)), "{body}");
        }
        for (body, field) in [
            ("[1]", "body"),
            ("null", "body"),
            ("{}", "count"),
            ("{\"count\": \"x\"}", "count"),
            ("{\"count\": -1}", "count"),
            ("{\"count\": null}", "count"),
            ("{\"count\": 1e999}", "count"),
            ("{\"count\": 1, \"count\": 2}", "count"),
            ("{\"count\": 1, \"price\": 2}", "price"),
            ("{\"count\": 1, \"a`b\": 2}", "a`b"),
            ("{\"count\": 1, \"inner\": {}}", "inner.city"),
            ("{\"count\": 1, \"inner\": {\"city\": 3}}", "inner.city"),
            ("{\"count\": 1, \"inner\": {\"city\": \"x\", \"zip\": 3}}", "inner.zip"),
        ] {
            let Error::ValidationFailed(errors) = refused(body) else { panic!("{body}") };
            assert_eq!(errors[0].field, field, "{body}");
        }
        let of_bytes = |bytes: usize| format!("{{\"count\": 1{}}}", " ".repeat(bytes - 12));
        assert!(read_json::<Outer>(of_bytes(65_536).as_bytes()).is_ok());
        assert!(matches!(refused(&of_bytes(65_537)), Error::PayloadTooLarge));
    }

    #[test]
    fn a_message_says_what_would_be_right_and_nothing_of_rust() {
        let message = |body: &str| match refused(body) {
            Error::ValidationFailed(errors) => errors[0].message.clone(),
            error => panic!("{body}: {error}"),
        };
        for (value, right) in [
            ("\"x, expected y\"", "must be a whole number from 1 to 9"),
            ("null", "must be a whole number from 1 to 9"),
            ("10", "must be a whole number from 1 to 9"),
            ("1e999", "is out of range"),
        ] {
            assert_eq!(message(&format!("{{\"count\": {value}}}")), right, "{value}");
        }
        for (value, right) in [
            ("\"inner\": {\"city\": [1]}", "must be a string"),
            ("\"inner\": {\"city\": \"\\ud800\"}", "must be text that is valid Unicode"),
            ("\"inner\": {}", "is required"),
            ("\"inner\": {\"zip\": 1}", "is not a field of this request"),
            ("\"words\": {}", "must be a list"),
            ("\"words\": [\"`x`, expected y\"]", "must be \"per_item\" or \"none\""),
        ] {
            assert_eq!(message(&format!("{{\"count\": 1, {value}}}")), right, "{value}");
        }
        assert_eq!(refused("").to_string(), "The body is not valid JSON: it is empty");
    }

    #[test]
    fn a_fingerprint_ignores_spelling_only() {
        assert_eq!(fingerprint("{\"a\": 1, \"b\": 2}"), fingerprint("{\"b\":2,\"a\":1}"));
        assert_ne!(fingerprint("{\"a\": 1}"), fingerprint("{\"a\": 2}"));
    }
}
