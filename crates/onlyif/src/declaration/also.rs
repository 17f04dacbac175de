//! Reading what happens along with an operation: transitions of other resources.

use std::collections::BTreeMap;

use super::fields::{self, Item, Scene};
use super::flaw::{Flaws, Mark, hint};
use super::keys::ALSO;
use super::reading;
use super::schema::Types;
use super::sources;
use super::yaml::Node;
use super::{Also, Declaration};

/// The most elements of one `also`.
const MAX_ALSO: usize = 20;

/// What `also` says of another type, to be checked when all types are read.
pub(super) struct Claim {
    type_name: (String, Mark),
    transition: (String, Mark),
    input: Vec<(String, Mark)>,
    at: Mark,
}

/// Reads `also`.
pub(super) fn also(
    node: &Node,
    scene: &Scene<'_>,
    claims: &mut Vec<Claim>,
    flaws: &mut Flaws,
) -> Vec<Also> {
    let what = "a list of transitions of other resources, like `- { type: products, id: { field: /product }, transition: reserve }`";
    let elements = reading::list(node, what, flaws).unwrap_or_default();
    if elements.len() > MAX_ALSO {
        flaws.say(
            node.at,
            format!(
                "found {} transitions, expected at most {MAX_ALSO}",
                elements.len()
            ),
        );
    }
    elements
        .iter()
        .filter_map(|element| one(element, scene, claims, flaws))
        .collect()
}

fn one(node: &Node, scene: &Scene<'_>, claims: &mut Vec<Claim>, flaws: &mut Flaws) -> Option<Also> {
    let members = reading::members(node, ALSO, "a transition that happens along", flaws)?;
    let each = members.get("each").map(|node| each(node, scene, flaws));
    let scene = Scene {
        item: match &each {
            None => Item::Nothing,
            Some(None) => Item::Unreadable,
            Some(Some((_, item))) => item.clone(),
        },
        ..scene.clone()
    };
    let name = |key: &str, what: &str, flaws: &mut Flaws| {
        let node = members.get(key)?;
        let text = reading::text(node, what, flaws)?;
        Some((text.to_owned(), node.at))
    };
    let type_name = name("type", "the name of a type, like `products`", flaws);
    let transition = name("transition", "the name of a transition of that type", flaws);
    let id = members
        .get("id")
        .and_then(|node| sources::source(node, &scene, flaws).map(|id| (id, node)));
    if let Some((id, node)) = &id
        && !id.types.meet(Types::STRING.or(Types::NUMBER))
    {
        let message = format!("found {} for an id, expected a string", id.types.words());
        flaws.say(node.at, message);
    }
    let mut input = Vec::new();
    let mut names = Vec::new();
    let given = members.get("input");
    let entries = given.and_then(|node| reading::map(node, "members and their values", flaws));
    for entry in entries.unwrap_or_default() {
        if let Some(value) = sources::source(&entry.value, &scene, flaws) {
            input.push((entry.key.clone(), value.source));
            names.push((entry.key.clone(), entry.at));
        }
    }
    let (type_name, transition) = (type_name?, transition?);
    claims.push(Claim {
        type_name: type_name.clone(),
        transition: transition.clone(),
        input: names,
        at: node.at,
    });
    Some(Also {
        each: each.flatten().map(|(pointer, _)| pointer),
        type_name: type_name.0,
        id: id?.0.source,
        transition: transition.0,
        input,
    })
}

/// The array, and what its elements are.
fn each<'s>(
    node: &Node,
    scene: &Scene<'s>,
    flaws: &mut Flaws,
) -> Option<(crate::document::pointer::Pointer, Item<'s>)> {
    let found = reading::text(node, "the pointer of an array, like `/lines`", flaws)?;
    let pointer = reading::pointer(found, node.at, flaws)?;
    let Some(document) = &scene.document else {
        return Some((pointer, Item::Unreadable));
    };
    let shape = fields::in_shape(document, &pointer, "the schema", node.at, flaws)?;
    if !shape.types().meet(Types::ARRAY) {
        let message = format!(
            "found `{found}`, which is {}; expected an array",
            shape.types().words()
        );
        flaws.say(node.at, message);
        return None;
    }
    Some((pointer, Item::Shape(shape.elements())))
}

/// What is wrong with what was said of other types. Of a type whose own file cannot be read nothing
/// is said.
pub(super) fn check(
    claims: &[Claim],
    types: &BTreeMap<String, Declaration>,
    unreadable: &[String],
    flaws: &mut Flaws,
) {
    for claim in claims {
        let (name, at) = &claim.type_name;
        let Some(declaration) = declared(name, *at, types, unreadable, flaws) else {
            continue;
        };
        let (name, at) = &claim.transition;
        let Some(transition) = declaration.transition(name) else {
            let names = declaration
                .transitions
                .iter()
                .map(|each| each.name.as_str());
            let message = format!(
                "found `{name}`, expected a transition of {}{}",
                declaration.name,
                hint(name, names)
            );
            flaws.say(*at, message);
            continue;
        };
        if !transition.also.is_empty() {
            let message = format!(
                "found `{name}`, which has an `also` of its own; expected a transition without"
            );
            flaws.say(*at, message);
        }
        takes(claim, transition, flaws);
    }
}

/// The type of this name. Of one whose own file cannot be read nothing is said.
pub(super) fn declared<'t>(
    name: &str,
    at: Mark,
    types: &'t BTreeMap<String, Declaration>,
    unreadable: &[String],
    flaws: &mut Flaws,
) -> Option<&'t Declaration> {
    let declaration = types.get(name);
    if declaration.is_none() && !unreadable.iter().any(|other| other == name) {
        let hint = hint(name, types.keys().map(String::as_str));
        let message = format!("found `{name}`, expected the name of a declared type{hint}");
        flaws.say(at, message);
    }
    declaration
}

/// The input has what the transition requires, and nothing that it does not know.
fn takes(claim: &Claim, transition: &super::Transition, flaws: &mut Flaws) {
    let name = &transition.name;
    let Some(schema) = &transition.input else {
        if let Some((_, at)) = claim.input.first() {
            flaws.say(*at, format!("found an input, but {name} takes none"));
        }
        return;
    };
    let required = schema
        .source
        .get("required")
        .and_then(|names| names.as_array());
    for required in required
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
    {
        if !claim.input.iter().any(|(given, _)| given == required) {
            let message = format!("found no `{required}` in the `input`, which {name} requires");
            flaws.say(claim.at, message);
        }
    }
    let Some(known) = schema
        .source
        .get("properties")
        .and_then(|known| known.as_object())
    else {
        return;
    };
    for (given, at) in &claim.input {
        if !known.contains_key(given) {
            let hint = hint(given, known.keys().map(String::as_str));
            let message =
                format!("found `{given}`, expected a member of the input of {name}{hint}");
            flaws.say(*at, message);
        }
    }
}
