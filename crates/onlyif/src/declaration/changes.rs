//! Reading what a transition changes.

use std::collections::BTreeMap;

use super::fields::{self, Field, Scene};
use super::flaw::{Flaws, Mark};
use super::reading::{self, Members};
use super::schema::{self, Types};
use super::yaml::Node;
use super::{Amount, Schema, Source, amounts, sources};
use crate::document::pointer::Pointer;

/// The changes of one transition.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) set: Vec<(Pointer, Source)>,
    pub(super) add: Vec<(Pointer, Amount)>,
    pub(super) remove: Vec<Pointer>,
    /// Where each pointer stands.
    pub(super) places: Vec<(Pointer, Mark)>,
}

/// The schemas of members that transitions set, by their pointers.
pub(super) type MemberSchemas = BTreeMap<Pointer, Schema>;

/// Reads `set`, `add` and `remove`.
pub(super) fn changes(
    members: &Members<'_>,
    scene: &Scene<'_>,
    schemas: &mut MemberSchemas,
    flaws: &mut Flaws,
) -> Changes {
    let mut changes = Changes::default();
    for entry in entries(
        members,
        "set",
        "the pointers of members and their values",
        flaws,
    ) {
        if let Some(field) = target(&entry.key, entry.at, scene, &mut changes, flaws)
            && let Some(source) = set(&field, &entry.value, scene, schemas, flaws)
        {
            changes.set.push((field.pointer, source));
        }
    }
    for entry in entries(
        members,
        "add",
        "the pointers of numbers and what is added",
        flaws,
    ) {
        if let Some(field) = target(&entry.key, entry.at, scene, &mut changes, flaws)
            && is_number(&field, entry.at, flaws)
            && let Some(amount) = amounts::amount(&entry.value, field.types, scene, flaws)
        {
            changes.add.push((field.pointer, amount));
        }
    }
    let removed = members
        .get("remove")
        .and_then(|node| reading::list(node, "a list of pointers, like `[/name]`", flaws));
    for element in removed.into_iter().flatten() {
        if let Some(found) = reading::text(element, "the pointer of a member, like `/name`", flaws)
            && let Some(field) = target(found, element.at, scene, &mut changes, flaws)
        {
            changes.remove.push(field.pointer);
        }
    }
    changes
}

fn entries<'n>(
    members: &Members<'n>,
    name: &str,
    what: &str,
    flaws: &mut Flaws,
) -> &'n [super::yaml::Entry] {
    let Some(node) = members.get(name) else {
        return &[];
    };
    let entries = reading::map(node, what, flaws).unwrap_or_default();
    if entries.is_empty() && node.entries().is_some() {
        flaws.say(
            node.at,
            format!("found an empty map, expected {what}; leave `{name}` out where there is none"),
        );
    }
    entries
}

/// The field that a change writes, which no other change of the transition may touch.
fn target<'s>(
    found: &str,
    at: Mark,
    scene: &Scene<'s>,
    changes: &mut Changes,
    flaws: &mut Flaws,
) -> Option<Field<'s>> {
    let field = fields::writable(found, at, scene, flaws)?;
    if let Some((other, place)) = changes
        .places
        .iter()
        .find(|(other, _)| other.overlaps(&field.pointer))
    {
        flaws.say(
            at,
            format!(
                "found a change of `{}`, which overlaps with that of `{other}` in line {}; expected one change of each field",
                field.pointer, place.line
            ),
        );
        return None;
    }
    changes.places.push((field.pointer.clone(), at));
    Some(field)
}

fn is_number(field: &Field<'_>, at: Mark, flaws: &mut Flaws) -> bool {
    let fits = field.types.meet(Types::NUMBER);
    if !fits {
        flaws.say(
            at,
            format!(
                "found `add` to `{}`, which is {}; expected a number or an integer",
                field.pointer,
                field.types.words()
            ),
        );
    }
    fits
}

fn set(
    field: &Field<'_>,
    node: &Node,
    scene: &Scene<'_>,
    schemas: &mut MemberSchemas,
    flaws: &mut Flaws,
) -> Option<Source> {
    let sources::Sourced { source, types } = sources::source(node, scene, flaws)?;
    let Some(shape) = &field.shape else {
        return Some(source);
    };
    if flaws.are_ruled_out() {
        let known = || schema::known_member(shape);
        schemas.entry(field.pointer.clone()).or_insert_with(known);
        return Some(source);
    }
    if !schemas.contains_key(&field.pointer)
        && let Some(schema) = schema::member(shape)
    {
        schemas.insert(field.pointer.clone(), schema);
    }
    let judge = schemas.get(&field.pointer);
    match (&source, judge) {
        (Source::Literal(literal), Some(schema)) => {
            let refusals = schema.refusals(literal);
            for refusal in &refusals {
                let at = match refusal.keyword.as_str() {
                    "additionalProperties" | "unevaluatedProperties" => node.place(&refusal.at),
                    _ => node.within(&refusal.at).at,
                };
                let (pointer, below, detail) = (&field.pointer, &refusal.at, &refusal.detail);
                flaws.say(
                    at,
                    format!("found a value that the schema refuses: `{pointer}{below}` {detail}"),
                );
            }
            refusals.is_empty().then_some(source)
        }
        _ if !types.meet(field.types) => {
            flaws.say(
                node.at,
                format!(
                    "found {} for `{}`, expected {}",
                    types.words(),
                    field.pointer,
                    field.types.words()
                ),
            );
            None
        }
        _ => Some(source),
    }
}
