use std::sync::Mutex;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::get_item::{GetItem, GetItemInput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::HttpConnectorFuture;

use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::lambda::log::Lines;

/// A network that notes every request, and says the same to each; or nothing.
#[derive(Debug, Clone)]
struct Network {
    says: Option<(u16, &'static str)>,
    heard: Arc<Mutex<Vec<HttpRequest>>>,
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.heard.lock().unwrap().push(request);
        match self.says {
            Some((status, body)) => {
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body.into())))
            }
            None => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

fn network(says: Option<(u16, &'static str)>) -> (Network, Aws) {
    let network = Network { says, heard: Arc::default() };
    let nobody = Aws {
        region: None,
        endpoint: None,
        caller: None,
        patience: Duration::from_millis(50),
        wire: SharedHttpConnector::new(network.clone()),
    };
    (network, nobody)
}

type Got = Result<Option<String>, SdkError<<GetItem as Operation>::Error, HttpResponse>>;

async fn get(service: &Service) -> Got {
    let key = AttributeValue::S("ada".to_owned());
    let input = GetItemInput::builder().table_name("users").key("user_id", key).build().unwrap();
    let found = service.send(&service.request::<GetItem>(input).unwrap()).await?.item;
    Ok(found.map(|item| item["user_id"].as_s().unwrap().clone()))
}

#[tokio::test]
async fn a_request_goes_signed_to_the_service_of_the_region() {
    let (network, aws) = network(Some((200, r#"{"Item": {"user_id": {"S": "ada"}}}"#)));
    let aws = aws.called_by("AKID", "secret");
    assert_eq!(get(&aws.clone().in_region("eu-west-1").dynamodb()).await.unwrap().as_deref(), Some("ada"));
    let request = network.heard.lock().unwrap().pop().unwrap();
    assert_eq!((request.method(), request.uri()), ("POST", "https://dynamodb.eu-west-1.amazonaws.com/"));
    let header = |name: &str| request.headers().get(name).unwrap_or_default();
    assert_eq!(header("x-amz-target"), "DynamoDB_20120810.GetItem");
    assert_eq!(request.body().bytes(), Some(&br#"{"TableName":"users","Key":{"user_id":{"S":"ada"}}}"#[..]));
    let (day, signed) = (&header("x-amz-date")[..8], header("authorization"));
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKID/{day}/eu-west-1/dynamodb/aws4_request, ");
    assert!(signed.starts_with(&scope), "{signed}");
    let what = "SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-target, ";
    assert!(signed.contains(what), "{signed}");
}

#[tokio::test]
async fn each_attempt_is_signed_anew_and_otherwise_the_same() {
    let (network, aws) = network(Some((200, "{}")));
    let service = aws.called_by("AKID", "secret").in_region("eu-west-1").dynamodb();
    let request = service.request::<GetItem>(GetItemInput::builder().table_name("users").build().unwrap()).unwrap();
    for _ in 0..2 {
        service.send(&request).await.unwrap();
    }
    let heard = network.heard.lock().unwrap();
    assert_eq!(heard[0].body().bytes(), heard[1].body().bytes());
    assert!(heard.iter().all(|request| request.headers().get_all("authorization").count() == 1));
}

#[test]
fn services_have_their_hosts() {
    let (_, aws) = network(None);
    let url = |service: Service| service.url.to_string();
    assert_eq!(url(aws.clone().in_region("us-east-1").sqs()), "https://sqs.us-east-1.amazonaws.com");
    assert_eq!(url(aws.clone().in_region("us-east-1").ses()), "https://email.us-east-1.amazonaws.com");
    assert_eq!(url(aws.clone().in_region("cn-north-1").dynamodb()), "https://dynamodb.cn-north-1.amazonaws.com.cn");
    assert_eq!(url(aws.in_region("us-east-1").at(Some("http://localhost:1/")).ses()), "http://localhost:1");
}

#[tokio::test]
async fn a_refusal_is_told_from_what_is_no_answer() {
    let throttled = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "slow down"}"#;
    for (says, expected) in [
        (Some((400, throttled)), "service error ThrottlingException"),
        (Some((200, "<html>")), "response error"),
        (None, "timeout"),
    ] {
        let (_, aws) = network(says);
        let failure = get(&aws.called_by("AKID", "secret").in_region("us-east-1").dynamodb()).await.unwrap_err();
        let told = match &failure {
            SdkError::ServiceError(refusal) => format!("service error {}", refusal.err().code().unwrap_or_default()),
            SdkError::ResponseError(_) => "response error".to_owned(),
            SdkError::TimeoutError(_) => "timeout".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn what_the_environment_lacks_is_named() {
    let (network, aws) = network(Some((200, "{}")));
    let of_nobody = get(&aws.clone().in_region("us-east-1").dynamodb()).await.unwrap_err();
    assert!(format!("{of_nobody:?}").contains("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"));
    let of_nowhere = get(&aws.called_by("AKID", "secret").at(Some("http://localhost:1")).dynamodb()).await.unwrap_err();
    assert!(format!("{of_nowhere:?}").contains("AWS_REGION is not set"));
    assert!(network.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_set_to_nothing_is_not_set() {
    let (network, _) = network(Some((200, "{}")));
    let set = |name: &str| match name {
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("set".to_owned()),
        _ => Some(String::new()),
    };
    get(&Aws::from_lookup(set).over(network.clone()).dynamodb()).await.unwrap();
    let request = network.heard.lock().unwrap().pop().unwrap();
    assert_eq!(request.uri(), "https://dynamodb.eu-west-1.amazonaws.com/");
    assert_eq!(request.headers().get("x-amz-security-token"), None);
}

#[tokio::test]
async fn a_greeting_that_is_answered_is_not_complained_of() {
    thread_local! {
        static LOGGED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }
    let log = Lines(|_| LOGGED.set(LOGGED.get() + 1));
    let _logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(log));
    let (_, answered) = network(Some((200, "healthy")));
    answered.in_region("us-east-1").dynamodb().greet().await;
    assert_eq!(LOGGED.get(), 0);
    let (_, nowhere) = network(None);
    nowhere.at(Some("https:// ")).dynamodb().greet().await;
    assert_eq!(LOGGED.get(), 1);
}
