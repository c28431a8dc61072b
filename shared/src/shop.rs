//! What a function works with: settings, clock, store, queue and mail, connected once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::config::Config;
use crate::mail::Mailer;
use crate::sqs::OrderEvents;
use crate::store::Store;
use crate::time::Clock;

/// The shop's parts. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    /// Settings.
    pub config: Arc<Config>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The tables.
    pub store: Store,
    /// Where placed orders are announced.
    pub order_events: OrderEvents,
    /// Where mails go out.
    pub mailer: Mailer,
}

/// The clients of the three AWS services that the shop calls.
#[derive(Clone)]
pub struct Clients {
    /// The tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The order-events queue.
    pub sqs: aws_sdk_sqs::Client,
    /// Mail.
    pub ses: aws_sdk_sesv2::Client,
}

impl Clients {
    /// All three from one configuration. Nothing is sent yet.
    pub fn new(aws: &SdkConfig) -> Clients {
        Clients {
            dynamodb: aws_sdk_dynamodb::Client::new(aws),
            sqs: aws_sdk_sqs::Client::new(aws),
            ses: aws_sdk_sesv2::Client::new(aws),
        }
    }
}

impl Shop {
    /// The shop on these clients.
    pub fn new(config: Config, clients: Clients, clock: Clock) -> Shop {
        let config = Arc::new(config);
        Shop {
            store: Store::new(clients.dynamodb, &config),
            order_events: OrderEvents::new(clients.sqs, &config),
            mailer: Mailer::new(clients.ses, &config),
            config,
            clock,
        }
    }

    /// The same shop through other clients, such as ones with other credentials.
    pub fn with_clients(&self, clients: Clients) -> Shop {
        Shop {
            store: self.store.with_client(clients.dynamodb),
            order_events: OrderEvents::new(clients.sqs, &self.config),
            mailer: Mailer::new(clients.ses, &self.config),
            ..self.clone()
        }
    }

    /// The same shop, for work that must end by `deadline`.
    pub fn until(&self, deadline: Instant) -> Shop {
        Shop { store: self.store.until(deadline), ..self.clone() }
    }
}

/// The AWS settings that Lambda puts into the environment: credentials, region, and an
/// `AWS_ENDPOINT_URL` where the services are not AWS's own. Nothing is looked up elsewhere.
///
/// The SDK's own retries are off: the store retries, because only it can tell a lost race from a
/// failed condition.
pub async fn aws_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(3))
        .build();
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .load()
        .await
}
