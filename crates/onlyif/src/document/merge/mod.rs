//! Whether a request and the changes made since its base get in each other's way.
//!
//! The base itself is not kept. What changed since is known from the field clocks, what is there now
//! from the current document, and what the request touches from the request and the current document.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::Document;
use super::fields::changes;
use super::patch::{Applying, Patch, Step, merged};
use super::pointer::{Pointer, index};

/// What a request would do to a document. Neither kind has reserved members in it.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Another document in its place.
    Replace(&'a Document),
    /// A patch.
    Patch(&'a Patch),
}

/// One place that a request touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Where. Anything inside an array is the array as a whole.
    pub pointer: Pointer,
    /// How.
    pub kind: TouchKind,
}

/// How a request touches a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TouchKind {
    /// It leaves a value there, or none: another's change there is in the way unless it left the same.
    Write,
    /// It adds to the end of an array, which only needs to be one.
    Append,
    /// It reads, moves away or appends to what is there, or changes an element of it, and needs it as
    /// it was: any change there is in the way.
    Need,
}

/// A request laid over the current document.
#[derive(Clone, Debug)]
pub struct Overlay<'a> {
    current: &'a Document,
    touches: Vec<Touch>,
    /// The current document after the request, without the steps that could not be done.
    after: Document,
}

impl<'a> Overlay<'a> {
    /// Lays the request over the current document (without reserved members).
    pub fn of(change: Change<'_>, current: &'a Document) -> Self {
        let (touches, after) = match change {
            Change::Replace(document) => (
                changes(current, document).into_iter().map(write).collect(),
                document.clone(),
            ),
            Change::Patch(Patch::Merge(patch)) => {
                let mut touches = Vec::new();
                merge_touches(&Pointer::root(), patch, current, &mut touches);
                (touches, merged(current, patch))
            }
            Change::Patch(Patch::Json(steps)) => Steps::over(current, steps),
        };
        Overlay {
            current,
            touches,
            after,
        }
    }

    /// The places that the request touches.
    pub fn touches(&self) -> &[Touch] {
        &self.touches
    }

    /// Whether the request touches this changed field too, and would leave something else there.
    pub fn overlaps(&self, changed: &Pointer) -> bool {
        self.touching(changed).any(|touch| match touch.kind {
            TouchKind::Append => false,
            TouchKind::Need => true,
            TouchKind::Write => {
                // Where both left something: the deeper of the two places.
                let place = if touch.pointer.contains(changed) {
                    changed
                } else {
                    &touch.pointer
                };
                place.of(self.current) != place.of(&self.after)
            }
        })
    }

    /// What the request would leave at a changed field; `None` where it does not touch it, or
    /// removes it.
    pub fn yours(&self, changed: &Pointer) -> Option<&Value> {
        self.touching(changed).next()?;
        changed.of(&self.after)
    }

    fn touching(&self, changed: &Pointer) -> impl Iterator<Item = &Touch> {
        self.touches
            .iter()
            .filter(move |touch| touch.pointer.overlaps(changed))
    }
}

fn write(pointer: Pointer) -> Touch {
    Touch {
        pointer,
        kind: TouchKind::Write,
    }
}

/// A merge patch touches its leaves; where it makes an object of something else, that place.
fn merge_touches(at: &Pointer, patch: &Document, current: &Document, touches: &mut Vec<Touch>) {
    for (name, value) in patch {
        match (value, current.get(name)) {
            (Value::Object(patch), Some(Value::Object(current))) => {
                merge_touches(&at.child(name), patch, current, touches);
            }
            _ => touches.push(write(at.child(name))),
        }
    }
}

/// The steps of a JSON Patch, laid over a document one after the other: what a step touches depends
/// on what the ones before it have made.
struct Steps {
    applying: Applying,
    touches: Vec<Touch>,
    /// Members that the patch itself has written as a whole: what is read from there is its own.
    own: Vec<Pointer>,
}

impl Steps {
    fn over(current: &Document, steps: &[Step]) -> (Vec<Touch>, Document) {
        let mut over = Steps {
            applying: Applying::to(current),
            touches: Vec::new(),
            own: Vec::new(),
        };
        for (number, step) in steps.iter().enumerate() {
            over.step(number, step);
        }
        let after = over.applying.document().unwrap_or_default();
        (over.touches, after)
    }

    fn step(&mut self, number: usize, step: &Step) {
        let before = self.touches.len();
        match step {
            // Evaluated again when the change is rebased.
            Step::Test(..) => return,
            Step::Add(path, _) => self.add(path),
            Step::Replace(path, _) => self.write(path),
            Step::Remove(path) => self.remove(path),
            Step::Move { from, path } => {
                self.need(from);
                self.remove(from);
                self.write(path);
            }
            Step::Copy { from, path } => {
                self.need(from);
                self.write(path);
            }
        }
        if self.applying.step(number, step).is_err() {
            // It cannot be done on what is there now: whatever changed there is in the way.
            for touch in &mut self.touches[before..] {
                touch.kind = TouchKind::Need;
            }
        }
    }

    fn add(&mut self, path: &Pointer) {
        let (field, whole) = self.field(path);
        let appends = path.parent().as_ref() == Some(&field)
            && path.tokens().last().is_some_and(|last| last == "-");
        if appends && !whole {
            self.touch(field, TouchKind::Append);
        } else {
            self.write(path);
        }
    }

    fn write(&mut self, path: &Pointer) {
        let (field, whole) = self.field(path);
        if whole {
            self.own.push(field.clone());
            self.touch(field, TouchKind::Write);
        } else {
            self.element(field);
        }
    }

    fn remove(&mut self, path: &Pointer) {
        let (field, whole) = self.field(path);
        if whole {
            self.touch(field, TouchKind::Write);
        } else {
            self.element(field);
        }
    }

    /// What is done to an element of an array means the array as its author knew it: what it would
    /// have left there, what is there now does not tell.
    fn element(&mut self, array: Pointer) {
        let kind = match self.is_own(&array) {
            true => TouchKind::Write,
            false => TouchKind::Need,
        };
        self.touch(array, kind);
    }

    fn need(&mut self, from: &Pointer) {
        let (field, _) = self.field(from);
        if !self.is_own(&field) {
            self.touch(field, TouchKind::Need);
        }
    }

    fn is_own(&self, field: &Pointer) -> bool {
        self.own.iter().any(|own| own.contains(field))
    }

    fn touch(&mut self, pointer: Pointer, kind: TouchKind) {
        self.touches.push(Touch { pointer, kind });
    }

    /// The field that a pointer is in, and whether the pointer names it as a whole: the outermost
    /// array that the pointer leads into, else the pointer itself.
    fn field(&self, path: &Pointer) -> (Pointer, bool) {
        let mut at = Pointer::root();
        for token in path.tokens() {
            if matches!(self.applying.at(&at), Some(Value::Array(_)))
                && (token == "-" || index(token).is_some())
            {
                return (at, false);
            }
            at = at.child(token);
        }
        (at, true)
    }
}
