//! Reading a lifecycle: the states that are named, and whether each can be reached.

use std::collections::BTreeSet;

use super::States;
use super::flaw::{Flaws, Mark, hint};
use super::keys::STATES;
use super::reading::{self, expected, expected_text};
use super::transitions::Outline;
use super::yaml::{Node, repeated};

/// A state where it is named.
pub(super) type Name<'n> = (&'n str, Mark);

/// `states` as declared.
pub(super) struct Declared<'n> {
    initial: Option<Name<'n>>,
    finals: Vec<Name<'n>>,
    update: Option<Vec<Name<'n>>>,
    delete: Option<Vec<Name<'n>>>,
}

/// Reads `states`.
pub(super) fn declared<'n>(node: &'n Node, flaws: &mut Flaws) -> Option<Declared<'n>> {
    let members = reading::members(node, STATES, "`states`", flaws)?;
    let initial = members.get("initial").and_then(|node| state(node, flaws));
    let mut listed = |name: &str| members.get(name).map(|node| states(node, flaws));
    let finals = listed("final").unwrap_or_default();
    let update = listed("update");
    let delete = listed("delete");
    Some(Declared {
        initial,
        finals,
        update,
        delete,
    })
}

/// A state's name.
pub(super) fn state<'n>(node: &'n Node, flaws: &mut Flaws) -> Option<Name<'n>> {
    match node.text() {
        Some(name) if reading::is_name(name) => Some((name, node.at)),
        _ => {
            flaws.say(
                node.at,
                expected_text(
                    node,
                    "the name of a state: a letter and up to 62 letters, digits, `-` and `_`",
                ),
            );
            None
        }
    }
}

/// A list of states; none is allowed.
fn states<'n>(node: &'n Node, flaws: &mut Flaws) -> Vec<Name<'n>> {
    let Some(elements) = node.elements() else {
        flaws.say(
            node.at,
            expected(node, "a list of states, like `[pending]`"),
        );
        return Vec::new();
    };
    let names: Vec<Name<'n>> = elements
        .iter()
        .filter_map(|element| state(element, flaws))
        .collect();
    say_repeated(&names, flaws);
    names
}

/// Says which states a list names twice.
pub(super) fn say_repeated(names: &[Name<'_>], flaws: &mut Flaws) {
    for (name, at) in repeated(names.iter().copied()) {
        flaws.say(
            at,
            format!("found `{name}` again, expected each state once"),
        );
    }
}

/// The lifecycle that `states` and the transitions make together.
pub(super) fn lifecycle(
    declared: &Declared<'_>,
    transitions: &[Outline<'_>],
    flaws: &mut Flaws,
) -> Option<States> {
    let (initial, _) = declared.initial?;
    let named = in_order(declared, transitions);
    let reached = reached(initial, transitions);
    for (name, at) in &named {
        if !reached.contains(name) {
            let others = named
                .iter()
                .map(|(other, _)| *other)
                .filter(|other| reached.contains(other));
            flaws.say(
                *at,
                format!(
                    "found the state `{name}`, which no transition leads to from `{initial}`; expected every state to be reachable{}",
                    hint(name, others)
                ),
            );
        }
    }
    for (name, _) in &declared.finals {
        for transition in transitions {
            let leaves = transition.to.is_some_and(|(to, _)| to != *name);
            if let Some((_, at)) = transition
                .from
                .iter()
                .find(|(from, _)| from == name && leaves)
            {
                flaws.say(
                    *at,
                    format!(
                        "found `{name}`, which is final, among the states that `{}` leaves; expected no way out of it",
                        transition.name
                    ),
                );
            }
        }
    }
    let all: Vec<String> = named.iter().map(|(name, _)| (*name).to_owned()).collect();
    let owned = |names: &[Name<'_>]| names.iter().map(|(name, _)| (*name).to_owned()).collect();
    let or_all =
        |names: &Option<Vec<Name<'_>>>| names.as_deref().map_or_else(|| all.clone(), owned);
    Some(States {
        initial: initial.to_owned(),
        finals: owned(&declared.finals),
        update: or_all(&declared.update),
        delete: or_all(&declared.delete),
        all,
    })
}

/// Every state once, as a resource meets them: the initial one, then as the transitions name them.
fn in_order<'n>(declared: &Declared<'n>, transitions: &[Outline<'n>]) -> Vec<Name<'n>> {
    let met = transitions
        .iter()
        .flat_map(|transition| transition.from.iter().chain(&transition.to));
    let listed = [&declared.finals]
        .into_iter()
        .chain(&declared.update)
        .chain(&declared.delete)
        .flatten();
    let mut seen = BTreeSet::new();
    declared
        .initial
        .iter()
        .chain(met)
        .chain(listed)
        .filter(|(name, _)| seen.insert(*name))
        .copied()
        .collect()
}

fn reached<'n>(initial: &'n str, transitions: &[Outline<'n>]) -> BTreeSet<&'n str> {
    let mut reached = BTreeSet::from([initial]);
    loop {
        let next: Vec<&str> = transitions
            .iter()
            .filter(|transition| {
                transition
                    .from
                    .iter()
                    .any(|(from, _)| reached.contains(from))
            })
            .filter_map(|transition| transition.to)
            .map(|(to, _)| to)
            .filter(|to| !reached.contains(to))
            .collect();
        if next.is_empty() {
            return reached;
        }
        reached.extend(next);
    }
}
