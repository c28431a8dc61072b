//! What the functions of a cloud work with: DynamoDB, the clients of it and the other services, settings.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
use axum::http::Uri;
use shared::config::{Config, ConfigError};
use shared::shop::{Clients, aws_config};

use super::REGION;
use crate::aws::dynamodb::Embedded;
use crate::options::{Options, StartError};
use crate::tasks::Tasks;

/// Where DynamoDB is: at the endpoint that the options name, or embedded here.
pub(super) fn dynamodb(options: &Options, backend: &mut Tasks) -> Result<Uri, StartError> {
    let endpoint = match &options.dynamodb_endpoint {
        Some(endpoint) => endpoint.clone(),
        None => {
            let file = options.data_dir.as_ref().map(|data_dir| data_dir.join("dynamodb.sqlite"));
            let Embedded { endpoint, served } = Embedded::serve(file.as_deref(), backend.stopped().wait())?;
            backend.spawn(async move {
                if let Err(error) = served.await {
                    tracing::error!(%error, "the embedded DynamoDB ended");
                }
            });
            endpoint
        }
    };
    let uri = endpoint.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"));
    uri.ok_or(StartError::Endpoint(endpoint))
}

/// The clients that functions have in production, but for where they call: an `AWS_ENDPOINT_URL` in the
/// environment, meant for others, must not send them elsewhere.
pub(super) async fn clients(dynamodb_url: &Uri, aws_url: &str) -> Clients {
    let aws = aws_config()
        .into_builder()
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("local", "local", None, None, "local")))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let dynamodb = aws_sdk_dynamodb::config::Builder::from(&aws).endpoint_url(dynamodb_url.to_string());
    let sqs = aws_sdk_sqs::config::Builder::from(&aws).endpoint_url(aws_url);
    let ses = aws_sdk_sesv2::config::Builder::from(&aws).endpoint_url(aws_url);
    Clients {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
        sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
        ses: aws_sdk_sesv2::Client::from_conf(ses.build()),
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
