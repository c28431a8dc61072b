//! What the tests are written with: a shop of their own, people who use it, and an auditor.
//!
//! Read the modules in this order. [`shop`] opens a shop, in a cloud of its own that no other test
//! sees; [`product`] and [`user`] are what is sold and who buys it, [`payment`] how they pay online, and
//! [`earning`] what they earn.
//! [`api`] is how a call is made and what its answer must look like. [`audit`] reads every table behind
//! the shop's back and says which of the promises about the data do not hold.
//!
//! A test opens a shop, tells a story, and ends with [`shop::Shop::finish`], which audits the data.

pub mod api;
pub mod audit;
pub mod earning;
pub mod log;
pub mod payment;
pub mod product;
pub mod shop;
pub mod user;
pub mod wire;
