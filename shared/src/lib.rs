//! The shop: what it is, where it is kept, and how the world reaches it.
//!
//! Read the modules in this order.
//!
//! The domain, without IO, clock or randomness of its own:
//! [`money`], [`number`], [`ids`], [`text`], [`time`], [`user`], [`catalog`], [`inventory`], [`cart`], [`coupon`],
//! [`order`], [`reward`], and [`books`], which tell whether it all adds up.
//!
//! The store, the only place that knows DynamoDB: [`store`]; and what it goes by when a call fails ([`retry`]) and in
//! what it need not ask again ([`memory`]), which the simulation goes by, too.
//!
//! The edges: [`error`] (what can go wrong), [`http`], [`shape`] and [`auth`] (requests and callers), [`paging`]
//! (lists in pages), [`stripe`] (what the payment provider says), [`sqs`], [`mail`] and [`metrics`] (what goes
//! out), [`trace`] (what belongs together), [`config`], [`aws`] (the calls of AWS), [`shop`] (all of it, connected),
//! [`lambda`] (how a function is served) and [`openapi`] (how it is described).

pub mod auth;
pub mod aws;
pub mod books;
pub mod cart;
pub mod catalog;
pub mod config;
pub mod coupon;
pub mod error;
pub mod http;
pub mod ids;
pub mod inventory;
pub mod lambda;
pub mod mail;
pub mod memory;
pub mod metrics;
pub mod money;
pub mod number;
pub mod openapi;
pub mod order;
pub mod paging;
pub mod retry;
pub mod reward;
pub mod shape;
pub mod shop;
pub mod sqs;
pub mod store;
pub mod stripe;
pub mod text;
pub mod time;
pub mod trace;
pub mod user;
