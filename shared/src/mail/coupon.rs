//! The mail that brings a coupon.

use askama::Template;

use super::sender::address_of;
use super::{Letterhead, Mail};
use crate::config::Config;
use crate::coupon::{Coupon, Discount};
use crate::error::Error;

#[derive(Template)]
#[template(path = "reward.html")]
struct RewardHtml<'a> {
    subject: &'a str,
    shop: &'a Letterhead<'a>,
    reward: &'a Reward<'a>,
}

#[derive(Template)]
#[template(path = "reward.txt")]
struct RewardText<'a> {
    shop: &'a Letterhead<'a>,
    reward: &'a Reward<'a>,
}

/// What the mail about a coupon says.
struct Reward<'a> {
    code: &'a str,
    worth: String,
    minimum: Option<String>,
    expires_on: String,
    unsubscribe: String,
}

/// The mail that brings a coupon to its owner. Each coupon has one of its own, in reply to nothing.
///
/// # Errors
/// [`Error::Internal`] if a template cannot be rendered.
pub fn reward_mail(coupon: &Coupon, name: Option<&str>, config: &Config) -> Result<Mail, Error> {
    let currency = &config.currency;
    let mailto = format!("mailto:{}?subject=unsubscribe", address_of(&config.mail_sender));
    let shop = Letterhead::new(config, name);
    let reward = Reward {
        code: &coupon.code,
        worth: match coupon.discount {
            Discount::Percent(percent) => format!("{percent} % off"),
            Discount::Fixed(amount) => format!("{amount} {currency} off"),
        },
        minimum: coupon.min_order_total.map(|minimum| format!("{minimum} {currency}")),
        expires_on: coupon.expires_at.long_date(),
        unsubscribe: config.unsubscribe_url.clone().unwrap_or_else(|| mailto.clone()),
    };
    let subject = format!("{} your next order at {}", reward.worth, shop.shop_name);
    // No List-Unsubscribe-Post (RFC 8058): it promises that a POST alone is enough, which the shop's page
    // may not keep.
    let list_unsubscribe = match &config.unsubscribe_url {
        Some(url) => format!("<{url}>, <{mailto}>"),
        None => format!("<{mailto}>"),
    };
    Ok(Mail {
        html: RewardHtml { subject: &subject, shop: &shop, reward: &reward }.render().map_err(Error::internal)?,
        text: RewardText { shop: &shop, reward: &reward }.render().map_err(Error::internal)?,
        subject,
        headers: vec![("List-Unsubscribe", list_unsubscribe)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(unsubscribe_url: Option<&'static str>) -> Config {
        Config::from_lookup(|name| {
            Some(match name {
                "SHOP_NAME" => "Ada & Sons".to_owned(),
                "CURRENCY" => "USD".to_owned(),
                "SHOP_URL" => "https://shop.example".to_owned(),
                "MAIL_SENDER" => "Shop <shop@example.com>".to_owned(),
                "MAX_HELD_UNITS" | "MAX_UNPAID_ORDERS" => return None,
                "UNSUBSCRIBE_URL" => return unsubscribe_url.map(str::to_owned),
                name if name.ends_with("_SECONDS") => "60".to_owned(),
                _ => "x".to_owned(),
            })
        })
        .unwrap()
    }

    fn coupon() -> Coupon {
        serde_json::from_value(serde_json::json!({
            "code": "REWARD-A1B2C3D4", "user_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "kind": "percent", "value": "12.5",
            "min_order_total": "20", "status": "active", "expires_at": "2026-12-20T06:21:33.123Z",
            "order_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "redeemed_order_id": null,
            "rule_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "created_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap()
    }

    #[test]
    fn both_parts_say_code_worth_minimum_and_date_and_html_is_escaped() {
        let mail = reward_mail(&coupon(), Some("<Ada>"), &config(None)).unwrap();
        assert_eq!(mail.subject, "12.5 % off your next order at Ada & Sons");
        for part in [&mail.html, &mail.text] {
            for said in [
                "REWARD-A1B2C3D4",
                "12.5 % off",
                "20.00 USD",
                "20 December 2026",
                "https://shop.example",
                "mailto:shop@example.com?subject=unsubscribe",
            ] {
                assert!(part.contains(said), "{said} is missing in {part}");
            }
        }
        assert!(mail.text.contains("Hello <Ada>"));
        assert!(!mail.html.contains("<Ada>"));
    }

    #[test]
    fn who_wants_no_offers_finds_the_way_in_a_header() {
        let header = |url| reward_mail(&coupon(), None, &config(url)).unwrap().headers;
        let mailto = "<mailto:shop@example.com?subject=unsubscribe>";
        assert_eq!(header(None), [("List-Unsubscribe", mailto.to_owned())]);
        let url = "https://shop.example/offers";
        assert_eq!(header(Some(url)), [("List-Unsubscribe", format!("<{url}>, {mailto}"))]);
    }
}
