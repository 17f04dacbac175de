//! Fields: the leaves of a document. A scalar, an array as a whole, and an empty object is one.

use serde_json::Value;

use super::Document;
use super::pointer::Pointer;

/// The fields that differ between two documents, in the order of the new one, then what is gone:
/// whatever differs has its own pointer or an ancestor's in the list, no pointer is an ancestor of
/// another, and the list is empty exactly if the documents are equal.
///
/// - A field that is new or has another value: its pointer. Of an object that is new, each field.
/// - A member that is gone, object or not: its pointer, and none below.
/// - An object where something else was, or the other way round: its pointer, and none below.
/// - An object that loses its last member or gets its first one: that member's pointer alone.
pub fn changes(old: &Document, new: &Document) -> Vec<Pointer> {
    let mut found = Vec::new();
    compare(&Pointer::root(), old, new, &mut found);
    found
}

fn compare(at: &Pointer, old: &Document, new: &Document, found: &mut Vec<Pointer>) {
    for (name, value) in new {
        match (old.get(name), value) {
            (Some(Value::Object(before)), Value::Object(value)) => {
                compare(&at.child(name), before, value, found);
            }
            (Some(before), value) if before == value => {}
            (None, Value::Object(value)) if !value.is_empty() => {
                compare(&at.child(name), &Document::new(), value, found);
            }
            _ => found.push(at.child(name)),
        }
    }
    for name in old.keys() {
        if !new.contains_key(name) {
            found.push(at.child(name));
        }
    }
}
