//! Patches: merge patches (RFC 7396) and JSON Patches (RFC 6902), read, applied, and made.

mod apply;
mod difference;
mod parse;
#[cfg(test)]
mod tests;

pub(in crate::document) use apply::{Applying, merged};
pub use apply::{MAX_CARRIED_BYTES, PatchFailure};
pub use difference::Difference;
pub use parse::MAX_STEPS;

use serde_json::{Value, json};

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

impl Patch {
    /// The patch as a request body.
    pub fn to_value(&self) -> Value {
        match self {
            Patch::Merge(members) => Value::Object(members.clone()),
            Patch::Json(steps) => steps.iter().map(Step::to_value).collect(),
        }
    }

    /// Whether it puts another document in the place of the whole one.
    pub fn replaces_all(&self) -> bool {
        let whole = |step: &Step| !matches!(step, Step::Test(..)) && step.path().is_root();
        match self {
            Patch::Merge(_) => false,
            Patch::Json(steps) => steps.iter().any(whole),
        }
    }
}

impl Step {
    /// The place that the operation is about.
    pub fn path(&self) -> &Pointer {
        match self {
            Step::Add(path, _)
            | Step::Remove(path)
            | Step::Replace(path, _)
            | Step::Move { path, .. }
            | Step::Copy { path, .. }
            | Step::Test(path, _) => path,
        }
    }

    fn to_value(&self) -> Value {
        let path = self.path().to_string();
        match self {
            Step::Add(_, value) => json!({ "op": "add", "path": path, "value": value }),
            Step::Remove(_) => json!({ "op": "remove", "path": path }),
            Step::Replace(_, value) => json!({ "op": "replace", "path": path, "value": value }),
            Step::Move { from, .. } => {
                json!({ "op": "move", "from": from.to_string(), "path": path })
            }
            Step::Copy { from, .. } => {
                json!({ "op": "copy", "from": from.to_string(), "path": path })
            }
            Step::Test(_, value) => json!({ "op": "test", "path": path, "value": value }),
        }
    }
}
