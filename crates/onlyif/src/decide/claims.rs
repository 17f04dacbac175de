//! Unique values: items of their own, written in the same transaction as the resource.

use serde_json::Value;

use crate::command::Command;
use crate::declaration::{Declaration, Unique};
use crate::document::pointer::Pointer;
use crate::document::unique;
use crate::evaluate;
use crate::holding;
use crate::item::{Attribute, Claim, Item, Key, Operand, Resource};
use crate::lifecycle;
use crate::plan::{Comparator, Condition, Effect, Write};
use crate::problem::Conflict;
use crate::view::{Seen, View};

use super::{Case, Target};

/// The key of the item that claims these values, in the order of the constraint's fields; `None`
/// where one of them is missing or `null`, so that the constraint does not hold.
pub fn unique_key(
    tenant: &str,
    declaration: &Declaration,
    constraint: &Unique,
    values: &[Option<&Value>],
) -> Option<Key> {
    let values: Vec<&Value> = values.iter().copied().collect::<Option<_>>()?;
    let normalised = unique::normalise(&values, &constraint.normalize)?;
    Some(Key::Unique {
        tenant: tenant.to_owned(),
        type_name: declaration.name.clone(),
        constraint: constraint.name.clone(),
        digest: unique::digest(&normalised),
    })
}

/// The key of the item by which this resource claims its values; `None` where it has none, or where
/// the constraint does not hold of it.
pub fn held_key(
    tenant: &str,
    declaration: &Declaration,
    constraint: &Unique,
    resource: &Resource,
) -> Option<Key> {
    if !holding::applies(constraint, resource) {
        return None;
    }
    let fields = constraint.fields.iter();
    let values: Vec<_> = fields.map(|field| field.of(&resource.document)).collect();
    unique_key(tenant, declaration, constraint, &values)
}

fn key_of(case: &Case<'_>, constraint: &Unique, resource: &Resource) -> Option<Key> {
    let tenant = &case.command.caller.tenant;
    held_key(tenant, case.declaration, constraint, resource)
}

/// What becomes of the values that a resource claims when it changes from `old` to `new`, `None`
/// being no resource at all. A value that stays is left alone.
pub(super) fn writes(
    case: &Case<'_>,
    old: Option<&Resource>,
    new: Option<&Resource>,
) -> Vec<Write> {
    let command = case.command;
    let mut writes = Vec::new();
    for constraint in &case.declaration.unique {
        let held = old.and_then(|old| key_of(case, constraint, old));
        let wanted = new.and_then(|new| key_of(case, constraint, new));
        if held == wanted {
            continue;
        }
        if let Some(key) = held
            && may_be_own(case, &key)
        {
            writes.push(Write {
                key,
                condition: own(command),
                effect: Effect::Delete,
            });
        }
        if let Some(key) = wanted {
            let claim = Item::Claim(Claim {
                owner: command.id.clone(),
            });
            writes.push(Write {
                key,
                condition: Condition::Any(vec![Condition::absent(), own(command)]),
                effect: Effect::Put(claim, None),
            });
        }
    }
    writes
}

/// Only its owner releases a value. Where it has been found to be another's, or nobody's, there is
/// nothing to release; but only while the resource is what it was then: an older find says nothing
/// of the values that it has taken since.
fn may_be_own(case: &Case<'_>, key: &Key) -> bool {
    let Case { command, view, .. } = *case;
    let own = match view.get(key) {
        Seen::Unknown => true,
        Seen::Absent => false,
        Seen::Present(item) => owner(item) == Some(&command.id),
    };
    own || view.looked_after(key) <= view.looked_after(&command.key())
}

fn own(command: &Command) -> Condition {
    Condition::Compare(
        Attribute::Owner,
        Comparator::Equal,
        Operand::Value(Value::from(command.id.as_str())),
    )
}

fn owner(item: &Item) -> Option<&String> {
    match item {
        Item::Claim(claim) => Some(&claim.owner),
        Item::Resource(_) | Item::Tombstone(_) | Item::Record(_) => None,
    }
}

/// The values of `new` that the view shows to be claimed by others.
pub(super) fn conflicts(case: &Case<'_>, new: &Resource) -> Vec<Conflict> {
    let Case { command, view, .. } = *case;
    let mut conflicts = Vec::new();
    for constraint in &case.declaration.unique {
        let Some(key) = key_of(case, constraint, new) else {
            continue;
        };
        let Seen::Present(item) = view.get(&key) else {
            continue;
        };
        // Who held a value that the resource wanted in an earlier version may have freed it since.
        if view.is_older(&key, &command.key()) {
            continue;
        }
        let Some(holder) = owner(item).filter(|owner| **owner != command.id) else {
            continue;
        };
        // What becomes of a value that another operation of the request holds shows in the whole.
        let moves = |other: &Command| other.type_name == command.type_name && other.id == *holder;
        if !case.whole.iter().any(moves) {
            conflicts.push(taken(case, constraint, new, holder));
        }
    }
    conflicts
}

/// The conflict of a value of `new` that is this resource's.
fn taken(case: &Case<'_>, constraint: &Unique, new: &Resource, holder: &str) -> Conflict {
    let value = |field: &Pointer| {
        let value = field.of(&new.document).cloned();
        (field.clone(), value.unwrap_or(Value::Null))
    };
    Conflict::Duplicate {
        constraint: constraint.name.clone(),
        fields: constraint.fields.iter().map(value).collect(),
        holder: may_be_named(case, constraint, holder).then(|| holder.to_owned()),
    }
}

/// Two of one request take one value, or one takes what another holds and does not release.
pub(super) struct Taking {
    /// The value's key.
    value: Key,
    /// The resource that takes it.
    pub by: Key,
    /// The id of the resource that it is another's by.
    holder: String,
}

fn taking(value: &Key, by: &str, holder: &str) -> Option<Taking> {
    let by = Key::Resource {
        tenant: value.tenant().to_owned(),
        type_name: value.type_name()?.to_owned(),
        id: by.to_owned(),
    };
    Some(Taking {
        value: value.clone(),
        by,
        holder: holder.to_owned(),
    })
}

/// Two take one value: the second is told so.
pub(super) fn both(key: &Key, first: &Effect, second: &Effect) -> Option<Taking> {
    let by = |effect: &Effect| match effect {
        Effect::Put(item, _) => owner(item).cloned(),
        _ => None,
    };
    taking(key, &by(second)?, &by(first)?)
}

/// One takes a value that the view shows to be another's, who does not release it.
pub(super) fn kept(view: &View, write: &Write) -> Option<Taking> {
    let Effect::Put(item, _) = &write.effect else {
        return None;
    };
    match view.get(&write.key) {
        Seen::Present(seen) if !evaluate::holds(&write.condition, seen) => {
            let taking = taking(&write.key, owner(item)?, owner(seen)?)?;
            // It may have been freed since.
            (!view.is_older(&taking.value, &taking.by)).then_some(taking)
        }
        _ => None,
    }
}

/// The conflict of the resource that takes the value, and would be this.
pub(super) fn met(case: &Case<'_>, new: &Resource, taking: &Taking) -> Option<Conflict> {
    let Key::Unique { constraint, .. } = &taking.value else {
        return None;
    };
    let mut unique = case.declaration.unique.iter();
    let constraint = unique.find(|unique| unique.name == *constraint)?;
    Some(taken(case, constraint, new, &taking.holder))
}

/// Whether a conflict may say who holds a value: where it is a secret of its creator's, only if the
/// view shows that this is the caller.
fn may_be_named(case: &Case<'_>, constraint: &Unique, holder: &str) -> bool {
    let created_by = match case.found(holder) {
        Target::Live(resource) => Some(resource.created_by.as_str()),
        Target::Unknown | Target::Absent | Target::Gone(_) => None,
    };
    let caller = &case.command.caller;
    constraint.disclose_holder && lifecycle::may_read_of(case.declaration, caller, created_by)
}
