//! `/inventory`.

mod list;
mod low;
