//! What the functions of a cloud work with: DynamoDB, the clients of it and the other services, settings.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider, SharedHttpClient};
use axum::http::Uri;
use shared::config::{Config, ConfigError};
use shared::shop::{Clients, aws_config};
use shared::wire::Wire;

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

/// Makes the clients of whoever has an access key of an id: a function, if it is the function's name. They all
/// share their connections. They have the settings that functions have in production, but for where they call:
/// an `AWS_ENDPOINT_URL` in the environment, meant for others, must not send them elsewhere.
pub(super) fn clients(aws_url: &str, http: Option<SharedHttpClient>) -> impl Fn(&str) -> Clients + use<> {
    let aws = aws_config().into_builder().region(Region::from_static(REGION)).endpoint_url(aws_url);
    let http = http.unwrap_or_else(|| SharedHttpClient::new(Wire::new(false)));
    let aws = aws.http_client(http).build();
    move |key_id| {
        let credentials = SharedCredentialsProvider::new(Credentials::new(key_id, "local", None, None, "local"));
        Clients::new(&aws.clone().into_builder().credentials_provider(credentials).build())
    }
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
