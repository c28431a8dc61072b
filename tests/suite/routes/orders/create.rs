//! `POST /orders`.

mod idempotency;
mod place;
mod refuse;
