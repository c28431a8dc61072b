//! The schemas of what is read by hand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{OpeningStock, Price};
use crate::inventory::adjustment::Units;
use crate::money::amount_schema;
use crate::openapi::inline_schema;
use crate::text::Text;

impl JsonSchema for Price {
    fn schema_name() -> Cow<'static, str> {
        "Price".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        amount_schema(8)
    }
}

inline_schema!(generator, OpeningStock: {
    "anyOf": [
        generator.subschema_for::<Units>(),
        {
            "type": "object",
            "propertyNames": generator.subschema_for::<Text<50>>(),
            "additionalProperties": generator.subschema_for::<Units>(),
        },
    ],
});
