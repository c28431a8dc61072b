//! `/_local/api`: openapi.yaml, to read. It shows what the document says and nothing else, so that it is
//! as complete as that.

mod schema;
mod text;

use askama::Template;
use serde_norway::{Mapping, Value};

use schema::{Field, Shape, kind};
use text::{anchor, marked_up};

/// The page.
#[derive(Template)]
#[template(path = "api.html")]
pub(super) struct ApiPage {
    about: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

/// The routes under one tag.
struct Group {
    name: String,
    about: String,
    routes: Vec<Route>,
}

struct Route {
    anchor: String,
    method: String,
    path: String,
    summary: String,
    about: String,
    is_public: bool,
    is_alias: bool,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    responses: Vec<Response>,
    curl: String,
}

struct Parameter {
    name: String,
    place: String,
    is_required: bool,
    kind: String,
    about: String,
}

struct Body {
    kind: String,
    choices: Vec<Vec<Field>>,
    is_required: bool,
}

struct Response {
    status: String,
    about: String,
    kinds: String,
    headers: Vec<String>,
    example: Option<String>,
}

/// The document, to follow its references in.
struct Document(Value);

impl ApiPage {
    /// The page of a document, with requests to try at `api_url`.
    pub(super) fn of(yaml: &str, api_url: &str) -> Result<ApiPage, serde_norway::Error> {
        let document = Document(serde_norway::from_str(yaml)?);
        let routes = || {
            entries(&document.0["paths"])
                .flat_map(|(path, methods)| entries(methods).map(move |(method, route)| (path, method, route)))
        };
        let group = |tag: &Value| {
            let of_tag = routes().filter(|(_, _, route)| route["tags"][0] == tag["name"]);
            let mut routes: Vec<_> =
                of_tag.map(|(path, method, route)| Route::of(&document, path, method, route, api_url)).collect();
            routes.sort_by_key(|route| route.is_alias);
            Group { name: text(&tag["name"]).to_owned(), about: marked_up(text(&tag["description"])), routes }
        };
        Ok(ApiPage {
            about: marked_up(text(&document.0["info"]["description"])),
            groups: document.0["tags"].as_sequence().into_iter().flatten().map(group).collect(),
            shapes: entries(&document.0["components"]["schemas"])
                .map(|(name, schema)| Shape::of(name, schema))
                .collect(),
        })
    }
}

impl Route {
    fn of(document: &Document, path: &str, method: &str, route: &Value, api_url: &str) -> Route {
        let is_public = route["security"].as_sequence().is_none_or(Vec::is_empty);
        let parameters =
            || route["parameters"].as_sequence().into_iter().flatten().map(|parameter| document.at(parameter));
        let body = route.get("requestBody").map(|body| &body["content"]["application/json"]);
        let mut url = format!("{api_url}{path}");
        for parameter in parameters().filter(|parameter| parameter["in"] == "path") {
            url = url.replace(&format!("{{{}}}", text(&parameter["name"])), text(&parameter["example"]));
        }
        let mut curl = match method {
            "get" => format!("curl '{url}'"),
            method => format!("curl -X {} '{url}'", method.to_uppercase()),
        };
        if !is_public {
            curl.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
        }
        if let Some(example) = body.and_then(|body| document.example(body)) {
            curl.push_str(&format!(" \\\n  -d '{}'", json(example, false).replace('\'', "'\\''")));
        }
        Route {
            anchor: anchor(text(&route["operationId"])),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&route["summary"]).to_owned(),
            about: marked_up(text(&route["description"])),
            is_public,
            is_alias: route["deprecated"] == true,
            parameters: parameters().map(Parameter::of).collect(),
            body: body.map(|body| Body {
                kind: kind(&body["schema"]),
                choices: Shape::of("", document.at(&body["schema"])).choices,
                is_required: route["requestBody"]["required"] == true,
            }),
            responses: entries(&route["responses"])
                .map(|(status, response)| Response::of(document, status, response))
                .collect(),
            curl,
        }
    }
}

impl Parameter {
    fn of(parameter: &Value) -> Parameter {
        Parameter {
            name: text(&parameter["name"]).to_owned(),
            place: text(&parameter["in"]).to_owned(),
            is_required: parameter["required"] == true,
            kind: kind(&parameter["schema"]),
            about: marked_up(text(&parameter["description"])),
        }
    }
}

impl Response {
    fn of(document: &Document, status: &str, response: &Value) -> Response {
        let response = document.at(response);
        // Problems before what API Gateway says in a function's place.
        let mut contents: Vec<_> = entries(&response["content"]).collect();
        contents.sort_by_key(|(media, _)| !media.starts_with("application/problem"));
        let kinds: Vec<_> = contents.iter().map(|(_, content)| kind(&content["schema"])).collect();
        let content = contents.first().map(|(_, content)| *content);
        Response {
            status: status.to_owned(),
            about: marked_up(text(&response["description"])),
            kinds: kinds.join(" or "),
            headers: entries(&response["headers"]).map(|(name, _)| name.to_owned()).collect(),
            example: content.and_then(|content| document.example(content)).map(|example| json(example, true)),
        }
    }
}

impl Document {
    /// What a value stands for: itself, or what it refers to.
    fn at<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        reference.split('/').skip(1).fold(&self.0, |place, name| &place[name])
    }

    /// The first example of a content.
    fn example<'a>(&'a self, content: &'a Value) -> Option<&'a Value> {
        let named = entries(&content["examples"]).next().map(|(_, example)| &self.at(example)["value"]);
        named.or_else(|| content.get("example"))
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let mapping: Option<&Mapping> = value.as_mapping();
    mapping.into_iter().flatten().filter_map(|(name, value)| Some((name.as_str()?, value)))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn json(value: &Value, is_pretty: bool) -> String {
    let written = if is_pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    written.unwrap_or_default()
}
