//! Reading transitions.

use super::access;
use super::also::{self, Claim};
use super::changes::{self, MemberSchemas};
use super::clauses;
use super::cost;
use super::fields::{Input, Item, Scene};
use super::flaw::{Flaws, Mark};
use super::keys::{CREATE, TRANSITION};
use super::lifecycle::{self, Name};
use super::reading::{self, Members};
use super::schema::{self, Shape};
use super::yaml::Node;
use super::{Right, Transition};

/// The most transitions of a type.
pub(super) const MAX_TRANSITIONS: usize = 100;

/// A transition whose way between states is read, and nothing else yet: which states there are is
/// known only when all of them are.
pub(super) struct Outline<'n> {
    pub(super) name: &'n str,
    pub(super) at: Mark,
    pub(super) from: Vec<Name<'n>>,
    pub(super) to: Option<Name<'n>>,
    members: Members<'n>,
}

/// Reads the names of the transitions and their ways.
pub(super) fn outlines<'n>(node: &'n Node, stateful: bool, flaws: &mut Flaws) -> Vec<Outline<'n>> {
    let entries = reading::map(node, "transitions by their names", flaws).unwrap_or_default();
    if entries.len() > MAX_TRANSITIONS {
        flaws.say(
            node.at,
            format!(
                "found {} transitions, expected at most {MAX_TRANSITIONS}",
                entries.len()
            ),
        );
    }
    let mut outlines = Vec::new();
    for entry in entries {
        if !reading::is_path_name(&entry.key) {
            flaws.say(
                entry.at,
                format!(
                    "found the transition name `{}`, expected a lower-case letter and up to 62 lower-case letters, digits and hyphens",
                    entry.key
                ),
            );
        }
        let what = format!("the transition `{}`", entry.key);
        let Some(members) = reading::members(&entry.value, TRANSITION, &what, flaws) else {
            continue;
        };
        let (from, to) = way(&members, entry.at, stateful, flaws);
        outlines.push(Outline {
            name: &entry.key,
            at: entry.at,
            from,
            to,
            members,
        });
    }
    outlines
}

fn way<'n>(
    members: &Members<'n>,
    at: Mark,
    stateful: bool,
    flaws: &mut Flaws,
) -> (Vec<Name<'n>>, Option<Name<'n>>) {
    if !stateful {
        for name in ["from", "to"] {
            if let Some(entry) = members.entry(name) {
                flaws.say(
                    entry.at,
                    format!("found `{name}`, but the type has no `states`; expected an action without it"),
                );
            }
        }
        return (Vec::new(), None);
    }
    let from = match members.get("from") {
        Some(node) => from(node, flaws),
        None => {
            flaws.say(
                at,
                "found no `from`, expected the state or states that the transition starts from",
            );
            Vec::new()
        }
    };
    let to = members
        .get("to")
        .and_then(|node| lifecycle::state(node, flaws));
    (from, to)
}

/// One state or several.
fn from<'n>(node: &'n Node, flaws: &mut Flaws) -> Vec<Name<'n>> {
    if node.elements().is_none() {
        return lifecycle::state(node, flaws).into_iter().collect();
    }
    let names: Vec<Name<'n>> = reading::list(node, "a state or a list of states", flaws)
        .into_iter()
        .flatten()
        .filter_map(|element| lifecycle::state(element, flaws))
        .collect();
    lifecycle::say_repeated(&names, flaws);
    names
}

/// What every transition of a type is read with.
pub(super) struct Around<'s> {
    pub(super) document: Option<Shape<'s>>,
    pub(super) states: Option<&'s [String]>,
    /// Who may request a transition that does not say.
    pub(super) access: &'s Right,
}

/// Reads the rest of a transition. Whether it is blind is decided when the type is whole.
pub(super) fn transition(
    outline: &Outline<'_>,
    around: &Around<'_>,
    schemas: &mut MemberSchemas,
    claims: &mut Vec<Claim>,
    flaws: &mut Flaws,
) -> Transition {
    let members = &outline.members;
    let draft = members
        .get("input")
        .map(|node| schema::read(node, "the `input`", flaws));
    let scene = Scene {
        document: around.document.clone(),
        input: match &draft {
            None => Input::Nothing,
            Some(None) => Input::Unreadable,
            Some(Some(draft)) if draft.schema.is_none() => Input::Unreadable,
            Some(Some(draft)) => Input::Shape(draft.shape()),
        },
        states: around.states,
        item: Item::Nothing,
        lasting: false,
    };
    let only_if = members
        .get("onlyIf")
        .map(|node| clauses::clauses(node, &scene, flaws))
        .unwrap_or_default();
    let changes = changes::changes(members, &scene, schemas, flaws);
    let access = members
        .get("access")
        .map_or_else(|| around.access.clone(), |node| access::right(node, flaws));
    let also = members
        .get("also")
        .map(|node| also::also(node, &scene, claims, flaws))
        .unwrap_or_default();
    drop(scene);
    let owned = |(name, _): &Name<'_>| (*name).to_owned();
    let transition = Transition {
        name: outline.name.to_owned(),
        from: outline.from.iter().map(owned).collect(),
        to: outline.to.as_ref().map(owned),
        input: draft.flatten().and_then(|draft| draft.schema),
        only_if,
        set: changes.set,
        add: changes.add,
        remove: changes.remove,
        access,
        blind: false,
        bounds: Vec::new(),
        also,
    };
    let place = members.entry("onlyIf").map_or(outline.at, |entry| entry.at);
    cost::condition(&transition).say("conditions", place, flaws);
    cost::update(&transition).say("changes", outline.at, flaws);
    transition
}

/// Reads `create`.
pub(super) fn create(
    node: &Node,
    around: &Around<'_>,
    schemas: &mut MemberSchemas,
    claims: &mut Vec<Claim>,
    flaws: &mut Flaws,
) -> Option<Transition> {
    let members = reading::members(node, CREATE, "`create`", flaws)?;
    let scene = Scene {
        document: around.document.clone(),
        input: Input::Nothing,
        states: around.states,
        item: Item::Nothing,
        lasting: false,
    };
    let only_if = members
        .get("onlyIf")
        .map(|node| clauses::clauses(node, &scene, flaws))
        .unwrap_or_default();
    let changes = changes::changes(&members, &scene, schemas, flaws);
    let also = members
        .get("also")
        .map(|node| also::also(node, &scene, claims, flaws))
        .unwrap_or_default();
    Some(Transition {
        name: "create".to_owned(),
        from: Vec::new(),
        to: None,
        input: None,
        only_if,
        set: changes.set,
        add: changes.add,
        remove: changes.remove,
        access: Right::Scopes(Vec::new()),
        blind: false,
        bounds: Vec::new(),
        also,
    })
}
