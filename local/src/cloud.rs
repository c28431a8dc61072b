//! The whole cloud: what it is started with, what it is made of, how it ends.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::{Credentials, Region};
use axum::Router;
use axum::http::Uri;
use axum::http::uri::InvalidUri;
use serde_json::Value;
use shared::config::{Config, ConfigError};
use shared::shop::{Clients, Shop, aws_config};
use shared::time::Clock;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::aws::Aws;
use crate::aws::dynamodb::{self, DynamoDbError};
use crate::console::{self, Console};
use crate::disk::Folder;
use crate::gateway::{self, Gateway};
use crate::jwt::Issuer;
use crate::lambda::{InvokeError, Lambda};
use crate::mailbox::Mailbox;
use crate::queues::Queues;
use crate::registry;
use crate::seed::{self, SeedError};
use crate::sources::queue::QueueWorker;
use crate::sources::schedule::Schedules;
use crate::tasks::{Stopped, Tasks};
use crate::template::{Deployment, Template, TemplateError};
use crate::users::UserPool;

const TEMPLATE: &str = include_str!("../../template.yaml");
const REGION: &str = "us-east-1";
const ACCOUNT_ID: &str = "000000000000";

/// How long requests and batches may take to end once the cloud is to stop.
const PATIENCE: Duration = Duration::from_millis(600);

/// How long the services behind them may take after that.
const BACKEND_PATIENCE: Duration = Duration::from_millis(300);

/// What a cloud is started with.
#[derive(Debug, Clone)]
pub struct Options {
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
    /// What the names of tables and queues start with.
    pub stack_name: String,
    /// The DynamoDB to use in place of the embedded one.
    pub dynamodb_endpoint: Option<String>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Run schedules at their rate; otherwise only [`Cloud::fire_schedule`] runs them.
    pub run_schedules: bool,
    /// When a message comes back that its function failed on; without it, after the queue's visibility timeout.
    pub retry_delay: Option<Duration>,
}

impl Default for Options {
    /// In memory on free ports of this machine, empty.
    fn default() -> Options {
        Options {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            aws_port: 0,
            data_dir: None,
            seed: false,
            reservation_ttl: None,
            payment_deadline: None,
            stack_name: "local".to_owned(),
            dynamodb_endpoint: None,
            clock: Clock::system(),
            run_schedules: false,
            retry_delay: None,
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
    /// The data directory cannot be used.
    #[error("the data directory: {0}")]
    DataDir(#[from] io::Error),
    /// DynamoDB cannot be had.
    #[error(transparent)]
    DynamoDb(#[from] DynamoDbError),
    /// The DynamoDB to use is no URL.
    #[error("the DynamoDB endpoint: {0}")]
    Endpoint(#[from] InvalidUri),
    /// The demo data cannot be put in.
    #[error("the demo data: {0}")]
    Seed(#[from] SeedError),
}

/// A running cloud. Dropped, it ends at once; [`Cloud::stop`] lets it finish what it is doing.
pub struct Cloud {
    /// The shop that every function works with.
    shop: Shop,
    console: Arc<Console>,
    lambda: Arc<Lambda>,
    api_url: String,
    aws_url: String,
    /// Requests, queues and schedules.
    frontend: Tasks,
    /// The services that they call.
    backend: Tasks,
}

impl Cloud {
    /// Starts a cloud. It answers once this returns.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Cloud, StartError> {
        let api = listen(options.host, options.port, "--port").await?;
        let aws = listen(options.host, options.aws_port, "--aws-port").await?;
        let (api_url, aws_url) = (url(&api, options.host)?, url(&aws, options.host)?);

        let deployment = Deployment {
            stack_name: options.stack_name.clone(),
            region: REGION.to_owned(),
            account_id: ACCOUNT_ID.to_owned(),
            endpoint: aws_url.clone(),
        };
        let mut template = Template::parse(TEMPLATE, &deployment)?;
        let data_dir = options.data_dir.as_deref();
        let queues = Arc::new(Queues::open(std::mem::take(&mut template.queues), data_dir)?);
        let mailbox = Arc::new(Mailbox::open(Folder::open(data_dir, "mails")?)?);

        let mut backend = Tasks::new();
        let dynamodb_url = match &options.dynamodb_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => {
                let file = data_dir.map(|data_dir| data_dir.join("dynamodb.sqlite"));
                let dynamodb::Embedded { endpoint, served } =
                    dynamodb::serve(file.as_deref(), backend.stopped().wait())?;
                backend.spawn(async move {
                    if let Err(error) = served.await {
                        tracing::error!(%error, "the embedded DynamoDB ended");
                    }
                });
                endpoint
            }
        };
        let services = Aws::new(queues.clone(), mailbox.clone(), options.clock.clone(), dynamodb_url.parse::<Uri>()?);
        backend.spawn(serve(aws, services.router(), backend.stopped()));

        let clients = clients(&dynamodb_url, &aws_url).await;
        dynamodb::create_tables(&clients.dynamodb, &template.tables).await?;
        let shop = Shop::new(config(&template, &options)?, clients, options.clock.clone());
        let lambda = Lambda::deploy(shop.clone(), &template.functions, registry::functions());
        let lambda = Arc::new(lambda.map_err(StartError::Functions)?);

        let secret = secret(&Folder::open(data_dir, "keys")?)?;
        let issuer = Arc::new(Issuer::new(template.tokens.clone(), secret.as_bytes(), options.clock.clone()));
        let accounts = Folder::open(data_dir, "accounts")?;
        let users = UserPool::open(lambda.clone(), template.sign_up_trigger.clone(), REGION.to_owned(), accounts)?;
        let gateway = Gateway::new(&mut template, ACCOUNT_ID.to_owned(), lambda.clone(), issuer.clone());

        let mut frontend = Tasks::new();
        for (function, source) in template
            .functions
            .iter()
            .flat_map(|(name, function)| function.queues.iter().map(move |source| (name, source)))
        {
            let queue =
                queues.by_arn(&source.queue_arn).ok_or_else(|| StartError::NoSuchQueue(source.queue_arn.clone()))?;
            let worker = QueueWorker {
                lambda: lambda.clone(),
                function: function.clone(),
                queue: queue.clone(),
                batch_size: source.batch_size,
                reports_failures: source.reports_failures(),
                retry_delay: options.retry_delay,
                region: REGION.to_owned(),
            };
            frontend.spawn(worker.run(frontend.stopped()));
        }
        let schedules = Arc::new(Schedules::new(lambda.clone(), deployment, template.functions));
        if options.run_schedules {
            schedules.run(&mut frontend);
        }

        let console = Console {
            users,
            issuer,
            mailbox,
            queues,
            schedules,
            stack_name: options.stack_name,
            api_url: api_url.clone(),
            aws_url: aws_url.clone(),
        };
        if options.seed {
            seed::plant(&shop, &console.users).await?;
        }
        let console = Arc::new(console);
        let router = console::router(console.clone()).merge(gateway::router(gateway));
        frontend.spawn(serve(api, router, frontend.stopped()));
        Ok(Cloud { shop, console, lambda, api_url, aws_url, frontend, backend })
    }

    /// Where the API answers.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Where DynamoDB, SQS and SES answer.
    pub fn aws_url(&self) -> &str {
        &self.aws_url
    }

    /// The shop that every function works with.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// The services as the page under `/_local/` shows them.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Invokes a function.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        self.lambda.invoke(function, event).await
    }

    /// Runs a scheduled function now.
    ///
    /// # Errors
    /// [`InvokeError`], also where no schedule runs the function.
    pub async fn fire_schedule(&self, function: &str) -> Result<Value, InvokeError> {
        let fired = self.console.schedules.fire(function).await;
        fired.unwrap_or_else(|| Err(InvokeError::Unknown(function.to_owned())))
    }

    /// Ends the cloud: no new requests, then none running, then the services that they call.
    pub async fn stop(self) {
        self.frontend.stop(PATIENCE).await;
        self.backend.stop(BACKEND_PATIENCE).await;
    }
}

async fn listen(host: IpAddr, port: u16, flag: &'static str) -> Result<TcpListener, StartError> {
    let address = SocketAddr::new(host, port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { port, flag },
        _ => StartError::Listen(address, error),
    })
}

/// What clients on this machine call a listener by.
fn url(listener: &TcpListener, host: IpAddr) -> io::Result<String> {
    let reachable = if host.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { host };
    Ok(format!("http://{}", SocketAddr::new(reachable, listener.local_addr()?.port())))
}

async fn serve(listener: TcpListener, router: Router, stopped: Stopped) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped.wait()).await {
        tracing::error!(%error, "a server ended");
    }
}

/// The clients that functions have in production, but for where they call.
async fn clients(dynamodb_url: &str, aws_url: &str) -> Clients {
    let aws = aws_config()
        .await
        .into_builder()
        .region(Region::from_static(REGION))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(Credentials::new(
            "local", "local", None, None, "local",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(aws_url)
        .build();
    let dynamodb = aws.clone().into_builder().endpoint_url(dynamodb_url).build();
    Clients { dynamodb: aws_sdk_dynamodb::Client::new(&dynamodb), ..Clients::new(&aws) }
}

fn config(template: &Template, options: &Options) -> Result<Config, ConfigError> {
    Config::from_lookup(|name| {
        let seconds = match name {
            "RESERVATION_TTL_SECONDS" => options.reservation_ttl,
            "PAYMENT_DEADLINE_SECONDS" => options.payment_deadline,
            _ => None,
        };
        seconds.map(|seconds| seconds.to_string()).or_else(|| template.environment.get(name).cloned())
    })
}

/// The key that tokens are signed with: the one of earlier runs, or a new one.
fn secret(folder: &Folder) -> io::Result<String> {
    if let Some(secret) = folder.load()?.pop() {
        return Ok(secret);
    }
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    folder.write("tokens", &secret)?;
    Ok(secret)
}
