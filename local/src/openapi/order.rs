//! The order of what is written, so that it reads well: JSON's objects have none.

use serde_json::Value as Json;
use serde_norway::{Mapping, Value};

use super::OpenApiError;

/// Keys that come first, in this order; the rest follow by name.
const FIRST: &str = "\
    openapi info servers tags paths components title version name in url get put post patch delete \
    operationId summary description deprecated security required parameters requestBody responses \
    headers content schema $ref type enum const properties propertyNames additionalProperties items \
    securitySchemes schemas";

/// The document, in order.
pub(super) fn ordered(document: Json) -> Result<Value, OpenApiError> {
    Ok(match document {
        Json::Object(fields) => {
            let declared: Vec<String> = fields
                .get("required")
                .and_then(Json::as_array)
                .map(|names| names.iter().filter_map(Json::as_str).map(str::to_owned).collect())
                .unwrap_or_default();
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by_key(|(name, _)| {
                FIRST.split_ascii_whitespace().position(|key| key == name).unwrap_or(usize::MAX)
            });
            let mut mapping = Mapping::new();
            for (name, value) in fields {
                let value = match value {
                    Json::Object(properties) if name == "properties" => in_declared_order(properties, &declared)?,
                    value => ordered(value)?,
                };
                mapping.insert(name.into(), value);
            }
            Value::Mapping(mapping)
        }
        Json::Array(values) => Value::Sequence(values.into_iter().map(ordered).collect::<Result<_, _>>()?),
        value => serde_norway::to_value(value)?,
    })
}

/// Properties in the order in which their type declares those that must be there, then the others.
fn in_declared_order(properties: serde_json::Map<String, Json>, declared: &[String]) -> Result<Value, OpenApiError> {
    let mut properties: Vec<_> = properties.into_iter().collect();
    properties.sort_by_key(|(name, _)| declared.iter().position(|known| known == name).unwrap_or(usize::MAX));
    let ordered = properties.into_iter().map(|(name, schema)| Ok((Value::from(name), ordered(schema)?)));
    Ok(Value::Mapping(ordered.collect::<Result<_, OpenApiError>>()?))
}
