//! Seeing that each mail is sent once: a claim on it that lapses, then a mark.
//!
//! Both are attributes of the item that the mail is about, so that one conditional write decides
//! whether the mail is due, whether it was sent, and who sends it.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::{UpdateItem, UpdateItemInput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::Store;
use super::call::Failure;
use super::keys::{Item, Key, string};
use super::transaction::Expression;
use crate::error::Error;
use crate::ids::KeyId;
use crate::time::Timestamp;

/// How long whoever claimed a mail may take to send it before another may try. Longer than an
/// invocation of any function that sends mails, and shorter than the queue keeps a message hidden: so a
/// claim outlives its holder, and the redelivery after a crash finds it lapsed.
const CLAIM_LENGTH: Duration = Duration::from_secs(60);

/// Whether a mail is to be sent now, by whoever asked.
#[derive(Debug)]
pub enum MailClaim<T> {
    /// By the one who asked, about this.
    Granted(ClaimedMail, T),
    /// Not any more: it was sent or refused for good, or what it would say is no longer so.
    NotNeeded,
    /// Not unless whoever is just sending it fails.
    Busy,
}

impl<T> MailClaim<T> {
    /// The same, about what is made of `T`.
    pub(super) fn about<U>(self, make: impl FnOnce(T) -> Result<U, Error>) -> Result<MailClaim<U>, Error> {
        Ok(match self {
            MailClaim::Granted(mail, about) => MailClaim::Granted(mail, make(about)?),
            MailClaim::NotNeeded => MailClaim::NotNeeded,
            MailClaim::Busy => MailClaim::Busy,
        })
    }
}

/// A mail that whoever holds this sends, and then says what became of it.
#[derive(Debug)]
pub struct ClaimedMail {
    key: Key,
    attributes: Attributes,
    claimant: KeyId,
}

/// A mail about an item, and when it is due.
pub(super) struct Mailing {
    pub(super) key: Key,
    /// What sets its attributes apart from those of other mails about the item.
    pub(super) prefix: &'static str,
    /// It is due while the item has one of these statuses,
    pub(super) statuses: &'static [&'static str],
    /// and has this attribute,
    pub(super) with: Option<&'static str>,
    /// and has not this one.
    pub(super) without: Option<&'static str>,
}

/// The names of the attributes that say how far a mail has come.
#[derive(Debug)]
struct Attributes {
    claimed_until: String,
    claimed_by: String,
    sent_at: String,
    failed: String,
}

impl Attributes {
    fn of(prefix: &str) -> Attributes {
        Attributes {
            claimed_until: format!("{prefix}mail_claimed_until"),
            claimed_by: format!("{prefix}mail_claimed_by"),
            sent_at: format!("{prefix}emailed_at"),
            failed: format!("{prefix}email_failed"),
        }
    }
}

impl Mailing {
    /// Whether it is still to be sent, by `item` as it was read.
    fn is_due(&self, attributes: &Attributes, item: &Item) -> bool {
        let status = item.get("status").and_then(|status| status.as_s().ok());
        let done = item.contains_key(&attributes.sent_at) || item.contains_key(&attributes.failed);
        !done
            && status.is_some_and(|status| self.statuses.contains(&status.as_str()))
            && self.with.is_none_or(|attribute| item.contains_key(attribute))
            && self.without.is_none_or(|attribute| !item.contains_key(attribute))
    }

    /// The same as a condition, and that nobody else is at it.
    fn claim(&self, attributes: &Attributes, claimant: KeyId, now: Timestamp) -> Expression {
        let Attributes { claimed_until, claimed_by, sent_at, failed } = attributes;
        let statuses: Vec<_> = (0..self.statuses.len()).map(|index| format!(":status{index}")).collect();
        let mut claim = Expression::update(
            &format!("SET #{claimed_until} = :until, #{claimed_by} = :claimant"),
            &format!(
                "attribute_not_exists(#{sent_at}) AND attribute_not_exists(#{failed}) AND #status IN ({}) \
                 AND (attribute_not_exists(#{claimed_until}) OR #{claimed_until} <= :now)",
                statuses.join(", ")
            ),
        )
        .name("status")
        .value("until", string(now + CLAIM_LENGTH))
        .value("claimant", string(claimant))
        .value("now", string(now));
        for name in [claimed_until, claimed_by, sent_at, failed] {
            claim = claim.name(name);
        }
        for (index, status) in self.statuses.iter().enumerate() {
            claim = claim.value(&format!("status{index}"), string(status));
        }
        for (function, attribute) in [("attribute_exists", self.with), ("attribute_not_exists", self.without)] {
            if let Some(attribute) = attribute {
                claim = claim.and(&format!("{function}(#{attribute})")).name(attribute);
            }
        }
        claim
    }
}

impl Store {
    /// Claims a mail, for a minute; answers the item that it is about as it is in that moment.
    pub(super) async fn claim(&self, mailing: Mailing, now: Timestamp) -> Result<MailClaim<Item>, Error> {
        let (attributes, claimant) = (Attributes::of(mailing.prefix), KeyId::random());
        let claim = mailing.claim(&attributes, claimant, now);
        let item = match self.update_item(&mailing.key, &claim).await {
            Ok(item) => item,
            Err(Failure::Stale) => {
                let Some(item) = self.get_item(&mailing.key).await? else { return Ok(MailClaim::NotNeeded) };
                // The claim may be one's own: an attempt that was written, but whose answer was lost.
                if item.get(&attributes.claimed_by) != Some(&string(claimant)) {
                    let due = mailing.is_due(&attributes, &item);
                    return Ok(if due { MailClaim::Busy } else { MailClaim::NotNeeded });
                }
                item
            }
            Err(failure) => return Err(failure.into()),
        };
        Ok(MailClaim::Granted(ClaimedMail { key: mailing.key, attributes, claimant }, item))
    }

    /// Notes that a mail was sent.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn mark_mailed(&self, mail: &ClaimedMail, now: Timestamp) -> Result<(), Error> {
        self.mark(mail, &mail.attributes.sent_at, string(now)).await
    }

    /// Notes that a mail was refused for good, and why: it is not tried again.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn mark_mail_failed(&self, mail: &ClaimedMail, why: &str, now: Timestamp) -> Result<(), Error> {
        let failed = [("at".to_owned(), string(now)), ("why".to_owned(), string(why))];
        self.mark(mail, &mail.attributes.failed, AttributeValue::M(failed.into())).await
    }

    /// Gives a claim back, because the mail could not be sent: the next delivery may try at once.
    ///
    /// # Errors
    /// Only those of the store itself.
    pub async fn give_up_mail(&self, mail: &ClaimedMail) -> Result<(), Error> {
        let Attributes { claimed_until, claimed_by, .. } = &mail.attributes;
        let release = Expression::update(
            &format!("REMOVE #{claimed_until}, #{claimed_by}"),
            // Another's, if it lapsed meanwhile.
            &format!("#{claimed_by} = :claimant"),
        )
        .name(claimed_until)
        .name(claimed_by)
        .value("claimant", string(mail.claimant));
        self.update_if(&mail.key, &release).await
    }

    async fn mark(&self, mail: &ClaimedMail, attribute: &str, value: AttributeValue) -> Result<(), Error> {
        let Attributes { claimed_until, claimed_by, .. } = &mail.attributes;
        let key = mail.key.attribute;
        let mark = Expression::update(
            &format!("SET #{attribute} = :mark REMOVE #{claimed_until}, #{claimed_by}"),
            &format!("attribute_exists(#{key})"),
        )
        .name(attribute)
        .name(claimed_until)
        .name(claimed_by)
        .name(key)
        .value("mark", value);
        self.update_if(&mail.key, &mark).await
    }

    /// Updates an item where the condition holds, and leaves it alone where it does not.
    async fn update_if(&self, key: &Key, expression: &Expression) -> Result<(), Error> {
        match self.update_item(key, expression).await {
            Ok(_) | Err(Failure::Stale) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn update_item(&self, key: &Key, expression: &Expression) -> Result<Item, Failure> {
        let input = UpdateItemInput::builder()
            .table_name(self.table(key.table))
            .set_key(Some(key.item()))
            .update_expression(&expression.update)
            .condition_expression(&expression.condition)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .return_values(ReturnValue::AllNew)
            .build()
            .map_err(Error::internal)?;
        Ok(self.call::<UpdateItem>(input).await?.attributes.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OrderId;

    #[test]
    fn a_mail_is_due_until_it_is_sent_or_what_it_says_is_no_longer_so() {
        let mailing = Mailing {
            key: Key::order(OrderId::derived("o")),
            prefix: "placed_",
            statuses: &["placed", "processing"],
            with: Some("paid_at"),
            without: Some("refunded_at"),
        };
        let is_due = |status: &str, others: &[&str]| {
            let others = others.iter().map(|attribute| ((*attribute).to_owned(), string("x")));
            let item = others.chain([("status".to_owned(), string(status))]).collect();
            mailing.is_due(&Attributes::of("placed_"), &item)
        };
        assert!(is_due("placed", &["paid_at"]) && is_due("processing", &["paid_at", "emailed_at"]));
        assert!(!is_due("cancelled", &["paid_at"]));
        assert!(!is_due("placed", &[]));
        assert!(!is_due("placed", &["paid_at", "refunded_at"]));
        assert!(!is_due("placed", &["paid_at", "placed_emailed_at"]));
        assert!(!is_due("placed", &["paid_at", "placed_email_failed"]));
    }
}
