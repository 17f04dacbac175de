//! Reading references: fields that name other resources.

use std::collections::BTreeMap;

use super::fields::{self, Scene};
use super::flaw::{Flaws, Mark};
use super::keys::REFERENCES;
use super::reading;
use super::schema::Types;
use super::yaml::Node;
use super::{Declaration, Reference};

/// The most references of a type: an update may move each, two items for one, and a transaction
/// takes 100.
const MAX_REFERENCES: usize = 20;

/// What a reference says of another type, to be checked when all types are read.
pub(super) struct Named {
    type_name: String,
    at: Mark,
}

/// Reads `references`.
pub(super) fn references(
    node: &Node,
    scene: &Scene<'_>,
    named: &mut Vec<Named>,
    flaws: &mut Flaws,
) -> Vec<Reference> {
    let what = "a list of references, like `- { field: /customer, type: customers }`";
    let elements = reading::list(node, what, flaws).unwrap_or_default();
    if elements.len() > MAX_REFERENCES {
        let found = elements.len();
        let message = format!("found {found} references, expected at most {MAX_REFERENCES}");
        flaws.say(node.at, message);
    }
    let mut all: Vec<Reference> = Vec::new();
    for element in elements {
        let Some((reference, at)) = one(element, scene, named, flaws) else {
            continue;
        };
        if all.iter().any(|other| other.field == reference.field) {
            let field = &reference.field;
            let message = format!("found `{field}` again, expected one reference in each field");
            flaws.say(at, message);
        }
        all.push(reference);
    }
    all
}

/// A reference, and where its field stands.
fn one(
    node: &Node,
    scene: &Scene<'_>,
    named: &mut Vec<Named>,
    flaws: &mut Flaws,
) -> Option<(Reference, Mark)> {
    let members = reading::members(node, REFERENCES, "a reference", flaws)?;
    let type_name = members.get("type").and_then(|node| {
        let text = reading::text(node, "the name of a type, like `customers`", flaws)?;
        named.push(Named {
            type_name: text.to_owned(),
            at: node.at,
        });
        Some(text.to_owned())
    });
    let on_delete = members
        .get("onDelete")
        .and_then(|node| reading::word(node, &["restrict", "ignore"], flaws));
    let node = members.get("field")?;
    let found = reading::text(node, "the pointer of a field, like `/customer`", flaws)?;
    let pointer = reading::pointer(found, node.at, flaws)?;
    if let Some(document) = &scene.document {
        let shape = fields::in_shape(document, &pointer, "the schema", node.at, flaws)?;
        if !shape.types().within(Types::STRING.or(Types::NULL)) {
            let message = format!(
                "found `{found}`, which the schema lets be {}; expected a string, the id of a resource",
                shape.types().words()
            );
            flaws.say(node.at, message);
            return None;
        }
    }
    let reference = Reference {
        field: pointer,
        type_name: type_name?,
        restrict: on_delete != Some("ignore"),
    };
    Some((reference, node.at))
}

/// Which of the types that are named are none. Of a type whose own file cannot be read nothing is
/// said.
pub(super) fn check(
    named: &[Named],
    types: &BTreeMap<String, Declaration>,
    unreadable: &[String],
    flaws: &mut Flaws,
) {
    for Named { type_name, at } in named {
        super::also::declared(type_name, *at, types, unreadable, flaws);
    }
}
