//! Looking through a schema for what JSON Schema would let pass in silence, or cannot follow: unknown
//! keywords, types and formats, references that lead nowhere, outside or in circles.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::keywords::{self, Holds};
use super::shape::target;
use crate::declaration::flaw::{Flaws, alternatives, hint};
use crate::declaration::reading::expected;
use crate::declaration::yaml::{Kind, Node};
use crate::document::pointer::Pointer;

/// The most schemas that judge one value: references to references can double with each step.
const MAX_ASKED: usize = 10_000;

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
        Some((at, schema)) => match Way::default().asked(schema, &at, root) {
            None => flaws.say(
                value.at,
                format!("found `{found}`, which leads back to itself, expected a schema that ends"),
            ),
            Some(asked) if asked > MAX_ASKED => flaws.say(
                value.at,
                format!("found `{found}`, which asks more than {MAX_ASKED} schemas to judge one value; expected fewer"),
            ),
            Some(_) => {}
        },
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

/// A walk through the schemas that hold for one value.
#[derive(Default)]
struct Way {
    /// Those that the walk is within.
    within: Vec<Pointer>,
    /// How many schemas each of those that are known to end asks.
    ended: BTreeMap<Pointer, usize>,
}

impl Way {
    /// How many schemas are asked to judge one value by this one; `None` where that needs the
    /// judgement of the same value by itself.
    fn asked(&mut self, schema: &Value, at: &Pointer, root: &Value) -> Option<usize> {
        if self.within.contains(at) {
            return None;
        }
        let Some(members) = schema.as_object() else {
            return Some(1);
        };
        if let Some(known) = self.ended.get(at) {
            return Some(*known);
        }
        self.within.push(at.clone());
        let asked = in_place(members, at, root)
            .into_iter()
            .try_fold(1, |asked: usize, (at, schema)| {
                Some(asked.saturating_add(self.asked(schema, &at, root)?))
            });
        self.within.pop();
        self.ended.insert(at.clone(), asked?);
        asked
    }
}

/// The schemas within one that hold for the same value, and where they stand.
fn in_place<'s>(
    members: &'s Map<String, Value>,
    at: &Pointer,
    root: &'s Value,
) -> Vec<(Pointer, &'s Value)> {
    let mut all = Vec::new();
    for (name, value) in members {
        let at = at.child(name);
        match (name.as_str(), value) {
            ("$ref", Value::String(reference)) => all.extend(target(reference, root)),
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => all.extend(
                schemas
                    .iter()
                    .enumerate()
                    .map(|(number, schema)| (at.child(&number.to_string()), schema)),
            ),
            ("dependentSchemas", Value::Object(schemas)) => {
                all.extend(
                    schemas
                        .iter()
                        .map(|(member, schema)| (at.child(member), schema)),
                );
            }
            ("not" | "if" | "then" | "else", schema) => all.push((at, schema)),
            _ => {}
        }
    }
    all
}
