//! What a function works with: settings, clock, store, queue and mail, connected once.

use std::sync::Arc;
use std::time::Instant;

use crate::aws::Aws;
use crate::config::Config;
use crate::mail::Mailer;
use crate::sqs::OrderEvents;
use crate::store::Store;
use crate::time::Clock;

/// The shop's parts. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    /// Settings.
    pub config: Arc<Config>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// The tables.
    pub store: Store,
    /// Where placed orders are announced.
    pub order_events: OrderEvents,
    /// Where mails go out.
    pub mailer: Mailer,
}

impl Shop {
    /// The shop on this AWS.
    pub fn new(config: Config, aws: &Aws, clock: Clock) -> Shop {
        let config = Arc::new(config);
        Shop {
            store: Store::new(aws, &config),
            order_events: OrderEvents::new(aws, &config),
            mailer: Mailer::new(aws, &config),
            config,
            clock,
        }
    }

    /// The same shop, but for how it calls AWS, such as with other credentials.
    #[must_use]
    pub fn through(&self, aws: &Aws) -> Shop {
        Shop {
            store: self.store.through(aws),
            order_events: OrderEvents::new(aws, &self.config),
            mailer: Mailer::new(aws, &self.config),
            ..self.clone()
        }
    }

    /// The same shop, for work that must end by `deadline`.
    pub fn until(&self, deadline: Instant) -> Shop {
        Shop { store: self.store.until(deadline), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shop() -> Shop {
        Shop::new(Config::from_lookup(|_| Some("1".to_owned())).unwrap(), &Aws::from_env(), Clock::system())
    }

    #[test]
    fn all_of_it_calls_aws_as_it_is_told() {
        let Shop { store, order_events, mailer, .. } = shop().through(&Aws::from_env().in_region("xx-there-1"));
        for part in [format!("{store:?}"), format!("{order_events:?}"), format!("{mailer:?}")] {
            assert!(part.contains("xx-there-1"), "{part}");
        }
    }

    #[test]
    fn work_that_must_end_soon_starts_nothing_new() {
        let shop = shop();
        let has_time = |seconds| shop.until(Instant::now() + Duration::from_secs(seconds)).store.has_time();
        assert_eq!((has_time(1), has_time(4)), (false, true));
    }
}
