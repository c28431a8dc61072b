//! The connection that a function opens while it starts.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use shared::aws::Aws;

/// What the far end does with a request.
#[derive(Debug, Clone, Copy)]
enum FarEnd {
    Answers,
    Breaks,
    IsSilent,
}

/// A network that notes every request.
#[derive(Debug, Clone)]
struct Network {
    far_end: FarEnd,
    requests: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers: Vec<_> = request.headers().iter().map(|(name, _)| name.to_owned()).collect();
        let noted = format!("{} {} {headers:?}", request.method(), request.uri());
        self.requests.lock().expect("nobody panics").push(noted);
        match self.far_end {
            FarEnd::Answers => {
                let body = "healthy: dynamodb.us-east-1.amazonaws.com ";
                HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().expect("a status"), body.into())))
            }
            FarEnd::Breaks => HttpConnectorFuture::ready(Err(ConnectorError::io("broken".into()))),
            FarEnd::IsSilent => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

/// The requests of a start where DynamoDB is at `endpoint`, or at AWS's own.
async fn connect(endpoint: Option<&str>, far_end: FarEnd) -> Vec<String> {
    let network = Network { far_end, requests: Arc::default() };
    let aws = Aws::from_env().in_region("us-east-1").at(endpoint).over(network.clone());
    aws.dynamodb().greet().await;
    let requests = network.requests.lock().expect("nobody panics");
    requests.clone()
}

/// Unsigned, so that no permission is needed and nothing is refused.
#[tokio::test]
async fn a_start_greets_dynamodb_once_with_no_credentials() {
    let greeting = "GET https://dynamodb.us-east-1.amazonaws.com/ []";
    assert_eq!(connect(None, FarEnd::Answers).await, [greeting]);
}

#[tokio::test]
async fn where_there_is_no_tls_nothing_is_sent() {
    assert_eq!(connect(Some("http://127.0.0.1:4566"), FarEnd::Answers).await, [""; 0]);
}

#[tokio::test]
async fn a_far_end_that_is_broken_or_silent_does_not_stop_the_start() {
    let started = Instant::now();
    assert_eq!(connect(None, FarEnd::Breaks).await.len(), 1);
    assert_eq!(connect(None, FarEnd::IsSilent).await.len(), 1);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
