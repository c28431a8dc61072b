//! Where mails end up that the shop sends.

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
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Every mail that was sent.
pub struct Mailbox {
    folder: Folder,
    mails: Mutex<Vec<Mail>>,
}

impl Mailbox {
    /// The mailbox with what its folder holds.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(folder: Folder) -> io::Result<Mailbox> {
        let mut mails: Vec<Mail> = folder.load()?;
        mails.sort_by_key(|mail| mail.sent_at);
        Ok(Mailbox { folder, mails: Mutex::new(mails) })
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

    /// All of them, newest first.
    pub fn newest_first(&self) -> Vec<Mail> {
        self.lock().iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
