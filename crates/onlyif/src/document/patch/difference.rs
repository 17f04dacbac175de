//! What makes one document of another, as a JSON Patch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Step;
use crate::document::pointer::Pointer;
use crate::document::{Document, fields};

/// The members in which two documents differ: as few and as deep as there are objects in both to hold
/// them, no one within another, so that their order is of no consequence. Arrays are whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Members that were not there, and their values.
    pub added: BTreeMap<Pointer, Value>,
    /// Members that were there, and their new values.
    pub replaced: BTreeMap<Pointer, Value>,
    /// Members that are gone.
    pub removed: BTreeSet<Pointer>,
}

impl Difference {
    /// What makes `new` of `old`.
    pub fn between(old: &Document, new: &Document) -> Self {
        let mut difference = Difference::default();
        for changed in fields::changes(old, new) {
            // A field below an object that is not there yet comes with that object.
            let mut pointer = changed;
            while let Some(parent) = pointer.parent().filter(|parent| !parent.is_root()) {
                if matches!(parent.of(old), Some(Value::Object(_))) {
                    break;
                }
                pointer = parent;
            }
            match (pointer.of(new), pointer.of(old)) {
                (Some(value), Some(_)) => {
                    difference.replaced.insert(pointer, value.clone());
                }
                (Some(value), None) => {
                    difference.added.insert(pointer, value.clone());
                }
                (None, _) => {
                    difference.removed.insert(pointer);
                }
            }
        }
        difference
    }

    /// The same as the operations of a JSON Patch (RFC 6902).
    pub fn steps(&self) -> Vec<Step> {
        let removed = self.removed.iter().cloned().map(Step::Remove);
        let with = |members: &BTreeMap<Pointer, Value>, step: fn(Pointer, Value) -> Step| {
            let step = |(pointer, value): (&Pointer, &Value)| step(pointer.clone(), value.clone());
            members.iter().map(step).collect::<Vec<_>>()
        };
        with(&self.replaced, Step::Replace)
            .into_iter()
            .chain(with(&self.added, Step::Add))
            .chain(removed)
            .collect()
    }
}
