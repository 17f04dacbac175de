//! Patches: merge patches (RFC 7396) and JSON Patches (RFC 6902).

mod apply;
mod parse;

pub(in crate::document) use apply::{Applying, merged};
pub use apply::{MAX_CARRIED_BYTES, PatchFailure};
pub use parse::MAX_STEPS;

use serde_json::Value;

use super::Document;
use super::pointer::Pointer;

/// The body of a `PATCH`.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// `application/merge-patch+json` (RFC 7396); an object, or the result would be no document.
    Merge(Document),
    /// `application/json-patch+json` (RFC 6902).
    Json(Vec<Step>),
}

/// One operation of a JSON Patch (RFC 6902 §4).
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// §4.1
    Add(Pointer, Value),
    /// §4.2
    Remove(Pointer),
    /// §4.3
    Replace(Pointer, Value),
    /// §4.4
    Move {
        /// From where.
        from: Pointer,
        /// To where.
        path: Pointer,
    },
    /// §4.5
    Copy {
        /// From where.
        from: Pointer,
        /// To where.
        path: Pointer,
    },
    /// §4.6
    Test(Pointer, Value),
}
