//! `/orders`.

mod all;
mod checkout;
mod coupons;
mod get;
mod list;
mod rewards;
