//! Where mails end up that the shop sends.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use shared::time::Timestamp;
use uuid::Uuid;

use crate::disk::Folder;

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// What SES answered for it.
    pub message_id: Uuid,
    /// Who it comes from.
    pub from: String,
    /// Who it goes to; several addresses are separated by commas.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its HTML part, empty if it has none.
    pub html: String,
    /// Its text part, empty if it has none.
    pub text: String,
    /// Its headers besides those that every mail has.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// What SES may say in place of taking a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is something wrong with the request, such as an address that is none.
    BadRequest,
    /// The mail is not wanted: it has a virus, or its recipient is blocked.
    Rejected,
    /// The sender or, in SES's sandbox, the recipient is not set up yet.
    NotVerified,
    /// Too many mails at once.
    TooManyRequests,
    /// Too many mails today.
    LimitExceeded,
    /// The account may not send for now.
    SendingPaused,
    /// The account may not send any more.
    AccountSuspended,
    /// The sender's domain is not set up.
    DomainNotVerified,
    /// SES has a fault.
    Fault,
}

impl Refusal {
    /// The HTTP status, the error's code, and a text about `address`.
    pub(crate) fn answer(self, address: &str) -> (u16, &'static str, String) {
        match self {
            Refusal::BadRequest => (400, "BadRequestException", format!("Illegal address: {address}")),
            Refusal::Rejected => (400, "MessageRejected", format!("Address blacklisted: {address}")),
            Refusal::NotVerified => {
                let text = "Email address is not verified. The following identities failed the check in region";
                (400, "MessageRejected", format!("{text} US-EAST-1: {address}"))
            }
            Refusal::TooManyRequests => (429, "TooManyRequestsException", "Too many requests".to_owned()),
            Refusal::LimitExceeded => (400, "LimitExceededException", "Daily message quota exceeded.".to_owned()),
            Refusal::SendingPaused => (400, "SendingPausedException", "Sending is paused.".to_owned()),
            Refusal::AccountSuspended => (400, "AccountSuspendedException", "The account is suspended.".to_owned()),
            Refusal::DomainNotVerified => {
                (400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified.".to_owned())
            }
            Refusal::Fault => (500, "InternalFailure", "Something went wrong.".to_owned()),
        }
    }
}

/// A mail that is to be refused.
#[derive(Debug, Clone)]
struct Awaited {
    to: String,
    about: String,
    refusal: Refusal,
}

/// Every mail that was sent.
pub struct Mailbox {
    folder: Folder,
    mails: Mutex<Vec<Mail>>,
    refusals: Mutex<VecDeque<Awaited>>,
}

impl Mailbox {
    /// The mailbox with what its folder holds.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(folder: Folder) -> io::Result<Mailbox> {
        let mut mails: Vec<Mail> = folder.load()?;
        mails.sort_by_key(|mail| mail.sent_at);
        Ok(Mailbox { folder, mails: Mutex::new(mails), refusals: Mutex::default() })
    }

    /// Takes a mail in.
    ///
    /// # Errors
    /// It could not be written down, and was not taken in.
    pub fn deliver(&self, mail: Mail) -> io::Result<()> {
        self.folder.write(&mail.message_id.to_string(), &mail)?;
        self.lock().push(mail);
        Ok(())
    }

    /// Refuses the next so many mails to an address whose text contains `about`; after those that are to
    /// be refused already.
    pub fn refuse(&self, to: &str, about: &str, refusal: Refusal, times: usize) {
        let awaited = Awaited { to: to.to_owned(), about: about.to_owned(), refusal };
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).extend(std::iter::repeat_n(awaited, times));
    }

    /// What a mail is refused with, if it is.
    pub(crate) fn next_refusal(&self, mail: &Mail) -> Option<Refusal> {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let position = refusals.iter().position(|next| next.to == mail.to && mail.text.contains(&next.about))?;
        refusals.remove(position).map(|next| next.refusal)
    }

    /// All of them, newest first.
    pub fn newest_first(&self) -> Vec<Mail> {
        self.lock().iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
