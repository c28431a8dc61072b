//! `/orders`.

mod all;
mod cancel;
mod checkout;
mod coupons;
mod create;
mod get;
mod list;
mod payment;
mod remove;
mod rewards;
mod stats;
mod status;
