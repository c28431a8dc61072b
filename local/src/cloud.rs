//! The whole cloud: how it starts, what one can do with it, how it ends.

mod backend;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use shared::shop::Shop;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::aws::Aws;
use crate::aws::dynamodb::create_tables;
use crate::console::{self, Console};
use crate::disk::{Claim, Folder};
use crate::gateway::{Gateway, Routes};
use crate::iam::Iam;
use crate::jwt::Issuer;
use crate::lambda::{InvokeError, Lambda};
use crate::mailbox::Mailbox;
use crate::options::{Options, StartError};
use crate::queues::Queues;
use crate::registry;
use crate::seed;
use crate::sources::schedule::Schedules;
use crate::sources::workshop::Workshop;
use crate::tasks::{Stopped, Tasks};
use crate::template::{Deployment, Template};
use crate::users::UserPool;

use backend::{callers, config, dynamodb, sdk};

const REGION: &str = "us-east-1";
const ACCOUNT_ID: &str = "000000000000";

/// How far back the console looks for orders that were kept: as far as `GET /orders` does.
const A_MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long requests and batches may take to end once the cloud is to stop.
const PATIENCE: Duration = Duration::from_millis(600);

/// How long the services behind them may take after that.
const BACKEND_PATIENCE: Duration = Duration::from_millis(300);

/// A running cloud. Dropped, it ends at once; [`Cloud::stop`] lets it finish what it is doing.
pub struct Cloud {
    /// The shop that every function works with.
    shop: Shop,
    iam: Arc<Iam>,
    console: Arc<Console>,
    lambda: Arc<Lambda>,
    api_url: String,
    aws_url: String,
    /// Requests, queues and schedules.
    frontend: Tasks,
    /// The services that they call.
    backend: Tasks,
    /// Given up last, when nothing writes any more.
    _claim: Option<Claim>,
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
        let mut template = Template::parse(&options.template, &deployment)?;
        let (clock, data_dir) = (options.clock.clone(), options.data_dir.as_deref());
        // In memory, nothing is from before.
        let since = data_dir.map_or(clock.now(), |_| clock.now() - A_MONTH);

        let claim =
            data_dir.map(|data_dir| Claim::on(data_dir)?.ok_or_else(|| StartError::DataDirInUse(data_dir.to_owned())));
        let claim = claim.transpose()?;

        let mut backend = Tasks::new();
        let queues = Arc::new(Queues::open(template.queues, data_dir)?);
        let mailbox = Arc::new(Mailbox::open(Folder::open(data_dir, "mails")?)?);
        let dynamodb = dynamodb(&options)?;
        let iam = Arc::new(Iam::new(deployment.clone(), &template.functions));
        let services = Aws::new(queues.clone(), mailbox.clone(), clock.clone(), iam.clone(), dynamodb.clone());
        backend.spawn(serve(aws, services.router(), backend.stopped()));

        create_tables(&sdk(&aws_url), &template.tables).await?;
        let callers = callers(&aws_url, options.wire.clone());
        let shop = Shop::new(config(&template.environment, &options)?, &callers("local"), clock.clone());
        let every = shop.clone();
        let shop_of = move |function: &str| every.through(&callers(function));
        let lambda = Lambda::deploy(
            clock.clone(),
            shop_of,
            &template.functions,
            registry::functions(),
            options.function_threads.clone(),
        );
        let lambda = Arc::new(lambda.map_err(StartError::Functions)?);

        let secret = secret(&Folder::open(data_dir, "keys")?)?;
        let issuer = Arc::new(Issuer::new(template.tokens, secret.as_bytes(), clock));
        let accounts = Folder::open(data_dir, "accounts")?;
        let users = UserPool::open(lambda.clone(), template.sign_up_trigger, REGION.to_owned(), accounts)?;
        let routes = Routes::new(&template.functions);
        let gateway =
            Arc::new(Gateway::new(routes, template.cors, ACCOUNT_ID.to_owned(), lambda.clone(), issuer.clone()));

        let mut frontend = Tasks::new();
        let workshop = Workshop { lambda: &lambda, queues: &queues, options: &options, region: REGION };
        for worker in workshop.queue_workers(&template.functions)? {
            frontend.spawn(worker.run(frontend.stopped()));
        }
        let mut streams = Vec::new();
        for worker in workshop.stream_workers(&mut template.functions, &dynamodb)? {
            streams.push(worker.progress.clone());
            frontend.spawn(worker.run(frontend.stopped()));
        }
        let schedules = Arc::new(Schedules::new(lambda.clone(), deployment, template.functions));
        if options.run_schedules {
            schedules.run(&mut frontend);
        }
        if options.seed {
            seed::plant(&shop, &users).await?;
        }
        let console = Arc::new(Console {
            shop: shop.clone(),
            since,
            gateway: gateway.clone(),
            users,
            issuer,
            mailbox,
            queues,
            streams,
            schedules,
            stack_name: options.stack_name,
            api_url: api_url.clone(),
            aws_url: aws_url.clone(),
        });
        let router = console::router(console.clone()).merge(gateway.router());
        frontend.spawn(serve(api, router, frontend.stopped()));
        Ok(Cloud { shop, iam, console, lambda, api_url, aws_url, frontend, backend, _claim: claim })
    }

    /// Where the API answers.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The SDK's client of its DynamoDB, for what no function does.
    pub fn sdk(&self) -> aws_sdk_dynamodb::Client {
        sdk(self.aws_url())
    }

    /// Where DynamoDB, SQS and SES answer.
    pub fn aws_url(&self) -> &str {
        &self.aws_url
    }

    /// The shop that every function works with. Its own calls may do everything.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// What the functions may do, and have done.
    pub fn iam(&self) -> &Iam {
        &self.iam
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

/// The key that tokens are signed with: the one of earlier runs, or a new one.
fn secret(folder: &Folder) -> io::Result<String> {
    if let Some(secret) = folder.load()?.pop() {
        return Ok(secret);
    }
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    folder.write("tokens", &secret)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::Account;

    fn ada() -> Account {
        Account {
            user_id: Uuid::new_v4(),
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            groups: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_its_option() {
        let first = Cloud::start(Options::default()).await.unwrap();
        let port = first.api_url().rsplit(':').next().unwrap().parse().unwrap();
        let refused = Cloud::start(Options { port, ..Options::default() }).await.err().unwrap();
        assert_eq!(refused.to_string(), format!("port {port} is in use; choose another with --port"));
        first.stop().await;
    }

    #[tokio::test]
    async fn a_data_directory_keeps_profiles_accounts_and_tokens() {
        let data_dir = std::env::temp_dir().join(Uuid::new_v4().to_string());
        let options = Options { data_dir: Some(data_dir.clone()), ..Options::default() };
        let account = ada();
        let user_id = account.user_id.to_string().parse().unwrap();
        let cloud = Cloud::start(options.clone()).await.unwrap();
        assert!(matches!(Cloud::start(options.clone()).await, Err(StartError::DataDirInUse(_))));
        cloud.console().users.sign_up(account.clone(), true).await.unwrap();
        let token = cloud.console().logins().unwrap().remove(0).token;
        cloud.stop().await;

        let cloud = Cloud::start(options).await.unwrap();
        assert_eq!(cloud.console().users.accounts(), [account]);
        assert!(cloud.console().issuer.verify(&token).is_some());
        assert_eq!(cloud.shop().store.profile(user_id).await.unwrap().user_id, user_id);
        cloud.stop().await;
        std::fs::remove_dir_all(data_dir).unwrap();
    }

    #[tokio::test]
    async fn the_demo_data_is_put_in_once() {
        let data_dir = std::env::temp_dir().join(Uuid::new_v4().to_string());
        let options = Options { data_dir: Some(data_dir.clone()), seed: true, ..Options::default() };
        for _ in 0..2 {
            let cloud = Cloud::start(options.clone()).await.unwrap();
            assert_eq!(cloud.console().users.accounts().len(), 4);
            assert_eq!(cloud.shop().store.rules().await.unwrap().len(), 1);
            cloud.stop().await;
        }
        std::fs::remove_dir_all(data_dir).unwrap();
    }
}
