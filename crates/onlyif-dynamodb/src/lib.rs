//! The store: DynamoDB as [`onlyif::store::Store`].
//!
//! One table, one request per read, one conditional request or transaction per plan. What a plan
//! means is the engine's business; how it is said to DynamoDB, and what DynamoDB's answers say of
//! the data, is written here and nowhere else.
//!
//! # Layout, in reading order
//!
//! - [`Table`]: the store itself, with its deadlines and retries
//! - `asked`: what each request asks for, as policies and the log name it
//! - [`Settings`]: where the table is, and the client that goes there
//! - `connections`: which connections may be used again
//! - `archive`: the table as [`onlyif::history::Archive`]
//! - [`stream`]: what the table's stream tells of a write
//! - [`Definition`]: what the table is made of, for a local server that makes it
//! - [`attributes`]: the name of every attribute and index, each written once
//! - `keys`: the engine's keys as `pk` and `sk`
//! - `number`, `item`: values and items as DynamoDB holds them, and back
//! - `placeholders`, `condition`, `update`: the engine's terms as DynamoDB's expressions
//! - `request`: a plan as one request
//! - `refusal`: what a failed request says of the data
//! - `retry`: deadlines, and how long to wait before asking again
//!
//! **Invariant**: no rule of the API is here. Nothing is decided by the text of a message, nothing
//! is read before a write, and no write whose outcome is unknown is sent again: that is the
//! engine's loop, which looks first.

mod table;
#[cfg(test)]
mod table_tests;

mod asked;

mod client;
mod connections;
mod definition;

mod archive;
pub mod stream;

pub mod attributes;

mod keys;

mod number;

mod item;

mod placeholders;

mod condition;
mod update;

mod request;

mod refusal;
mod retry;

pub use client::{AMAZON_ROOTS, Credentials, Settings};
pub use definition::{Definition, Index};
pub use table::Table;
