//! Members that a client may send but not choose: the reserved ones, and those that the schema
//! declares `readOnly`.

use serde_json::Value;

use crate::declaration::Declaration;
use crate::document::pointer::Pointer;
use crate::document::{Document, RESERVED};
use crate::problem::{Fault, Place};

/// Reserved members of which a request's view may be out of date when it means "whatever is there
/// now", or when it is rebased.
const MOVING: [&str; 4] = ["etag", "version", "updatedAt", "updatedBy"];

/// The document without the members that are not the client's to choose.
pub(super) fn stripped(body: &Document, declaration: &Declaration) -> Document {
    let mut stripped = without_reserved(body);
    for pointer in declaration.read_only() {
        if let Some((object, name)) = pointer.holder(&mut stripped) {
            object.shift_remove(name);
        }
    }
    stripped
}

/// The document without its reserved members.
pub(super) fn without_reserved(body: &Document) -> Document {
    let kept = body
        .iter()
        .filter(|(name, _)| !RESERVED.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What a create may not choose: everything reserved, but an `id` equal to the path's, and
/// everything `readOnly`.
pub(super) fn faults_of_create(
    body: &Document,
    declaration: &Declaration,
    id: Option<&str>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in RESERVED {
        let Some(value) = body.get(name) else {
            continue;
        };
        if name == "id" && id.is_some_and(|id| value == id) {
            continue;
        }
        let detail = if name == "id" && id.is_some() {
            "The id in the body is not the one in the path: leave it out, or make them equal."
        } else {
            "This member is the server's: leave it out of a new resource."
        };
        faults.push(fault(Pointer::member(name), detail, "readOnly"));
    }
    for pointer in declaration.read_only() {
        if pointer.of(body).is_some() {
            faults.push(fault(
                pointer.clone(),
                "Only transitions write this member.",
                "readOnly",
            ));
        }
    }
    faults
}

/// A `PUT`'s body, filled up with the reserved and `readOnly` members that it leaves out: these
/// keep their value.
pub(super) fn filled(body: &Document, stored: &Document, declaration: &Declaration) -> Document {
    let mut filled = body.clone();
    for name in RESERVED {
        if let (None, Some(value)) = (filled.get(name), stored.get(name)) {
            filled.insert(name.to_owned(), value.clone());
        }
    }
    for pointer in declaration.read_only() {
        if let (None, Some(value)) = (pointer.of(&filled), pointer.of(stored)) {
            keep(pointer.tokens(), value, &mut filled);
        }
    }
    filled
}

/// Puts a value that is kept where it was, and what holds it with it where that is left out too.
fn keep(tokens: &[String], value: &Value, object: &mut Document) {
    match tokens {
        [] => {}
        [name] => {
            object.insert(name.clone(), value.clone());
        }
        [name, rest @ ..] => {
            let holder = object
                .entry(name)
                .or_insert_with(|| Value::Object(Document::new()));
            if let Value::Object(holder) = holder {
                keep(rest, value, holder);
            }
        }
    }
}

/// Which members of `wanted` differ from what is `stored` although they are not the client's to
/// choose. Both have their reserved members. `loosely`: those that move with every write are
/// ignored. (The `etag` of a body is a precondition, and has been compared; that of a JSON Patch's
/// operation is not.)
pub(super) fn faults_of_update(
    wanted: &Document,
    stored: &Document,
    declaration: &Declaration,
    loosely: bool,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in RESERVED {
        let moving = loosely && MOVING.contains(&name);
        if moving || wanted.get(name) == stored.get(name) {
            continue;
        }
        let detail = if name == "state" && declaration.states.is_none() {
            format!("{} have no states: leave it out.", declaration.name)
        } else if name == "state" {
            let names: Vec<&str> = declaration
                .transitions
                .iter()
                .map(|each| each.name.as_str())
                .collect();
            format!("Only transitions change the state: {}.", names.join(", "))
        } else {
            "This member is the server's: leave it out, or send it as it is.".to_owned()
        };
        faults.push(fault(Pointer::member(name), detail, "readOnly"));
    }
    for pointer in declaration.read_only() {
        if pointer.of(wanted) != pointer.of(stored) {
            let detail = "Only transitions write this member: leave it out, or send it as it is.";
            faults.push(fault(pointer.clone(), detail, "readOnly"));
        }
    }
    faults
}

fn fault(at: Pointer, detail: impl Into<String>, keyword: &str) -> Fault {
    Fault {
        at: Place::Pointer(at),
        detail: detail.into(),
        keyword: Some(keyword.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::declaration::{Declarations, SourceFile};

    #[test]
    fn what_a_put_leaves_out_of_the_servers_keeps_its_value() {
        let text = "
type: things
schema:
  type: object
  properties:
    name: { type: string }
    payment:
      type: object
      properties: { note: { type: string }, paid: { type: boolean, readOnly: true } }
";
        let file = SourceFile {
            name: "things.yaml".to_owned(),
            text: text.to_owned(),
        };
        let declarations = Declarations::parse(&[file]).unwrap();
        let declaration = declarations.get("things").unwrap();
        let stored = json!({ "version": 3, "name": "a", "payment": { "note": "n", "paid": true } });
        let paid = json!({ "version": 3, "payment": { "paid": true } });
        let table = [
            (json!({}), paid.clone()),
            (json!({ "payment": {} }), paid),
            (
                json!({ "payment": { "note": "m" } }),
                json!({ "version": 3, "payment": { "note": "m", "paid": true } }),
            ),
            (
                json!({ "payment": { "paid": false } }),
                json!({ "version": 3, "payment": { "paid": false } }),
            ),
            // The schema says what is wrong with this one.
            (
                json!({ "payment": 1 }),
                json!({ "version": 3, "payment": 1 }),
            ),
        ];
        for (body, expected) in table {
            let filled = filled(
                body.as_object().unwrap(),
                stored.as_object().unwrap(),
                declaration,
            );
            assert_eq!(Value::Object(filled), expected, "{body}");
        }
    }
}
