//! Examples, in the order in which they are written.

use std::fs;

use serde_json::{Value as Json, json};
use serde_norway::{Mapping, Value};
use shared::openapi::ProblemExample;

use super::{OpenApiError, root};

/// Answers, by the names of their schemas, as the demo shop gives them.
const ANSWERS: &str = include_str!("examples.yaml");

/// Every example, by its name in the document.
pub(super) struct Examples(Mapping);

/// A function's event, from which examples of requests are taken.
pub(super) struct Event {
    event: Json,
    /// It brings a body.
    pub(super) has_body: bool,
}

impl Event {
    /// What a parameter of the path or the query holds.
    pub(super) fn parameter(&self, name: &str) -> Option<Json> {
        let places = ["pathParameters", "queryStringParameters", "headers"];
        let headers = name.to_ascii_lowercase();
        let text = places
            .iter()
            .find_map(|place| self.event[place].get(name).or(self.event[place].get(&headers)))?
            .as_str()?;
        Some(text.parse::<u32>().map_or_else(|_| json!(text), |number| json!(number)))
    }
}

impl Examples {
    /// The examples of answers.
    pub(super) fn read() -> Result<Examples, OpenApiError> {
        let mut examples = Examples(serde_norway::from_str(ANSWERS)?);
        let lists = ["Product", "OrderSummary", "Coupon", "RewardRule", "InventoryItem"];
        for name in lists {
            let Some(item) = examples.0.get(name).cloned() else { continue };
            let list = Mapping::from_iter([
                (Value::from("items"), Value::Sequence(vec![item])),
                (Value::from("next_cursor"), Value::Null),
            ]);
            examples.0.insert(format!("{name}List").into(), list.into());
        }
        Ok(examples)
    }

    /// Adds the body of a function's event; answers the event.
    pub(super) fn add_event(&mut self, function: &str) -> Result<Event, OpenApiError> {
        let path = format!("events/{function}.json");
        let text = fs::read_to_string(root().join(&path)).map_err(|problem| OpenApiError::File(path, problem))?;
        let event: Json = serde_json::from_str(&text)?;
        let body = event["body"].as_str();
        if let Some(body) = body {
            self.0.insert(function.into(), serde_norway::from_str(body)?);
        }
        Ok(Event { has_body: body.is_some(), event })
    }

    /// Adds the problem documents.
    pub(super) fn add_problems(&mut self, problems: &[ProblemExample]) -> Result<(), OpenApiError> {
        for problem in problems {
            self.0.insert(problem.code.into(), serde_norway::from_str(&problem.document)?);
        }
        Ok(())
    }

    /// Whether there is an example of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Puts all of them among the document's components.
    pub(super) fn put_into(self, document: &mut Value) {
        let examples = self.0.into_iter().map(|(name, value)| {
            let example = Mapping::from_iter([(Value::from("value"), value)]);
            (name, Value::Mapping(example))
        });
        document["components"]["examples"] = Value::Mapping(examples.collect());
    }
}
