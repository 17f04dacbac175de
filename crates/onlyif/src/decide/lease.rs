//! Leases: taken, extended and released, and what the writes of others require of them.
//!
//! A lease leaves no stamp, for it is no version. Its own request's id stands in it, and every change
//! of it is pinned to what was seen: so its author knows it, and what comes late or twice does nothing.

use std::sync::Arc;

use serde_json::Value;

use crate::answer::{Answer, Done, DoneKind};
use crate::command::Operation;
use crate::evaluate::lease_map;
use crate::item::{Attribute, Lease, LeasePart, Operand, Resource};
use crate::lease::{against, none, running};
use crate::plan::{Assignment, Comparator, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Code, Conflict, Problem, Rel, Request, Resolution};
use crate::timestamp::Timestamp;

use super::{Case, Decision, Target, alive};

/// A lease for so many seconds. Who names the token of the own one extends it; otherwise a new one
/// begins, with a token of its own.
pub(super) fn take(case: &Case<'_>, for_s: i64) -> Decision {
    let resource = match seen(case) {
        Ok(resource) => resource,
        Err(decision) => return decision,
    };
    let command = case.command;
    // What others may have written since it ended, a lease that goes on would hide: it runs now, and
    // not just when the request came in.
    let now = case.view.at().map_or(command.at, |at| at.max(command.at));
    let extends = command.preconditions.lease_token.is_some()
        && running(case.declaration, resource, now).is_some();
    let asked = command.at.plus_millis(for_s.saturating_mul(1000));
    // It takes nothing back that its holder was told: another of its requests may have overtaken it.
    let until = match &resource.lease {
        Some(lease) if extends => asked.max(lease.until),
        _ => asked,
    };
    let lease = Lease {
        holder: command.caller.actor.clone(),
        until,
        token: resource.lease_token + u64::from(!extends),
        request_id: command.request_id.clone(),
    };
    let set = |attribute, value| Assignment::Set(attribute, Operand::Value(value));
    let effect = vec![
        set(Attribute::LeaseToken, lease.token.into()),
        set(Attribute::Lease, lease_map(&lease)),
    ];
    let outcome = Planned::Leased(lease);
    let pin = extends.then(|| equal(Attribute::Version, resource.version.into()));
    plan(case, resource, pin, effect, DoneKind::Leased, outcome)
}

/// The end of the caller's own lease, before its time.
pub(super) fn release(case: &Case<'_>) -> Decision {
    let command = case.command;
    let resource = match case.live() {
        Ok(resource) => resource,
        Err(decision) => return decision,
    };
    if running(case.declaration, resource, command.at).is_none() {
        return Decision::refuse(none(command));
    }
    if let Some(conflict) = conflict(case, resource) {
        return case.refuse(Some(resource), vec![conflict], Vec::new());
    }
    let effect = vec![Assignment::Remove(Attribute::Lease)];
    let outcome = Planned::Released(resource.lease_token);
    plan(case, resource, None, effect, DoneKind::Released, outcome)
}

/// The resource that is to be leased, or what to do where it cannot be.
fn seen<'a>(case: &Case<'a>) -> Result<&'a Arc<Resource>, Decision> {
    let resource = case.live()?;
    if !case.command.faults.is_empty() {
        return Err(case.invalid(Some(resource), case.command.faults.clone()));
    }
    match conflict(case, resource) {
        Some(conflict) => Err(case.refuse(Some(resource), vec![conflict], Vec::new())),
        None => Ok(resource),
    }
}

/// A change of the lease, and of nothing else.
fn plan(
    case: &Case<'_>,
    seen: &Arc<Resource>,
    more: Option<Condition>,
    effect: Vec<Assignment>,
    kind: DoneKind,
    outcome: Planned,
) -> Decision {
    if case.view.overflows() > 0 {
        return case.too_large(Some(seen));
    }
    let mut conditions = vec![unmoved(seen)];
    conditions.extend(more);
    let write = Write {
        key: case.command.key(),
        condition: Condition::All(conditions),
        effect: Effect::Update(effect),
    };
    Decision::Write(Box::new(Plan {
        writes: vec![write],
        acts: vec![case.act(kind, outcome, String::new())],
    }))
}

/// The resource lives as it did, and its lease is the one that was seen.
fn unmoved(resource: &Resource) -> Condition {
    let incarnation = Value::from(resource.incarnation.as_str());
    let token = match resource.lease_token {
        0 => not(Condition::Exists(Attribute::LeaseToken)),
        token => equal(Attribute::LeaseToken, token.into()),
    };
    let lease = match &resource.lease {
        None => not(Condition::Exists(Attribute::Lease)),
        Some(lease) => equal(
            Attribute::LeasePart(LeasePart::RequestId),
            lease.request_id.as_str().into(),
        ),
    };
    Condition::All(vec![
        alive(),
        equal(Attribute::Incarnation, incarnation),
        token,
        lease,
    ])
}

/// What every other write requires of the lease: that none runs but the caller's own, and that the
/// token which the request relies on is the newest.
pub(super) fn condition(case: &Case<'_>) -> Option<Condition> {
    case.declaration.lease_max_s?;
    let command = case.command;
    let ends = Attribute::LeasePart(LeasePart::Until);
    let now = Operand::Value(command.at.millis().into());
    let runs = Condition::Compare(ends, Comparator::More, now);
    let own = equal(
        Attribute::LeasePart(LeasePart::Holder),
        command.caller.actor.as_str().into(),
    );
    let mut conditions = vec![Condition::Any(vec![not(runs), own])];
    if let Some(token) = command.preconditions.lease_token {
        conditions.push(equal(Attribute::LeaseToken, token.into()));
    }
    Some(Condition::All(conditions))
}

/// The same as a conflict, where it does not hold of this resource.
pub(super) fn conflict(case: &Case<'_>, resource: &Resource) -> Option<Conflict> {
    let Case {
        declaration,
        command,
        ..
    } = *case;
    declaration.lease_max_s?;
    let named = command.preconditions.lease_token;
    let yours = named.filter(|token| *token != resource.lease_token);
    let lease = match yours {
        Some(_) => running(declaration, resource, command.at),
        None => Some(against(
            declaration,
            resource,
            &command.caller.actor,
            command.at,
        )?),
    };
    Some(Conflict::Leased {
        holder: lease.map(|lease| lease.holder.clone()),
        until: lease.map(|lease| lease.until),
        yours,
    })
}

/// Says of a problem that leases stand in the way how long they do; where nothing else does, the
/// same request may work then.
pub(super) fn wait(problem: &mut Problem, at: Timestamp) {
    if problem.code != Code::Leased {
        return;
    }
    let ends: Vec<Option<Timestamp>> = problem.conflicts.iter().map(end).collect();
    let Some(last) = ends.iter().flatten().max() else {
        return;
    };
    let wait_ms = last.millis().saturating_sub(at.millis());
    problem.retry_after_ms = u64::try_from(wait_ms).ok();
    if ends.iter().all(Option::is_some) {
        problem.resolutions.push(Resolution {
            rel: Rel::Retry,
            title: format!("Send it again when the lease has ended, at {last}"),
            request: Request::Same,
        });
    }
}

/// When the lease ends that is all that this conflict is about.
fn end(conflict: &Conflict) -> Option<Timestamp> {
    match conflict {
        Conflict::Leased {
            until, yours: None, ..
        } => *until,
        Conflict::Elsewhere { conflict, .. } => end(conflict),
        _ => None,
    }
}

/// Looks for what an own attempt has made of the lease.
pub(super) fn settle(case: &Case<'_>) -> Option<Decision> {
    // Under a key the record tells, and what is answered without one could not be repeated.
    if case.command.idempotency.is_some() {
        return None;
    }
    let Target::Live(resource) = case.target() else {
        return None;
    };
    let key = case.command.key();
    let mut attempts = case.view.acts(&key).map(|(act, _)| &act.outcome);
    let id = &case.command.id;
    let done = match case.command.operation {
        Operation::Lease { .. } => {
            attempts.next()?;
            let lease = resource.lease.as_deref();
            let own = lease.filter(|lease| lease.request_id == case.command.request_id)?;
            Done {
                lease: Some(own.clone()),
                ..Done::of(DoneKind::Leased, id, None)
            }
        }
        _ => {
            // Nobody but its holder can have released it since; and what was to end has ended.
            let has_ended = |token: u64| resource.lease.as_ref().is_none_or(|l| l.token != token);
            attempts.find(|made| matches!(made, Planned::Released(token) if has_ended(*token)))?;
            Done::of(DoneKind::Released, id, None)
        }
    };
    Some(Decision::Answer(Box::new(Answer::Done(done))))
}

fn equal(attribute: Attribute, value: Value) -> Condition {
    Condition::Compare(attribute, Comparator::Equal, Operand::Value(value))
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}
