//! What a cloud is started with, and why it does not start.

use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use shared::config::ConfigError;
use shared::time::Clock;
use tokio::runtime::Handle;

use crate::aws::dynamodb::{EmbeddedError, TableError};
use crate::seed::SeedError;
use crate::template::TemplateError;

/// What a cloud is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to deploy: the text of template.yaml.
    pub template: Cow<'static, str>,
    /// The address to listen at.
    pub host: IpAddr,
    /// The API's port; 0 is any that is free.
    pub port: u16,
    /// The AWS services' port; 0 is any that is free.
    pub aws_port: u16,
    /// Where everything is kept; without it, in memory.
    pub data_dir: Option<PathBuf>,
    /// Start with the demo catalogue and its users.
    pub seed: bool,
    /// In place of the template's `RESERVATION_TTL_SECONDS`.
    pub reservation_ttl: Option<u64>,
    /// In place of the template's `PAYMENT_DEADLINE_SECONDS`.
    pub payment_deadline: Option<u64>,
    /// What payment events are signed with.
    pub stripe_webhook_secret: String,
    /// What the names of tables and queues start with.
    pub stack_name: String,
    /// The DynamoDB to use in place of the embedded one.
    pub dynamodb_endpoint: Option<String>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Run schedules at their rate; otherwise only [`Cloud::fire_schedule`](crate::cloud::Cloud::fire_schedule) runs them.
    pub run_schedules: bool,
    /// When a message comes back that its function failed on; without it, after the queue's visibility timeout.
    pub retry_delay: Option<Duration>,
    /// The threads that functions run on, so that what they cost can be told from what the cloud costs; without
    /// them, those of the cloud.
    pub function_threads: Option<Handle>,
    /// What the shop's requests to AWS go out by, so that a test can break them; without it, plain HTTP.
    pub wire: Option<SharedHttpConnector>,
}

impl Default for Options {
    /// In memory on free ports of this machine, empty.
    fn default() -> Options {
        Options {
            template: Cow::Borrowed(include_str!("../../template.yaml")),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            aws_port: 0,
            data_dir: None,
            seed: false,
            reservation_ttl: None,
            payment_deadline: None,
            stripe_webhook_secret: "whsec_local".to_owned(),
            stack_name: "local".to_owned(),
            dynamodb_endpoint: None,
            clock: Clock::system(),
            run_schedules: false,
            retry_delay: None,
            function_threads: None,
            wire: None,
        }
    }
}

/// Why a cloud does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something else listens at the port already.
    #[error("port {port} is in use; choose another with {flag}")]
    PortInUse {
        /// The port.
        port: u16,
        /// The option that chooses it.
        flag: &'static str,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The template cannot be deployed here.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template and the registry do not name the same functions.
    #[error("template.yaml and local/src/registry.rs must name the same functions; only one of them has: {}", .0.join(", "))]
    Functions(Vec<String>),
    /// A queue that a function works off is not in the template.
    #[error("template.yaml has no queue {0}")]
    NoSuchQueue(String),
    /// The template leaves a setting out.
    #[error("template.yaml: {0}")]
    Config(#[from] ConfigError),
    /// Another cloud keeps its data there.
    #[error("{} is in use by another process", .0.display())]
    DataDirInUse(PathBuf),
    /// The data directory cannot be used.
    #[error("the data directory: {0}")]
    DataDir(#[from] io::Error),
    /// The embedded DynamoDB cannot be had.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// A table cannot be had.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The DynamoDB to use is not named by an `http://` URL.
    #[error("the DynamoDB endpoint must be a URL such as http://localhost:8000, not {0:?}")]
    Endpoint(String),
    /// The demo data cannot be put in.
    #[error("the demo data: {0}")]
    Seed(#[from] SeedError),
}
