//! What a patch makes of a document.

use serde_json::Value;

use super::{Patch, Step};
use crate::document::pointer::{Pointer, index};
use crate::document::{Document, MAX_DOCUMENT_BYTES, MAX_LEVELS, MAX_NAME_BYTES, weight};
use crate::problem::{Fault, Place};

/// How much all the copies and moves of one patch may carry, counted as
/// [`weight`](crate::document::weight()) does. Without a limit a few lines could copy a document
/// into itself until it fills the memory.
pub const MAX_CARRIED_BYTES: usize = 16 * MAX_DOCUMENT_BYTES;

/// How many characters of a pointer stand in a sentence.
const MAX_SHOWN: usize = 200;

/// Why a patch makes nothing of a document. Nothing of it is applied then (RFC 5789 §2).
#[derive(Clone, Debug, PartialEq)]
pub enum PatchFailure {
    /// An operation cannot be done on this document: 422. The fault's place is in the patch.
    Missing(Fault),
    /// A `test` does not hold: a condition that is not met.
    TestFailed {
        /// The field that was tested.
        pointer: Pointer,
        /// What the patch expects there.
        expected: Box<Value>,
        /// What is there; `None` where there is nothing.
        actual: Option<Value>,
    },
}

impl Patch {
    /// The document that the patch makes of `target`.
    ///
    /// # Errors
    ///
    /// The first operation that cannot be done, or that makes no document.
    pub fn apply(&self, target: &Document) -> Result<Document, PatchFailure> {
        match self {
            Patch::Merge(patch) => Ok(merged(target, patch)),
            Patch::Json(steps) => {
                let mut applying = Applying::to(target);
                for (number, step) in steps.iter().enumerate() {
                    applying.step(number, step)?;
                }
                applying.document()
            }
        }
    }
}

/// The document that a merge patch makes of `target`.
pub(in crate::document) fn merged(target: &Document, patch: &Document) -> Document {
    let mut document = target.clone();
    merge(&mut document, patch);
    document
}

/// RFC 7396 §2.
fn merge(target: &mut Document, patch: &Document) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.shift_remove(name);
            }
            Value::Object(patch) => {
                let slot = target.entry(name).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Document::new());
                }
                if let Value::Object(target) = slot {
                    merge(target, patch);
                }
            }
            value => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A JSON Patch while it is applied.
pub(in crate::document) struct Applying {
    value: Value,
    carried: usize,
}

impl Applying {
    pub(in crate::document) fn to(target: &Document) -> Self {
        Applying {
            value: Value::Object(target.clone()),
            carried: 0,
        }
    }

    /// What is at a pointer after the steps so far.
    pub(in crate::document) fn at(&self, pointer: &Pointer) -> Option<&Value> {
        match &self.value {
            whole if pointer.is_root() => Some(whole),
            Value::Object(document) => pointer.of(document),
            _ => None,
        }
    }

    /// The document after the steps so far.
    ///
    /// # Errors
    ///
    /// They have put something else in its place.
    pub(in crate::document) fn document(self) -> Result<Document, PatchFailure> {
        match self.value {
            Value::Object(document) => Ok(document),
            _ => Err(PatchFailure::Missing(Fault {
                at: Place::Pointer(Pointer::root()),
                detail: "the patch leaves no object in the place of the document; a resource is an object, and DELETE removes it".to_owned(),
                keyword: None,
            })),
        }
    }

    /// Applies one step (RFC 6902 §4); `number` is its index in the patch. A step that fails leaves
    /// the values as they were.
    pub(in crate::document) fn step(
        &mut self,
        number: usize,
        step: &Step,
    ) -> Result<(), PatchFailure> {
        let refuse = |member: &str, detail: String| {
            PatchFailure::Missing(Fault {
                at: Place::Pointer(Pointer::member(&number.to_string()).child(member)),
                detail,
                keyword: None,
            })
        };
        match step {
            Step::Add(path, value) => self
                .add(path, value.clone())
                .map_err(|detail| refuse("path", detail)),
            Step::Remove(path) => self
                .remove(path)
                .map(drop)
                .map_err(|detail| refuse("path", detail)),
            Step::Replace(path, value) => self
                .replace(path, value)
                .map_err(|detail| refuse("path", detail)),
            Step::Move { from, path } => {
                if from != path && from.contains(path) {
                    let detail = format!(
                        "{} cannot be moved into itself, to {}",
                        shown(from),
                        shown(path)
                    );
                    return Err(refuse("from", detail));
                }
                let value = self.carry(from).map_err(|detail| refuse("from", detail))?;
                self.relocate(from, path, value)
                    .map_err(|detail| refuse("path", detail))
            }
            Step::Copy { from, path } => {
                let value = self.carry(from).map_err(|detail| refuse("from", detail))?;
                self.add(path, value)
                    .map_err(|detail| refuse("path", detail))
            }
            Step::Test(path, expected) => match self.at(path) {
                Some(actual) if actual == expected => Ok(()),
                actual => Err(PatchFailure::TestFailed {
                    pointer: path.clone(),
                    expected: Box::new(expected.clone()),
                    actual: actual.cloned(),
                }),
            },
        }
    }

    /// A copy of what is there, counted against the limit.
    fn carry(&mut self, from: &Pointer) -> Result<Value, String> {
        let value = self.at(from).ok_or_else(|| nothing_at(from))?;
        let carried = self.carried.saturating_add(weight::of(value));
        if carried > MAX_CARRIED_BYTES {
            return Err(format!(
                "the copies and moves of one patch carry at most {} KB in all",
                MAX_CARRIED_BYTES / 1024
            ));
        }
        let value = value.clone();
        self.carried = carried;
        Ok(value)
    }

    /// §4.4: a removal, then an addition; put back if the addition cannot be.
    fn relocate(&mut self, from: &Pointer, path: &Pointer, value: Value) -> Result<(), String> {
        if from == path {
            return Ok(());
        }
        let removed = self.remove(from)?;
        self.add(path, value).or_else(|detail| {
            self.add(from, removed)?;
            Err(detail)
        })
    }

    fn add(&mut self, path: &Pointer, value: Value) -> Result<(), String> {
        fits(path, &value)?;
        let Some((last, init)) = path.tokens().split_last() else {
            self.value = value;
            return Ok(());
        };
        let place = || shown(path);
        match find(&mut self.value, init) {
            Some(Value::Object(members)) => {
                if last.is_empty() {
                    return Err("a member's name cannot be empty".to_owned());
                }
                if last.len() > MAX_NAME_BYTES {
                    return Err(format!(
                        "a member's name has at most {MAX_NAME_BYTES} bytes"
                    ));
                }
                members.insert(last.clone(), value);
                Ok(())
            }
            Some(Value::Array(elements)) => {
                let length = elements.len();
                match index(last).or((last == "-").then_some(length)) {
                    Some(at) if at <= length => {
                        elements.insert(at, value);
                        Ok(())
                    }
                    Some(_) => Err(format!(
                        "{} is past the end of an array of {length}; the index after the last, or '-', appends",
                        place()
                    )),
                    None => Err(format!(
                        "{} ends in no index of an array: a number without leading zeros, or '-' to append, is expected",
                        place()
                    )),
                }
            }
            Some(_) => Err(format!(
                "nothing can be added at {}: what is above it is neither an object nor an array",
                place()
            )),
            None => Err(format!(
                "nothing can be added at {}: what would hold it is not there",
                place()
            )),
        }
    }

    fn remove(&mut self, path: &Pointer) -> Result<Value, String> {
        let missing = || nothing_at(path);
        let Some((last, init)) = path.tokens().split_last() else {
            return Ok(self.value.take());
        };
        match find(&mut self.value, init) {
            Some(Value::Object(members)) => members.shift_remove(last).ok_or_else(missing),
            Some(Value::Array(elements)) => match index(last) {
                Some(at) if at < elements.len() => Ok(elements.remove(at)),
                _ => Err(missing()),
            },
            _ => Err(missing()),
        }
    }

    /// §4.3: the place stays the same, so that the order of members does.
    fn replace(&mut self, path: &Pointer, value: &Value) -> Result<(), String> {
        fits(path, value)?;
        match find(&mut self.value, path.tokens()) {
            Some(place) => {
                *place = value.clone();
                Ok(())
            }
            None => Err(nothing_at(path)),
        }
    }
}

fn nothing_at(path: &Pointer) -> String {
    format!("there is nothing at {}", shown(path))
}

/// The pointer for a sentence: a very long one is cut.
fn shown(pointer: &Pointer) -> String {
    let text = pointer.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None if text.is_empty() => "the root".to_owned(),
        None => text,
    }
}

/// Whether a value may stand at a pointer: no step may nest deeper than a document does, not even
/// when a later one would undo it.
fn fits(path: &Pointer, value: &Value) -> Result<(), String> {
    let levels = path.tokens().len() + levels(value);
    if levels > MAX_LEVELS {
        return Err(format!(
            "a document has at most {MAX_LEVELS} levels of objects and arrays; with this it would have {levels}"
        ));
    }
    Ok(())
}

/// How many objects and arrays stand in one another.
fn levels(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(levels).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

fn find<'a>(value: &'a mut Value, tokens: &[String]) -> Option<&'a mut Value> {
    tokens.iter().try_fold(value, |value, token| match value {
        Value::Object(members) => members.get_mut(token),
        Value::Array(elements) => elements.get_mut(index(token)?),
        _ => None,
    })
}
