//! Schemas in words: what a value must be, in a phrase, and the fields of an object.

use serde_norway::Value;

use super::text::{anchor, escaped, marked_up};
use super::{entries, json, text};

/// A list of words longer than this is cut.
const MAX_WORDS: usize = 12;

/// A schema with a name.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) about: String,
    /// What it is, where it is no object.
    pub(super) kind: Option<String>,
    /// Its fields; several lists where it is one of several objects.
    pub(super) choices: Vec<Vec<Field>>,
}

/// A field of an object.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) kind: String,
    pub(super) about: String,
}

impl Shape {
    pub(super) fn of(name: &str, schema: &Value) -> Shape {
        let own = fields(schema);
        let several = schema["oneOf"].as_sequence().into_iter().flatten().map(fields);
        let choices: Vec<_> = [own].into_iter().chain(several).filter(|fields| !fields.is_empty()).collect();
        Shape {
            name: name.to_owned(),
            anchor: anchor(name),
            about: marked_up(text(&schema["description"])),
            kind: choices.is_empty().then(|| kind(schema)),
            choices,
        }
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    let required = |name: &str| schema["required"].as_sequence().into_iter().flatten().any(|known| known == name);
    let field = |(name, schema): (&str, &Value)| Field {
        name: name.to_owned(),
        is_required: required(name),
        kind: kind(schema),
        about: marked_up(text(&schema["description"])),
    };
    // A choice that only says which of the fields must be there has no fields of its own.
    let says_something = |fields: &Value| {
        entries(fields).any(|(_, field)| field.get("description").is_some() || field.get("const").is_some())
    };
    if says_something(&schema["properties"]) { entries(&schema["properties"]).map(field).collect() } else { Vec::new() }
}

/// What a value must be, as HTML.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("<a href=\"#{}\">{}</a>", anchor(name), escaped(name));
    }
    if let Some(constant) = schema.get("const") {
        return format!("<code>{}</code>", escaped(&json(constant, false)));
    }
    if let Some(words) = schema["enum"].as_sequence() {
        let shown = words.iter().take(MAX_WORDS).map(|word| format!("<code>{}</code>", escaped(text(word))));
        let more =
            if words.len() > MAX_WORDS { format!(" and {} more", words.len() - MAX_WORDS) } else { String::new() };
        return format!("{}{more}{}", shown.collect::<Vec<_>>().join(", "), or_null(schema));
    }
    if let Some(choices) =
        schema["anyOf"].as_sequence().or(schema["oneOf"].as_sequence()).filter(|_| schema.get("properties").is_none())
    {
        let choices: Vec<_> = choices.iter().map(kind).filter(|kind| !kind.is_empty()).collect();
        return choices.join(" or ");
    }
    let types: Vec<_> = match &schema["type"] {
        Value::Sequence(types) => types.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        one => one.as_str().into_iter().collect(),
    };
    let kind = match (types.first().copied().unwrap_or_default(), schema["format"].as_str()) {
        ("", Some(format)) => format.to_owned(),
        ("string", Some(format)) => format.to_owned(),
        ("string", None) => "text".to_owned(),
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        ("boolean", _) => "true or false".to_owned(),
        ("null", _) => "null".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        (kind, _) => kind.to_owned(),
    };
    format!("{kind}{}{}", bounds(schema), or_null(schema))
}

/// How long or large it may be.
fn bounds(schema: &Value) -> String {
    let range = |least: &str, most: &str, unit: &str| {
        let number = |key: &str| schema.get(key).map(|number| json(number, false));
        match (number(least), number(most)) {
            (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
            (None, Some(most)) => format!(", at most {most}{unit}"),
            (Some(least), None) => format!(", at least {least}{unit}"),
            (None, None) => String::new(),
        }
    };
    let all = [
        range("minimum", "maximum", ""),
        range("minLength", "maxLength", " characters"),
        range("minItems", "maxItems", " items"),
        range("minProperties", "maxProperties", " entries"),
    ];
    all.concat()
}

fn or_null(schema: &Value) -> &'static str {
    let is_nullable = schema["type"].as_sequence().is_some_and(|types| types.iter().any(|kind| kind == "null"));
    if is_nullable { ", or null" } else { "" }
}
