//! References: what a resource names must be there when it is named, and where the declaration says
//! so is not deleted while it is.
//!
//! A resource counts those that refer to it so, by type, and each of those keeps what has counted it.
//! Whatever makes, moves or ends a reference adjusts the count in the same transaction, and only of
//! a resource that is there; a delete requires that nothing is counted. The count is nobody's
//! change: version, time and tag stay.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::command::{Command, Operation};
use crate::declaration::{Declaration, Declarations};
use crate::document::Document;
use crate::document::pointer::Pointer;
use crate::item::{Attribute, Item, Key, Name, Operand, Resource, is_possible_id};
use crate::lifecycle;
use crate::plan::{Act, Assignment, Comparator, Condition, Effect, Planned, Write};
use crate::problem::{Conflict, Origin};
use crate::view::{Seen, View};

use super::{Case, Target, alive};

/// What a resource refers to, each with where. What refers to itself is left out: it ends with itself.
struct Targets {
    /// What is not deleted meanwhile.
    kept: BTreeMap<Name, Pointer>,
    /// The rest.
    others: BTreeMap<Name, Pointer>,
}

fn targets(declaration: &Declaration, id: &str, document: &Document) -> Targets {
    let mut targets = Targets {
        kept: BTreeMap::new(),
        others: BTreeMap::new(),
    };
    for reference in &declaration.references {
        let Some(Value::String(named)) = reference.field.of(document) else {
            continue;
        };
        let name = Name {
            type_name: reference.type_name.clone(),
            id: named.clone(),
        };
        if name.type_name == declaration.name && name.id == id {
            continue;
        }
        let among = match reference.restrict {
            true => &mut targets.kept,
            false => &mut targets.others,
        };
        among.entry(name).or_insert_with(|| reference.field.clone());
    }
    targets
}

/// What counts a resource with this document.
pub(super) fn counted(declaration: &Declaration, id: &str, document: &Document) -> BTreeSet<Name> {
    targets(declaration, id, document)
        .kept
        .into_keys()
        .collect()
}

/// What `new` names that `old` did not, or that has not counted it yet.
fn named(
    declaration: &Declaration,
    id: &str,
    old: Option<&Resource>,
    new: &Resource,
) -> BTreeMap<Name, Pointer> {
    let before = old.map(|old| targets(declaration, id, &old.document));
    let Targets {
        kept: mut named,
        others,
    } = targets(declaration, id, &new.document);
    named.retain(|name, _| old.is_none_or(|old| !old.counted.contains(name)));
    for (name, field) in others {
        let known =
            |before: &Targets| before.others.contains_key(&name) || before.kept.contains_key(&name);
        if !before.as_ref().is_some_and(known) {
            named.entry(name).or_insert(field);
        }
    }
    named
}

/// What `new` comes to refer to, of which the view shows that it is not there.
pub(super) fn conflicts(case: &Case<'_>, old: Option<&Resource>, new: &Resource) -> Vec<Conflict> {
    let Case {
        command,
        declaration,
        view,
        ..
    } = *case;
    let own = command.key();
    let is_there = |key: &Key| match view.get(key) {
        Seen::Unknown | Seen::Present(Item::Resource(_)) => true,
        // It may have come to be since.
        Seen::Absent | Seen::Present(_) => {
            view.looked_after(key) < view.looked_after(&own) || is_made(case, key)
        }
    };
    named(declaration, &command.id, old, new)
        .into_iter()
        .filter(|(name, _)| {
            !is_possible_id(&name.id) || !is_there(&name.key(&command.caller.tenant))
        })
        .map(|(name, field)| is_missing(name, field))
        .collect()
}

fn is_missing(name: Name, pointer: Pointer) -> Conflict {
    let target = Some(Origin {
        type_name: name.type_name,
        id: Some(name.id),
    });
    Conflict::MissingReference { pointer, target }
}

/// Whether an operation of the request makes it.
fn is_made(case: &Case<'_>, key: &Key) -> bool {
    let creates = |command: &&Command| matches!(command.operation, Operation::Create { .. });
    let mut made = case.whole.iter().filter(creates);
    made.any(|command| command.key() == *key)
}

/// Whether a delete must see what the resource refers to.
pub(super) fn are_counted(declaration: &Declaration) -> bool {
    let mut references = declaration.references.iter();
    references.any(|reference| reference.restrict)
}

/// What stands against a delete of the resource, so many references of each type being ended, or
/// made, by the same request.
fn dependents(
    case: &Case<'_>,
    resource: &Resource,
    moved: impl Fn(&str) -> i64,
) -> Option<Conflict> {
    let all = case.declarations.dependents(&case.command.type_name);
    let counts = all.filter_map(|declaration| {
        let count = resource.dependents.get(&declaration.name)?;
        let left = count.saturating_add_signed(moved(&declaration.name));
        (left > 0).then_some((declaration, left))
    });
    let counts: Vec<(&Declaration, u64)> = counts.collect();
    let caller = &case.command.caller;
    let readable = counts
        .iter()
        .filter(|(declaration, _)| lifecycle::may_read_of(declaration, caller, None));
    let told = readable.map(|(declaration, count)| (declaration.name.clone(), *count));
    let told: Vec<(String, u64)> = told.collect();
    (!counts.is_empty()).then_some(Conflict::HasDependents {
        dependents: (!told.is_empty()).then_some(told),
    })
}

/// What is sure to refer to the resource when it is to be deleted, whatever else the request does.
pub(super) fn dependents_left(case: &Case<'_>, resource: &Resource) -> Option<Conflict> {
    let own = Name {
        type_name: case.command.type_name.clone(),
        id: case.command.id.clone(),
    };
    dependents(case, resource, |type_name| {
        let ends = |command: &&Command| {
            let known = match case.view.get(&command.key()) {
                Seen::Present(Item::Resource(known)) => Some(known),
                _ => None,
            };
            command.type_name == type_name && known.is_some_and(|it| it.counted.contains(&own))
        };
        let ended = case.whole.iter().filter(ends).count();
        -i64::try_from(ended).unwrap_or(i64::MAX)
    })
}

/// What becomes of one resource that others refer to, or did.
#[derive(Default)]
struct Change {
    /// References more, by the type of what refers to it.
    counts: BTreeMap<String, i64>,
    /// Where it comes to be referred to: by which act, in which field.
    named: Vec<(Key, Pointer)>,
}

/// What acts change of what they refer to.
fn changes(declarations: &Declarations, view: &View, acts: &[Act]) -> BTreeMap<Key, Change> {
    let mut all: BTreeMap<Key, Change> = BTreeMap::new();
    for act in acts {
        let (Some(declaration), Some(id)) = (
            act.key.type_name().and_then(|name| declarations.get(name)),
            act.key.id(),
        ) else {
            continue;
        };
        let new = match &act.outcome {
            Planned::Known(resource) => Some(&**resource),
            Planned::Deleted => None,
            // What sees nothing moves no reference, nor does a lease.
            Planned::FromImage | Planned::Leased(_) | Planned::Released(_) => continue,
        };
        let old = match view.get(&act.key) {
            Seen::Present(Item::Resource(resource)) => Some(resource),
            _ => None,
        };
        let mut change = |name: &Name, change: &mut dyn FnMut(&mut Change)| {
            change(all.entry(name.key(act.key.tenant())).or_default());
        };
        let named = new.map(|new| named(declaration, id, old, new));
        for (name, field) in named.into_iter().flatten() {
            change(&name, &mut |it| {
                it.named.push((act.key.clone(), field.clone()))
            });
        }
        let none = BTreeSet::new();
        let [before, after] = [old, new].map(|it| it.map_or(&none, |it| &it.counted));
        let more = after.difference(before).map(|name| (name, 1));
        let fewer = before.difference(after).map(|name| (name, -1));
        for (name, by) in more.chain(fewer) {
            let type_name = || declaration.name.clone();
            change(name, &mut |it| {
                *it.counts.entry(type_name()).or_default() += by
            });
        }
    }
    for change in all.values_mut() {
        change.counts.retain(|_, by| *by != 0);
    }
    all
}

impl Change {
    fn counted(&self, type_name: &str) -> i64 {
        self.counts.get(type_name).copied().unwrap_or_default()
    }

    /// What must hold of the resource.
    fn conditions(&self) -> Vec<Condition> {
        let grows = self.counts.values().any(|by| *by > 0);
        let mut conditions = Vec::new();
        if grows || !self.named.is_empty() {
            conditions.push(alive());
        }
        for (type_name, by) in &self.counts {
            if *by < 0 {
                conditions.push(count(type_name, Comparator::AtLeast, -by));
            }
        }
        conditions
    }

    fn assignments(&self) -> Vec<Assignment> {
        let counts = self.counts.iter();
        counts
            .map(|(type_name, by)| Assignment::Count(Attribute::Dependents(type_name.clone()), *by))
            .collect()
    }
}

fn count(type_name: &str, comparator: Comparator, number: i64) -> Condition {
    Condition::Compare(
        Attribute::Dependents(type_name.to_owned()),
        comparator,
        Operand::Value(Value::from(number)),
    )
}

/// The items that acts change because they refer to them.
pub(super) fn keys(declarations: &Declarations, view: &View, acts: &[Act]) -> Vec<Key> {
    changes(declarations, view, acts).into_keys().collect()
}

/// What stands against acts that happen together: one ends what another comes to refer to, or what
/// others still do. With the key of the act that it stands against.
pub(super) fn met(cases: &[Case<'_>], acts: &[Act]) -> Vec<(Key, Conflict)> {
    let Some(first) = cases.first() else {
        return Vec::new();
    };
    let changes = changes(first.declarations, first.view, acts);
    let mut met = Vec::new();
    for case in cases {
        let own = case.command.key();
        let ends = |act: &&Act| act.key == own && act.outcome == Planned::Deleted;
        if !acts.iter().any(|act| ends(&act)) {
            continue;
        }
        let change = changes.get(&own);
        for (by, field) in change.iter().flat_map(|change| &change.named) {
            let name = Name {
                type_name: case.command.type_name.clone(),
                id: case.command.id.clone(),
            };
            met.push((by.clone(), is_missing(name, field.clone())));
        }
        if let Target::Live(resource) = case.target() {
            let moved = |name: &str| change.map_or(0, |change| change.counted(name));
            let conflict = dependents(case, resource, moved);
            met.extend(conflict.map(|conflict| (own.clone(), conflict)));
        }
    }
    met
}

/// The writes, with those of the counts: a resource that is written anyway is counted in the same
/// write.
pub(super) fn counting(
    declarations: &Declarations,
    view: &View,
    mut writes: Vec<Write>,
    acts: &[Act],
) -> Vec<Write> {
    let mut changes = changes(declarations, view, acts);
    for act in acts {
        let Some(write) = writes.iter_mut().find(|write| write.key == act.key) else {
            continue;
        };
        let change = changes.remove(&act.key).unwrap_or_default();
        match (&act.outcome, &mut write.effect) {
            (Planned::Deleted, _) => {
                let type_name = act.key.type_name().unwrap_or_default();
                let all = declarations.dependents(type_name);
                let none = all.map(|other| match change.counted(&other.name) {
                    0 => Condition::Not(Box::new(count(&other.name, Comparator::More, 0))),
                    by => count(&other.name, Comparator::Equal, -by),
                });
                narrow(&mut write.condition, none.collect());
            }
            // What comes to be is there for all that happens with it.
            (_, Effect::Put(item, _)) => {
                if let Item::Resource(resource) = &mut **item {
                    let counts = change.counts.into_iter();
                    let counts =
                        counts.filter_map(|(name, by)| Some((name, u64::try_from(by).ok()?)));
                    resource.dependents.extend(counts);
                }
            }
            (_, Effect::Update(assignments)) => {
                assignments.extend(change.assignments());
                narrow(&mut write.condition, change.conditions());
            }
            (_, effect) => {
                if !change.counts.is_empty() {
                    *effect = Effect::Update(change.assignments());
                }
                narrow(&mut write.condition, change.conditions());
            }
        }
    }
    let others = changes.into_iter().map(|(key, change)| Write {
        key,
        condition: Condition::All(change.conditions()),
        effect: match change.counts.is_empty() {
            true => Effect::Check,
            false => Effect::Update(change.assignments()),
        },
    });
    writes.extend(others);
    writes
}

/// It must hold that, too.
fn narrow(condition: &mut Condition, more: Vec<Condition>) {
    if more.is_empty() {
        return;
    }
    match condition {
        Condition::All(all) => all.extend(more),
        other => {
            let mut all = vec![other.clone()];
            all.extend(more);
            *other = Condition::All(all);
        }
    }
}
