//! One route of the document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::http::StatusCode;
use shared::openapi::{Operation, Parameter, ProblemExample};

use super::examples::{Event, Examples};
use super::schemas::Schemas;
use super::{OpenApiError, example_of};
use crate::template::Route;

/// Problems that any route may answer have a response of their own, which routes refer to.
const SHARED: [(&str, &str); 4] = [
    ("forbidden", "Forbidden"),
    ("payload_too_large", "PayloadTooLarge"),
    ("internal", "InternalError"),
    ("unavailable", "Unavailable"),
];

/// What there is to say of a route.
pub(super) struct Description<'a> {
    pub(super) function: &'a str,
    pub(super) operation: &'a Operation,
    /// The function's event, for examples.
    pub(super) event: &'a Event,
    /// The route that this one is another name of.
    pub(super) alias_of: Option<&'a str>,
}

impl Description<'_> {
    /// The operation object.
    pub(super) fn of(
        &self,
        route: &Route,
        schemas: &mut Schemas,
        examples: &Examples,
        problems: &[ProblemExample],
    ) -> Result<Value, OpenApiError> {
        let operation = self.operation;
        let mut described = json!({
            "operationId": self.function,
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": operation.description,
            "security": if route.is_public() { json!([]) } else { json!([{"token": []}]) },
            "responses": self.responses(route, schemas, examples, problems)?,
        });
        if let Some(original) = self.alias_of {
            described["operationId"] = json!(format!("{}-alias", self.function));
            described["deprecated"] = json!(true);
            described["description"] = json!(format!("`{original}`, for clients of an earlier API."));
        }
        let mut parameters: Vec<_> =
            operation.parameters.iter().map(|parameter| self.parameter(parameter, schemas)).collect();
        if operation.is_idempotent {
            parameters.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
        }
        if !parameters.is_empty() {
            described["parameters"] = Value::Array(parameters);
        }
        if let Some(body) = &operation.body {
            let mut content = json!({"schema": schemas.of_request(body.schema)});
            if self.event.has_body {
                content["examples"] = json!({"demo": {"$ref": example(self.function)}});
            }
            described["requestBody"] = json!({"required": body.is_required, "content": {"application/json": content}});
        }
        Ok(described)
    }

    fn parameter(&self, parameter: &Parameter, schemas: &mut Schemas) -> Value {
        let mut described = json!({
            "name": parameter.name,
            "in": parameter.place,
            "description": parameter.description,
            "required": parameter.is_required,
            "schema": schemas.of_request(parameter.schema),
        });
        if let Some(example) = self.event.parameter(parameter.name) {
            described["example"] = example;
        }
        described
    }

    fn responses(
        &self,
        route: &Route,
        schemas: &mut Schemas,
        examples: &Examples,
        problems: &[ProblemExample],
    ) -> Result<Value, OpenApiError> {
        let mut responses = Map::new();
        for answer in &self.operation.answers {
            let mut response = json!({"description": answer.description});
            if self.operation.is_idempotent {
                let replayed = "#/components/headers/IdempotentReplayed";
                response["headers"] = json!({"Idempotent-Replayed": {"$ref": replayed}});
            }
            if let Some(schema) = answer.schema {
                let schema = schemas.of_answer(schema);
                let name = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
                if !examples.has(name) {
                    return Err(OpenApiError::NoExample(name.to_owned()));
                }
                let examples = json!({"demo": {"$ref": example(name)}});
                response["content"] = json!({"application/json": {"schema": schema, "examples": examples}});
            }
            responses.insert(answer.status.as_str().to_owned(), response);
        }
        let mut codes = self.operation.problems.clone();
        if !route.is_public() {
            responses.insert("401".to_owned(), json!({"$ref": "#/components/responses/Unauthorized"}));
            codes.push("forbidden");
        }
        responses.insert("429".to_owned(), json!({"$ref": "#/components/responses/TooManyRequests"}));
        let mut by_status: BTreeMap<StatusCode, Vec<&ProblemExample>> = BTreeMap::new();
        for code in codes {
            let problem = example_of(problems, code)
                .ok_or_else(|| OpenApiError::Code { function: self.function.to_owned(), code })?;
            match SHARED.iter().find(|(shared, _)| *shared == code) {
                Some((_, name)) => {
                    let response = json!({"$ref": format!("#/components/responses/{name}")});
                    responses.insert(problem.status.as_str().to_owned(), response);
                }
                None => by_status.entry(problem.status).or_default().push(problem),
            }
        }
        for (status, problems) in by_status {
            responses.insert(status.as_str().to_owned(), problem_response(&problems));
        }
        Ok(Value::Object(responses))
    }
}

/// Where a client sends its key.
pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Names the request, so that a retry finds what the first try did: 1 to 255 visible ASCII \
            characters, a UUID for instance.",
        "required": false,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "0b8f3a56-94c2-4b8a-9d0c-5f7d2f0d8d11",
    })
}

/// What any route may answer.
pub(super) fn shared_responses(problems: &[ProblemExample]) -> Value {
    let mut responses = json!({
        "Unauthorized": {
            "description": "There is no token, or a bad one. API Gateway answers this itself, before any function runs.",
            "content": {"application/json": gateway("Unauthorized")},
        },
        "TooManyRequests": {
            "description": "API Gateway lets no more requests through at the moment.",
            "content": {"application/json": gateway("Too Many Requests")},
        },
    });
    for (code, name) in SHARED {
        let Some(problem) = example_of(problems, code) else { continue };
        responses[name] = problem_response(&[problem]);
        match name {
            "InternalError" => responses[name]["content"]["application/json"] = gateway("Internal Server Error"),
            "Unavailable" => {
                responses[name]["headers"] = json!({"Retry-After": {"$ref": "#/components/headers/RetryAfter"}})
            }
            _ => {}
        }
    }
    responses
}

fn problem_response(problems: &[&ProblemExample]) -> Value {
    let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
    let bullet = if problems.len() > 1 { "- " } else { "" };
    let about = |problem: &&ProblemExample| format!("{bullet}`{}`: {}", problem.code, problem.when);
    let examples: Map<_, _> = codes.iter().map(|code| ((*code).to_owned(), json!({"$ref": example(code)}))).collect();
    json!({
        "description": problems.iter().map(about).collect::<Vec<_>>().join("\n"),
        "content": {"application/problem+json": {
            "schema": {
                "$ref": "#/components/schemas/Problem",
                "properties": {"code": {"enum": codes}},
            },
            "examples": examples,
        }},
    })
}

/// What API Gateway answers in a function's place.
fn gateway(message: &str) -> Value {
    json!({"schema": {"$ref": "#/components/schemas/GatewayMessage"}, "example": {"message": message}})
}

fn example(name: &str) -> String {
    format!("#/components/examples/{name}")
}
