//! Values: literals, and where values come from that are none.

use serde_json::Value;

use super::Source;
use super::fields::{self, Scene};
use super::flaw::{Flaws, alternatives, hint};
use super::keys::{self, SOURCES};
use super::reading::{self, expected};
use super::schema::Types;
use super::yaml::{Entry, Node};
use crate::document::number;
use crate::document::pointer::Pointer;

/// A value and what it can be.
pub(super) struct Sourced {
    pub(super) source: Source,
    pub(super) types: Types,
}

/// Reads a value.
pub(super) fn source(node: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Sourced> {
    let entries = node.entries().unwrap_or_default();
    if let Some(entry) = entries
        .iter()
        .find(|entry| keys::find(SOURCES, &entry.key).is_some())
    {
        if let Some(other) = entries.iter().find(|other| other.key != entry.key) {
            flaws.say(
                other.at,
                format!(
                    "found `{}` beside `{}`, expected `{}` alone",
                    other.key, entry.key, entry.key
                ),
            );
            return None;
        }
        return named(entry, scene, flaws);
    }
    match entries {
        // A literal object of one member that holds a pointer is far less likely than a slip.
        [entry] if entry.value.text().is_some_and(|text| text.starts_with('/')) => {
            let names = keys::names(SOURCES);
            let hint = hint(&entry.key, names.clone());
            flaws.say(
                entry.at,
                format!(
                    "found a value of the unknown kind `{}`, expected a literal or {}{hint}",
                    entry.key,
                    alternatives(names)
                ),
            );
            None
        }
        _ => literal(node, flaws),
    }
}

fn named(entry: &Entry, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Sourced> {
    let value = &entry.value;
    if scene.lasting && entry.key != "field" {
        flaws.say(
            entry.at,
            format!(
                "found `{}`, but `when` looks at the stored resource alone, whoever asks and whenever; expected a literal or `{{ field: /p }}`",
                entry.key
            ),
        );
        return None;
    }
    match entry.key.as_str() {
        "field" => {
            let found = reading::text(value, "the pointer of a field, like `/name`", flaws)?;
            let field = fields::readable(found, value.at, scene, flaws)?;
            Some(Sourced {
                source: Source::Field(field.pointer),
                types: field.types,
            })
        }
        "input" => input(value, scene, flaws),
        "actor" if value.text() == Some("id") => Some(Sourced {
            source: Source::Actor,
            types: Types::STRING,
        }),
        "actor" => {
            flaws.say(
                value.at,
                expected(value, "`id`: `{ actor: id }` is who calls"),
            );
            None
        }
        "now" if value.json() == Value::Bool(true) => Some(Sourced {
            source: Source::Now,
            types: Types::STRING,
        }),
        "now" => {
            flaws.say(
                value.at,
                expected(value, "`true`: `{ now: true }` is the time of the request"),
            );
            None
        }
        _ => item(value, scene, flaws),
    }
}

/// A member of the element of an `each`, or with an empty pointer the element itself.
fn item(value: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Sourced> {
    let pointer = match value.text() {
        Some("") => Pointer::root(),
        _ => {
            let what = "the pointer of a member of the element, like `/product`, or `\"\"` for the element itself";
            reading::pointer(reading::text(value, what, flaws)?, value.at, flaws)?
        }
    };
    let types = fields::element(&pointer, value.at, scene, flaws)?;
    Some(Sourced {
        source: Source::Item(pointer),
        types,
    })
}

/// A required member of the input.
pub(super) fn input(value: &Node, scene: &Scene<'_>, flaws: &mut Flaws) -> Option<Sourced> {
    let found = reading::text(
        value,
        "the pointer of a member of the input, like `/name`",
        flaws,
    )?;
    let pointer = reading::pointer(found, value.at, flaws)?;
    let types = fields::required_input(&pointer, value.at, scene, flaws)?;
    Some(Sourced {
        source: Source::Input(pointer),
        types,
    })
}

/// A value written down.
pub(super) fn literal(node: &Node, flaws: &mut Flaws) -> Option<Sourced> {
    let Some(value) = number::canonical_value(node.json()) else {
        flaws.say(
            node.at,
            expected(
                node,
                "numbers of at most 38 digits, between 1e-130 and 1e126",
            ),
        );
        return None;
    };
    Some(Sourced {
        types: Types::of(&value),
        source: Source::Literal(value),
    })
}
