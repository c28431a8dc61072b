//! Which records of a source a function gets, in the words of Lambda's event filtering.

use serde::Deserialize;
use serde_json::Value;

use super::{TemplateError, unsupported};

/// The patterns of a source; a record passes if any of them matches, or if there are none.
#[derive(Debug, Default)]
pub struct Filters(Vec<Vec<Field>>);

/// What one field of a record must be.
#[derive(Debug)]
struct Field {
    /// Where it is, as a JSON pointer.
    pointer: String,
    /// Any of these.
    tests: Vec<Test>,
}

#[derive(Debug)]
enum Test {
    Is(Value),
    AnythingBut(Vec<Value>),
    Exists(bool),
    Prefix(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FilterCriteria {
    filters: Vec<Pattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Pattern {
    pattern: String,
}

impl Filters {
    /// Reads the criteria of a source.
    pub(super) fn read(place: &str, criteria: Option<FilterCriteria>) -> Result<Filters, TemplateError> {
        /// Lambda's own limit.
        const MOST: usize = 5;

        let patterns = criteria.map(|criteria| criteria.filters).unwrap_or_default();
        if patterns.len() > MOST {
            return Err(unsupported(place, format!("a source has {MOST} filters at most")));
        }
        let filter = |Pattern { pattern }: Pattern| {
            let pattern: Value =
                serde_json::from_str(&pattern).map_err(|error| TemplateError::Shape(place.to_owned(), error))?;
            let mut fields = Vec::new();
            flatten(place, String::new(), &pattern, &mut fields)?;
            Ok(fields)
        };
        Ok(Filters(patterns.into_iter().map(filter).collect::<Result<_, TemplateError>>()?))
    }

    /// Whether the function gets `record`.
    pub fn pass(&self, record: &Value) -> bool {
        let matches = |fields: &Vec<Field>| fields.iter().all(|field| field.matches(record));
        self.0.is_empty() || self.0.iter().any(matches)
    }
}

impl Field {
    fn matches(&self, record: &Value) -> bool {
        let value = record.pointer(&self.pointer);
        self.tests.iter().any(|test| match test {
            Test::Exists(exists) => value.is_some() == *exists,
            Test::Is(wanted) => value == Some(wanted),
            Test::AnythingBut(unwanted) => value.is_some_and(|value| !unwanted.contains(value)),
            Test::Prefix(prefix) => value.and_then(Value::as_str).is_some_and(|text| text.starts_with(prefix)),
        })
    }
}

fn flatten(place: &str, pointer: String, pattern: &Value, fields: &mut Vec<Field>) -> Result<(), TemplateError> {
    match pattern {
        Value::Object(inner) => {
            for (name, pattern) in inner {
                let name = name.replace('~', "~0").replace('/', "~1");
                flatten(place, format!("{pointer}/{name}"), pattern, fields)?;
            }
        }
        Value::Array(tests) => {
            let tests = tests.iter().map(|wanted| test(place, wanted)).collect::<Result<_, _>>()?;
            fields.push(Field { pointer, tests });
        }
        other => {
            return Err(unsupported(place, format!("a filter wants a list of what {pointer} may be, not {other}")));
        }
    }
    Ok(())
}

fn test(place: &str, wanted: &Value) -> Result<Test, TemplateError> {
    let Value::Object(operation) = wanted else { return Ok(Test::Is(wanted.clone())) };
    let (operator, operand) = match operation.iter().next() {
        Some(operation) => operation,
        None => return Err(unsupported(place, "a filter's operation is empty")),
    };
    match (operator.as_str(), operand) {
        ("exists", Value::Bool(exists)) => Ok(Test::Exists(*exists)),
        ("prefix", Value::String(prefix)) => Ok(Test::Prefix(prefix.clone())),
        ("anything-but", Value::Array(unwanted)) => Ok(Test::AnythingBut(unwanted.clone())),
        ("anything-but", Value::String(_) | Value::Number(_)) => Ok(Test::AnythingBut(vec![operand.clone()])),
        _ => Err(unsupported(place, format!("this cloud does not know the filter {wanted}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filters(patterns: &[Value]) -> Result<Filters, TemplateError> {
        let filters = patterns.iter().map(|pattern| Pattern { pattern: pattern.to_string() }).collect();
        Filters::read("Source", Some(FilterCriteria { filters }))
    }

    #[test]
    fn a_record_passes_that_one_pattern_matches_in_every_field() {
        let changed = filters(&[
            json!({"eventName": ["INSERT"], "new": {"status": ["placed", "paid"]}}),
            json!({"eventName": ["MODIFY"], "old": {"status": [{"anything-but": ["placed"]}]}, "new": {"status": ["placed"]}}),
            json!({"eventName": [{"prefix": "RE"}], "new": [{"exists": false}]}),
        ])
        .unwrap();
        for passes in [
            json!({"eventName": "INSERT", "new": {"status": "paid"}}),
            json!({"eventName": "MODIFY", "old": {"status": "unpaid"}, "new": {"status": "placed"}}),
            json!({"eventName": "REMOVE", "old": {}}),
        ] {
            assert!(changed.pass(&passes), "{passes}");
        }
        for stays in [
            json!({"eventName": "INSERT", "new": {"status": "unpaid"}}),
            json!({"eventName": "INSERT", "new": {}}),
            json!({"eventName": "MODIFY", "old": {"status": "placed"}, "new": {"status": "placed"}}),
            json!({"eventName": "MODIFY", "old": {}, "new": {"status": "placed"}}),
            json!({"eventName": "REMOVE", "new": {}}),
        ] {
            assert!(!changed.pass(&stays), "{stays}");
        }
        assert!(Filters::default().pass(&json!({})));
    }

    #[test]
    fn an_operation_that_is_not_known_is_refused_by_name() {
        let refused = |pattern| filters(&[pattern]).unwrap_err().to_string();
        assert_eq!(
            refused(json!({"a": [{"numeric": [">", 1]}]})),
            "template.yaml, Source: this cloud does not know the filter {\"numeric\":[\">\",1]}"
        );
        assert!(refused(json!({"a": "b"})).contains("a list of what /a may be"));
        assert!(filters(&vec![json!({}); 6]).unwrap_err().to_string().contains("5 filters at most"));
    }
}
