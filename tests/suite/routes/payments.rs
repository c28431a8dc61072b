//! `/payments`.

mod webhook;
