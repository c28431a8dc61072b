//! What template.yaml deploys, as far as this cloud runs it.

mod filter;
mod function;
mod intrinsics;
mod policy;
mod stream;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_norway::Mapping;

use intrinsics::{Resolver, text_of};

pub use filter::Filters;
pub use function::{Function, QueueSource, Route, Schedule};
pub use intrinsics::Deployment;
pub use policy::Permission;
pub use stream::StreamSource;
pub use table::{AttributeDefinition, Index, KeyElement, Projection, StreamSpecification, Table, TimeToLive};

/// Why a template cannot be deployed here.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is no YAML.
    #[error("template.yaml: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// A part of it does not have the shape that it must.
    #[error("template.yaml, {0}: {1}")]
    Shape(String, #[source] serde_json::Error),
    /// A part of it asks for what this cloud does not do.
    #[error("template.yaml, {0}: {1}")]
    Unsupported(String, String),
}

/// What this cloud runs. Alarms, logs, keys and the like only watch or guard a deployment.
const KINDS: [&str; 4] =
    ["AWS::Serverless::Function", "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"];

/// Everything that is deployed.
#[derive(Debug)]
pub struct Template {
    /// The functions, by name.
    pub functions: BTreeMap<String, Function>,
    /// The queues, each after the one that takes its dead letters.
    pub queues: Vec<Queue>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The environment that every function has.
    pub environment: BTreeMap<String, String>,
    /// Whose tokens the API takes.
    pub tokens: JwtConfiguration,
    /// What browsers may do across origins.
    pub cors: Cors,
    /// The function that a finished sign-up invokes.
    pub sign_up_trigger: String,
}

/// A queue.
#[derive(Debug)]
pub struct Queue {
    /// Its name in the template, which `sam local` passes for its URL.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Its resource name.
    pub arn: String,
    /// What clients call it by.
    pub url: String,
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// Where its dead letters go.
    pub redrive: Option<Redrive>,
}

/// Where dead letters go.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redrive {
    /// The resource name of the queue that takes them.
    pub dead_letter_target_arn: String,
    /// How often a message is received before it is one.
    pub max_receive_count: u32,
}

/// Whose tokens the API takes.
#[derive(Debug, Clone, Deserialize)]
pub struct JwtConfiguration {
    /// Who issues them.
    pub issuer: String,
    /// Who they are for; any one of these.
    pub audience: Vec<String>,
}

/// What browsers may do across origins. Without origins, nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// Who may call; `*` is everyone.
    pub allow_origins: Vec<String>,
    /// With which methods.
    pub allow_methods: Vec<String>,
    /// With which headers.
    pub allow_headers: Vec<String>,
    /// Which headers of an answer they may read.
    pub expose_headers: Vec<String>,
    /// Whether their cookies come along.
    pub allow_credentials: bool,
    /// For how many seconds a browser may remember all this.
    pub max_age: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    parameters: Mapping,
    #[serde(default)]
    conditions: Mapping,
    globals: serde_norway::Value,
    resources: Mapping,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueProperties {
    queue_name: String,
    visibility_timeout: Option<u64>,
    redrive_policy: Option<Redrive>,
}

impl Template {
    /// Reads a template as it is deployed in `deployment`.
    ///
    /// # Errors
    /// The part of it that cannot be read, or that this cloud does not do.
    pub fn parse(text: &str, deployment: &Deployment) -> Result<Template, TemplateError> {
        let document: Document = serde_norway::from_str(text)?;
        let resolver = Resolver::new(deployment, &document.parameters, &document.conditions, &document.resources);
        let globals = resolver.resolve("Globals", &document.globals)?;
        let global = |path: &str| globals.pointer(path).cloned().unwrap_or_default();

        let mut template = Template {
            functions: BTreeMap::new(),
            queues: Vec::new(),
            tables: Vec::new(),
            environment: environment(&global("/Function/Environment/Variables")),
            tokens: default_authorizer(&global("/HttpApi/Auth"))?,
            cors: read::<Option<Cors>>("Globals.HttpApi.CorsConfiguration", global("/HttpApi/CorsConfiguration"))?
                .unwrap_or_default(),
            sign_up_trigger: String::new(),
        };
        let mut sign_up_arn = None;
        for (id, kind, properties) in resolver.resources(&KINDS)? {
            match kind.as_str() {
                "AWS::Serverless::Function" => {
                    let arn = resolver.attribute(&id, "Arn")?;
                    let (name, function) = Function::read(&id, arn, properties, &global("/Function"))?;
                    template.functions.insert(name, function);
                }
                "AWS::SQS::Queue" => {
                    let properties: QueueProperties = read(&id, properties)?;
                    template.queues.push(Queue {
                        arn: resolver.attribute(&id, "Arn")?,
                        url: text_of(&resolver.reference(&id)?),
                        logical_id: id,
                        name: properties.queue_name,
                        visibility_timeout: Duration::from_secs(properties.visibility_timeout.unwrap_or(30)),
                        redrive: properties.redrive_policy,
                    });
                }
                "AWS::DynamoDB::Table" => template.tables.push(read(&id, properties)?),
                "AWS::Cognito::UserPool" => {
                    sign_up_arn = properties.pointer("/LambdaConfig/PostConfirmation").map(text_of);
                }
                _ => {}
            }
        }
        // A queue that takes dead letters has none of its own, so this puts it before those it serves.
        template.queues.sort_by_key(|queue| queue.redrive.is_some());
        let trigger = template.functions.iter().find(|(_, function)| Some(&function.arn) == sign_up_arn.as_ref());
        template.sign_up_trigger = trigger.map(|(name, _)| name.clone()).ok_or_else(|| {
            unsupported("Resources", "no user pool has a function of this template as its PostConfirmation trigger")
        })?;
        Ok(template)
    }
}

fn read<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, TemplateError> {
    serde_json::from_value(value).map_err(|error| TemplateError::Shape(place.to_owned(), error))
}

fn unsupported(place: &str, problem: impl Into<String>) -> TemplateError {
    TemplateError::Unsupported(place.to_owned(), problem.into())
}

fn environment(variables: &Value) -> BTreeMap<String, String> {
    variables.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text_of(value))).collect()
}

fn default_authorizer(auth: &Value) -> Result<JwtConfiguration, TemplateError> {
    let name = auth["DefaultAuthorizer"].as_str().unwrap_or_default();
    read("Globals.HttpApi.Auth", auth["Authorizers"][name]["JwtConfiguration"].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    fn deployment() -> Deployment {
        Deployment {
            stack_name: "test".to_owned(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            endpoint: "http://localhost:4566".to_owned(),
        }
    }

    #[test]
    fn functions_have_their_routes_queues_and_schedules() {
        let template = Template::parse(TEMPLATE, &deployment()).unwrap();
        let routes = |name: &str| -> Vec<_> {
            let routes = template.functions[name].routes.iter();
            routes.map(|route| (route.method.as_str(), route.path.as_str(), route.is_public())).collect()
        };
        assert_eq!(routes("health"), [("GET", "/", true)]);
        assert_eq!(routes("get-profile"), [("GET", "/users/me", false)]);
        assert_eq!(template.functions["health"].arn, "arn:aws:lambda:us-east-1:000000000000:function:test-health");
        assert_eq!(template.functions["register-user"].timeout, Duration::from_secs(5));
        assert_eq!(template.functions["release-reservations"].schedules[0].every, Duration::from_secs(60));
        let source = &template.functions["evaluate-rewards"].queues[0];
        assert_eq!((source.batch_size, source.reports_failures()), (10, true));
        assert_eq!(source.queue_arn, "arn:aws:sqs:us-east-1:000000000000:test-order-events");
        let source = &template.functions["send-order-mail"].streams[0];
        assert_eq!((source.table.as_str(), source.batch_size), ("test-orders", 10));
        assert!(source.bisects && source.reports_failures);
        assert_eq!((source.max_retries, source.max_age), (Some(100), Some(Duration::from_secs(3_600))));
        assert_eq!(source.on_failure.as_deref(), Some("arn:aws:sqs:us-east-1:000000000000:test-order-mails-dead"));
        assert_eq!(template.sign_up_trigger, "register-user");
    }

    #[test]
    fn queues_tables_and_settings_carry_the_name_of_the_stack() {
        let template = Template::parse(TEMPLATE, &deployment()).unwrap();
        let queues: Vec<_> = template.queues.iter().map(|queue| queue.name.as_str()).collect();
        let dead = ["test-order-mails-dead", "test-order-events-dead", "test-scheduled-runs-dead"];
        assert_eq!(queues, [dead[0], dead[1], dead[2], "test-order-events"]);
        assert_eq!(template.queues[3].redrive.as_ref().unwrap().dead_letter_target_arn, template.queues[1].arn);
        assert!(template.tables.iter().all(|table| table.table_name.starts_with("test-")));
        assert_eq!(template.environment["TABLE_PREFIX"], "test-");
        assert_eq!(
            template.environment["ORDER_EVENTS_QUEUE_URL"],
            "http://localhost:4566/000000000000/test-order-events"
        );
        assert_eq!(template.environment["RESERVATION_TTL_SECONDS"], "1800");
        assert_eq!(template.environment["METRICS_NAMESPACE"], "test");
        assert!(!template.environment.contains_key("AWS_ENDPOINT_URL"), "no value is no variable");
        assert_eq!(template.cors.allow_origins, ["*"]);
        assert_eq!(template.tokens.audience, ["UserPoolClient"]);
    }

    #[test]
    fn functions_have_the_permissions_of_their_policies() {
        let template = Template::parse(TEMPLATE, &deployment()).unwrap();
        assert_eq!(template.functions["health"].permissions, []);
        let permissions = template.functions["send-order-mail"].permissions.iter();
        let mut permissions: Vec<_> = permissions.map(|permission| permission.to_string()).collect();
        let mail = template.functions["send-order-mail"].permissions.last().unwrap();
        assert_eq!(mail.from_address.as_deref(), Some("shop@example.com"));
        permissions.extend(template.functions["list-coupons"].permissions.iter().map(|p| p.to_string()));
        let expected = [
            "dynamodb:GetItem on arn:aws:dynamodb:us-east-1:000000000000:table/test-orders",
            "dynamodb:UpdateItem on arn:aws:dynamodb:us-east-1:000000000000:table/test-orders",
            "ses:SendEmail on arn:aws:ses:us-east-1:000000000000:identity/*",
            "dynamodb:Query on arn:aws:dynamodb:us-east-1:000000000000:table/test-coupons/index/by_user",
        ];
        assert_eq!(permissions, expected);
    }

    #[test]
    fn what_this_cloud_does_not_do_is_refused_by_name() {
        let refused = |from: &str, to: &str| {
            assert!(TEMPLATE.contains(from), "{from}");
            Template::parse(&TEMPLATE.replace(from, to), &deployment()).unwrap_err().to_string()
        };
        assert_eq!(
            refused("rate(1 minute)", "cron(0 * * * ? *)"),
            "template.yaml, ReleaseReservations.Events.EveryMinute: \"cron(0 * * * ? *)\" is no rate(..)"
        );
        assert_eq!(
            refused("anything-but", "wildcard").split_once(": ").unwrap().1,
            "this cloud does not know the filter {\"wildcard\":[\"placed\"]}"
        );
        assert_eq!(
            refused("Effect: Allow", "Effect: Deny"),
            "template.yaml, RegisterUser.Policies: this cloud does not know the effect \"Deny\""
        );
        assert!(refused("!Ref AllowedOrigins", "!Transform AllowedOrigins").contains("!Transform"));
    }
}
