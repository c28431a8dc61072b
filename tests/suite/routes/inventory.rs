//! `/inventory`.

mod adjust;
mod idempotency;
mod list;
mod low;
