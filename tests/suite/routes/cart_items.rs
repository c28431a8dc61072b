//! `/cart-items`.

mod clear;
mod delete;
mod get;
mod hold;
mod idempotency;
mod patch;
mod post;
mod variations;
