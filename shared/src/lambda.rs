//! The Lambda edge: turns a handler into a function that takes an event's JSON and answers JSON.
//!
//! [`serve`] runs one under the Lambda runtime; the local cloud calls the same [`Function`] directly.

pub mod log;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument as _;

use crate::aws::Aws;
use crate::config::Config;
use crate::error::{Cause, Error};
use crate::http::{self, Request, Response};
use crate::metrics::{self, Metric};
use crate::shop::Shop;
use crate::time::Clock;
use crate::trace;

/// Kept back from the time left, so that an answer still gets out.
const MARGIN: Duration = Duration::from_millis(500);

/// The time an invocation has when its context names no deadline.
const DEFAULT_TIME: Duration = Duration::from_secs(10);

type Invocation = Pin<Box<dyn Future<Output = Result<Value, Cause>> + Send>>;

/// A function as Lambda sees it. Cheap to clone.
#[derive(Clone)]
pub struct Function(Arc<dyn Fn(Shop, Value, Context) -> Invocation + Send + Sync>);

impl Function {
    /// Runs the function on one event.
    ///
    /// # Errors
    /// What Lambda reports as a function error. An HTTP function answers its errors instead.
    pub async fn invoke(&self, shop: &Shop, event: Value, context: Context) -> Result<Value, Cause> {
        let (shop, request_id) = (shop.until(deadline(&context)), context.request_id.clone());
        let (function, header) = (context.env_config.function_name.clone(), context.xray_trace_id.clone());
        let span = trace::invocation(&request_id, header.as_deref());
        let work = trace::within(header, (self.0)(shop, event, context));
        metrics::metered(function, request_id, work).instrument(span).await
    }
}

/// A function behind API Gateway.
pub fn http<H, F>(handle: H) -> Function
where
    H: Fn(Shop, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response, Error>> + Send + 'static,
{
    Function(Arc::new(move |shop, event, context| {
        let handle = handle.clone();
        Box::pin(async move {
            let request = lambda_http::Request::from(api_gateway_request(event)?);
            let handled = handle(shop, Request::from(request)).await;
            let response = handled.unwrap_or_else(|error| refuse(&error, &context.request_id));
            Ok(serde_json::to_value(api_gateway_response(response))?)
        })
    }))
}

/// A function that a queue, a schedule or a trigger invokes.
pub fn event<E, O, H, F>(handle: H) -> Function
where
    E: DeserializeOwned + Send,
    O: Serialize,
    H: Fn(Shop, E) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
{
    Function(Arc::new(move |shop, event, _| {
        let handle = handle.clone();
        Box::pin(async move {
            let output = handle(shop, serde_json::from_value(event)?).await;
            let output =
                output.inspect_err(|error| tracing::error!(error = error.report(), "the invocation failed"))?;
            Ok(serde_json::to_value(output)?)
        })
    }))
}

/// Serves a function's invocations until Lambda ends the process. Settings are read once, and the connection to
/// DynamoDB is made before the first invocation needs it: reading the root certificates and shaking hands take longer
/// than most invocations, and Lambda gives more CPU while a function starts.
///
/// # Errors
/// A setting that is missing, or a fault of the runtime itself.
pub async fn serve(function: Function) -> Result<(), lambda_runtime::Error> {
    log::as_json();
    let aws = Aws::from_env();
    aws.dynamodb().greet().await;
    let shop = Shop::new(Config::from_env()?, &aws, Clock::system());
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let (function, shop) = (function.clone(), shop.clone());
        async move { function.invoke(&shop, event.payload, event.context).await }
    }))
    .await
}

/// Reads the event. The authorizer's claims are documented as strings, but emulators and custom
/// authorizers pass lists and numbers; those become the strings that API Gateway would have sent. The
/// query is made one that a URI can hold, because lambda_http panics on any other.
fn api_gateway_request(mut event: Value) -> Result<LambdaRequest, serde_json::Error> {
    if let Some(claims) = event.pointer_mut("/requestContext/authorizer/jwt/claims").and_then(Value::as_object_mut) {
        for claim in claims.values_mut().filter(|claim| !claim.is_string()) {
            *claim = Value::String(claim.to_string());
        }
    }
    if let Some(Value::String(query)) = event.get_mut("rawQueryString") {
        *query = encode_query(query);
    }
    serde_json::from_value::<ApiGatewayV2httpRequest>(event).map(LambdaRequest::ApiGatewayV2)
}

/// What API Gateway takes for an answer. Every answer of the shop is text, and none sets a cookie. lambda_http's own
/// way to say so can turn any text into any encoding, by tables that each package would have.
fn api_gateway_response(response: Response) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = Some(body).filter(|body| !matches!(body, Body::Empty));
    answer
}

/// A query with every byte percent-encoded that a URI may not hold, and all else as it is.
fn encode_query(query: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"#<>".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    query.bytes().map(encode).collect()
}

/// The one place where an HTTP function's failure is logged.
fn refuse(error: &Error, request_id: &str) -> Response {
    let response = http::problem(error, request_id);
    let (status, code) = http::status_and_code(error);
    if matches!(error, Error::InsufficientStock(_)) {
        metrics::count(Metric::StockRefusals, 1);
    }
    if matches!(error, Error::HoldLimit(_)) {
        metrics::count(Metric::HoldRefusals, 1);
    }
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), code, error = error.report(), "the request failed");
    } else {
        tracing::info!(status = status.as_u16(), code, "the request was refused");
    }
    response
}

fn deadline(context: &Context) -> Instant {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(context.deadline).checked_sub(now).unwrap_or(DEFAULT_TIME);
    Instant::now() + left.saturating_sub(MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_uri_holds_is_encoded() {
        assert_eq!(encode_query("limit=5&cursor=a%2Fb+c&x={[|]}"), "limit=5&cursor=a%2Fb+c&x={[|]}");
        assert_eq!(encode_query("x=<ä> #\"\0"), "x=%3C%C3%A4%3E%20%23%22%00");
    }

    #[test]
    fn an_invocation_ends_a_little_before_its_deadline() {
        let left = |millis: Option<u64>| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let mut context = Context::default();
            context.deadline = millis.map_or(0, |millis| u64::try_from(now.as_millis()).unwrap() + millis);
            deadline(&context).saturating_duration_since(Instant::now()).as_millis()
        };
        assert!((3_000..=3_501).contains(&left(Some(4_000))));
        assert!((9_000..=9_501).contains(&left(None)), "it names none");
        assert_eq!(left(Some(100)), 0);
    }
}
