//! Which route a request takes, as an HTTP API chooses it.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::template::Function;

/// One route of the API.
#[derive(Debug)]
pub(super) struct Route {
    /// What API Gateway calls it, `GET /orders/{order_id}`.
    pub(super) key: String,
    /// The function that answers it.
    pub(super) function: String,
    /// It asks for no token.
    pub(super) is_public: bool,
    method: String,
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
}

/// Every route of the API.
#[derive(Debug, Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// The routes of these functions, which are named.
    pub fn new<'a>(functions: impl IntoIterator<Item = (&'a String, &'a Function)>) -> Routes {
        let mut routes: Vec<_> = functions
            .into_iter()
            .flat_map(|(name, function)| function.routes.iter().map(move |route| (name, route)))
            .map(|(name, route)| Route {
                key: format!("{} {}", route.method, route.path),
                function: name.clone(),
                is_public: route.is_public(),
                method: route.method.clone(),
                segments: segments(&route.path).map(Segment::new).collect(),
            })
            .collect();
        // Where two routes match, the first literal segment decides.
        routes.sort_by_key(|route| {
            route.segments.iter().map(|segment| matches!(segment, Segment::Parameter(_))).collect::<Vec<_>>()
        });
        Routes(routes)
    }

    /// The route of a request, and the path's parameters, decoded.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&Route, Map<String, Value>)> {
        let candidates = self.0.iter().filter(|route| route.method == method);
        candidates.filter_map(|route| Some((route, route.parameters(path)?))).next()
    }
}

impl Route {
    fn parameters(&self, path: &str) -> Option<Map<String, Value>> {
        if segments(path).count() != self.segments.len() {
            return None;
        }
        let mut parameters = Map::new();
        for (segment, text) in self.segments.iter().zip(segments(path)) {
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Parameter(name) if !text.is_empty() => {
                    let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
                    parameters.insert(name.clone(), Value::String(decoded));
                }
                _ => return None,
            }
        }
        Some(parameters)
    }
}

impl Segment {
    fn new(text: &str) -> Segment {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => Segment::Parameter(name.to_owned()),
            None => Segment::Literal(text.to_owned()),
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn routes(paths: &[&str]) -> Routes {
        let function = |path: &str| Function {
            arn: String::new(),
            timeout: Duration::from_secs(1),
            routes: vec![serde_json::from_value(json!({"Method": "GET", "Path": path})).unwrap()],
            queues: Vec::new(),
            streams: Vec::new(),
            schedules: Vec::new(),
            permissions: Vec::new(),
        };
        let functions: BTreeMap<_, _> = paths.iter().map(|path| ((*path).to_owned(), function(path))).collect();
        Routes::new(&functions)
    }

    #[test]
    fn a_literal_segment_wins_over_a_parameter() {
        let routes = routes(&["/", "/{a}/{b}", "/orders/{order_id}", "/orders/stats", "/orders/user/{user_id}"]);
        let found =
            |path| routes.find("GET", path).map(|(route, parameters)| (route.key.as_str(), Value::Object(parameters)));
        assert_eq!(found("/"), Some(("GET /", json!({}))));
        assert_eq!(found("/orders/stats"), Some(("GET /orders/stats", json!({}))));
        assert_eq!(found("/orders/7"), Some(("GET /orders/{order_id}", json!({"order_id": "7"}))));
        assert_eq!(found("/orders/user/a%20b"), Some(("GET /orders/user/{user_id}", json!({"user_id": "a b"}))));
        assert_eq!(found("/x/y"), Some(("GET /{a}/{b}", json!({"a": "x", "b": "y"}))));
        for path in ["/orders", "/orders/", "/orders/user/", "/orders/7/", "//", "/Orders/7/8"] {
            assert_eq!(found(path), None, "{path}");
        }
        assert!(routes.find("POST", "/orders/7").is_none());
    }
}
