//! `/products`.

mod get;
mod list;
