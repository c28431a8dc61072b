//! What a request on the wire is, and answers that no service gave.

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

/// The operation that a request is for, such as `GetItem`; SES names it by the path.
pub(super) fn operation_of(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let path = || request.uri().rsplit('/').next().unwrap_or_default();
    target.rsplit('.').next().filter(|name| !name.is_empty()).unwrap_or_else(path).to_owned()
}

/// Who sent a request, by the access key that it is signed with: a function's is its name.
pub(super) fn function_of(request: &HttpRequest) -> String {
    let authorization = request.headers().get("authorization").unwrap_or_default();
    let credential = authorization.split_once("Credential=").map(|(_, rest)| rest).unwrap_or_default();
    credential.split('/').next().unwrap_or_default().to_owned()
}

/// A request's body.
pub(super) fn body_of(request: &HttpRequest) -> Value {
    let bytes = request.body().bytes().expect("a body in memory");
    serde_json::from_slice(bytes).expect("a JSON body")
}

/// The same request with another body.
pub(super) fn with_body(mut request: HttpRequest, body: &Value) -> HttpRequest {
    let body = body.to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = body.into();
    request
}

/// An answer.
pub(super) fn answer(status: u16, body: &Value) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().expect("a status"), body.to_string().into());
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

/// An error, as DynamoDB puts it; the other services' clients understand it, too.
pub(super) fn refusal(status: u16, code: &str, reasons: &[&str]) -> HttpResponse {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
    let reasons: Vec<_> = reasons.iter().map(|code| json!({"Code": code})).collect();
    answer(status, &json!({"__type": kind, "message": "the wire says so", "CancellationReasons": reasons}))
}
