//! Deletes: a resource ends only if its caller has seen what is there, and its state allows it.

use serde_json::Value;

use crate::answer::DoneKind;
use crate::document::pointer::Pointer;
use crate::holding;
use crate::item::{Attribute, ClockPart, Operand, Resource};
use crate::plan::{Assignment, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Rel, Request, Resolution};

use super::precondition::{self, Verdict};
use super::{Case, Decision, Target, alive, claims, explain, in_one_of, lease, references, stamp};

pub(super) fn decide(case: &Case<'_>) -> Decision {
    // More tags than one condition can name are compared here, with what is read.
    let looks = holding::may_end_with(case.declaration)
        || references::are_counted(case.declaration)
        || case.view.overflows() > 0;
    let blind = !looks && case.command.preconditions.name_a_version();
    if let Target::Unknown = case.target()
        && blind
    {
        return Decision::Write(Box::new(plan(case, None, None)));
    }
    let resource = match case.live() {
        Ok(resource) => resource,
        Err(decision) => return decision,
    };
    let mut conflicts = Vec::new();
    let mut resolutions = Vec::new();
    let mut standing = Vec::from_iter(explain::not_allowed(
        case.declaration,
        case.command,
        resource,
    ));
    standing.extend(references::dependents_left(case, resource));
    standing.extend(lease::conflict(case, resource));
    match precondition::check(&case.command.preconditions, resource) {
        Verdict::None => {
            return case.unconditional(resource);
        }
        Verdict::Holds => {}
        Verdict::Stale { yours, base } => {
            conflicts.push(explain::stale(resource, yours, base, None, false));
            if standing.is_empty() {
                resolutions.push(Resolution {
                    rel: Rel::Overwrite,
                    title: "Delete it as it is now".to_owned(),
                    request: Request::Again {
                        body: None,
                        tag: resource.tag(),
                    },
                });
            }
            let title = "Keep it, and read what is there";
            resolutions.push(explain::read(case.command, Rel::Discard, title));
        }
    }
    conflicts.extend(standing);
    if !conflicts.is_empty() {
        return case.refuse(Some(resource), conflicts, resolutions);
    }
    let pin = looks || !resource.counted.is_empty() || case.view.in_doubt();
    Decision::Write(Box::new(plan(
        case,
        Some(resource),
        pin.then_some(resource),
    )))
}

/// The resource becomes a tombstone. Pinned where values are released or references end with it, or
/// where an earlier attempt is in doubt; otherwise whatever the preconditions allow.
fn plan(case: &Case<'_>, seen: Option<&Resource>, pin: Option<&Resource>) -> Plan {
    let command = case.command;
    let stamp = stamp::next(command, case.view, seen.map(|resource| &resource.stamps));
    let mut conditions = vec![alive()];
    match pin {
        Some(resource) => conditions.push(precondition::is(resource.tag())),
        None => {
            conditions.push(precondition::condition(&command.preconditions));
            conditions.extend(case.ownership());
            conditions.extend(stamp::condition(&stamp));
            // What counts it must be told.
            let counted = Condition::Exists(Attribute::Counted);
            conditions.push(Condition::Not(Box::new(counted)));
            if let Some(states) = &case.declaration.states {
                conditions.push(in_one_of(&states.delete));
            }
        }
    }
    conditions.extend(lease::condition(case));
    let mut writes = vec![Write {
        key: command.key(),
        condition: Condition::All(conditions),
        effect: Effect::Update(burial(case, &stamp)),
    }];
    if let Some(resource) = pin {
        writes.extend(claims::writes(case, Some(resource), None));
    }
    Plan {
        writes,
        acts: vec![case.act(DoneKind::Deleted, Planned::Deleted, stamp)],
    }
}

fn burial(case: &Case<'_>, stamp: &str) -> Vec<Assignment> {
    let command = case.command;
    let set = |attribute, value| Assignment::Set(attribute, Operand::Value(value));
    let expires_at_s = command
        .at
        .seconds()
        .saturating_add(case.declaration.tombstone_s);
    let mut assignments = stamp::shift(stamp);
    assignments.extend([
        Assignment::Sum(Attribute::Version, Attribute::Version, 1.into()),
        set(Attribute::DeletedAt, Value::from(command.at.to_string())),
        set(
            Attribute::DeletedBy,
            Value::from(command.caller.actor.as_str()),
        ),
        set(Attribute::Expires, Value::from(expires_at_s)),
    ]);
    let left = [
        Attribute::Document(Pointer::root()),
        Attribute::State,
        Attribute::ListedIn,
        Attribute::UpdatedAt,
        Attribute::UpdatedBy,
        Attribute::Operation,
        Attribute::PreviousAt,
        Attribute::Floor,
        Attribute::Counted,
        Attribute::Lease,
        Attribute::Clocks(ClockPart::Version),
        Attribute::Clocks(ClockPart::Actor),
        Attribute::Clocks(ClockPart::At),
    ];
    assignments.extend(left.map(Assignment::Remove));
    let dependents = case.declarations.dependents(&command.type_name);
    let counts = dependents.map(|other| Attribute::Dependents(other.name.clone()));
    assignments.extend(counts.map(Assignment::Remove));
    assignments
}
