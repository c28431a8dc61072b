//! `/users/me`, and signing up.

mod get;
mod put;
mod sign_up;
