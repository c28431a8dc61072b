//! Mail: what is written, and how it goes out.

mod coupon;
mod order;
mod sender;

use aws_sdk_sesv2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sesv2::operation::send_email::{SendEmail, SendEmailError, SendEmailInput};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};

pub use self::coupon::reward_mail;
pub use self::order::order_mail;
use self::sender::{address_of, named};
use crate::aws::{Aws, Service, operations};
use crate::config::Config;
use crate::error::Error;
use crate::metrics::{Metric, count};
use crate::shop::Shop;
use crate::store::ClaimedMail;
use crate::text::Email;

operations! { aws_sdk_sesv2:
    send_email: SendEmail, SendEmailInput => SendEmailOutput, SendEmailError;
}

/// A mail with an HTML and a text part that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
    /// Headers besides those that every mail has.
    pub headers: Vec<(&'static str, String)>,
}

/// What every mail says of the shop.
struct Letterhead<'a> {
    shop_name: &'a str,
    shop_url: &'a str,
    greeting: String,
}

impl<'a> Letterhead<'a> {
    fn new(config: &'a Config, name: Option<&str>) -> Letterhead<'a> {
        Letterhead {
            shop_name: &config.shop_name,
            shop_url: &config.shop_url,
            greeting: name.map_or_else(|| "Hello".to_owned(), |name| format!("Hello {name}")),
        }
    }
}

/// What SES said to a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It goes out.
    Accepted,
    /// It does not, however often it is sent; says why, without an address.
    Refused(String),
}

/// The outgoing end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    ses: Service,
    sender: String,
}

impl Mailer {
    /// Sends from the configured address, in the shop's name.
    pub fn new(aws: &Aws, config: &Config) -> Mailer {
        Mailer { ses: aws.ses(), sender: named(&config.shop_name, address_of(&config.mail_sender)) }
    }

    /// Hands a mail to SES.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if SES did not take it, but may take it later.
    pub async fn send(&self, to: &Email, mail: Mail) -> Result<Sent, Error> {
        let content = |text: String| Content::builder().data(text).charset("UTF-8").build().map_err(Error::internal);
        let body = Body::builder().html(content(mail.html)?).text(content(mail.text)?).build();
        let mut message = Message::builder().subject(content(mail.subject)?).body(body);
        for (name, value) in mail.headers {
            message =
                message.headers(MessageHeader::builder().name(name).value(value).build().map_err(Error::internal)?);
        }
        let input = SendEmailInput::builder()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(EmailContent::builder().simple(message.build()).build())
            .build()
            .map_err(Error::internal)?;
        let request = self.ses.request::<SendEmail>(input).map_err(Error::internal)?;
        match self.ses.send(&request).await {
            Ok(_) => Ok(Sent::Accepted),
            Err(error) => refusal(error).map(Sent::Refused),
        }
    }
}

impl Shop {
    /// Sends a mail that was claimed, and marks it as sent or as refused for good. If it can be sent
    /// later, the claim is given back.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if SES did not take it, but may take it later, and those of the store.
    pub async fn deliver(&self, claimed: &ClaimedMail, to: &Email, mail: Mail) -> Result<(), Error> {
        match self.mailer.send(to, mail).await {
            Ok(Sent::Accepted) => {
                count(Metric::MailsSent, 1);
                tracing::info!("a mail was sent");
                self.store.mark_mailed(claimed, self.clock.now()).await
            }
            Ok(Sent::Refused(why)) => {
                count(Metric::MailsRefused, 1);
                tracing::warn!(why, "a mail was refused for good");
                self.store.mark_mail_failed(claimed, &why, self.clock.now()).await
            }
            Err(error) => {
                // What went wrong first is what the log must tell. A claim that is kept lapses.
                if let Err(kept) = self.store.give_up_mail(claimed).await {
                    tracing::warn!(error = kept.report(), "the claim on a mail could not be given back");
                }
                Err(error)
            }
        }
    }
}

/// Why SES refuses a mail for good: because of its address or what it says. Everything else passes, or
/// is for an operator to mend, as the account and the identities it may send from are.
fn refusal(error: SdkError<SendEmailError>) -> Result<String, Error> {
    // Of a MessageRejected, this says that the sender, or in SES's sandbox the recipient, is not set up yet.
    const NOT_SET_UP: &str = "Email address is not verified";

    let Some(service) = error.as_service_error() else {
        return Err(match error {
            SdkError::ConstructionFailure(_) => Error::internal(error),
            _ => Error::unavailable(error),
        });
    };
    let message = service.message().unwrap_or_default();
    let for_good = match service {
        SendEmailError::BadRequestException(_) => true,
        SendEmailError::MessageRejected(_) => !message.starts_with(NOT_SET_UP),
        _ => false,
    };
    let why = format!("{}: {}", service.code().unwrap_or("an error without a code"), without_addresses(message));
    if for_good { Ok(why) } else { Err(Error::unavailable(format!("SES answered {why}"))) }
}

/// SES's text, which may name whom the mail is for; neither log nor tables are to know.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        let is_address = word.split_once('@').is_some_and(|(mailbox, _)| mailbox.ends_with(char::is_alphanumeric));
        if is_address { "(address)" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::config::http::HttpResponse;
    use aws_sdk_sesv2::error::ErrorMetadata;
    use aws_sdk_sesv2::types::error::{
        AccountSuspendedException, BadRequestException, LimitExceededException, MailFromDomainNotVerifiedException,
        MessageRejected, SendingPausedException, TooManyRequestsException,
    };

    use super::*;

    fn answered(status: u16, error: SendEmailError) -> Result<String, Error> {
        refusal(SdkError::service_error(error, HttpResponse::new(status.try_into().unwrap(), "".into())))
    }

    fn rejected(message: &str) -> Result<String, Error> {
        let meta = ErrorMetadata::builder().code("MessageRejected").message(message).build();
        let rejected = MessageRejected::builder().message(message).meta(meta).build();
        answered(400, SendEmailError::MessageRejected(rejected))
    }

    #[test]
    fn only_what_is_wrong_with_the_mail_is_refused_for_good() {
        assert_eq!(rejected("Address blacklisted.").unwrap(), "MessageRejected: Address blacklisted.");
        let bad = SendEmailError::BadRequestException(BadRequestException::builder().build());
        assert!(answered(400, bad).is_ok());
        let unverified = "Email address is not verified. The following identities failed the check in region \
                          US-EAST-1: ada@example.com";
        let report = rejected(unverified).unwrap_err().report();
        assert!(report.contains("not verified") && !report.contains('@'), "{report}");
        for passing in [
            SendEmailError::TooManyRequestsException(TooManyRequestsException::builder().build()),
            SendEmailError::LimitExceededException(LimitExceededException::builder().build()),
            SendEmailError::SendingPausedException(SendingPausedException::builder().build()),
            SendEmailError::AccountSuspendedException(AccountSuspendedException::builder().build()),
            SendEmailError::MailFromDomainNotVerifiedException(MailFromDomainNotVerifiedException::builder().build()),
            SendEmailError::generic(ErrorMetadata::builder().code("AccessDeniedException").build()),
        ] {
            let code = format!("{passing:?}");
            assert!(matches!(answered(400, passing), Err(Error::Unavailable(_))), "{code}");
        }
        let fault = SendEmailError::generic(ErrorMetadata::builder().code("InternalFailure").build());
        assert!(matches!(answered(500, fault), Err(Error::Unavailable(_))));
        assert!(matches!(refusal(SdkError::timeout_error("too slow")), Err(Error::Unavailable(_))));
        assert!(matches!(refusal(SdkError::construction_failure("no mail")), Err(Error::Internal(_))));
    }

    #[test]
    fn a_reason_names_nobody() {
        assert_eq!(without_addresses("Illegal address: <ada@example.com>"), "Illegal address: (address)");
        assert_eq!(without_addresses("Missing final '@domain'"), "Missing final '@domain'");
    }
}
