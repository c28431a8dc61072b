//! A request as the event that API Gateway makes of it: HTTP API, payload format 2.0.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::{Map, Value, json};
use shared::time::Timestamp;

use super::route::Route;

/// Everything about a request that its event tells.
pub(super) struct Incoming<'a> {
    /// The route it takes.
    pub(super) route: &'a Route,
    /// The parameters in its path.
    pub(super) path_parameters: Map<String, Value>,
    /// The claims of its token, if the route asks for one.
    pub(super) claims: Option<Map<String, Value>>,
    /// Its head.
    pub(super) parts: &'a Parts,
    /// Its body.
    pub(super) body: &'a Bytes,
    /// Where it comes from.
    pub(super) source: IpAddr,
    /// Its id.
    pub(super) request_id: &'a str,
    /// The account that the API belongs to.
    pub(super) account_id: &'a str,
    /// When it came in.
    pub(super) now: Timestamp,
}

impl Incoming<'_> {
    /// The event.
    pub(super) fn event(self) -> Value {
        let Incoming { route, parts, now, .. } = self;
        let header =
            |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let host = header(HOST);
        let query = parts.uri.query().unwrap_or_default();
        let (body, is_base64_encoded) = encode_body(self.body, header(CONTENT_TYPE));
        let mut event = json!({
            "version": "2.0",
            "routeKey": route.key,
            "rawPath": parts.uri.path(),
            "rawQueryString": query,
            "headers": headers(&parts.headers, self.source),
            "requestContext": {
                "accountId": self.account_id,
                "apiId": "local",
                "domainName": host,
                "domainPrefix": host.split(['.', ':']).next(),
                "http": {
                    "method": parts.method.as_str(),
                    "path": parts.uri.path(),
                    "protocol": "HTTP/1.1",
                    "sourceIp": self.source,
                    "userAgent": header(USER_AGENT),
                },
                "requestId": self.request_id,
                "routeKey": route.key,
                "stage": "$default",
                "time": common_log_time(now),
                "timeEpoch": now.millis(),
            },
            "isBase64Encoded": is_base64_encoded,
        });
        if let Some(claims) = self.claims {
            let claims: Map<_, _> = claims.into_iter().map(|(name, value)| (name, claim_text(&value).into())).collect();
            event["requestContext"]["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
        }
        // What is empty, the real event leaves out.
        let cookies: Vec<_> = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).collect();
        if !cookies.is_empty() {
            event["cookies"] = cookies.iter().flat_map(|cookies| cookies.split("; ")).collect();
        }
        if !query.is_empty() {
            event["queryStringParameters"] = Value::Object(query_parameters(query));
        }
        if !self.path_parameters.is_empty() {
            event["pathParameters"] = Value::Object(self.path_parameters);
        }
        if !self.body.is_empty() {
            event["body"] = Value::String(body);
        }
        event
    }
}

/// A claim as the authorizer hands it on: always text, a list as `[admin seller]`.
fn claim_text(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(claim_text).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}

/// Names are in lower case; what came more than once is joined by commas.
fn headers(headers: &HeaderMap, source: IpAddr) -> Map<String, Value> {
    let mut joined = Map::new();
    for name in headers.keys().filter(|name| **name != COOKIE) {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        joined.insert(name.to_string(), values.collect::<Vec<_>>().join(",").into());
    }
    joined.insert("x-forwarded-for".to_owned(), source.to_string().into());
    joined.insert("x-forwarded-proto".to_owned(), "http".into());
    joined
}

fn query_parameters(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match parameters.get_mut(&*name) {
            Some(Value::String(joined)) => *joined = format!("{joined},{value}"),
            _ => drop(parameters.insert(name.into_owned(), Value::String(value.into_owned()))),
        }
    }
    parameters
}

/// Text stays as it is; anything else, form data included, goes as base64.
fn encode_body(body: &Bytes, content_type: &str) -> (String, bool) {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = kind.is_empty()
        || kind.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml");
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (text.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

/// `20/Nov/2026:06:21:33 +0000`.
fn common_log_time(moment: Timestamp) -> String {
    DateTime::from_timestamp_millis(moment.millis()).unwrap_or_default().format("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::http::Request;

    use super::*;
    use crate::gateway::route::Routes;

    fn event(request: axum::http::request::Builder, body: &'static [u8], claims: Option<Value>) -> Value {
        let function = crate::template::Function {
            arn: String::new(),
            timeout: std::time::Duration::from_secs(1),
            routes: vec![serde_json::from_value(json!({"Method": "POST", "Path": "/things/{id}"})).unwrap()],
            queues: Vec::new(),
            streams: Vec::new(),
            schedules: Vec::new(),
            permissions: Vec::new(),
        };
        let (name, body) = ("things".to_owned(), Bytes::from_static(body));
        let routes = Routes::new([(&name, &function)]);
        let (parts, ()) = request.method("POST").body(()).unwrap().into_parts();
        let (route, path_parameters) = routes.find("POST", parts.uri.path()).unwrap();
        let incoming = Incoming {
            route,
            path_parameters,
            claims: claims.and_then(|claims| claims.as_object().cloned()),
            parts: &parts,
            body: &body,
            source: Ipv4Addr::LOCALHOST.into(),
            request_id: "request-7",
            account_id: "000000000000",
            now: Timestamp::from_millis(1_795_155_693_120),
        };
        incoming.event()
    }

    #[test]
    fn an_event_tells_the_whole_request() {
        let request = Request::builder()
            .uri("/things/a%2Fb?tag=x&tag=y+z&limit=5")
            .header("Host", "api.example.com:3000")
            .header("Content-Type", "application/json; charset=utf-8")
            .header("X-Twice", "1")
            .header("X-Twice", "2")
            .header("Cookie", "a=1; b=2");
        let event = event(request, b"{\"n\":1}", None);
        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "routeKey": "POST /things/{id}",
                "rawPath": "/things/a%2Fb",
                "rawQueryString": "tag=x&tag=y+z&limit=5",
                "cookies": ["a=1", "b=2"],
                "headers": {
                    "host": "api.example.com:3000",
                    "content-type": "application/json; charset=utf-8",
                    "x-twice": "1,2",
                    "x-forwarded-for": "127.0.0.1",
                    "x-forwarded-proto": "http",
                },
                "queryStringParameters": {"tag": "x,y z", "limit": "5"},
                "pathParameters": {"id": "a/b"},
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "local",
                    "domainName": "api.example.com:3000",
                    "domainPrefix": "api",
                    "http": {
                        "method": "POST",
                        "path": "/things/a%2Fb",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "127.0.0.1",
                        "userAgent": "",
                    },
                    "requestId": "request-7",
                    "routeKey": "POST /things/{id}",
                    "stage": "$default",
                    "time": "20/Nov/2026:06:21:33 +0000",
                    "timeEpoch": 1_795_155_693_120_i64,
                },
                "body": "{\"n\":1}",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn claims_arrive_as_text() {
        let claims = json!({"sub": "u", "cognito:groups": ["admin", "seller"], "exp": 17, "email_verified": true});
        let event = event(Request::builder().uri("/things/1"), b"", Some(claims));
        assert_eq!(
            event["requestContext"]["authorizer"],
            json!({
                "jwt": {
                    "claims": {"sub": "u", "cognito:groups": "[admin seller]", "exp": "17", "email_verified": "true"},
                    "scopes": null,
                },
            })
        );
        assert_eq!(event.get("body"), None);
    }

    #[test]
    fn a_body_that_is_no_text_goes_as_base64() {
        for (content_type, body, expected) in [
            ("application/json", &b"{}"[..], ("{}".to_owned(), false)),
            ("", b"plain", ("plain".to_owned(), false)),
            ("application/x-www-form-urlencoded", b"a=1", ("YT0x".to_owned(), true)),
            ("application/json", b"\xff", ("/w==".to_owned(), true)),
        ] {
            assert_eq!(encode_body(&Bytes::from_static(body), content_type), expected, "{content_type}");
        }
    }
}
