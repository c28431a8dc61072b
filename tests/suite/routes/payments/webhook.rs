//! `POST /payments/webhook`.

mod late;
mod order_of_events;
mod outcomes;
mod refunds;
mod requests;
