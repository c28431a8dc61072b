//! docs/crashes.md: which calls were broken how often, and what came of it.

use super::case::Case;
use super::cell::Held;
use crate::documents::{self, Document, sum};

/// The document.
pub(super) const DOCUMENT: Document =
    Document { file: "crashes.md", tests: "crashes::", head: include_str!("document/head.md"), foot };

/// A case as the document shows it.
#[derive(Default)]
pub(super) struct Row {
    at_once: usize,
    second_time: usize,
    mailed_again: usize,
}

impl Row {
    pub(super) fn count(&mut self, held: Held) {
        let counter = match held {
            Held::AtOnce => &mut self.at_once,
            Held::SecondTime => &mut self.second_time,
            Held::MailedAgain => &mut self.mailed_again,
        };
        *counter += 1;
    }

    /// The row of a case in which the function makes so many calls.
    pub(super) fn of(self, case: &Case, calls: usize) -> documents::Row {
        let Row { at_once, second_time, mailed_again } = self;
        let cells = at_once + second_time + mailed_again;
        let counts = [calls, cells, at_once, second_time, mailed_again].map(|count| count.to_string());
        [case.function.to_owned(), case.name.to_owned()].into_iter().chain(counts).collect()
    }
}

fn foot(rows: &[documents::Row]) -> String {
    let [calls, cells, at_once, second_time, mailed_again] = [2, 3, 4, 5, 6].map(|column| sum(rows, column));
    format!(
        "{calls} calls, {cells} cells: {at_once} of them were served at once, {second_time} at the second try, and in \
         {mailed_again} a mail went out twice. All of them hold."
    )
}
