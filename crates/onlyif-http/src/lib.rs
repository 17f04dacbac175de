//! The edge of Onlyif: an HTTP request becomes a command, what is decided becomes a response.
//!
//! # Layout, in reading order
//!
//! - [`app`]: what a function holds from its cold start on
//! - [`cold_start`]: logging, and the loop around Lambda's events
//! - [`entry`]: API Gateway's event in, its answer out
//! - [`exchange`]: one request, as far as every function reads it the same way
//! - [`caller`], [`media`], [`precondition`], [`prefer`], [`idempotency`], [`query`], [`body`], [`cursor`]: the parts
//!   of a request
//! - [`write`](mod@write), [`transact`]: requests to commands
//! - [`lease`]: leases, and the token that other writes rely on
//! - [`read`]: one resource, lists, legal transitions; [`history`]: what its versions changed
//! - [`answer`], [`problem`], [`link`]: outcomes to responses
//! - `deprecation`: what every answer about a deprecated type says
//! - [`catalogue`]: what is constant about each kind of problem
//! - [`describe`](mod@describe): what the API says about itself, and what no other function serves
//! - [`observe`]: one log event per request, and what is counted of it
//!
//! **Invariant**: nothing here names a store or decides a conflict; and nowhere else is there a
//! status code or a header.

pub mod answer;
pub mod app;
pub mod body;
pub mod caller;
pub mod catalogue;
pub mod cold_start;
pub mod cursor;
mod deprecation;
pub mod describe;
pub mod entry;
pub mod exchange;
pub mod history;
pub mod idempotency;
pub mod lease;
pub mod link;
mod list;
pub mod media;
pub mod observe;
pub mod precondition;
pub mod prefer;
pub mod problem;
pub mod query;
pub mod read;
pub mod transact;
pub mod write;

pub use app::{App, Auth, Settings, StaleStatus};
