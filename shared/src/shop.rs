//! What a function works with: settings, clock, store, queue and mail, connected once.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents, SharedCredentialsProvider,
    StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_types::SdkConfig;

use crate::config::Config;
use crate::mail::Mailer;
use crate::sqs::OrderEvents;
use crate::store::{Store, metered};
use crate::time::Clock;
use crate::wire::Wire;

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

/// The clients of the AWS services that the shop calls. All functions need the tables.
#[derive(Clone)]
pub struct Clients {
    /// The tables. It counts what its calls cost.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The order-events queue.
    pub sqs: OnDemand<aws_sdk_sqs::Client>,
    /// Mail.
    pub ses: OnDemand<aws_sdk_sesv2::Client>,
}

/// A client that is made where it is first used, and kept: the package of a function that never uses it has none of
/// its code. Clones are the same one.
#[derive(Clone)]
pub struct OnDemand<C>(Arc<(SdkConfig, OnceLock<C>)>);

impl<C> OnDemand<C> {
    fn new(aws: &SdkConfig) -> OnDemand<C> {
        OnDemand(Arc::new((aws.clone(), OnceLock::new())))
    }

    /// The client, by the way to make it.
    pub fn made_by(&self, make: impl FnOnce(&SdkConfig) -> C) -> &C {
        let (aws, client) = &*self.0;
        client.get_or_init(|| make(aws))
    }
}

impl<C> fmt::Debug for OnDemand<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDemand").finish_non_exhaustive()
    }
}

impl Clients {
    /// All of them from one configuration. Nothing is sent yet.
    pub fn new(aws: &SdkConfig) -> Clients {
        Clients { dynamodb: metered(aws), sqs: OnDemand::new(aws), ses: OnDemand::new(aws) }
    }

    /// Connects to DynamoDB as `aws` says, before the first invocation needs it: reading the root certificates and
    /// shaking hands take longer than most invocations, and Lambda gives more CPU while a function starts. Where
    /// there is no TLS there is nothing to prepare. It is no check: what fails here may succeed when it is needed.
    pub async fn connect(&self, aws: &SdkConfig) {
        const PATIENCE: Duration = Duration::from_secs(1);
        if !has_tls(aws.endpoint_url()) {
            return;
        }
        let greeting = self.dynamodb.get_item().table_name("-").customize().interceptor(Greeting).send();
        // The answer to a greeting is not that of the operation.
        match tokio::time::timeout(PATIENCE, greeting).await {
            Ok(_) => {}
            Err(elapsed) => tracing::debug!(%elapsed, "DynamoDB does not answer yet"),
        }
    }
}

/// Makes a request for an operation one that asks DynamoDB how it is: `GET /`, which needs no permission.
#[derive(Debug)]
struct Greeting;

#[dyn_dispatch_hint]
impl Intercept for Greeting {
    fn name(&self) -> &'static str {
        "Greeting"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let mut greeting = HttpRequest::empty();
        greeting.set_uri(request.uri())?;
        *request = greeting;
        Ok(())
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
/// `AWS_ENDPOINT_URL` where the services are not AWS's own. Nothing is looked up elsewhere: no file, no metadata
/// service.
///
/// The SDK's own retries are off: the store retries, because only it can tell a lost race from a
/// failed condition.
pub fn aws_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(3)).build();
    let setting = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // They are those of one process: Lambda starts another before they expire.
    let credentials = setting("AWS_ACCESS_KEY_ID").zip(setting("AWS_SECRET_ACCESS_KEY"));
    let credentials = credentials
        .map(|(id, secret)| Credentials::new(id, secret, setting("AWS_SESSION_TOKEN"), None, "the environment"));
    let endpoint = setting("AWS_ENDPOINT_URL");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(setting("AWS_REGION").map(Region::new))
        .http_client(Wire::new(has_tls(endpoint.as_deref())))
        .retry_config(RetryConfig::disabled())
        // No answer is a stream: the time that an attempt may take is enough.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts);
    config.set_endpoint_url(endpoint).set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
    config.build()
}

/// Whether this endpoint, or AWS's own, is reached by TLS.
fn has_tls(endpoint: Option<&str>) -> bool {
    endpoint.is_none_or(|url| !url.starts_with("http://"))
}
