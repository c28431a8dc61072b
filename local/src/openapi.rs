//! openapi.yaml: template.yaml's routes, and what their functions say of them.
//!
//! `cargo run -p local -- openapi` writes it. Requests in examples are those of `events/`, so that
//! they fit the demo data; examples of answers are in openapi/examples.yaml.

mod examples;
mod operations;
mod order;
mod route;
mod schemas;

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Map, Value, json};
use shared::openapi::{ProblemExample, problem_examples};

use crate::template::{Deployment, Route, Template, TemplateError};

use examples::Examples;
use route::Description;
use schemas::Schemas;

/// The document as it was last written.
pub const WRITTEN: &str = include_str!("../../openapi.yaml");

const TEMPLATE: &str = include_str!("../../template.yaml");

const ABOUT: &str = "\
The backend of an online shop: cart, stock, checkout, orders and rewards.

- **Tokens.** All routes but the public ones want `Authorization: Bearer <JWT>`. API Gateway verifies it; `sub` is the \
user's id, `email` the verified address, and `cognito:groups` has the roles `seller` and `admin`.
- **Amounts** are decimal strings with two places beside one currency. Requests may also give a JSON number.
- **Times** are RFC 3339 in UTC, with milliseconds.
- **Lists** come in pages: `next_cursor` of one is `cursor` of the next, and null on the last.
- **Problems** are `application/problem+json` (RFC 9457) with a stable `code`. Fields that a request does not know are \
refused. A body of more than 64 KiB is, too.
- **Retries.** A POST that makes something honours `Idempotency-Key`: the same key with the same body finds what the \
first try made, for at least a day.
- Text loses the blanks around it before it is measured.";

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum OpenApiError {
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function with a route does not say what it does, or one that does has no route.
    #[error("template.yaml's routes and local/src/openapi/operations.rs differ: {0}")]
    Operations(String),
    /// A function names a problem that there is not.
    #[error("{function} names a problem that there is not: {code}")]
    Code {
        /// The function.
        function: String,
        /// The code.
        code: &'static str,
    },
    /// An answer has no example.
    #[error("local/src/openapi/examples.yaml has no {0}")]
    NoExample(String),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(String, #[source] io::Error),
    /// Something cannot be written or read as YAML.
    #[error(transparent)]
    Yaml(#[from] serde_norway::Error),
    /// Something cannot be read as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The document as it ought to be.
///
/// # Errors
/// [`OpenApiError`].
pub fn document() -> Result<String, OpenApiError> {
    let mut functions = Template::parse(TEMPLATE, &nowhere())?.functions;
    functions.retain(|_, function| !function.routes.is_empty());
    let problems = problem_examples();
    let mut schemas = Schemas::new();
    let mut examples = Examples::read()?;
    let mut paths = Map::new();
    let mut operations = operations::operations();
    for (name, function) in functions {
        let operation = operations.remove(name.as_str()).ok_or_else(|| OpenApiError::Operations(name.clone()))?;
        let event = examples.add_event(&name)?;
        // The route itself comes before its aliases.
        let mut routes: Vec<Route> = function.routes;
        routes.sort_by_key(|route| route.path.starts_with("/api/"));
        let original = routes.first().map(|route| format!("{} {}", route.method, route.path)).unwrap_or_default();
        for (index, route) in routes.iter().enumerate() {
            let alias_of = (index > 0).then_some(original.as_str());
            let description = Description { function: &name, operation: &operation, event: &event, alias_of };
            let described = description.of(route, &mut schemas, &examples, &problems)?;
            let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
            path[route.method.to_ascii_lowercase()] = described;
        }
    }
    if let Some(unused) = operations.into_keys().next() {
        return Err(OpenApiError::Operations(unused.to_owned()));
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cartwright",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [
            {"url": "http://localhost:3000", "description": "`cargo run -p local`"},
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com",
                "description": "A deployment: its stack's output `ApiUrl`",
                "variables": {"api": {"default": "a1b2c3d4e5"}, "region": {"default": "us-east-1"}},
            },
        ],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A token of the user pool, or of the issuer that the stack was told to trust. \
                    `local` makes one: `POST /_local/users {\"email\": \"you@example.com\", \"groups\": [\"admin\"]}`.",
            }},
            "parameters": {"IdempotencyKey": route::idempotency_key()},
            "headers": {
                "IdempotentReplayed": {
                    "description": "There, and `true`, where an earlier request with this key did it.",
                    "schema": {"type": "string", "const": "true"},
                },
                "RetryAfter": {
                    "description": "After how many seconds to try again.",
                    "required": true,
                    "schema": {"type": "integer", "minimum": 1},
                },
            },
            "responses": route::shared_responses(&problems),
            "schemas": schemas.finish(),
        },
    });
    let mut document = order::ordered(document)?;
    examples.add_problems(&problems)?;
    examples.put_into(&mut document);
    // Norway's code is a word in YAML 1.2, and false to those who still read 1.1.
    let yaml = serde_norway::to_string(&document)?.replace("- NO\n", "- 'NO'\n");
    Ok(format!("# Made by `cargo run -p local -- openapi`; a test compares.\n{yaml}"))
}

/// Writes the document as it ought to be; answers where.
///
/// # Errors
/// [`OpenApiError`].
pub fn write() -> Result<PathBuf, OpenApiError> {
    let path = root().join("openapi.yaml");
    fs::write(&path, document()?).map_err(|problem| OpenApiError::File("openapi.yaml".to_owned(), problem))?;
    Ok(path)
}

/// The workspace, whose files it is made from and written to.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Routes are the same wherever they are deployed.
fn nowhere() -> Deployment {
    let nowhere = "nowhere".to_owned();
    Deployment { stack_name: nowhere.clone(), region: nowhere.clone(), account_id: nowhere.clone(), endpoint: nowhere }
}

fn tags() -> Value {
    json!([
        {"name": "Catalogue", "description": "Products, and how many are left."},
        {"name": "Users", "description": "One's own profile. It is made at sign-up, or when it is first saved."},
        {"name": "Cart", "description": "Whatever is put into the cart is held for its user until the hold ends."},
        {"name": "Orders", "description": "From the cart to the door: `under_paying`, `placed`, `processing`, \
            `shipped`, `delivered`, or `cancelled`."},
        {"name": "Coupons", "description": "What orders earn, and later orders are cheaper by."},
        {"name": "Payments", "description": "How an order that is paid online comes to be placed."},
        {"name": "Inventory", "description": "The counters behind the stock, for those who sell."},
        {"name": "Reward rules", "description": "Which orders earn which coupons, for admins."},
        {"name": "Health", "description": "Whether anybody is there."},
    ])
}

fn example_of<'a>(problems: &'a [ProblemExample], code: &str) -> Option<&'a ProblemExample> {
    problems.iter().find(|problem| problem.code == code)
}
