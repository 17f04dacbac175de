//! The local server and the command line: what is deployed, on this machine, with nothing to set up.
//!
//! # Layout, in reading order
//!
//! - [`arguments`]: the command line
//! - [`check`](mod@check), [`race`](mod@race), [`conflicts`](mod@conflicts), [`bench`](mod@bench): four of
//!   its commands; `schema` is the engine's
//! - [`serve`]: the local server, put together from what follows
//! - [`resources`]: the folder with the declarations; [`watch`]: when one is saved; [`seed`]: sample data
//! - [`template`]: the routes and the table, read from what is deployed
//! - [`store`]: the embedded store, or any DynamoDB endpoint
//! - [`gateway`]: API Gateway's part; [`function`]: the functions behind it; `listen`: the connections
//! - [`stream`]: Lambda's part between the table's stream and the history function
//! - [`banner`], [`log`], [`paint`]: what is printed
//!
//! **Invariant**: nothing of the API is decided here. Requests reach the handlers as they do on
//! Lambda, as events through `lambda_http`, and there is no state outside of a [`serve::Server`]:
//! any number of them runs in one process.

pub mod arguments;

pub mod bench;
pub mod check;
pub mod conflicts;
pub mod race;

pub mod serve;
#[cfg(test)]
mod serve_tests;

pub mod resources;
pub mod seed;
pub mod watch;

#[cfg(test)]
mod observability_tests;
pub mod template;

pub mod store;

pub mod function;
pub mod gateway;
mod listen;
pub mod stream;

pub mod banner;
pub mod log;
pub mod paint;
