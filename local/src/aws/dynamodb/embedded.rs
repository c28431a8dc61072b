//! The embedded DynamoDB, called in this process: no connection, and a request is read once.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::StatusCode;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::task::JoinError;
use uuid::Uuid;

use super::Answer;
use super::tokens::Tokens;

/// Its operations block their thread, and all of one database's wait for each other.
const WORKER_THREADS: usize = 4;

/// Each write to a table with a stream asks for the stream's last number. Without this index it reads every record
/// that there is to find it.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_order \
                            ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// What a client token may be long; what is not gets DynamoDB's refusal.
const MAX_TOKEN_LENGTH: usize = 36;

const UNKNOWN_OPERATION: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

/// Why it cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No thread for it.
    #[error("the embedded DynamoDB cannot start: {0}")]
    Start(#[from] io::Error),
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] DynoxideError),
    /// The database cannot be prepared.
    #[error("the database cannot be prepared: {0}")]
    Prepare(#[from] rusqlite::Error),
}

/// The embedded DynamoDB. Clones are the same one.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    tokens: Arc<Tokens>,
    threads: &'static Runtime,
}

impl Embedded {
    /// Opens a database: the one in `file`, or an empty one in memory.
    ///
    /// # Errors
    /// [`EmbeddedError`].
    pub fn open(file: Option<&Path>) -> Result<Embedded, EmbeddedError> {
        let name = match file {
            Some(file) => file.to_string_lossy().into_owned(),
            // By its name, the connection that makes the index finds it too.
            None => format!("file:{}?mode=memory&cache=shared", Uuid::new_v4()),
        };
        let database = Database::new(&name)?;
        Connection::open(&name)?.execute_batch(STREAM_INDEX)?;
        Ok(Embedded { database, tokens: Arc::default(), threads: threads()? })
    }

    /// Runs an operation, named by its `X-Amz-Target`, to its end, even if nobody waits any more.
    pub(super) async fn call(&self, target: &str, body: Bytes) -> Result<Answer, JoinError> {
        let (database, tokens, target) = (self.database.clone(), self.tokens.clone(), target.to_owned());
        let run = async move {
            match target.rsplit('.').next().unwrap_or_default() {
                "TransactWriteItems" => transact_write_items(&database, &tokens, &body).map(Some),
                operation => run(&database, operation, &body),
            }
        };
        let (status, body) = match self.threads.spawn(run).await? {
            Ok(Some(body)) => (StatusCode::OK, body),
            Ok(None) => (StatusCode::BAD_REQUEST, UNKNOWN_OPERATION.to_owned()),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code());
                (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error.to_json())
            }
        };
        Ok(Answer { status, body: body.into() })
    }
}

macro_rules! operations {
    ($database:ident, $body:ident, $operation:ident: $($name:literal => $run:ident,)*) => {
        match $operation {
            $($name => answer($body, |request| $database.$run(request)).map(Some),)*
            _ => Ok(None),
        }
    };
}

/// The answer to an operation, if there is such an operation.
fn run(database: &Database, operation: &str, body: &[u8]) -> Result<Option<String>, DynoxideError> {
    operations! { database, body, operation:
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "UntagResource" => untag_resource,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    }
}

/// Writes a transaction, once for a token.
fn transact_write_items(database: &Database, tokens: &Tokens, body: &[u8]) -> Result<String, DynoxideError> {
    let mut request: TransactWriteItemsRequest = read(body)?;
    match request.client_request_token.take_if(|token| (1..=MAX_TOKEN_LENGTH).contains(&token.len())) {
        Some(token) => tokens.once(&token, body, || write(&database.transact_write_items(request)?)),
        None => write(&database.transact_write_items(request)?),
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<String, DynoxideError> {
    write(&run(read(body)?)?)
}

fn read<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, DynoxideError> {
    // Looking for UTF-8 once is quicker than once for each string.
    let unreadable = |error: &dyn std::error::Error| DynoxideError::SerializationException(error.to_string());
    let body = std::str::from_utf8(body).map_err(|error| unreadable(&error))?;
    serde_json::from_str(body).map_err(|error| unreadable(&error))
}

fn write<A: Serialize>(answer: &A) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The threads that every embedded DynamoDB of this process shares. They are never taken down: a
/// runtime must not be dropped where others run.
fn threads() -> io::Result<&'static Runtime> {
    static THREADS: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let build = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(WORKER_THREADS).thread_name("dynamodb").build()
    };
    THREADS.get_or_init(build).as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))
}
