//! Declarations: what a user writes to get an API.
//!
//! [`Declarations::parse`] reads them, and says everything that is wrong in all of them at once;
//! what it returns is known to fit together. In reading order: `yaml` (text → tree with places),
//! `keys` (what may stand where), `parse` and its parts (tree → [`Declaration`]), [`mod@format`] (the
//! same keys for editors), `phrase` and `summary` (clauses and types in words), [`upgrade`] (what a
//! change means for what is stored).

mod model;

mod parse;

mod access;
mod also;
mod amounts;
mod blind;
mod changes;
mod clauses;
mod cost;
mod deprecated;
mod fields;
mod keep;
mod lease;
mod lifecycle;
mod list;
mod references;
mod sources;
mod transitions;
mod unique;

mod schema;

mod flaw;
mod keys;
mod reading;
mod scalar;
mod syntax;
mod yaml;

pub mod format;
mod forms;
pub(crate) mod phrase;
mod summary;

pub mod upgrade;

pub(crate) use keep::{in_words, seconds};
pub use model::*;
pub use parse::{Complaint, SourceFile};
pub(crate) use schema::{Holds, holds};
