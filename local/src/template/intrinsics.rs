//! CloudFormation's functions: what `!Ref`, `!Sub`, `!GetAtt` and `!If` stand for in this cloud.

use serde_json::{Map, Value};
use serde_norway::value::TaggedValue;
use serde_norway::{Mapping, Value as Yaml};

use super::function::folder_name;
use super::{TemplateError, unsupported};

/// Where a template is deployed.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What `AWS::StackName` stands for.
    pub stack_name: String,
    /// What `AWS::Region` stands for.
    pub region: String,
    /// What `AWS::AccountId` stands for.
    pub account_id: String,
    /// Where AWS's services are, and so what queue URLs begin with.
    pub endpoint: String,
}

impl Deployment {
    /// The name that a resource of this deployment goes by everywhere.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account_id)
    }
}

/// Resolves a template's values. A value that is `AWS::NoValue` disappears from what holds it.
pub(super) struct Resolver<'a> {
    deployment: &'a Deployment,
    parameters: &'a Mapping,
    conditions: &'a Mapping,
    resources: &'a Mapping,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        deployment: &'a Deployment,
        parameters: &'a Mapping,
        conditions: &'a Mapping,
        resources: &'a Mapping,
    ) -> Resolver<'a> {
        Resolver { deployment, parameters, conditions, resources }
    }

    /// A part of the template, without intrinsic functions; `place` names it in errors.
    pub(super) fn resolve(&self, place: &str, value: &Yaml) -> Result<Value, TemplateError> {
        Ok(self.value(place, value)?.unwrap_or_default())
    }

    /// Every resource of these types whose condition holds: its logical id, type and resolved properties.
    pub(super) fn resources(&self, kinds: &[&str]) -> Result<Vec<(String, String, Value)>, TemplateError> {
        let mut resources = Vec::new();
        for (id, resource) in self.resources {
            let (Some(id), Some(kind)) = (id.as_str(), resource["Type"].as_str()) else { continue };
            if !kinds.contains(&kind) {
                continue;
            }
            if resource.get("Condition").and_then(Yaml::as_str).map_or(Ok(true), |name| self.condition(name))? {
                let properties = resource.get("Properties").map_or(Ok(Value::Null), |given| self.resolve(id, given))?;
                resources.push((id.to_owned(), kind.to_owned(), properties));
            }
        }
        Ok(resources)
    }

    /// What `!Ref` gives for a parameter or a resource.
    pub(super) fn reference(&self, name: &str) -> Result<Value, TemplateError> {
        let deployment = self.deployment;
        let text = match name {
            "AWS::StackName" => deployment.stack_name.clone(),
            "AWS::Region" => deployment.region.clone(),
            "AWS::AccountId" => deployment.account_id.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            _ => match self.parameters.get(name) {
                Some(parameter) => return self.parameter(name, parameter),
                None => match self.physical_name(name)? {
                    (Some("AWS::SQS::Queue"), queue) => {
                        format!("{}/{}/{queue}", deployment.endpoint, deployment.account_id)
                    }
                    (Some("AWS::Cognito::UserPool"), pool) => format!("{}_{pool}", deployment.region),
                    (_, name) => name,
                },
            },
        };
        Ok(Value::String(text))
    }

    /// What `!GetAtt` gives for a resource.
    pub(super) fn attribute(&self, id: &str, attribute: &str) -> Result<String, TemplateError> {
        let arn = |service: &str, resource: &str| self.deployment.arn(service, resource);
        let (kind, name) = self.physical_name(id)?;
        Ok(match (kind.unwrap_or_default(), attribute) {
            ("AWS::Serverless::Function", "Arn") => arn("lambda", &format!("function:{name}")),
            ("AWS::SQS::Queue", "Arn") => arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::DynamoDB::Table", "Arn") => arn("dynamodb", &format!("table/{name}")),
            // What the stream is called is only known once the table is there.
            ("AWS::DynamoDB::Table", "StreamArn") => arn("dynamodb", &format!("table/{name}/stream/latest")),
            _ => format!("{id}.{attribute}"),
        })
    }

    /// A resource's type and the name it has when deployed; for anything else its logical id.
    fn physical_name(&self, id: &str) -> Result<(Option<&str>, String), TemplateError> {
        let resource =
            self.resources.get(id).ok_or_else(|| unsupported(id, "there is no such parameter or resource"))?;
        let kind = resource["Type"].as_str();
        let properties = &resource["Properties"];
        let given = match kind {
            Some("AWS::SQS::Queue") => properties.get("QueueName"),
            Some("AWS::DynamoDB::Table") => properties.get("TableName"),
            Some("AWS::Serverless::Function") => properties.get("FunctionName"),
            _ => None,
        };
        let name = match (given, properties.get("CodeUri").and_then(Yaml::as_str)) {
            (Some(name), _) => text_of(&self.resolve(id, name)?),
            (None, Some(code_uri)) => format!("{}-{}", self.deployment.stack_name, folder_name(code_uri)),
            (None, None) => id.to_owned(),
        };
        Ok((kind, name))
    }

    fn parameter(&self, name: &str, parameter: &Yaml) -> Result<Value, TemplateError> {
        let default = parameter.get("Default").ok_or_else(|| unsupported(name, "the parameter has no default"))?;
        let default = self.resolve(name, default)?;
        Ok(match parameter["Type"].as_str() {
            Some("CommaDelimitedList") => text_of(&default).split(',').map(|part| Value::from(part.trim())).collect(),
            _ => Value::String(text_of(&default)),
        })
    }

    fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let condition = self.conditions.get(name).ok_or_else(|| unsupported(name, "there is no such condition"))?;
        Ok(self.resolve(name, condition)? == Value::Bool(true))
    }

    fn value(&self, place: &str, value: &Yaml) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match value {
            Yaml::Tagged(tagged) => return self.intrinsic(place, tagged),
            Yaml::Sequence(items) => Value::Array(self.items(place, items)?),
            Yaml::Mapping(entries) => {
                let mut object = Map::new();
                for (name, value) in entries {
                    let name = name.as_str().ok_or_else(|| unsupported(place, "a key is no text"))?;
                    if let Some(value) = self.value(place, value)? {
                        object.insert(name.to_owned(), value);
                    }
                }
                Value::Object(object)
            }
            scalar => serde_json::to_value(scalar).map_err(|error| TemplateError::Shape(place.to_owned(), error))?,
        }))
    }

    fn items(&self, place: &str, items: &[Yaml]) -> Result<Vec<Value>, TemplateError> {
        items.iter().filter_map(|item| self.value(place, item).transpose()).collect()
    }

    fn intrinsic(&self, place: &str, tagged: &TaggedValue) -> Result<Option<Value>, TemplateError> {
        let function = tagged.tag.to_string();
        let malformed = || unsupported(place, format!("this cloud does not know {function} with these arguments"));
        let arguments = match &tagged.value {
            Yaml::Sequence(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        Ok(Some(match (function.as_str(), arguments) {
            ("!Ref", [Yaml::String(name)]) if name == "AWS::NoValue" => return Ok(None),
            ("!Ref", [Yaml::String(name)]) => self.reference(name)?,
            ("!GetAtt", [Yaml::String(path)]) => {
                let (id, attribute) = path.split_once('.').ok_or_else(malformed)?;
                Value::String(self.attribute(id, attribute)?)
            }
            ("!Sub", [Yaml::String(text)]) => Value::String(self.substitute(text)?),
            ("!If", [Yaml::String(condition), yes, no]) => {
                return self.value(place, if self.condition(condition)? { yes } else { no });
            }
            ("!Equals", [left, right]) => Value::Bool(self.resolve(place, left)? == self.resolve(place, right)?),
            ("!Not", [condition]) => Value::Bool(self.resolve(place, condition)? == Value::Bool(false)),
            _ => return Err(malformed()),
        }))
    }

    /// Replaces each `${Name}` by its reference and each `${Id.Attribute}` by that attribute.
    fn substitute(&self, text: &str) -> Result<String, TemplateError> {
        let mut parts = text.split("${");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or_else(|| unsupported(text, "a ${ is not closed"))?;
            match name.split_once('.') {
                Some((id, attribute)) => result.push_str(&self.attribute(id, attribute)?),
                None => result.push_str(&text_of(&self.reference(name)?)),
            }
            result.push_str(rest);
        }
        Ok(result)
    }
}

/// A scalar as the text that an environment variable or a name would hold.
pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
