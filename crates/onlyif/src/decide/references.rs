//! References: what a resource names must be there when it is named, and where the declaration says
//! so is not deleted while it is.
//!
//! A resource counts those that refer to it so, by type, and each of those keeps what has counted it.
//! Whatever makes, moves or ends a reference adjusts the count in the same transaction, and only of
//! a resource that is there; a delete requires that nothing is counted. The count is nobody's
//! change: version, time and tag stay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::command::{Command, Operation};
use crate::declaration::{Declaration, Reference, Right};
use crate::document::Document;
use crate::document::pointer::Pointer;
use crate::item::{Attribute, Item, Key, Name, Operand, Resource, is_possible_id};
use crate::lifecycle;
use crate::plan::{Act, Assignment, Comparator, Condition, Effect, Planned, Write};
use crate::problem::{Conflict, Origin};
use crate::view::Seen;

use super::{Case, Target, alive};

/// What the document names, and by which reference. What names itself is left out: it ends with
/// itself.
fn named<'d>(
    declaration: &'d Declaration,
    id: &str,
    document: &Document,
) -> Vec<(&'d Reference, Name)> {
    let name = |reference: &'d Reference| {
        let Some(Value::String(named)) = reference.field.of(document) else {
            return None;
        };
        let name = Name {
            type_name: reference.type_name.clone(),
            id: named.clone(),
        };
        let itself = name.type_name == declaration.name && name.id == id;
        (!itself).then_some((reference, name))
    };
    declaration.references.iter().filter_map(name).collect()
}

/// The same of what a write names anew: what has counted the resource already is there, and what
/// stays as it was is left alone.
fn named_anew<'d>(
    declaration: &'d Declaration,
    id: &str,
    old: Option<&Resource>,
    document: &Document,
) -> Vec<(&'d Reference, Name)> {
    let mut named = named(declaration, id, document);
    named.retain(|(reference, name)| {
        let field = &reference.field;
        old.is_none_or(|old| {
            field.of(&old.document) != field.of(document) && !old.counted.contains(name)
        })
    });
    named
}

/// What counts the resource once it has this document. What was named before the declaration spoke of
/// it is counted from the next write on, if it is there.
pub(super) fn counted(
    case: &Case<'_>,
    old: Option<&Resource>,
    document: &Document,
) -> BTreeSet<Name> {
    let id = &case.command.id;
    let anew = named_anew(case.declaration, id, old, document);
    let is_counted = |name: &Name| {
        old.is_some_and(|old| old.counted.contains(name))
            || anew.iter().any(|(_, new)| new == name)
            || !is_missing(case, name)
    };
    named(case.declaration, id, document)
        .into_iter()
        .filter(|(reference, name)| reference.restrict && is_counted(name))
        .map(|(_, name)| name)
        .collect()
}

/// What `new` names anew, of which the view shows that it is not there.
pub(super) fn conflicts(case: &Case<'_>, old: Option<&Resource>, new: &Resource) -> Vec<Conflict> {
    named_anew(case.declaration, &case.command.id, old, &new.document)
        .into_iter()
        .filter(|(_, name)| is_missing(case, name))
        .map(|(reference, name)| missing(name, reference.field.clone()))
        .collect()
}

/// Whether the view shows that there is no such resource, or none for this caller, and that the
/// request makes none.
fn is_missing(case: &Case<'_>, name: &Name) -> bool {
    let Case { command, view, .. } = *case;
    let key = name.key(&command.caller.tenant);
    let mut others = case.whole.iter();
    let made = others.any(|other| is_create(other) && other.key() == key);
    let there = match view.get(&key) {
        Seen::Unknown => true,
        Seen::Present(Item::Resource(resource)) => {
            !is_its_owners(case, &key) || resource.created_by == command.caller.actor
        }
        Seen::Absent | Seen::Present(_) => false,
    };
    // It may have come to be since.
    let older = view.is_older(&key, &command.key());
    !is_possible_id(&name.id) || !(there || made || older)
}

fn is_create(command: &Command) -> bool {
    matches!(command.operation, Operation::Create { .. })
}

/// Whether nobody but who created it knows of the resource.
fn is_its_owners(case: &Case<'_>, key: &Key) -> bool {
    let declaration = key.type_name().and_then(|name| case.declarations.get(name));
    declaration.is_some_and(|declaration| declaration.access.read == Right::Owner)
}

fn missing(name: Name, pointer: Pointer) -> Conflict {
    let target = Some(Origin {
        type_name: name.type_name,
        id: Some(name.id),
    });
    Conflict::MissingReference { pointer, target }
}

/// Whether a delete must see what the resource refers to.
pub(super) fn are_counted(declaration: &Declaration) -> bool {
    let mut references = declaration.references.iter();
    references.any(|reference| reference.restrict)
}

/// What stands against a delete of the resource: so many of each type that refer to it, less those
/// that the request itself ends; of some types nothing can be said yet.
fn dependents(
    case: &Case<'_>,
    resource: &Resource,
    moved: impl Fn(&Declaration) -> Option<i64>,
) -> Option<Conflict> {
    let all = case.declarations.dependents(&case.command.type_name);
    let counts = all.filter_map(|declaration| {
        let count = resource.dependents.get(&declaration.name)?;
        let left = count.saturating_add_signed(moved(declaration)?);
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

/// What refers to the resource when it is to be deleted, and which nothing else of the request could
/// end.
pub(super) fn dependents_left(case: &Case<'_>, resource: &Resource) -> Option<Conflict> {
    let own = case.command.key();
    let others = case.whole.iter().filter(|other| other.key() != own);
    let touched: BTreeSet<&str> = others
        .filter_map(|other| Case::of(case.declarations, other, case.view))
        .flat_map(|other| {
            let along = other.along().iter();
            let along = along.map(|also| also.type_name.as_str());
            let ends = !is_create(other.command);
            along.chain(ends.then_some(other.declaration.name.as_str()))
        })
        .collect();
    dependents(case, resource, |declaration| {
        (!touched.contains(declaration.name.as_str())).then_some(0)
    })
}

/// What becomes of one resource that others refer to, or did.
#[derive(Default)]
struct Change {
    /// References more, by the type of what refers to it.
    counts: BTreeMap<String, i64>,
    /// Where it is named anew: by which act, in which field.
    named: Vec<(Key, Pointer)>,
    /// How many plans had been handed to the store when what refers to it, or did, was looked at last.
    looked: Option<usize>,
}

/// What acts change of what they refer to.
pub(super) struct Changes(BTreeMap<Key, Change>);

impl Changes {
    /// Those of these acts, of which any case of the request sees as much as the others.
    pub(super) fn of(case: &Case<'_>, acts: &[Act]) -> Self {
        let mut all = Changes(BTreeMap::new());
        for act in acts {
            all.add(case, act);
        }
        for (key, change) in &mut all.0 {
            change.settle(case, key);
        }
        all
    }

    fn add(&mut self, case: &Case<'_>, act: &Act) {
        let type_name = act.key.type_name();
        let declaration = type_name.and_then(|name| case.declarations.get(name));
        let (Some(declaration), Some(id)) = (declaration, act.key.id()) else {
            return;
        };
        let new = match &act.outcome {
            Planned::Known(resource) => Some(&**resource),
            Planned::Deleted => None,
            // What sees nothing moves no reference, nor does a lease.
            Planned::FromImage | Planned::Leased(_) | Planned::Released(_) => return,
        };
        let old = match case.view.get(&act.key) {
            Seen::Present(Item::Resource(resource)) => Some(&**resource),
            _ => None,
        };
        if let Some(new) = new {
            for (reference, name) in named_anew(declaration, id, old, &new.document) {
                let named = (act.key.clone(), reference.field.clone());
                self.change(case, act, &name).named.push(named);
            }
        }
        let none = BTreeSet::new();
        let [before, after] = [old, new].map(|it| it.map_or(&none, |it| &it.counted));
        let more = after.difference(before).map(|name| (name, 1));
        let fewer = before.difference(after).map(|name| (name, -1));
        for (name, by) in more.chain(fewer) {
            let counts = &mut self.change(case, act, name).counts;
            *counts.entry(declaration.name.clone()).or_default() += by;
        }
    }

    fn change(&mut self, case: &Case<'_>, act: &Act, name: &Name) -> &mut Change {
        let change = self.0.entry(name.key(act.key.tenant())).or_default();
        change.looked = change.looked.max(case.view.looked_after(&act.key));
        change
    }

    /// The items that are changed.
    pub(super) fn keys(self) -> impl Iterator<Item = Key> {
        self.0.into_keys()
    }

    /// Where an act names what another one ends: with the key of the act that it stands against.
    pub(super) fn ended(&self, acts: &[Act]) -> Vec<(Key, Conflict)> {
        let ends = |key: &Key| {
            let mut acts = acts.iter();
            acts.any(|act| act.key == *key && act.outcome == Planned::Deleted)
        };
        let ended = self.0.iter().filter(|(key, _)| ends(key));
        let told = ended.filter_map(|(key, change)| Some((key.name()?, change)));
        told.flat_map(|(name, change)| {
            let named = change.named.iter();
            named.map(move |(by, field)| (by.clone(), missing(name.clone(), field.clone())))
        })
        .collect()
    }

    /// What will refer to what is deleted. Looks that were not taken at one moment may show what never
    /// was: then the write itself is to tell, unless nothing is to be written.
    pub(super) fn left(&self, cases: &[Case<'_>], acts: &[Act]) -> Vec<(Key, Conflict)> {
        let mut left = Vec::new();
        for case in cases {
            let own = case.command.key();
            let of_own = |act: &&Act| act.key == own && act.outcome == Planned::Deleted;
            let (Some(_), Target::Live(resource)) = (acts.iter().find(of_own), case.target())
            else {
                continue;
            };
            let certain = case.command.dry_run || !case.view.attempts().is_empty();
            let touched = |name: &str| {
                let mut others = acts.iter().filter(|act| act.key != own);
                others.any(|act| act.key.type_name() == Some(name))
            };
            let change = self.0.get(&own);
            let conflict = dependents(case, resource, |declaration| {
                let name = &declaration.name;
                let moved = change.map_or(0, |change| change.counted(name));
                (certain || !touched(name)).then_some(moved)
            });
            left.extend(conflict.map(|conflict| (own, conflict)));
        }
        left
    }

    /// The writes, with those of the counts: a resource that is written anyway is counted in the same
    /// write.
    pub(super) fn counting(
        mut self,
        case: &Case<'_>,
        mut writes: Vec<Write>,
        acts: &[Act],
    ) -> Vec<Write> {
        for act in acts {
            let Some(write) = writes.iter_mut().find(|write| write.key == act.key) else {
                continue;
            };
            let change = self.0.remove(&act.key).unwrap_or_default();
            match (&act.outcome, &mut write.effect) {
                (Planned::Deleted, _) => {
                    let type_name = act.key.type_name().unwrap_or_default();
                    let all = case.declarations.dependents(type_name);
                    let none = all.map(|other| match change.counted(&other.name) {
                        0 => Condition::Not(Box::new(count(&other.name, Comparator::More, 0))),
                        by => count(&other.name, Comparator::Equal, -by),
                    });
                    narrow(&mut write.condition, none.collect());
                }
                // What comes to be is there for all that happens with it.
                (_, Effect::Put(item, _)) => {
                    if let Item::Resource(resource) = item {
                        let counts = change.counts.into_iter();
                        let counts: Vec<(String, u64)> = counts
                            .filter_map(|(name, by)| Some((name, u64::try_from(by).ok()?)))
                            .collect();
                        // What is answered shares it, and tells nothing of counts.
                        if !counts.is_empty() {
                            Arc::make_mut(resource).dependents.extend(counts);
                        }
                    }
                }
                (_, Effect::Update(assignments)) => {
                    assignments.extend(change.assignments());
                    narrow(&mut write.condition, change.conditions(case, &act.key));
                }
                // No resource is ever deleted but into its tombstone.
                (_, Effect::Delete) => {}
                (_, effect @ Effect::Check) => {
                    *effect = change.effect();
                    narrow(&mut write.condition, change.conditions(case, &act.key));
                }
            }
        }
        writes.extend(self.0.into_iter().map(|(key, change)| Write {
            condition: Condition::All(change.conditions(case, &key)),
            effect: change.effect(),
            key,
        }));
        writes
    }
}

impl Change {
    /// No more is taken off than there is: who has counted a resource may have ended, and begun anew,
    /// while the declaration did not speak of it.
    fn settle(&mut self, case: &Case<'_>, key: &Key) {
        // An older look says nothing of what has been counted since.
        if case.view.looked_after(key) > self.looked {
            let known = match case.view.get(key) {
                Seen::Present(Item::Resource(resource)) => Some(&resource.dependents),
                _ => None,
            };
            for (type_name, by) in &mut self.counts {
                let counted = known.and_then(|counts| counts.get(type_name));
                let counted = counted.and_then(|count| i64::try_from(*count).ok());
                *by = (*by).max(-counted.unwrap_or_default());
            }
        }
        self.counts.retain(|_, by| *by != 0);
    }

    fn counted(&self, type_name: &str) -> i64 {
        self.counts.get(type_name).copied().unwrap_or_default()
    }

    /// What must hold of the resource.
    fn conditions(&self, case: &Case<'_>, key: &Key) -> Vec<Condition> {
        let grows = self.counts.values().any(|by| *by > 0);
        let mut conditions = Vec::new();
        if grows || !self.named.is_empty() {
            conditions.push(alive());
        }
        if !self.named.is_empty() && is_its_owners(case, key) {
            conditions.push(case.created_by_caller());
        }
        for (type_name, by) in &self.counts {
            if *by < 0 {
                conditions.push(count(type_name, Comparator::AtLeast, -by));
            }
        }
        conditions
    }

    /// What becomes of it where nothing else does.
    fn effect(&self) -> Effect {
        match self.counts.is_empty() {
            true => Effect::Check,
            false => Effect::Update(self.assignments()),
        }
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
