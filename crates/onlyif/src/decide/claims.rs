//! Unique values: items of their own, written in the same transaction as the resource.

use serde_json::Value;

use crate::command::Command;
use crate::declaration::{Declaration, Unique};
use crate::document::{Document, unique};
use crate::item::{Attribute, Claim, Item, Key, Operand};
use crate::lifecycle;
use crate::plan::{Comparator, Condition, Effect, Write};
use crate::problem::Conflict;
use crate::view::Seen;

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

fn key_in(case: &Case<'_>, constraint: &Unique, document: Option<&Document>) -> Option<Key> {
    let document = document?;
    let values: Vec<_> = constraint
        .fields
        .iter()
        .map(|field| field.of(document))
        .collect();
    let tenant = &case.command.caller.tenant;
    unique_key(tenant, case.declaration, constraint, &values)
}

/// What becomes of the values that a resource claims when its document changes from `old` to
/// `new`, `None` being no resource at all. A value that stays is left alone.
pub(super) fn writes(
    case: &Case<'_>,
    old: Option<&Document>,
    new: Option<&Document>,
) -> Vec<Write> {
    let Case { command, view, .. } = *case;
    let mut writes = Vec::new();
    for constraint in &case.declaration.unique {
        let held = key_in(case, constraint, old);
        let wanted = key_in(case, constraint, new);
        if held == wanted {
            continue;
        }
        if let Some(key) = held
            && may_be_own(command, view.get(&key))
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
                effect: Effect::Put(Box::new(claim), None),
            });
        }
    }
    writes
}

/// Only its owner releases a value. Where it is known to be another's, or nobody's, there is
/// nothing to release.
fn may_be_own(command: &Command, seen: Seen<'_>) -> bool {
    match seen {
        Seen::Unknown => true,
        Seen::Absent => false,
        Seen::Present(item) => owner(item) == Some(&command.id),
    }
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
pub(super) fn conflicts(case: &Case<'_>, new: &Document) -> Vec<Conflict> {
    let Case { command, view, .. } = *case;
    let mut conflicts = Vec::new();
    for constraint in &case.declaration.unique {
        let Some(key) = key_in(case, constraint, Some(new)) else {
            continue;
        };
        let Seen::Present(item) = view.get(&key) else {
            continue;
        };
        let Some(holder) = owner(item).filter(|owner| **owner != command.id) else {
            continue;
        };
        let value = |field: &crate::document::pointer::Pointer| {
            (field.clone(), field.of(new).cloned().unwrap_or(Value::Null))
        };
        conflicts.push(Conflict::Duplicate {
            constraint: constraint.name.clone(),
            fields: constraint.fields.iter().map(value).collect(),
            holder: may_be_named(case, constraint, holder).then(|| holder.clone()),
        });
    }
    conflicts
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
