//! What API Gateway itself adds for browsers that call from another origin.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::template::Cors;

impl Cors {
    /// The headers that go on every answer to a request with these headers.
    pub(super) fn on_answer(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = self.on_any(request);
        if !headers.is_empty() {
            put(&mut headers, ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers.join(","));
        }
        headers
    }

    /// The headers that answer a browser's question whether it may send such a request.
    pub(super) fn on_preflight(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = self.on_any(request);
        if !headers.is_empty() {
            put(&mut headers, ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods.join(","));
            put(&mut headers, ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers.join(","));
            put(&mut headers, ACCESS_CONTROL_MAX_AGE, &self.max_age.map(|age| age.to_string()).unwrap_or_default());
        }
        headers
    }

    /// Nothing, unless the request comes from an origin that may call.
    fn on_any(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let Some(origin) = request.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else { return headers };
        if self.allow_origins.iter().any(|allowed| allowed == "*") {
            put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        } else if self.allow_origins.iter().any(|allowed| allowed == origin) {
            put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            put(&mut headers, VARY, "Origin");
        }
        if self.allow_credentials && !headers.is_empty() {
            put(&mut headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        headers
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cors: &Cors, origin: &'static str) -> Vec<(String, String)> {
        let request = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        let preflight = cors.on_preflight(&request);
        preflight.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn only_an_allowed_origin_hears_of_it() {
        let mut cors = Cors {
            allow_origins: vec!["https://shop.example.com".to_owned()],
            allow_methods: vec!["GET".to_owned(), "PUT".to_owned()],
            ..Cors::default()
        };
        assert!(headers(&cors, "https://evil.example.com").is_empty());
        let allowed = headers(&cors, "https://shop.example.com");
        assert!(allowed.contains(&("access-control-allow-origin".to_owned(), "https://shop.example.com".to_owned())));
        assert!(allowed.contains(&("access-control-allow-methods".to_owned(), "GET,PUT".to_owned())));
        cors.allow_origins = vec!["*".to_owned()];
        assert!(headers(&cors, "https://a").contains(&("access-control-allow-origin".to_owned(), "*".to_owned())));
        assert!(cors.on_answer(&HeaderMap::new()).is_empty());
    }
}
