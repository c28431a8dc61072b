//! docs/crashes.md: which calls were broken how often, and what came of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::case::Case;
use super::cell::Held;

const HEAD: &str = include_str!("document/head.md");

/// Whoever writes the document does so alone.
static WRITING: Mutex<()> = Mutex::new(());

/// A case as the document shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    function: String,
    case: String,
    calls: usize,
    at_once: usize,
    second_time: usize,
    mailed_again: usize,
}

impl Row {
    pub(super) fn of(case: &Case, calls: usize) -> Row {
        let (function, case) = (case.function.to_owned(), case.name.to_owned());
        Row { function, case, calls, at_once: 0, second_time: 0, mailed_again: 0 }
    }

    pub(super) fn count(&mut self, held: Held) {
        let counter = match held {
            Held::AtOnce => &mut self.at_once,
            Held::SecondTime => &mut self.second_time,
            Held::MailedAgain => &mut self.mailed_again,
        };
        *counter += 1;
    }

    fn cells(&self) -> usize {
        self.at_once + self.second_time + self.mailed_again
    }

    fn write(&self) -> String {
        let Row { function, case, calls, at_once, second_time, mailed_again } = self;
        format!("| {function} | {case} | {calls} | {} | {at_once} | {second_time} | {mailed_again} |", self.cells())
    }

    fn read(line: &str) -> Option<Row> {
        let fields: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [function, case, calls, _, at_once, second_time, mailed_again] = fields[..] else { return None };
        Some(Row {
            function: function.to_owned(),
            case: case.to_owned(),
            calls: calls.parse().ok()?,
            at_once: at_once.parse().ok()?,
            second_time: second_time.parse().ok()?,
            mailed_again: mailed_again.parse().ok()?,
        })
    }
}

/// What was seen of `function` is what the document says; or it is written there, if that is asked for.
pub(super) fn check(function: &str, rows: &[Row]) {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut written = rows_of(&document());
    let known: Vec<_> = written.iter().filter(|row| row.function == function).cloned().collect();
    if std::env::var_os("WRITE_DOCS").is_some() {
        written.retain(|row| row.function != function);
        written.extend(rows.iter().cloned());
        fs::write(path(), write(written)).expect("the document can be written");
    } else {
        assert_eq!(known, rows, "docs/crashes.md is stale: run `WRITE_DOCS=1 cargo test -p tests -- crashes::`");
    }
}

/// The document has the rows of these cases and no others, and nobody has written in it by hand.
pub(super) fn check_whole(cases: &[Case]) {
    if std::env::var_os("WRITE_DOCS").is_some() {
        return;
    }
    let (document, rows) = (document(), rows_of(&document()));
    let names: BTreeSet<_> = rows.iter().map(|row| (row.function.as_str(), row.case.as_str())).collect();
    assert_eq!(names, cases.iter().map(|case| (case.function, case.name)).collect());
    assert_eq!(document, write(rows), "run `WRITE_DOCS=1 cargo test -p tests -- crashes::`");
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "docs", "crashes.md"].iter().collect()
}

fn document() -> String {
    fs::read_to_string(path()).unwrap_or_default()
}

fn rows_of(document: &str) -> Vec<Row> {
    document.lines().filter_map(Row::read).collect()
}

/// Functions by the alphabet; their cases as they come.
fn write(mut rows: Vec<Row>) -> String {
    rows.sort_by(|left, right| left.function.cmp(&right.function));
    let sum = |count: fn(&Row) -> usize| rows.iter().map(count).sum::<usize>();
    let lines: String = rows.iter().map(|row| row.write() + "\n").collect();
    format!(
        "{HEAD}{lines}\n{} calls, {} cells: {} of them were served at once, {} at the second try, and in {} a mail went out \
         twice. All of them hold.\n",
        sum(|row| row.calls),
        sum(Row::cells),
        sum(|row| row.at_once),
        sum(|row| row.second_time),
        sum(|row| row.mailed_again)
    )
}
