//! `/_local/`: what one cannot see or do through the API itself.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::jwt::Issuer;
use crate::mailbox::{Mail, Mailbox};
use crate::queue::Queue;
use crate::queues::Queues;
use crate::sources::progress::{Progress, StreamState};
use crate::sources::schedule::Schedules;
use crate::users::{Account, UserPool};

/// How long a token is good for unless asked otherwise: a year, so that nobody has to renew one.
pub const TOKEN_SECONDS: i64 = 365 * 24 * 60 * 60;

/// The services that the page shows.
pub struct Console {
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

#[derive(Template)]
#[template(path = "console.html")]
struct Page<'a> {
    console: &'a Console,
    logins: Vec<Login>,
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
        let login = |account: Account| self.issuer.issue(&account, TOKEN_SECONDS).map(|token| Login { account, token });
        self.users.accounts().into_iter().map(login).collect()
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
        .with_state(console)
}

async fn page(State(console): State<Arc<Console>>) -> Response {
    let rendered = console.logins().map_err(|error| error.to_string()).and_then(|logins| {
        let page = Page {
            console: &console,
            logins,
            mails: console.mailbox.newest_first(),
            queues: console.queue_states(),
            streams: console.streams.iter().map(|stream| (stream.as_ref(), stream.state())).collect(),
            schedules: console.schedules.list().collect(),
        };
        page.render().map_err(|error| error.to_string())
    });
    match rendered {
        Ok(page) => Html(page).into_response(),
        Err(problem) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &problem),
    }
}

async fn sign_up(State(console): State<Arc<Console>>, body: Bytes) -> Response {
    let user: NewUser = match serde_json::from_slice(&body) {
        Ok(user) => user,
        Err(error) if error.is_data() => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
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

fn refuse(status: StatusCode, message: &str) -> Response {
    as_json(status, &json!({"message": message}))
}

fn as_json(status: StatusCode, value: &Value) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], value.to_string()).into_response()
}
