//! The schemas of conditions and rewards: each kind with the fields that it needs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, json};

use super::{ConditionInput, RewardInput};
use crate::ids::ProductId;
use crate::money::Money;
use crate::number::Whole;

impl JsonSchema for ConditionInput {
    fn schema_name() -> Cow<'static, str> {
        "ConditionInput".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let amount = generator.subschema_for::<Money>();
        let number = generator.subschema_for::<Whole<1, 1_000_000>>();
        let kind = |kind: &str, needs: &[(&str, &Schema)]| {
            let fields = needs.iter().map(|(field, schema)| ((*field).to_owned(), json!(schema)));
            let fields: Map<_, _> = [("kind".to_owned(), json!({"const": kind}))].into_iter().chain(fields).collect();
            let required: Vec<_> = ["kind"].into_iter().chain(needs.iter().map(|(field, _)| *field)).collect();
            json!({"type": "object", "properties": fields, "required": required, "additionalProperties": false})
        };
        json_schema!({"oneOf": [
            kind("min_order_total", &[("amount", &amount)]),
            kind("min_items", &[("count", &number)]),
            kind("contains_product", &[("product_id", &generator.subschema_for::<ProductId>())]),
            kind("first_order", &[]),
            kind("every_nth_order", &[("n", &number)]),
            kind("lifetime_spent", &[("amount", &above_zero(amount.clone()))]),
        ]})
    }
}

impl JsonSchema for RewardInput {
    fn schema_name() -> Cow<'static, str> {
        "RewardInput".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let percent = above_zero(json_schema!({
            "anyOf": [
                {"type": "string", "pattern": r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"},
                {"type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01},
            ],
            "examples": ["10"],
        }));
        let fixed = above_zero(generator.subschema_for::<Money>());
        let min_order_total = generator.subschema_for::<Option<Money>>();
        let valid_days = generator.subschema_for::<Whole<1, 3650>>();
        let kind = |kind: &str, value: &Schema| {
            json!({
                "type": "object",
                "properties": {
                    "kind": {"const": kind},
                    "value": value,
                    "min_order_total": min_order_total,
                    "valid_days": valid_days,
                },
                "required": ["kind", "value", "valid_days"],
                "additionalProperties": false,
            })
        };
        json_schema!({"oneOf": [kind("percent", &percent), kind("fixed", &fixed)]})
    }
}

/// The schema of an amount, without nothing at all.
fn above_zero(mut amount: Schema) -> Schema {
    amount.insert("not".to_owned(), json!({"anyOf": [{"const": 0}, {"type": "string", "pattern": "^[0.]*$"}]}));
    amount
}
