//! The template as the rules see it.

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// A template, and the page that tells operators about it.
pub(super) struct Deployed {
    /// The template; `!Ref X` is `{"!Ref": "X"}`, and so are the other functions.
    pub template: Value,
    /// docs/operations.md.
    pub operations: String,
}

impl Deployed {
    pub(super) fn read(template: &str, operations: &str) -> Deployed {
        let yaml = serde_norway::from_str(template).expect("a template is YAML");
        Deployed { template: plain(yaml), operations: operations.to_owned() }
    }

    /// The resources of a type: logical id, and the whole resource.
    pub(super) fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.template["Resources"].as_object().into_iter().flatten();
        all.filter(move |(_, resource)| resource["Type"] == kind).map(|(id, resource)| (id.as_str(), resource))
    }

    pub(super) fn functions(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.resources("AWS::Serverless::Function").map(|(id, resource)| (id, &resource["Properties"]))
    }

    /// A function's property, or what all functions have.
    pub(super) fn of_function<'a>(&'a self, function: &'a Value, name: &str) -> &'a Value {
        function.get(name).unwrap_or(&self.template["Globals"]["Function"][name])
    }

    /// What invokes the functions: the function, the event's type, and its properties.
    pub(super) fn events(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.functions().flat_map(|(id, function)| {
            let events = function["Events"].as_object().into_iter().flatten();
            events.map(move |(_, event)| (id, event["Type"].as_str().unwrap_or_default(), &event["Properties"]))
        })
    }

    /// The routes, as the API's settings name them, with their functions.
    pub(super) fn routes(&self) -> impl Iterator<Item = (String, &str, &Value)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let routes = self.events().filter(|(_, kind, _)| *kind == "HttpApi");
        routes.map(move |(id, _, event)| (format!("{} {}", text(&event["Method"]), text(&event["Path"])), id, event))
    }

    pub(super) fn alarms(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.resources("AWS::CloudWatch::Alarm").map(|(id, resource)| (id, &resource["Properties"]))
    }

    /// Whether an alarm watches this metric of what the dimension stands for.
    pub(super) fn is_watched(&self, metric: &str, id: &str) -> bool {
        self.alarms().any(|(_, alarm)| watches(alarm, metric, id))
    }

    /// The logical ids of the queues that something leaves its failures in.
    pub(super) fn dead_letter_queues(&self) -> Vec<&str> {
        let mut queues = Vec::new();
        each(&self.template["Resources"], &mut |value| {
            let places =
                [&value["deadLetterTargetArn"], &value["OnFailure"]["Destination"], &value["DeadLetterConfig"]["Arn"]];
            queues.extend(places.into_iter().filter_map(target));
        });
        queues.sort_unstable();
        queues.dedup();
        queues
    }

    /// The dashboard, with `x` for each `${..}` that is not the namespace of our own metrics.
    pub(super) fn dashboard(&self) -> Value {
        let body = self.template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"].as_str();
        serde_json::from_str(body.unwrap_or_default()).unwrap_or_default()
    }
}

/// Whether an alarm watches this metric of what the dimension stands for.
pub(super) fn watches(alarm: &Value, metric: &str, id: &str) -> bool {
    let mut dimensions = alarm["Dimensions"].as_array().into_iter().flatten();
    alarm["MetricName"] == metric && dimensions.any(|dimension| target(&dimension["Value"]) == Some(id))
}

/// The resource or parameter that `!Ref Id` or `!GetAtt Id.Attribute` is about.
pub(super) fn target(value: &Value) -> Option<&str> {
    let of = value["!Ref"].as_str().or_else(|| value["!GetAtt"].as_str()?.split('.').next());
    of.filter(|id| !id.is_empty())
}

/// One or many, as many.
pub(super) fn many(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// Shows a value, and all that it holds.
pub(super) fn each<'a>(value: &'a Value, see: &mut impl FnMut(&'a Value)) {
    see(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, see)),
        Value::Object(entries) => entries.values().for_each(|entry| each(entry, see)),
        _ => {}
    }
}

fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => json!({tagged.tag.to_string(): plain(tagged.value)}),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Mapping(entries) => {
            let text = |name: &Yaml| name.as_str().expect("keys are text").to_owned();
            Value::Object(entries.into_iter().map(|(name, value)| (text(&name), plain(value))).collect::<Map<_, _>>())
        }
        scalar => serde_json::to_value(scalar).expect("a scalar"),
    }
}
