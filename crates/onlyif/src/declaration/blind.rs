//! Which transitions can be written without seeing the document.

use serde_json::{Map, Value};

use super::schema::NOTES;
use super::{Bounds, Reference, Source, Transition, Unique};
use crate::document::pointer::Pointer;
use crate::holding::{self, Move};

/// The keywords of a schema, with their values.
type Keywords = Map<String, Value>;

/// What an object's schema may say, so that a change of one member can be judged alone.
const LEVEL: [&str; 4] = ["type", "properties", "required", "additionalProperties"];

/// What a number's schema may say, so that its bounds alone decide.
const NUMBER: [&str; 5] = [
    "type",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

/// Whether nothing of the document need be seen to know that what the transition makes of it
/// satisfies the schema and leaves every unique value and every reference alone.
pub(super) fn is_blind(
    root: &Value,
    unique: &[Unique],
    references: &[Reference],
    transition: &Transition,
) -> bool {
    let set = transition.set.iter().map(|(pointer, source)| {
        let known = !matches!(source, Source::Field(_));
        known && plain(root, pointer).is_some()
    });
    let add = transition.add.iter().map(|(pointer, _)| {
        plain(root, pointer).is_some_and(|(_, schema)| is_bounded_number(schema))
    });
    let remove = transition
        .remove
        .iter()
        .map(|pointer| plain(root, pointer).is_some_and(|(parent, _)| !requires(parent, pointer)));
    set.chain(add).chain(remove).all(|known| known)
        && unique
            .iter()
            .all(|unique| holding::moves(unique, transition) == Move::Stays)
        && !references
            .iter()
            .any(|reference| transition.writes(&reference.field))
}

/// What the schema asks of a number that is added to, as far as it says it there. Whatever else it
/// says can only ask for more.
pub(super) fn bounds(root: &Value, pointer: &Pointer) -> Bounds {
    let mut schema = root;
    for name in pointer.tokens() {
        match schema
            .get("properties")
            .and_then(|members| members.get(name))
        {
            Some(member) => schema = member,
            None => return Bounds::default(),
        }
    }
    let number = |keyword: &str| match schema.get(keyword) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    Bounds {
        minimum: number("minimum"),
        maximum: number("maximum"),
        exclusive_minimum: number("exclusiveMinimum"),
        exclusive_maximum: number("exclusiveMaximum"),
        integer: schema.get("type").is_some_and(|name| name == "integer"),
    }
}

/// The schemas of a member and of its parent, where every object on the way is nothing but an object
/// with members: what one holds says nothing of another.
fn plain<'s>(root: &'s Value, pointer: &Pointer) -> Option<(&'s Keywords, &'s Keywords)> {
    let mut schema = root.as_object()?;
    let mut parent = schema;
    for token in pointer.tokens() {
        let object = schema.get("type").is_some_and(|name| name == "object");
        if !object || !only(schema, &LEVEL) {
            return None;
        }
        parent = schema;
        schema = schema.get("properties")?.get(token)?.as_object()?;
    }
    Some((parent, schema))
}

fn is_bounded_number(schema: &Keywords) -> bool {
    let number = schema
        .get("type")
        .is_some_and(|name| name == "integer" || name == "number");
    number && only(schema, &NUMBER)
}

fn only(schema: &Keywords, keywords: &[&str]) -> bool {
    schema.keys().all(|name| {
        keywords.contains(&name.as_str())
            || NOTES.contains(&name.as_str())
            || name.starts_with("x-")
    })
}

fn requires(parent: &Keywords, pointer: &Pointer) -> bool {
    let name = pointer.tokens().last();
    match (parent.get("required"), name) {
        (Some(Value::Array(names)), Some(name)) => names.iter().any(|required| required == name),
        _ => false,
    }
}
