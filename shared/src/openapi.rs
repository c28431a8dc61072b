//! How a route is described: what it takes, what it answers, how it refuses. Each function describes its
//! own beside its `handle`; `local` puts them together with template.yaml's routes to make openapi.yaml.
//!
//! Schemas come from the types that requests are read into and answers are written from. A function's
//! binary links nothing of this.

mod problems;
mod schema;

use lambda_http::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

pub use self::problems::{ProblemExample, problem_examples, problem_schema};
pub(crate) use self::schema::inline_schema;
use crate::ids::UserId;
use crate::number::Whole;

/// Makes a type's schema, in the generator that collects those with a name.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a function does for a request.
#[derive(Clone)]
pub struct Operation {
    /// The group of routes it belongs to.
    pub tag: Tag,
    /// A few words.
    pub summary: &'static str,
    /// What a client should know of it, in Markdown.
    pub description: &'static str,
    /// What it takes besides a body.
    pub parameters: Vec<Parameter>,
    /// What it takes as its body.
    pub body: Option<Body>,
    /// What it answers if all is well.
    pub answers: Vec<Answer>,
    /// The codes of the problems it answers otherwise.
    pub problems: Vec<&'static str>,
    /// It honours `Idempotency-Key`.
    pub is_idempotent: bool,
}

/// The groups of routes, in the order of a shopper's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tag {
    Catalogue,
    Users,
    Cart,
    Orders,
    Coupons,
    Payments,
    Inventory,
    #[serde(rename = "Reward rules")]
    RewardRules,
    Health,
}

/// A parameter of a request.
#[derive(Clone)]
pub struct Parameter {
    /// What it is called.
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub place: &'static str,
    /// What it means.
    pub description: &'static str,
    /// It must be there.
    pub is_required: bool,
    /// What it must be.
    pub schema: SchemaOf,
}

/// A JSON body of a request.
#[derive(Clone)]
pub struct Body {
    /// It must be there.
    pub is_required: bool,
    /// What it must be.
    pub schema: SchemaOf,
}

/// A response if all is well.
#[derive(Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// When it is given.
    pub description: &'static str,
    /// Its JSON body, if it has one.
    pub schema: Option<SchemaOf>,
}

impl Operation {
    /// An operation that takes nothing yet and answers nothing but that the server is at fault.
    pub fn new(tag: Tag, summary: &'static str, description: &'static str) -> Operation {
        Operation {
            tag,
            summary,
            description,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: vec!["internal", "unavailable"],
            is_idempotent: false,
        }
    }

    fn parameter<T: JsonSchema>(
        mut self,
        place: &'static str,
        name: &'static str,
        description: &'static str,
    ) -> Operation {
        let is_required = place == "path";
        self.parameters.push(Parameter { name, place, description, is_required, schema: in_place::<T> });
        self
    }

    /// A parameter in the path. What it must be is not said: whatever else is there names nothing.
    pub fn path<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Operation {
        self.parameter::<T>("path", name, description)
    }

    /// A parameter in the query, which may be left out.
    pub fn query<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Operation {
        self.parameter::<T>("query", name, description).refuses(&["invalid_parameter"])
    }

    /// A header that must be there.
    pub fn header<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Operation {
        let mut operation = self.parameter::<T>("header", name, description);
        operation
            .parameters
            .iter_mut()
            .filter(|header| header.name == name)
            .for_each(|header| header.is_required = true);
        operation
    }

    /// `?user_id=`, for an admin who acts for that user.
    pub fn for_user(self) -> Operation {
        self.query::<UserId>("user_id", "Whose cart; the caller's if left out. Only an admin may name another user.")
            .refuses(&["user_not_found"])
    }

    /// A list in pages.
    pub fn pages(self) -> Operation {
        self.query::<Whole<1, 100>>("limit", "How many items at most; 20 if left out.")
            .query::<String>("cursor", "Where to go on: the `next_cursor` of the page before.")
            .refuses(&["invalid_cursor"])
    }

    /// A body that must be there.
    pub fn takes<T: JsonSchema>(mut self) -> Operation {
        self.body = Some(Body { is_required: true, schema: SchemaGenerator::subschema_for::<T> });
        self.refuses(&["invalid_json", "payload_too_large", "validation_failed"])
    }

    /// A body that may be left out.
    pub fn may_take<T: JsonSchema>(mut self) -> Operation {
        self = self.takes::<T>();
        self.body.iter_mut().for_each(|body| body.is_required = false);
        self
    }

    /// A POST whose retries find what the first try did.
    pub fn idempotent(mut self) -> Operation {
        self.is_idempotent = true;
        self.refuses(&["invalid_parameter", "idempotency_key_reused"])
    }

    /// A response with a JSON body.
    pub fn answers<T: JsonSchema>(mut self, status: StatusCode, description: &'static str) -> Operation {
        self.answers.push(Answer { status, description, schema: Some(SchemaGenerator::subschema_for::<T>) });
        self
    }

    /// 200 with a JSON body.
    pub fn answers_ok<T: JsonSchema>(self, description: &'static str) -> Operation {
        self.answers::<T>(StatusCode::OK, description)
    }

    /// 204, nothing to say.
    pub fn answers_nothing(mut self, description: &'static str) -> Operation {
        self.answers.push(Answer { status: StatusCode::NO_CONTENT, description, schema: None });
        self
    }

    /// Problems by their codes. That a caller is nobody, or may not, is told from the route.
    pub fn refuses(mut self, codes: &[&'static str]) -> Operation {
        self.problems.extend(codes.iter().filter(|code| !self.problems.contains(code)).collect::<Vec<_>>());
        self
    }
}

/// The schema of a parameter, without a name of its own.
fn in_place<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    if T::inline_schema() { T::json_schema(generator) } else { generator.subschema_for::<T>() }
}
