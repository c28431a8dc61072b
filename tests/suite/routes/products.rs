//! `/products`.

mod archive;
mod create;
mod get;
mod idempotency;
mod list;
mod reshard;
mod update;
