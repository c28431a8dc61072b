//! What the functions of a cloud work with: DynamoDB, the clients of it and the other services, settings.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use axum::http::Uri;
use shared::aws::{Aws, Wire};
use shared::config::{Config, ConfigError};

use super::REGION;
use crate::aws::dynamodb::{DynamoDb, Embedded};
use crate::options::{Options, StartError};

/// DynamoDB: at the endpoint that the options name, or embedded here.
pub(super) fn dynamodb(options: &Options) -> Result<DynamoDb, StartError> {
    let Some(endpoint) = &options.dynamodb_endpoint else {
        let file = options.data_dir.as_ref().map(|data_dir| data_dir.join("dynamodb.sqlite"));
        return Ok(DynamoDb::Embedded(Embedded::open(file.as_deref())?));
    };
    let uri = endpoint.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"));
    Ok(DynamoDb::at(uri.ok_or_else(|| StartError::Endpoint(endpoint.clone()))?))
}

/// How AWS is called by whoever has an access key of an id: a function, if it is the function's name. They all
/// share their connections. An `AWS_ENDPOINT_URL` in the environment, meant for others, does not send them elsewhere.
pub(super) fn callers(aws_url: &str, wire: Option<SharedHttpConnector>) -> impl Fn(&str) -> Aws + use<> {
    let wire = wire.unwrap_or_else(|| SharedHttpConnector::new(Wire::new(false)));
    let aws = Aws::from_env().in_region(REGION).at(Some(aws_url)).over(wire);
    move |key_id| aws.clone().called_by(key_id, "local")
}

/// The SDK's client, for what no function does.
pub(super) fn sdk(aws_url: &str) -> Client {
    let wire = SharedHttpConnector::new(Wire::new(false));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .http_client(http_client_fn(move |_, _| wire.clone()))
        .endpoint_url(aws_url);
    Client::from_conf(config.build())
}

/// The template's settings, but for what the options say.
pub(super) fn config(environment: &BTreeMap<String, String>, options: &Options) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| {
        let seconds = match name {
            "RESERVATION_TTL_SECONDS" => options.reservation_ttl,
            "PAYMENT_DEADLINE_SECONDS" => options.payment_deadline,
            _ => None,
        };
        let payments = (name == "STRIPE_WEBHOOK_SECRET").then(|| options.stripe_webhook_secret.clone());
        seconds.map(|seconds| seconds.to_string()).or(payments).or_else(|| environment.get(name).cloned())
    })
}
