//! The engine of Onlyif: what a declaration, a command and a view of the world decide.
//!
//! A write happens *only if* nothing stands against it. Everything about that sentence that can
//! be known without the world is in this crate, as one pure function, [`decide`](decide::decide).
//!
//! # Layout, in reading order
//!
//! - [`declaration`]: what a user wrote in `resources/*.yaml`, checked and typed
//! - [`document`]: pointers, numbers, patches, field clocks, the merge of two changes
//! - [`item`]: what the table holds of one resource or one unique value
//! - [`command`]: what a caller asks for
//! - [`view`]: what is known of the table so far
//! - [`change`]: what a transition's changes require, and what they make of a document
//! - [`lease`]: who alone may write a resource for a while
//! - [`plan`]: the conditional writes that a decision proposes
//! - [`decide`]: command and view → read, refuse or write
//! - [`answer`]: what has happened, for the edge to tell
//! - [`mod@run`]: the one loop around it, over any [`store`]
//! - [`history`]: what each version changed, from the images of its write
//! - [`problem`]: why a request was refused, and which request would resolve it
//! - [`openapi`]: the same declarations as an OpenAPI 3.1 document
//!
//! **Invariant**: no AWS crate, no runtime, no clock, no randomness, no I/O. Time and ids come in
//! with the command; HTTP's statuses and headers and the store's words are other crates' business.

pub mod answer;
pub mod change;
pub mod command;
pub mod decide;
pub mod declaration;
pub mod document;
pub mod evaluate;
pub mod guard;
pub mod history;
pub mod holding;
pub mod item;
pub mod lease;
pub mod lifecycle;
pub mod openapi;
pub mod plan;
pub mod problem;
pub mod run;
pub mod store;
pub mod tag;
pub mod timestamp;
pub mod view;
