//! The HTTP edge: reads a request into domain types, turns results and errors into responses.

mod body;
mod problem;

use std::collections::HashMap;
use std::str::FromStr;

use lambda_http::aws_lambda_events::apigw::ApiGatewayRequestAuthorizer;
pub use lambda_http::http::StatusCode;
use lambda_http::http::{HeaderValue, header};
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::body::Json;
use self::body::bounded;
pub(crate) use self::body::read_json;
pub(crate) use self::problem::Problem;
pub use self::problem::{problem, status_and_code};
use crate::auth::Caller;
use crate::error::Error;
use crate::ids::{IdempotencyKey, KeyId, OrderId, UserId};
use crate::paging::PageRequest;
use crate::trace;

/// What a function answers.
pub type Response = lambda_http::Response<Body>;

/// A request that API Gateway handed on.
pub struct Request(lambda_http::Request);

impl From<lambda_http::Request> for Request {
    fn from(request: lambda_http::Request) -> Request {
        Request(request)
    }
}

impl Request {
    /// Who is calling.
    ///
    /// # Errors
    /// As [`Caller::from_claims`].
    pub fn caller(&self) -> Result<Caller, Error> {
        let claims = match self.0.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.authorizer.as_ref().and_then(jwt_claims),
            _ => None,
        };
        let caller = Caller::from_claims(claims.ok_or(Error::Unauthorized)?)?;
        trace::is_for_user(caller.user_id);
        Ok(caller)
    }

    /// The user this request is for: the caller, or the one that `?user_id=` names.
    ///
    /// # Errors
    /// As [`Caller::acting_for`], and [`Error::InvalidParameter`] for what is no id.
    pub fn user(&self) -> Result<UserId, Error> {
        self.caller()?.acting_for(self.query("user_id")?)
    }

    /// The id in the path under `name`; what is no id names nothing, hence `not_found`.
    ///
    /// # Errors
    /// `not_found`.
    pub fn path_id<T: FromStr>(&self, name: &str, not_found: Error) -> Result<T, Error> {
        self.0
            .path_parameters_ref()
            .and_then(|parameters| parameters.first(name))
            .and_then(|text| text.parse().ok())
            .ok_or(not_found)
    }

    /// The id of the order in the path.
    ///
    /// # Errors
    /// [`Error::OrderNotFound`].
    pub fn order_id(&self) -> Result<OrderId, Error> {
        let order_id = self.path_id("order_id", Error::OrderNotFound)?;
        trace::is_about(order_id);
        Ok(order_id)
    }

    /// The query parameter `name`, if it is there.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] where it does not parse.
    pub fn query<T: FromStr>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T::Err: std::fmt::Display,
    {
        let parameters = self.0.query_string_parameters_ref();
        let text = parameters.and_then(|parameters| parameters.first(name));
        text.map(|text| text.parse().map_err(|problem| Error::InvalidParameter(format!("{name}: {problem}"))))
            .transpose()
    }

    /// The page that `?limit=` and `?cursor=` ask for.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a limit that is no number from 1 to 100.
    pub fn page(&self) -> Result<PageRequest, Error> {
        const DEFAULT_LIMIT: usize = 20;
        let limit = match self.query::<String>("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => match text.parse() {
                Ok(limit @ 1..=100) => limit,
                _ => return Err(Error::InvalidParameter("limit: must be a whole number from 1 to 100".to_owned())),
            },
        };
        Ok(PageRequest { limit, cursor: self.query("cursor")? })
    }

    /// The body, a JSON object.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::InvalidJson`], or [`Error::ValidationFailed`] naming the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Json<T>, Error> {
        read_json(self.0.body().as_ref())
    }

    /// The body of a route where every field may be left out, and so the body too.
    ///
    /// # Errors
    /// As [`Request::json`].
    pub fn json_or_empty<T: DeserializeOwned>(&self) -> Result<Json<T>, Error> {
        let body = self.0.body().as_ref();
        read_json(if body.is_empty() { b"{}" } else { body })
    }

    /// The body as it came, byte for byte.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`].
    pub fn raw_body(&self) -> Result<&[u8], Error> {
        bounded(self.0.body().as_ref())
    }

    /// The text of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// The `Idempotency-Key` header for `body`, bound to the caller, the user acted for and the route.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] unless it is 1 to 255 visible ASCII characters.
    pub fn idempotency_key<T>(
        &self,
        route: &str,
        caller: &Caller,
        user_id: UserId,
        body: &Json<T>,
    ) -> Result<Option<IdempotencyKey>, Error> {
        let Some(key) = self.0.headers().get("idempotency-key") else { return Ok(None) };
        let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
        match key.to_str() {
            Ok(text) if visible && (1..=255).contains(&text.len()) => Ok(Some(IdempotencyKey {
                id: KeyId::derived(&format!("{}/{user_id}/{route}/{text}", caller.user_id)),
                fingerprint: body.fingerprint.clone(),
            })),
            _ => Err(Error::InvalidParameter("Idempotency-Key: must be 1 to 255 visible ASCII characters".to_owned())),
        }
    }
}

/// A response with a JSON body.
///
/// # Errors
/// [`Error::Internal`] for what cannot be written as JSON.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Response, Error> {
    let body = serde_json::to_string(body).map_err(Error::internal)?;
    Ok(respond(status, "application/json", body))
}

/// 200 with a JSON body.
///
/// # Errors
/// As [`json`].
pub fn ok<T: Serialize>(body: &T) -> Result<Response, Error> {
    json(StatusCode::OK, body)
}

/// 204, nothing to say.
pub fn no_content() -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Marks a response as the answer to a request that was served before.
pub fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn jwt_claims(authorizer: &ApiGatewayRequestAuthorizer) -> Option<&HashMap<String, String>> {
    authorizer.jwt.as_ref().map(|jwt| &jwt.claims)
}
