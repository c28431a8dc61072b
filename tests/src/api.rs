//! Calls of the API, and what their answers must look like.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use shared::error::Cause;

/// The API, from a client's side. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    url: String,
    client: Client<HttpConnector, Body>,
}

/// A call that is being put together; awaiting it makes it.
#[derive(Clone)]
pub struct Call {
    api: Api,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// What a call was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as it came.
    pub text: String,
}

impl Api {
    /// The API at `url`.
    pub fn at(url: &str) -> Api {
        Api { url: url.to_owned(), client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// A call without a token.
    pub fn call(&self, method: &'static str, path: &str) -> Call {
        Call { api: self.clone(), method, path: path.to_owned(), headers: Vec::new(), body: Bytes::new() }
    }
}

impl Call {
    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Call {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a token.
    #[must_use]
    pub fn token(self, token: &str) -> Call {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With an `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Call {
        self.header("idempotency-key", key)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Call {
        self.raw(body.to_string())
    }

    /// With a body that need not be JSON, though the header says so.
    #[must_use]
    pub fn raw(mut self, body: impl Into<Bytes>) -> Call {
        self.body = body.into();
        self.header("content-type", "application/json")
    }

    /// Makes the call.
    ///
    /// # Errors
    /// The API cannot be reached, breaks off its answer, or answers what is no text.
    pub async fn attempt(self) -> Result<Answer, Cause> {
        let Call { api, method, path, headers, body } = self;
        let mut request = Request::builder().method(method).uri(format!("{}{path}", api.url));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body)).expect("the call is one that HTTP can make");
        let response = api.client.request(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await?;
        let text = String::from_utf8(body.to_vec())?;
        Ok(Answer { status, headers, text })
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.attempt().await.expect("the API answers") })
    }
}

impl Answer {
    /// The text of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("the header is text"))
    }

    /// It has this status and a JSON body; answers that.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.text);
        self.body()
    }

    /// It has this status and a JSON body, and says that it is the answer to an earlier call; answers the body.
    #[track_caller]
    pub fn is_replayed(&self, status: u16) -> Value {
        assert_eq!(self.header("idempotent-replayed"), Some("true"), "{} {}", self.status, self.text);
        self.is(status)
    }

    /// It has this status and a JSON body, and is not the answer to an earlier call; answers the body.
    #[track_caller]
    pub fn is_fresh(&self, status: u16) -> Value {
        assert_eq!(self.header("idempotent-replayed"), None, "{} {}", self.status, self.text);
        self.is(status)
    }

    /// It has status 204 and no body.
    #[track_caller]
    pub fn is_empty(&self) {
        assert_eq!((self.status, self.text.as_str()), (204, ""));
    }

    /// It is an answer of API Gateway itself, which writes no problem documents.
    #[track_caller]
    pub fn is_from_the_gateway(&self, status: u16, message: &str) {
        assert_eq!(self.is(status), serde_json::json!({"message": message}));
    }

    /// It is a problem document (RFC 9457) with this status and code, and with nothing that a problem
    /// document of this API has not; answers its `errors`, null if there are none.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let problem = self.body();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], "about:blank", "{problem}");
        for text in ["title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{text} in {problem}");
        }
        for name in problem.as_object().expect("an object").keys() {
            let known = ["type", "title", "status", "detail", "code", "errors", "request_id"];
            assert!(known.contains(&name.as_str()), "{name} in {problem}");
        }
        let has_errors = ["validation_failed", "insufficient_stock", "price_changed"].contains(&code);
        assert_eq!(problem.get("errors").is_some(), has_errors, "{problem}");
        problem["errors"].clone()
    }

    /// It is refused as 422 `validation_failed`, for this field alone, with a reason.
    #[track_caller]
    pub fn is_invalid(&self, field: &str) {
        let errors = self.is_refused(422, "validation_failed");
        let fields: Vec<_> = errors.as_array().expect("a list").iter().map(|error| error["field"].clone()).collect();
        assert_eq!(fields, [field], "{errors}");
        assert!(errors[0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{errors}");
    }

    #[track_caller]
    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|problem| panic!("{problem}: {:?}", self.text))
    }
}
