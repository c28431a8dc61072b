//! Calls of AWS: where its services are, who calls, and the way of a request.
//!
//! What is said is the SDK's: its types, how it writes requests and reads answers, its signatures. The way there is a
//! straight one: write, sign, send, read. The SDK's own client plans each call anew from twenty plugins, and reads a
//! list of all regions before its first. It also retries; here nothing is, because only the store can tell a lost race
//! from a failed condition.

#[cfg(test)]
mod tests;
mod wire;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse as _, SerializeRequest as _, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};

pub use self::wire::Wire;

/// Where AWS is, and who calls it. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Aws {
    region: Option<Arc<str>>,
    endpoint: Option<Arc<str>>,
    caller: Option<Identity>,
    /// How long an attempt may take.
    patience: Duration,
    wire: SharedHttpConnector,
}

impl Aws {
    /// What Lambda puts into the environment: credentials, region, and an `AWS_ENDPOINT_URL` where the services are
    /// not AWS's own. Nothing is looked up elsewhere: no file, no metadata service. What is missing is missed by the
    /// first call.
    pub fn from_env() -> Aws {
        Aws::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Aws {
        let setting = |name| lookup(name).filter(|value| !value.is_empty());
        let endpoint = setting("AWS_ENDPOINT_URL");
        let has_tls = has_tls(endpoint.as_deref());
        // They are those of one process: Lambda starts another before they expire.
        let credentials = setting("AWS_ACCESS_KEY_ID").zip(setting("AWS_SECRET_ACCESS_KEY"));
        let credentials = credentials
            .map(|(id, secret)| Credentials::new(id, secret, setting("AWS_SESSION_TOKEN"), None, "the environment"));
        let aws = Aws {
            region: setting("AWS_REGION").map(Arc::from),
            endpoint: None,
            caller: credentials.map(Identity::from),
            patience: Duration::from_secs(3),
            wire: SharedHttpConnector::new(Wire::new(has_tls)),
        };
        aws.at(endpoint.as_deref())
    }

    /// The same in this region.
    #[must_use]
    pub fn in_region(self, region: &str) -> Aws {
        Aws { region: Some(region.into()), ..self }
    }

    /// The same, with all services at this URL; none is AWS's own.
    #[must_use]
    pub fn at(self, endpoint: Option<&str>) -> Aws {
        Aws { endpoint: endpoint.map(|url| url.trim_end_matches('/').into()), ..self }
    }

    /// The same, called by whoever has this access key.
    #[must_use]
    pub fn called_by(self, key_id: &str, secret: &str) -> Aws {
        Aws { caller: Some(Credentials::new(key_id, secret, None, None, "the program").into()), ..self }
    }

    /// The same, by this wire.
    #[must_use]
    pub fn over(self, wire: impl HttpConnector + 'static) -> Aws {
        Aws { wire: SharedHttpConnector::new(wire), ..self }
    }

    /// DynamoDB.
    pub fn dynamodb(&self) -> Service {
        self.service("dynamodb", "dynamodb")
    }

    /// SQS.
    pub fn sqs(&self) -> Service {
        self.service("sqs", "sqs")
    }

    /// SES.
    pub fn ses(&self) -> Service {
        self.service("ses", "email")
    }

    /// A service by the name that requests to it are signed for, and that of its host.
    fn service(&self, name: &'static str, host: &str) -> Service {
        let region = self.region.as_deref().unwrap_or_default();
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let its_own = || format!("https://{host}.{region}.{domain}").into();
        Service { name, url: self.endpoint.clone().unwrap_or_else(its_own), aws: self.clone() }
    }
}

/// Whether this endpoint, or AWS's own, is reached by TLS.
fn has_tls(endpoint: Option<&str>) -> bool {
    endpoint.is_none_or(|url| !url.starts_with("http://"))
}

/// A service of AWS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    name: &'static str,
    url: Arc<str>,
    aws: Aws,
}

/// An operation of a service, by the SDK's types.
pub trait Operation {
    /// What it is asked.
    type Input: fmt::Debug + Send + Sync + 'static;
    /// What it answers.
    type Output: fmt::Debug + Send + Sync + 'static;
    /// How it refuses.
    type Error: std::error::Error + Send + Sync + 'static;

    /// How it is written and read.
    fn codec() -> &'static Codec;
}

/// The SDK's way to write an operation's requests and to read its answers.
#[derive(Debug)]
pub struct Codec(Option<FrozenLayer>);

impl Codec {
    /// That of an operation.
    pub fn of(operation: &impl RuntimePlugin) -> Codec {
        Codec(operation.config())
    }

    fn write(&self, input: Input) -> Result<HttpRequest, BoxError> {
        let writer = self.0.as_ref().and_then(|layer| layer.load::<SharedRequestSerializer>());
        writer.ok_or("an operation that cannot be written")?.serialize_input(input, &mut ConfigBag::base())
    }
}

/// Makes operations of the SDK ones of [`Operation`]: `operations!(aws_sdk_sqs: send_message: SendMessage,
/// SendMessageInput => SendMessageOutput, SendMessageError;)`.
macro_rules! operations {
    ($sdk:ident: $($module:ident: $operation:ident, $input:ident => $output:ident, $error:ident;)*) => {$(
        impl $crate::aws::Operation for $sdk::operation::$module::$operation {
            type Input = $sdk::operation::$module::$input;
            type Output = $sdk::operation::$module::$output;
            type Error = $sdk::operation::$module::$error;

            fn codec() -> &'static $crate::aws::Codec {
                static CODEC: std::sync::LazyLock<$crate::aws::Codec> =
                    std::sync::LazyLock::new(|| $crate::aws::Codec::of(&$sdk::operation::$module::$operation::new()));
                &CODEC
            }
        }
    )*};
}
pub(crate) use operations;

/// A request that can be sent, more than once if need be: it stays the same.
#[derive(Debug)]
pub struct Request<O> {
    http: HttpRequest,
    operation: PhantomData<O>,
}

impl Service {
    /// Writes a request.
    ///
    /// # Errors
    /// It lacks something.
    pub fn request<O: Operation>(&self, input: O::Input) -> Result<Request<O>, BoxError> {
        let mut http = O::codec().write(Input::erase(input))?;
        http.uri_mut().set_endpoint(&self.url)?;
        Ok(Request { http, operation: PhantomData })
    }

    /// Signs a request, sends it, once, and waits three seconds at most for the answer.
    ///
    /// # Errors
    /// That of the operation, or else what went wrong on the way.
    pub async fn send<O: Operation>(
        &self,
        request: &Request<O>,
    ) -> Result<O::Output, SdkError<O::Error, HttpResponse>> {
        let signed = self.signed(&request.http).map_err(SdkError::construction_failure)?;
        let answer = tokio::time::timeout(self.aws.patience, self.exchange(signed)).await;
        let answer = answer.map_err(SdkError::timeout_error)?.map_err(SdkError::dispatch_failure)?;
        read::<O>(answer)
    }

    /// Asks the service how it is, which needs no permission: `GET /`, unsigned. That opens a connection; where there
    /// is no TLS, nothing is sent. It is no check: what fails here may succeed when it is needed.
    pub async fn greet(&self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        if !has_tls(Some(&self.url)) {
            return;
        }
        let greeting = HttpRequest::get(format!("{}/", self.url)).map(|greeting| self.aws.wire.call(greeting));
        let answered = match greeting {
            Ok(greeting) => tokio::time::timeout(PATIENCE, greeting).await.is_ok_and(|answer| answer.is_ok()),
            Err(_) => false,
        };
        if !answered {
            tracing::debug!(service = self.name, "the service does not answer yet");
        }
    }

    fn signed(&self, request: &HttpRequest) -> Result<HttpRequest, BoxError> {
        let mut request = request.try_clone().ok_or("a request that is a stream")?;
        let caller = self.aws.caller.as_ref().ok_or("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")?;
        let region = self.aws.region.as_deref().ok_or("AWS_REGION is not set")?;
        let parameters = v4::SigningParams::builder()
            .identity(caller)
            .region(region)
            .name(self.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?;
        let body = request.body().bytes().map_or(SignableBody::UnsignedPayload, SignableBody::Bytes);
        let signable = SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body)?;
        let (headers, _) = sign(signable, &parameters.into())?.into_parts().0.into_parts();
        for header in headers {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(request)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut answer = self.aws.wire.call(request).await?;
        let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
        let read = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
        *answer.body_mut() = SdkBody::from(read.into_bytes());
        Ok(answer)
    }
}

#[expect(clippy::result_large_err, reason = "it is the SDK's")]
fn read<O: Operation>(answer: HttpResponse) -> Result<O::Output, SdkError<O::Error, HttpResponse>> {
    let layer = O::codec().0.as_ref();
    let Some(reader) = layer.and_then(|layer| layer.load::<SharedResponseDeserializer>()) else {
        return Err(SdkError::response_error("an operation that cannot be read", answer));
    };
    let failure = match reader.deserialize_nonstreaming_with_config(&answer, &ConfigBag::base()) {
        Ok(output) => match output.downcast() {
            Ok(output) => return Ok(output),
            Err(_) => return Err(SdkError::response_error("an answer to another operation", answer)),
        },
        Err(failure) => failure,
    };
    // The SDK takes what it cannot read for a refusal, but nothing is refused with a success.
    if !failure.is_operation_error() || answer.status().is_success() {
        return Err(SdkError::response_error(failure, answer));
    }
    let mut refusal = None;
    drop(failure.map_operation_error(|error| refusal = error.downcast().ok()));
    Err(match refusal {
        Some(refusal) => SdkError::service_error(refusal, answer),
        None => SdkError::response_error("a refusal of another operation", answer),
    })
}
