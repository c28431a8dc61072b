//! Mail: what is written, and how it goes out.

use askama::Template;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::config::Config;
use crate::coupon::{Coupon, Discount};
use crate::error::Error;
use crate::text::Email;

/// A mail with an HTML and a text part that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
}

#[derive(Template)]
#[template(path = "reward.html")]
struct RewardHtml<'a>(&'a Reward<'a>);

#[derive(Template)]
#[template(path = "reward.txt")]
struct RewardText<'a>(&'a Reward<'a>);

/// What the mail about a coupon says.
struct Reward<'a> {
    shop_name: &'a str,
    shop_url: &'a str,
    greeting: String,
    code: &'a str,
    worth: String,
    minimum: Option<String>,
    expires_on: String,
}

/// The mail that brings a coupon to its owner.
///
/// # Errors
/// [`Error::Internal`] if a template cannot be rendered.
pub fn reward_mail(coupon: &Coupon, name: Option<&str>, config: &Config) -> Result<Mail, Error> {
    let currency = &config.currency;
    let reward = Reward {
        shop_name: &config.shop_name,
        shop_url: &config.shop_url,
        greeting: name.map_or_else(|| "Hello".to_owned(), |name| format!("Hello {name}")),
        code: &coupon.code,
        worth: match coupon.discount {
            Discount::Percent(percent) => format!("{percent} % off"),
            Discount::Fixed(amount) => format!("{amount} {currency} off"),
        },
        minimum: coupon.min_order_total.map(|minimum| format!("{minimum} {currency}")),
        expires_on: coupon.expires_at.long_date(),
    };
    Ok(Mail {
        subject: format!("{} your next order at {}", reward.worth, reward.shop_name),
        html: RewardHtml(&reward).render().map_err(Error::internal)?,
        text: RewardText(&reward).render().map_err(Error::internal)?,
    })
}

/// The outgoing end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    sender: String,
}

impl Mailer {
    /// Sends from the configured address.
    pub fn new(client: Client, config: &Config) -> Mailer {
        Mailer { client, sender: config.mail_sender.clone() }
    }

    /// Hands a mail to SES.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if SES does not take it.
    pub async fn send(&self, to: &Email, mail: Mail) -> Result<(), Error> {
        let content = |text: String| Content::builder().data(text).charset("UTF-8").build().map_err(Error::internal);
        let body = Body::builder().html(content(mail.html)?).text(content(mail.text)?).build();
        let message = Message::builder().subject(content(mail.subject)?).body(body).build();
        let request = self
            .client
            .send_email()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(EmailContent::builder().simple(message).build());
        request.send().await.map_err(Error::unavailable)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_say_code_worth_minimum_and_date_and_html_is_escaped() {
        let config = Config::from_lookup(|name| {
            Some(match name {
                "SHOP_NAME" => "Ada & Sons".to_owned(),
                "CURRENCY" => "USD".to_owned(),
                "SHOP_URL" => "https://shop.example".to_owned(),
                name if name.ends_with("_SECONDS") => "60".to_owned(),
                _ => "x".to_owned(),
            })
        })
        .unwrap();
        let coupon: Coupon = serde_json::from_value(serde_json::json!({
            "code": "REWARD-A1B2C3D4", "user_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "kind": "percent", "value": "12.5",
            "min_order_total": "20", "status": "active", "expires_at": "2026-12-20T06:21:33.123Z",
            "order_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "redeemed_order_id": null,
            "rule_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "created_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap();
        let mail = reward_mail(&coupon, Some("<Ada>"), &config).unwrap();
        assert_eq!(mail.subject, "12.5 % off your next order at Ada & Sons");
        for part in [&mail.html, &mail.text] {
            for said in ["REWARD-A1B2C3D4", "12.5 % off", "20.00 USD", "20 December 2026", "https://shop.example"] {
                assert!(part.contains(said), "{said} is missing in {part}");
            }
        }
        assert!(mail.text.contains("Hello <Ada>"));
        assert!(!mail.html.contains("<Ada>"));
    }
}
