//! Documents: the JSON that a client owns, and everything that is done to it.
//!
//! # Layout, in reading order
//!
//! - [`mod@pointer`]: where something is
//! - [`number`]: decimal numbers with all their digits, one text for each value
//! - [`json`]: bytes to values, strictly
//! - [`patch`]: the two kinds of patch, and what they make of a document
//! - [`fields`]: which fields differ between two documents
//! - `clock`: which field changed last when, and by whom
//! - [`merge`]: whether a request and the changes since its base get in each other's way
//! - [`unique`]: values that no two resources may share
//! - [`representation()`]: the resource as clients see it
//! - [`sent_bytes_of()`]: how large it is on its way through Lambda
//! - [`weight()`]: how large the table counts it

mod clock;
pub mod fields;
pub mod json;
pub mod merge;
pub mod number;
pub mod patch;
pub mod pointer;
mod representation;
mod sent;
pub mod unique;
mod weight;

#[cfg(test)]
mod laws;

pub use clock::{MAX_CLOCK_BYTES, MAX_CLOCKS};
pub use representation::{RESERVED, Representation, representation};
pub use sent::{sent_bytes, sent_bytes_of};
pub(crate) use weight::of as value_weight;
pub use weight::{MAX_DOCUMENT_BYTES, MAX_RECORDED_BYTES, weight};

/// A JSON object, numbers kept as the decimal text of [`number`], members in the order given.
pub type Document = serde_json::Map<String, serde_json::Value>;

/// How many objects and arrays may stand in one another, the document itself counted as the first:
/// `{"a":[1]}` is two levels. The table holds 32 levels, and the document is an attribute of its item.
pub const MAX_LEVELS: usize = 31;

/// How long a member's name may be, in bytes: what the table takes.
pub const MAX_NAME_BYTES: usize = 65_535;
