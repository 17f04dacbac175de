//! Looking through a schema for what JSON Schema would let pass in silence, or cannot follow: unknown
//! keywords, types and formats, references that lead nowhere, outside or in circles.

use serde_json::Value;

use super::keywords::{self, Holds};
use super::shape::target;
use crate::declaration::flaw::{Flaws, alternatives, hint};
use crate::declaration::reading::expected;
use crate::declaration::yaml::{Kind, Node};
use crate::document::pointer::Pointer;

/// The keywords whose schemas hold for the same value that the schema around them does.
const IN_PLACE: [&str; 9] = [
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "$ref",
];

/// Looks through one schema and all within it. `root` is the whole schema.
pub(super) fn through(node: &Node, root: &Value, flaws: &mut Flaws) {
    look(node, true, root, flaws);
}

fn look(node: &Node, top: bool, root: &Value, flaws: &mut Flaws) {
    let entries = match &node.kind {
        Kind::Map(entries) => entries,
        Kind::Bool(_) => return,
        _ => {
            return flaws.say(
                node.at,
                expected(node, "a schema: a map of keywords, or true or false"),
            );
        }
    };
    for entry in entries {
        let Some(keyword) = keywords::find(&entry.key) else {
            if !entry.key.starts_with("x-") {
                let names = keywords::KEYWORDS.iter().map(|keyword| keyword.name);
                let hint = hint(&entry.key, names);
                flaws.say(
                    entry.at,
                    format!(
                        "found the unknown keyword `{}`, expected one of JSON Schema 2020-12 (or a note of your own, `x-…`){hint}",
                        entry.key
                    ),
                );
            }
            continue;
        };
        match keyword.holds {
            Holds::Schema => look(&entry.value, false, root, flaws),
            Holds::Schemas => {
                for element in entry.value.elements().into_iter().flatten() {
                    look(element, false, root, flaws);
                }
            }
            Holds::Named => {
                for member in entry.value.entries().into_iter().flatten() {
                    look(&member.value, false, root, flaws);
                }
            }
            Holds::Data => data(keyword.name, &entry.value, top, root, flaws),
        }
    }
}

/// The keywords with words of their own.
fn data(keyword: &str, value: &Node, top: bool, root: &Value, flaws: &mut Flaws) {
    match keyword {
        "type" => {
            for name in value.elements().unwrap_or(std::slice::from_ref(value)) {
                known(name, "a type", &keywords::TYPES, flaws);
            }
        }
        "format" => known(value, "a format that is checked", &keywords::FORMATS, flaws),
        "$schema" if value.text() != Some(keywords::DIALECT) => {
            flaws.say(
                value.at,
                expected(value, &format!("`{}`", keywords::DIALECT)),
            );
        }
        "$id" if !top => {
            flaws.say(
                value.at,
                "found an `$id` within a schema, expected it at the top only",
            );
        }
        "$ref" => reference(value, root, flaws),
        _ => {}
    }
}

fn known(value: &Node, what: &str, names: &'static [&'static str], flaws: &mut Flaws) {
    let Some(found) = value.text() else {
        return flaws.say(value.at, expected(value, what));
    };
    if !names.contains(&found) {
        let names = names.iter().copied();
        let hint = hint(found, names.clone());
        flaws.say(
            value.at,
            format!(
                "found `{found}`, expected {what}: {}{hint}",
                alternatives(names)
            ),
        );
    }
}

fn reference(value: &Node, root: &Value, flaws: &mut Flaws) {
    let Some(found) = value.text() else {
        return flaws.say(
            value.at,
            expected(value, "a reference within this schema, like `#/$defs/name`"),
        );
    };
    if found != "#" && !found.starts_with("#/") {
        return flaws.say(
            value.at,
            format!(
                "found `{found}`, expected a reference within this schema, like `#/$defs/name`"
            ),
        );
    }
    match target(found, root) {
        None => {
            let places = definitions(root);
            let hint = hint(found, places.iter().map(String::as_str));
            flaws.say(
                value.at,
                format!("found `{found}`, expected a reference to something in this schema{hint}"),
            );
        }
        Some((at, schema)) if circular(schema, &at, root, &mut Vec::new()) => flaws.say(
            value.at,
            format!("found `{found}`, which leads back to itself, expected a schema that ends"),
        ),
        Some(_) => {}
    }
}

/// The references that a schema's own definitions can be named by.
fn definitions(root: &Value) -> Vec<String> {
    ["$defs", "definitions"]
        .iter()
        .filter_map(|table| Some((table, root.get(table)?.as_object()?)))
        .flat_map(|(table, schemas)| schemas.keys().map(move |name| format!("#/{table}/{name}")))
        .collect()
}

/// Whether judging a value by this schema needs the judgement of the same value by itself.
fn circular(schema: &Value, at: &Pointer, root: &Value, way: &mut Vec<Pointer>) -> bool {
    if way.contains(at) {
        return true;
    }
    let Some(members) = schema.as_object() else {
        return false;
    };
    way.push(at.clone());
    let found = members
        .iter()
        .filter(|(name, _)| IN_PLACE.contains(&name.as_str()))
        .any(|(name, value)| {
            let at = at.child(name);
            match value {
                Value::String(reference) if name == "$ref" => target(reference, root)
                    .is_some_and(|(at, schema)| circular(schema, &at, root, way)),
                Value::Array(schemas) => schemas.iter().enumerate().any(|(number, schema)| {
                    circular(schema, &at.child(&number.to_string()), root, way)
                }),
                Value::Object(schemas) if name == "dependentSchemas" => schemas
                    .iter()
                    .any(|(member, schema)| circular(schema, &at.child(member), root, way)),
                schema => circular(schema, &at, root, way),
            }
        });
    way.pop();
    found
}
