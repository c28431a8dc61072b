//! `/_local/`: what one cannot see or do through the API itself.

mod actions;
mod api;
mod orders;
mod payments;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::error::Error;
use shared::http::status_and_code;
use shared::shop::Shop;
use shared::time::Timestamp;
use uuid::Uuid;

use crate::gateway::Gateway;
use crate::jwt::Issuer;
use crate::mailbox::{Mail, Mailbox};
use crate::openapi;
use crate::queue::Queue;
use crate::queues::Queues;
use crate::sources::progress::{Progress, StreamState};
use crate::sources::schedule::Schedules;
use crate::users::{Account, UserPool};

use api::ApiPage;
use orders::{OrdersPage, Row};

/// How long a token is good for unless asked otherwise: a year, so that nobody has to renew one.
pub const TOKEN_SECONDS: i64 = 365 * 24 * 60 * 60;

/// How many orders the first page shows.
const NEWEST_ORDERS: usize = 5;

/// The services that the pages show.
pub struct Console {
    /// What the functions work with.
    pub shop: Shop,
    /// How far back the orders go that the pages show.
    pub since: Timestamp,
    /// Where requests come in.
    pub gateway: Arc<Gateway>,
    /// Who signed up.
    pub users: UserPool,
    /// Whose tokens the API takes.
    pub issuer: Arc<Issuer>,
    /// Where mails end up.
    pub mailbox: Arc<Mailbox>,
    /// The queues.
    pub queues: Arc<Queues>,
    /// How far the tables' streams have been worked off.
    pub streams: Vec<Arc<Progress>>,
    /// What runs by the clock.
    pub schedules: Arc<Schedules>,
    /// What the names of queues start with.
    pub stack_name: String,
    /// Where the API answers.
    pub api_url: String,
    /// Where the AWS services answer.
    pub aws_url: String,
}

/// A user and the token that they call the API with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub account: Account,
    /// The token.
    pub token: String,
}

/// What is in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueState {
    /// How many messages wait.
    pub visible: usize,
    /// How many are being worked on, or wait to be tried again.
    pub in_flight: usize,
    /// The bodies of its dead letters.
    pub dead: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    email: String,
    name: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    expires_in: Option<i64>,
    #[serde(default = "yes")]
    register: bool,
}

fn yes() -> bool {
    true
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum PageError {
    /// The shop cannot say what the page is to show.
    #[error(transparent)]
    Shop(#[from] Error),
    /// A token cannot be signed.
    #[error(transparent)]
    Token(#[from] jsonwebtoken::errors::Error),
    /// What the shop says is not what the page expects.
    #[error(transparent)]
    Data(#[from] serde_json::Error),
    /// openapi.yaml cannot be read.
    #[error(transparent)]
    Yaml(#[from] serde_norway::Error),
    /// The template does not take it.
    #[error(transparent)]
    Render(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "console.html")]
struct Page<'a> {
    console: &'a Console,
    logins: Vec<Login>,
    orders: Vec<Row>,
    mails: Vec<Mail>,
    queues: Vec<(String, QueueState)>,
    streams: Vec<(&'a Progress, StreamState)>,
    schedules: Vec<(&'a str, u64)>,
}

impl Console {
    /// Everyone who signed up, with a new token each.
    ///
    /// # Errors
    /// A token cannot be signed.
    pub fn logins(&self) -> Result<Vec<Login>, jsonwebtoken::errors::Error> {
        let login = |account: Account| self.token(&account).map(|token| Login { account, token });
        self.users.accounts().into_iter().map(login).collect()
    }

    /// A new token for an account.
    fn token(&self, account: &Account) -> Result<String, jsonwebtoken::errors::Error> {
        self.issuer.issue(account, TOKEN_SECONDS)
    }

    /// Whoever the pages' buttons act as: an admin, or a stand-in where none has signed up.
    fn operator(&self) -> Account {
        let admin =
            self.users.accounts().into_iter().find(|account| account.groups.iter().any(|group| group == "admin"));
        admin.unwrap_or_else(|| Account {
            user_id: Uuid::nil(),
            email: "operator@example.com".to_owned(),
            name: "the operator".to_owned(),
            groups: vec!["admin".to_owned()],
        })
    }

    /// What is in each queue, by its name without the stack's.
    pub fn queue_states(&self) -> Vec<(String, QueueState)> {
        let prefix = format!("{}-", self.stack_name);
        let named = |queue: &Arc<Queue>| {
            // Looked at first: that is what moves letters to the dead ones.
            let depth = queue.depth();
            let dead = queue.dead_letters.as_ref().map(|dead_letters| dead_letters.queue.bodies());
            let state =
                QueueState { visible: depth.visible, in_flight: depth.in_flight, dead: dead.unwrap_or_default() };
            (queue.name.strip_prefix(&prefix).unwrap_or(&queue.name).to_owned(), state)
        };
        self.queues.iter().map(named).collect()
    }
}

/// What answers under `/_local/`.
pub fn router(console: Arc<Console>) -> Router {
    Router::new()
        .route("/_local", get(|| async { Redirect::permanent("/_local/") }))
        .route("/_local/", get(page))
        .route("/_local/users", post(sign_up))
        .route("/_local/emails", get(emails))
        .route("/_local/queues", get(queues))
        .route("/_local/queues/{queue}/redrive", post(redrive))
        .route("/_local/schedules/{function}", post(fire))
        .route("/_local/orders", get(orders_page))
        .route("/_local/api", get(api_page))
        .route("/_local/openapi.yaml", get(openapi))
        .route("/_local/payments/{order_id}", post(payments::pay))
        .with_state(console)
}

async fn page(State(console): State<Arc<Console>>) -> Response {
    let page = async {
        let page = Page {
            logins: console.logins()?,
            orders: console.orders(NEWEST_ORDERS, None).await?.items,
            mails: console.mailbox.newest_first(),
            queues: console.queue_states(),
            streams: console.streams.iter().map(|stream| (stream.as_ref(), stream.state())).collect(),
            schedules: console.schedules.list().collect(),
            console: &console,
        };
        Ok(page.render()?)
    };
    as_html(page.await)
}

async fn orders_page(State(console): State<Arc<Console>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let cursor = parameters.find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.into_owned());
    let page = async { Ok(OrdersPage::after(&console, cursor).await?.render()?) };
    as_html(page.await)
}

async fn api_page(State(console): State<Arc<Console>>) -> Response {
    let page = || Ok(ApiPage::of(openapi::WRITTEN, &console.api_url)?.render()?);
    as_html(page())
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/yaml"))], openapi::WRITTEN).into_response()
}

async fn sign_up(State(console): State<Arc<Console>>, body: Bytes) -> Response {
    let user: NewUser = match read(&body) {
        Ok(user) => user,
        Err(refusal) => return refusal,
    };
    let Some((mailbox, _)) =
        user.email.split_once('@').filter(|(mailbox, domain)| !mailbox.is_empty() && !domain.is_empty())
    else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "email: must be an e-mail address");
    };
    let name = user.name.unwrap_or_else(|| mailbox.to_owned());
    let account = Account { user_id: Uuid::new_v4(), email: user.email, name, groups: user.groups };
    let token = match console.issuer.issue(&account, user.expires_in.unwrap_or(TOKEN_SECONDS)) {
        Ok(token) => token,
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let answer = json!({"user_id": account.user_id, "token": token});
    match console.users.sign_up(account, user.register).await {
        Ok(()) => as_json(StatusCode::CREATED, &answer),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn emails(State(console): State<Arc<Console>>) -> Response {
    as_json(StatusCode::OK, &json!(console.mailbox.newest_first()))
}

async fn queues(State(console): State<Arc<Console>>) -> Response {
    let states = console.queue_states().into_iter().map(|(name, state)| (name, json!(state)));
    as_json(StatusCode::OK, &Value::Object(states.collect::<Map<_, _>>()))
}

async fn redrive(State(console): State<Arc<Console>>, Path(name): Path<String>) -> Response {
    let queue = console.queues.by_name(&format!("{}-{name}", console.stack_name));
    match queue.filter(|queue| queue.dead_letters.is_some()).map(|queue| queue.redrive()) {
        Some(Ok(moved)) => as_json(StatusCode::OK, &json!({"moved": moved})),
        Some(Err(error)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        None => refuse(StatusCode::NOT_FOUND, &format!("no queue {name} has dead letters")),
    }
}

async fn fire(State(console): State<Arc<Console>>, Path(function): Path<String>) -> Response {
    match console.schedules.fire(&function).await {
        Some(Ok(result)) => as_json(StatusCode::OK, &result),
        Some(Err(error)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        None => refuse(StatusCode::NOT_FOUND, &format!("no schedule runs {function}")),
    }
}

/// A JSON body, or the refusal of what is none.
#[expect(clippy::result_large_err, reason = "the refusal is the answer")]
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        refuse(status, &error.to_string())
    })
}

fn as_html(page: Result<String, PageError>) -> Response {
    match page {
        Ok(page) => Html(page).into_response(),
        Err(PageError::Shop(error)) => refuse(status_and_code(&error).0, &error.to_string()),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    as_json(status, &json!({"message": message}))
}

fn as_json(status: StatusCode, value: &Value) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], value.to_string()).into_response()
}
