//! A shop of a test's own.

mod people;

use std::fmt::Display;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::HttpConnector;
use local::cloud::Cloud;
use local::console::QueueState;
use local::mailbox::{Mail, Mailbox};
use local::options::Options;
use serde_json::{Value, json};
use shared::aws::Aws;
use shared::ids::{RuleId, UserId};
use shared::reward::requests::CreateRule;
use shared::store::Store;
use shared::time::Clock;

use crate::api::{Api, Call};
use crate::audit::{Snapshot, Violation};
use crate::product::{Draft, Product};
use crate::user::User;

/// How long a condition may take to come true. Far more than it needs: only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// A message that a function failed on comes back at once.
const RETRY_DELAY: Duration = Duration::from_millis(1);

/// The variable that names another DynamoDB for the tests than the embedded one.
const ELSEWHERE: &str = "TEST_DYNAMODB_ENDPOINT";

/// Whether tests run on another DynamoDB than the embedded one.
pub fn is_elsewhere() -> bool {
    std::env::var_os(ELSEWHERE).is_some()
}

/// A shop in a cloud of its own: its API, its tables, its queue and its mailbox. Schedules run when
/// [`Shop::fire`] says, and the clock moves when [`Shop::pass`] says.
pub struct Shop {
    /// The clock that everything in it goes by.
    pub clock: Clock,
    /// The API, without a token.
    pub api: Api,
    /// DynamoDB, behind the shop's back.
    pub dynamodb: Client,
    aws: Api,
    cloud: Cloud,
    stack_name: String,
    finished: bool,
}

impl Shop {
    /// Opens a shop with nothing in it.
    pub async fn open() -> Shop {
        Shop::open_with(|options| options).await
    }

    /// Opens a shop on a cloud that `change` sets up differently.
    pub async fn open_with(change: impl FnOnce(Options) -> Options) -> Shop {
        // No two tests may share a table, in case they share a database.
        let stack_name = format!("test-{}", UserId::random());
        let options = Options {
            stack_name: stack_name.clone(),
            dynamodb_endpoint: std::env::var(ELSEWHERE).ok(),
            clock: Clock::system(),
            retry_delay: Some(RETRY_DELAY),
            ..Options::default()
        };
        let options = change(options);
        let clock = options.clock.clone();
        let cloud = Cloud::start(options).await.expect("the cloud starts");
        let api = Api::at(cloud.api_url());
        let (dynamodb, aws) = (cloud.sdk(), Api::at(cloud.aws_url()));
        Shop { clock, api, dynamodb, aws, cloud, stack_name, finished: false }
    }

    /// The cloud it runs in.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Its store, for what no route does yet.
    pub fn store(&self) -> &Store {
        &self.cloud.shop().store
    }

    /// The AWS of its cloud, called by whoever has this access key, over `wire`.
    pub fn aws(&self, key_id: &str, wire: impl HttpConnector + 'static) -> Aws {
        Aws::from_env().in_region("us-east-1").at(Some(self.cloud.aws_url())).called_by(key_id, "local").over(wire)
    }

    /// The name of a table, such as `orders`.
    pub fn table(&self, name: &str) -> String {
        format!("{}-{name}", self.stack_name)
    }

    /// A `GET` without a token.
    pub fn get(&self, path: &str) -> Call {
        self.api.call("GET", path)
    }

    /// A product to be listed.
    pub fn product(&self, name: &str) -> Draft<'_> {
        Draft::new(self, name)
    }

    /// What is left of a product, over all its sizes, as the catalogue shows it.
    pub async fn stock_of(&self, product: &Product) -> u64 {
        let product = self.get(&format!("/products/{}", product.id)).await.is(200);
        product["stock"].as_array().expect("stock").iter().map(|size| size["available"].as_u64().expect("units")).sum()
    }

    /// Takes a product out of the catalogue.
    pub async fn archive(&self, product: &Product) {
        self.admin().await.delete(&product.path()).await.is_empty();
    }

    /// Changes a product's price.
    pub async fn reprice(&self, product: &Product, price: &str) {
        self.admin().await.patch(&product.path(), &json!({"price": price})).await.is(200);
    }

    /// Changes how many of a product one order may have.
    pub async fn limit(&self, product: &Product, max_per_order: u32) {
        self.admin().await.patch(&product.path(), &json!({"max_per_order": max_per_order})).await.is(200);
    }

    /// Makes a rule that rewards orders; answers its id.
    pub async fn rule(&self, condition: Value, coupon: Value) -> RuleId {
        self.rule_with(json!({"condition": condition, "coupon": coupon})).await
    }

    /// Makes a rule of a request that need not name it; answers its id.
    pub async fn rule_with(&self, mut request: Value) -> RuleId {
        request["name"] = json!("a reward");
        let request: CreateRule = serde_json::from_value(request).expect("a request");
        let rule = request.into_rule(RuleId::random(), self.clock.now()).expect("a rule");
        self.store().create_rule(&rule, None).await.expect("the rule is kept").rule.rule_id
    }

    /// Has `user` earn a coupon by an order, which this rule grants to nobody else; answers its code.
    pub async fn coupon_for(&self, user: &User, coupon: Value) -> String {
        let flyer = self.product("Flyer").price("0").list().await;
        let basket = user.cart().await["items"].clone();
        assert_eq!(basket, json!([]), "the cart is needed to earn it");
        self.rule(json!({"kind": "contains_product", "product_id": flyer.id}), coupon).await;
        let order = user.buys(&flyer, 1).await;
        self.settle().await;
        let record = self.store().order(serde_json::from_value(order["order_id"].clone()).expect("an id")).await;
        record.expect("the order").earned_coupons.expect("it was evaluated").pop().expect("it earned a coupon")
    }

    /// Sets an attribute of an item behind the shop's back.
    pub async fn set(&self, table: &str, key: &str, id: &str, attribute: &str, value: AttributeValue) {
        let request = self.dynamodb.update_item().table_name(self.table(table));
        let request = request.key(key, AttributeValue::S(id.to_owned())).update_expression("SET #attribute = :value");
        let request = request.expression_attribute_names("#attribute", attribute);
        request.expression_attribute_values(":value", value).send().await.expect("the attribute is set");
    }

    /// Removes an attribute of an item behind the shop's back.
    pub async fn forget(&self, table: &str, key: &str, id: &str, attribute: &str) {
        let request = self.dynamodb.update_item().table_name(self.table(table));
        let request = request.key(key, AttributeValue::S(id.to_owned())).update_expression("REMOVE #attribute");
        request.expression_attribute_names("#attribute", attribute).send().await.expect("the attribute is removed");
    }

    /// Lets so many seconds pass.
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Runs a scheduled function; answers its result.
    pub async fn fire(&self, function: &str) -> Value {
        self.cloud.fire_schedule(function).await.expect("the scheduled function succeeds")
    }

    /// Invokes a function with an event; answers its result.
    pub async fn invoke(&self, function: &str, event: Value) -> Value {
        self.cloud.invoke(function, event).await.expect("the function succeeds")
    }

    /// The queue of order events.
    pub fn order_events(&self) -> QueueState {
        let queues = self.cloud.console().queue_states();
        queues.into_iter().find(|(name, _)| name == "order-events").expect("the queue is there").1
    }

    /// Waits until every message that was sent and every change of an order has been worked off.
    pub async fn settle(&self) {
        self.settle_queue().await;
        for stream in &self.cloud.console().streams {
            let caught_up = tokio::time::timeout(PATIENCE, stream.caught_up()).await;
            caught_up.unwrap_or_else(|_| panic!("not true in time: the stream is worked off"));
        }
    }

    /// Waits until every message that was sent has been worked off.
    pub async fn settle_queue(&self) {
        let done = || Some(self.order_events()).filter(|queue| queue.visible == 0 && queue.in_flight == 0);
        self.wait_for("the queue is worked off", done).await;
    }

    /// Waits until `look` finds something; answers that.
    pub async fn wait_for<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = look() {
                    return found;
                }
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("not true in time: {what}"))
    }

    /// The mails that went to `user`, newest first, once everything is worked off.
    pub async fn mails_to(&self, user: &User) -> Vec<Mail> {
        self.settle().await;
        let mails = self.cloud.console().mailbox.newest_first();
        mails.into_iter().filter(|mail| mail.to == user.email).collect()
    }

    /// Those of them that bring a coupon.
    pub async fn coupon_mails_to(&self, user: &User) -> Vec<Mail> {
        self.mails_to(user).await.into_iter().filter(|mail| mail.text.contains("REWARD-")).collect()
    }

    /// The subjects of those that tell of an order, without its number, oldest first.
    pub async fn order_mails_to(&self, user: &User) -> Vec<String> {
        let mails = self.mails_to(user).await.into_iter().rev().filter(|mail| !mail.text.contains("REWARD-"));
        mails
            .map(|mail| mail.subject.rsplit_once(" (").map_or(mail.subject.clone(), |(subject, _)| subject.to_owned()))
            .collect()
    }

    /// Where mails end up, or are refused.
    pub fn mailbox(&self) -> &Mailbox {
        &self.cloud.console().mailbox
    }

    /// Everything in the tables.
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.aws, &self.stack_name).await
    }

    /// Waits until nothing is under way, and says which promises about the data do not hold.
    pub async fn audit(&self) -> Vec<Violation> {
        match is_elsewhere() {
            // No promise is about what streams bring, and those of Amazon's DynamoDB Local are slow.
            true => self.settle_queue().await,
            false => self.settle().await,
        }
        self.snapshot().await.violations()
    }

    /// Ends the test: audits the data and closes the shop. No function may have tried what it may not.
    pub async fn finish(self) {
        let violations = self.audit().await;
        assert!(violations.is_empty(), "the data is not sound:\n{}", list(&violations));
        let denials = self.cloud.iam().denials();
        assert!(denials.is_empty(), "template.yaml does not allow what a function does:\n{}", list(&denials));
        self.close().await;
    }

    /// Ends a test that broke its own data.
    pub async fn close(mut self) {
        self.finished = true;
        if is_elsewhere() {
            for table in Snapshot::TABLES {
                // The test may have dropped it itself.
                self.dynamodb.delete_table().table_name(self.table(table)).send().await.ok();
            }
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprint!("{}", list(&self.cloud.iam().denials()));
        }
        assert!(self.finished || std::thread::panicking(), "a test must end with finish(), which audits the data");
    }
}

fn list(findings: &[impl Display]) -> String {
    findings.iter().map(|finding| format!("- {finding}\n")).collect()
}
