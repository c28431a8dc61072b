//! Settings, read from the environment once, at start.

use std::time::Duration;

use crate::catalog::MAX_QUANTITY;

/// A setting that is missing or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

/// The settings of every function; template.yaml gives each its value.
#[derive(Debug, Clone)]
pub struct Config {
    /// `TABLE_PREFIX`: what every table's name starts with.
    pub table_prefix: String,
    /// `ORDER_EVENTS_QUEUE_URL`: where placed orders are announced.
    pub order_events_queue_url: String,
    /// `RESERVATION_TTL_SECONDS`: how long a cart holds stock after its last change.
    pub reservation_ttl: Duration,
    /// `MAX_HELD_UNITS`: how many units of a SKU a user may hold at once, in the cart and in orders that wait for their
    /// payment; 999 unless it is set.
    pub max_held_units: u32,
    /// `MAX_UNPAID_ORDERS`: how many orders of a user may wait for their payment at once; 100 unless it is set.
    pub max_unpaid_orders: u32,
    /// `PAYMENT_DEADLINE_SECONDS`: how long an online order waits for its payment.
    pub payment_deadline: Duration,
    /// `CURRENCY`: the ISO 4217 code of every amount.
    pub currency: String,
    /// `SIGNING_SECRET`: the key that coupon codes and list cursors are derived with.
    pub signing_secret: String,
    /// `STRIPE_WEBHOOK_SECRET`: what Stripe signs its webhook with; none where no payments are taken
    /// online, or in a function that has nothing to do with them.
    pub stripe_webhook_secret: Option<String>,
    /// `SHOP_NAME`: what mails call the shop.
    pub shop_name: String,
    /// `SHOP_URL`: where mails send the buyer.
    pub shop_url: String,
    /// `MAIL_SENDER`: the address mails come from.
    pub mail_sender: String,
    /// `UNSUBSCRIBE_URL`: where a buyer turns offers off; without it, they write to the sender.
    pub unsubscribe_url: Option<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Names the first variable that is missing or holds what it must not.
    pub fn from_env() -> Result<Config, ConfigError> {
        Config::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings by name from anywhere.
    ///
    /// # Errors
    /// Names the first setting that is missing or holds what it must not.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let text = |name: &'static str| match lookup(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(ConfigError { name, problem: "is not set".to_owned() }),
        };
        let seconds = |name: &'static str| {
            let value = text(name)?;
            match value.parse() {
                Ok(count) if count > 0 => Ok(Duration::from_secs(count)),
                _ => Err(ConfigError { name, problem: format!("{value:?} is not a number of seconds above zero") }),
            }
        };
        let limit = |name: &'static str, unless_set: u32| match lookup(name).filter(|value| !value.is_empty()) {
            None => Ok(unless_set),
            Some(value) => match value.parse() {
                Ok(limit) if limit > 0 => Ok(limit),
                _ => Err(ConfigError { name, problem: format!("{value:?} is not a whole number above zero") }),
            },
        };
        Ok(Config {
            table_prefix: text("TABLE_PREFIX")?,
            order_events_queue_url: text("ORDER_EVENTS_QUEUE_URL")?,
            reservation_ttl: seconds("RESERVATION_TTL_SECONDS")?,
            max_held_units: limit("MAX_HELD_UNITS", MAX_QUANTITY)?,
            max_unpaid_orders: limit("MAX_UNPAID_ORDERS", 100)?,
            payment_deadline: seconds("PAYMENT_DEADLINE_SECONDS")?,
            currency: text("CURRENCY")?,
            signing_secret: text("SIGNING_SECRET")?,
            stripe_webhook_secret: lookup("STRIPE_WEBHOOK_SECRET").filter(|secret| !secret.is_empty()),
            shop_name: text("SHOP_NAME")?,
            shop_url: text("SHOP_URL")?,
            mail_sender: text("MAIL_SENDER")?,
            unsubscribe_url: lookup("UNSUBSCRIBE_URL").filter(|url| !url.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        Some(if name.ends_with("_SECONDS") || name.starts_with("MAX_") { "60" } else { "x" }.to_owned())
    }

    #[test]
    fn a_missing_or_unreadable_setting_is_named() {
        assert_eq!(Config::from_lookup(complete).unwrap().reservation_ttl, Duration::from_secs(60));
        let missing = Config::from_lookup(|name| complete(name).filter(|_| name != "CURRENCY")).unwrap_err();
        assert_eq!(missing.to_string(), "environment variable CURRENCY: is not set");
        let zero =
            Config::from_lookup(
                |name| if name == "PAYMENT_DEADLINE_SECONDS" { Some("0".into()) } else { complete(name) },
            );
        assert!(zero.unwrap_err().to_string().starts_with("environment variable PAYMENT_DEADLINE_SECONDS"));
        let unset = Config::from_lookup(|name| complete(name).filter(|_| !name.starts_with("MAX_"))).unwrap();
        assert_eq!((unset.max_held_units, unset.max_unpaid_orders), (999, 100));
        let empty = Config::from_lookup(|name| {
            complete(name).map(|value| if name == "CURRENCY" { String::new() } else { value })
        });
        assert_eq!(empty.unwrap_err().to_string(), "environment variable CURRENCY: is not set");
        let none = Config::from_lookup(|name| if name == "MAX_HELD_UNITS" { Some("0".into()) } else { complete(name) });
        assert!(none.unwrap_err().to_string().starts_with("environment variable MAX_HELD_UNITS"));
    }

    #[test]
    fn what_may_be_left_out_may_be_empty_too() {
        let optional = |value: &'static str| {
            let lookup = |name: &str| match name {
                "STRIPE_WEBHOOK_SECRET" | "UNSUBSCRIBE_URL" => Some(value.to_owned()),
                _ => complete(name),
            };
            let config = Config::from_lookup(lookup).unwrap();
            (config.stripe_webhook_secret, config.unsubscribe_url)
        };
        assert_eq!(optional(""), (None, None));
        assert_eq!(optional("x"), (Some("x".to_owned()), Some("x".to_owned())));
    }
}
