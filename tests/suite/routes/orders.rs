//! `/orders`.

mod checkout;
mod coupons;
mod get;
mod list;
mod payment;
mod rewards;
