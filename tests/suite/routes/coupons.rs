//! `/coupons`.

mod get;
mod list;
