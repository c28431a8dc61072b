//! The shop from outside, in one binary so that it links once.
//!
//! [`routes`] has a file for each route and verb, and some for what they share. [`races`] sets rivals
//! on the same things, [`faults`] breaks the network under them, [`crashes`] breaks every call of every
//! function in every way, and [`interleavings`] has everyone act in the middle of everyone else. [`costs`]
//! counts the calls, [`connect`] looks at the one that a function's start makes, [`log`] hears what they say
//! of the stock, and [`metrics`] what they say of themselves. [`hoarding`] is about who would hold everything,
//! [`unpaid`] about orders whose payment does not come, [`requeue`] about orders that were placed and not
//! announced, [`rewards`] about the rules that grant coupons, and [`mail`] about what buyers are told and what
//! SES refuses; [`stock_audit`] has the daily audit find what was planted, and [`thousand`] has a thousand
//! messages handled while everything fails. [`events`] runs every function on its event file, [`console`]
//! clicks through the pages of the development cloud, [`permissions`] is about what functions may do,
//! [`deployment`] holds template.yaml to what an operator would sign, [`tidy`] holds the files that name
//! functions and routes to one another, and [`audit`] shows that the auditor of the tests at the end of every
//! test finds what it is there to find.

mod acts;
mod audit;
mod connect;
mod console;
mod costs;
mod crashes;
mod deployment;
mod documents;
mod effects;
mod events;
mod faults;
mod hoarding;
mod interleavings;
mod log;
mod mail;
mod metrics;
mod model;
mod permissions;
mod races;
mod requeue;
mod rewards;
mod routes;
mod stock_audit;
mod thousand;
mod tidy;
mod unpaid;
