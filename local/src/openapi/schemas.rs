//! The schemas that routes name, collected as requests and answers are described.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use shared::openapi::{SchemaOf, problem_schema};

const PLACE: &str = "/components/schemas";

/// The schemas with names, of requests and of answers: a type that is read may allow more than it writes.
pub(super) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    /// None but the problem's yet.
    pub(super) fn new() -> Schemas {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = PLACE.into();
        settings.meta_schema = None;
        let requests = settings.clone().for_deserialize().into_generator();
        let mut answers = settings.for_serialize().into_generator();
        problem_schema(&mut answers);
        Schemas { requests, answers }
    }

    /// The schema of something that is read.
    pub(super) fn of_request(&mut self, schema: SchemaOf) -> Value {
        let mut schema = tidied(schema(&mut self.requests).to_value());
        rename(&mut schema);
        schema
    }

    /// The schema of something that is written.
    pub(super) fn of_answer(&mut self, schema: SchemaOf) -> Value {
        tidied(schema(&mut self.answers).to_value())
    }

    /// Every schema with a name.
    pub(super) fn finish(mut self) -> Value {
        let mut schemas: Map<_, _> =
            self.answers.take_definitions(false).into_iter().map(|(name, schema)| (name, tidied(schema))).collect();
        for (name, schema) in self.requests.take_definitions(false) {
            let mut schema = tidied(schema);
            rename(&mut schema);
            schemas.insert(request_name(&name), schema);
        }
        schemas.insert(
            "GatewayMessage".to_owned(),
            json!({
                "description": "What API Gateway answers by itself.",
                "type": "object",
                "properties": {"message": {"type": "string"}},
                "required": ["message"],
            }),
        );
        Value::Object(schemas)
    }
}

/// What a schema is called that requests use. Two are different where they are written.
fn request_name(name: &str) -> String {
    match name {
        "Money" | "Address" => format!("{name}Input"),
        _ => name.to_owned(),
    }
}

fn rename(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some((place, name)) = reference.rsplit_once('/')
            {
                *reference = format!("{place}/{}", request_name(name));
            }
            fields.values_mut().for_each(rename);
        }
        Value::Array(values) => values.iter_mut().for_each(rename),
        _ => {}
    }
}

/// The schema without what says nothing to a client, and with enums as such.
fn tidied(mut schema: Value) -> Value {
    tidy(&mut schema);
    schema
}

fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("default").is_some_and(Value::is_null) {
                fields.remove("default");
            }
            // Rust's own widths of numbers.
            if fields.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
                fields.remove("format");
            }
            if let Some(words) = words(fields) {
                let about: Vec<_> = words.iter().map(|(word, about)| format!("- `{word}`: {about}")).collect();
                let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
                let description = format!("{description}\n\n{}", about.join("\n"));
                fields.insert("description".to_owned(), json!(description.trim()));
                fields.insert("type".to_owned(), json!("string"));
                fields.insert("enum".to_owned(), words.into_iter().map(|(word, _)| Value::String(word)).collect());
                fields.remove("oneOf");
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// The words of an enum and what they mean, if the schema is one: a choice of constants.
fn words(schema: &Map<String, Value>) -> Option<Vec<(String, String)>> {
    let word = |choice: &Value| {
        let about = choice["description"].as_str().unwrap_or_default();
        Some((choice.get("const")?.as_str()?.to_owned(), about.to_owned()))
    };
    schema.get("oneOf")?.as_array()?.iter().map(word).collect()
}
