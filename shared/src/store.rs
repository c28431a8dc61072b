//! The store: the only place that knows DynamoDB, its tables, keys and attributes.
//!
//! [`keys`] names everything, `call` sends and retries, `read`, `query` and `transaction` are the ways
//! to reach several items at once. Then one module a table, and one for each operation that changes
//! several tables together.

mod adjustments;
mod audit;
mod call;
mod cancel;
mod carts;
mod checkout;
mod counting;
mod coupons;
mod direct_order;
mod expire;
mod fulfil;
mod grant;
mod inventory;
mod inventory_list;
pub mod keys;
mod limits;
mod looking;
mod mailing;
mod operations;
mod order_lists;
mod order_mails;
mod orders;
mod orders_by_day;
mod overdue_holds;
mod payments;
mod placing;
mod products;
mod query;
mod read;
mod release;
mod requeue;
mod reshard;
mod reward_rules;
mod shortage;
mod sweep;
mod transaction;
mod users;

use std::time::{Duration, Instant};

pub use self::adjustments::Adjusted;
pub use self::audit::AuditReport;
pub use self::carts::AddedItem;
pub use self::expire::ExpiryReport;
pub use self::inventory_list::LowStock;
pub use self::looking::PRODUCT_REMEMBERED;
use self::looking::RecentProducts;
pub use self::mailing::{ClaimedMail, MailClaim};
pub use self::order_lists::OrdersOf;
pub use self::order_mails::OrderNews;
pub use self::orders::OrderRecord;
pub use self::orders_by_day::OrderFilter;
use self::overdue_holds::RecentLooks;
pub use self::payments::{PaymentReport, Settled, Sum};
pub use self::placing::Placed;
pub use self::products::CreatedProduct;
pub use self::release::ReleaseReport;
pub use self::requeue::RequeueReport;
pub use self::reward_rules::CreatedRule;
use self::reward_rules::RecentRules;
use self::shortage::RecentShortages;
use crate::aws::{Aws, Service};
use crate::cart::HoldPolicy;
use crate::config::Config;

/// The shop's tables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    dynamodb: Service,
    table_prefix: String,
    hold_policy: HoldPolicy,
    payment_deadline: Duration,
    currency: String,
    deadline: Option<Instant>,
    recent_rules: RecentRules,
    recent_looks: RecentLooks,
    recent_products: RecentProducts,
    recent_shortages: RecentShortages,
}

impl Store {
    /// The tables whose names start with the configured prefix.
    pub fn new(aws: &Aws, config: &Config) -> Store {
        Store {
            dynamodb: aws.dynamodb(),
            table_prefix: config.table_prefix.clone(),
            hold_policy: HoldPolicy {
                length: config.reservation_ttl,
                max_units: config.max_held_units,
                max_unpaid_orders: config.max_unpaid_orders,
            },
            payment_deadline: config.payment_deadline,
            currency: config.currency.clone(),
            deadline: None,
            recent_rules: RecentRules::default(),
            recent_looks: RecentLooks::default(),
            recent_products: RecentProducts::default(),
            recent_shortages: RecentShortages::default(),
        }
    }

    /// The same tables, called otherwise.
    #[must_use]
    pub(crate) fn through(&self, aws: &Aws) -> Store {
        Store { dynamodb: aws.dynamodb(), ..self.clone() }
    }

    /// The same tables, for work that gives up at `deadline`.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Store {
        Store { deadline: Some(deadline), ..self.clone() }
    }

    /// Whether there is time left to start something new, and to end it.
    pub fn has_time(&self) -> bool {
        const ENOUGH_FOR_ONE: Duration = Duration::from_secs(2);
        self.deadline().checked_duration_since(Instant::now() + ENOUGH_FOR_ONE).is_some()
    }

    /// When work that starts now must have ended.
    fn deadline(&self) -> Instant {
        const UNLESS_TOLD_OTHERWISE: Duration = Duration::from_secs(10);
        self.deadline.unwrap_or_else(|| Instant::now() + UNLESS_TOLD_OTHERWISE)
    }
}
