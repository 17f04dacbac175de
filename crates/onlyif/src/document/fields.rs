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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: &Value) -> Document {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_changed_is_told_by_field() {
        for (old, new, expected) in [
            (json!({}), json!({}), &[][..]),
            (json!({"a": 1}), json!({"a": 1}), &[]),
            // Scalars.
            (json!({"a": 1}), json!({"a": 2}), &["/a"]),
            (json!({"a": 1}), json!({"a": "1"}), &["/a"]),
            (json!({"a": null}), json!({}), &["/a"]),
            (json!({}), json!({"a": null}), &["/a"]),
            // Arrays are one field.
            (json!({"a": [1, 2]}), json!({"a": [1, 3]}), &["/a"]),
            (json!({"a": [{"b": 1}]}), json!({"a": [{"b": 2}]}), &["/a"]),
            (json!({"a": []}), json!({"a": {}}), &["/a"]),
            // Objects are told by member.
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 1, "c": 3}}),
                &["/a/c"],
            ),
            (
                json!({"a": {"b": {"c": 1}}}),
                json!({"a": {"b": {"c": 2, "d": 3}}}),
                &["/a/b/c", "/a/b/d"],
            ),
            (
                json!({}),
                json!({"a": {"b": 1, "c": {"d": 2}}}),
                &["/a/b", "/a/c/d"],
            ),
            (json!({}), json!({"a": {}}), &["/a"]),
            (json!({}), json!({"a": {"b": {}}}), &["/a/b"]),
            (json!({"a": {}}), json!({"a": {"b": 1}}), &["/a/b"]),
            (json!({"a": {"b": 1}}), json!({"a": {}}), &["/a/b"]),
            (
                json!({"a": {"b": 1}}),
                json!({"a": {"c": 1}}),
                &["/a/c", "/a/b"],
            ),
            // What is gone, or another kind of thing, is one pointer.
            (json!({"a": {"b": {"c": 1}}}), json!({}), &["/a"]),
            (
                json!({"a": {"b": {"c": 1}, "d": 1}}),
                json!({"a": {"d": 1}}),
                &["/a/b"],
            ),
            (json!({"a": {"b": 1}}), json!({"a": 1}), &["/a"]),
            (json!({"a": 1}), json!({"a": {"b": 1, "c": 2}}), &["/a"]),
            (json!({"a": [1]}), json!({"a": {"b": 1}}), &["/a"]),
            // Order is no difference.
            (
                json!({"a": 1, "b": {"c": 1, "d": 2}}),
                json!({"b": {"d": 2, "c": 1}, "a": 1}),
                &[],
            ),
            (
                json!({"a/b": {"c~d": 1}}),
                json!({"a/b": {"c~d": 2}}),
                &["/a~1b/c~0d"],
            ),
        ] {
            let found = changes(&document(&old), &document(&new));
            let found: Vec<String> = found.iter().map(Pointer::to_string).collect();
            assert_eq!(found, expected, "{old} to {new}");
        }
    }
}
