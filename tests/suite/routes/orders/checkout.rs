//! `POST /orders/checkout`.

mod body;
mod idempotency;
mod place;
mod refuse;
mod split;
mod unreserved;
