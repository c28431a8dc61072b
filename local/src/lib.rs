//! The development cloud: everything that template.yaml deploys, in one process.
//!
//! Read the modules in this order.
//!
//! [`options`] are what one asks for, [`cloud`] puts it together. [`template`] is what it deploys, [`registry`] the code of the functions.
//!
//! The services: [`gateway`] (API Gateway) checks the tokens of [`jwt`] and hands requests to [`lambda`];
//! [`aws`] answers the SDK's calls with DynamoDB, the [`queues`] and the [`mailbox`], as far as [`iam`] allows
//! them; [`sources`] feeds queues and schedules to functions; [`users`] is the user pool, [`stripe`] reports
//! payments. [`console`] shows it all.
//!
//! Beneath: [`queue`] (how one queue behaves), [`disk`] (what survives a restart), [`tasks`] (what runs).

pub mod aws;
pub mod cloud;
pub mod console;
pub mod disk;
pub mod gateway;
pub mod iam;
pub mod jwt;
pub mod lambda;
pub mod mailbox;
pub mod openapi;
pub mod options;
pub mod queue;
pub mod queues;
pub mod registry;
pub mod seed;
pub mod sources;
pub mod stripe;
pub mod tasks;
pub mod template;
pub mod users;

/// A quarter of the cloud's CPU went into the C library's `malloc` and `free`; this one takes less than half of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
