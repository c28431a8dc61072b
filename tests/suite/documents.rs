//! Documents in docs/ that say what tests saw. A test compares its rows of the table with what it sees; with
//! `WRITE_DOCS` set, it writes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Whoever writes a document does so alone.
static WRITING: Mutex<()> = Mutex::new(());

/// What is in the columns of a row. The first says whose row it is.
pub(crate) type Row = Vec<String>;

/// A document with one table.
pub(crate) struct Document {
    /// Its file in docs/.
    pub(crate) file: &'static str,
    /// The tests that it is of.
    pub(crate) tests: &'static str,
    /// What comes before the table's rows.
    pub(crate) head: &'static str,
    /// What comes after them.
    pub(crate) foot: fn(&[Row]) -> String,
}

impl Document {
    /// What was seen of `key` is what the document says; or it is written there, if that is asked for.
    pub(crate) fn check(&self, key: &str, seen: &[Row]) {
        let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = self.rows();
        let known: Vec<_> = rows.iter().filter(|row| row[0] == key).cloned().collect();
        if is_to_be_written() {
            rows.retain(|row| row[0] != key);
            rows.extend(seen.iter().cloned());
            fs::write(self.path(), self.write(rows)).expect("the document can be written");
        } else {
            assert_eq!(known, seen, "{}", self.stale());
        }
    }

    /// The document has rows of these keys and no others, and nobody has written in it by hand.
    pub(crate) fn check_whole(&self, keys: &BTreeSet<&str>) {
        if is_to_be_written() {
            return;
        }
        let rows = self.rows();
        assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<BTreeSet<_>>(), *keys, "{}", self.stale());
        assert_eq!(self.text(), self.write(rows), "{}", self.stale());
    }

    fn stale(&self) -> String {
        format!("docs/{} is stale: run `WRITE_DOCS=1 cargo test -p tests -- {}`", self.file, self.tests)
    }

    fn path(&self) -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "..", "docs", self.file].iter().collect()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap_or_default()
    }

    /// The rows below the table's head.
    fn rows(&self) -> Vec<Row> {
        let text = self.text();
        let below = text.split_once("|---|").map(|(_, below)| below).unwrap_or_default();
        let rows = below.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        rows.map(|row| row.split(" | ").map(str::to_owned).collect()).collect()
    }

    /// Rows by the alphabet of their keys, and otherwise as they come.
    fn write(&self, mut rows: Vec<Row>) -> String {
        rows.sort_by(|left, right| left[0].cmp(&right[0]));
        let lines: String = rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
        format!("{}{lines}\n{}\n", self.head, (self.foot)(&rows))
    }
}

fn is_to_be_written() -> bool {
    std::env::var_os("WRITE_DOCS").is_some()
}

/// What a column of counts adds up to.
pub(crate) fn sum(rows: &[Row], column: usize) -> usize {
    rows.iter().map(|row| row[column].parse::<usize>().expect("a count")).sum()
}
