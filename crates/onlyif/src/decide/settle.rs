//! What became of our own writes: a command whose stamp is in the table has happened.

use crate::answer::{Answer, Done, DoneKind};
use crate::command::{Command, IfMatch, Operation};
use crate::item::{Item, Resource, Stamps};
use crate::lifecycle;
use crate::plan::{Act, Plan, Planned};
use crate::problem::{Code, Conflict, Problem, Rel};
use crate::store::Failure;
use crate::view::{Attempt, Seen};

use super::{Case, Decision, Target, explain, stamp};

/// How long a caller waits before trying again when others were in the way, in milliseconds.
const AFTER_CONTENTION_MS: u64 = 1_000;
/// The same when nobody knows what became of a write.
const AFTER_DOUBT_MS: u64 = 1_000;

/// Looks for this command's own stamp in the resource's image. A write whose reply was lost, or
/// that was delivered twice, may have been applied although the store said nothing, or refused the
/// second one: its author is told so.
pub(super) fn settle(case: &Case<'_>) -> Option<Decision> {
    let Seen::Present(item) = case.view.get(&case.command.key()) else {
        return None;
    };
    let (stamps, tag) = match item {
        Item::Resource(resource) => (&resource.stamps, resource.tag()),
        Item::Tombstone(tombstone) => (
            &tombstone.stamps,
            crate::tag::Tag {
                version: tombstone.version,
                incarnation: tombstone.incarnation.clone(),
            },
        ),
        Item::Claim(_) | Item::Record(_) => return None,
    };
    if let Operation::Create { incarnation, .. } = &case.command.operation
        && tag.incarnation == *incarnation
        && !case.view.attempts().is_empty()
        && created_now(case.command, item)
    {
        return Some(created(case));
    }
    if let Some(place) = stamp::place(case.command, stamps) {
        return Some(applied(case, item, place));
    }
    forgotten(case, stamps).then(|| Decision::refuse(outcome_unknown(case)))
}

/// Eight hexadecimal digits may be drawn twice; not by the same caller in the same millisecond.
fn created_now(command: &Command, item: &Item) -> bool {
    match item {
        Item::Resource(resource) => {
            resource.created_at == command.at && resource.created_by == command.caller.actor
        }
        Item::Tombstone(_) | Item::Claim(_) | Item::Record(_) => true,
    }
}

/// Eight younger stamps: a write in doubt may have been applied and forgotten.
fn forgotten(case: &Case<'_>, stamps: &Stamps) -> bool {
    case.view
        .uncertain()
        .is_some_and(|own| stamp::all_younger(stamps, own))
}

/// Only an attempt that can no longer be applied leaves a refusal certain: one that is still on its
/// way could make what its author was told had not happened. An update that was pinned to a version
/// is over when that version is; so is a create where something has come to be.
pub(super) fn certain(case: &Case<'_>, decision: Decision) -> Decision {
    let Decision::Answer(answer) = &decision else {
        return decision;
    };
    if matches!(**answer, Answer::Done(_)) {
        return decision;
    }
    let may_arrive = case.view.attempts().iter().any(|attempt| {
        attempt.in_doubt
            && match (&attempt.act.outcome, &case.command.operation) {
                (Planned::Known(_), Operation::Create { .. }) => {
                    matches!(case.target(), Target::Unknown | Target::Absent)
                }
                (Planned::Known(_), _) => false,
                (Planned::FromImage, _) => true,
                (Planned::Deleted, _) => {
                    !matches!(case.command.preconditions.if_match, Some(IfMatch::Tags(_)))
                }
            }
    });
    if may_arrive {
        Decision::refuse(outcome_unknown(case))
    } else {
        decision
    }
}

/// The incarnation is ours, whatever has happened to it since.
fn created(case: &Case<'_>) -> Decision {
    let made = case
        .view
        .attempts()
        .iter()
        .rev()
        .find_map(|attempt| match &attempt.act.outcome {
            Planned::Known(resource) => Some(resource.clone()),
            Planned::FromImage | Planned::Deleted => None,
        });
    match made {
        Some(resource) => done(case, DoneKind::Created, Some(resource)),
        None => Decision::refuse(outcome_unknown(case)),
    }
}

/// Our stamp is at this place: so many writes came after ours.
fn applied(case: &Case<'_>, item: &Item, place: usize) -> Decision {
    match case.command.operation {
        Operation::Delete => return done(case, DoneKind::Deleted, None),
        Operation::Create { .. } => return created(case),
        Operation::Read
        | Operation::Replace { .. }
        | Operation::Patch { .. }
        | Operation::Transition { .. } => {}
    }
    let now = match item {
        Item::Resource(resource) => Some(resource),
        Item::Tombstone(_) | Item::Claim(_) | Item::Record(_) => None,
    };
    let since = u64::try_from(place).unwrap_or(u64::MAX);
    let made = now
        .and_then(|now| now.version.checked_sub(since))
        .filter(|version| *version > 0);
    let known = |attempt: &Attempt| match &attempt.act.outcome {
        Planned::Known(resource) => Some((resource.clone(), attempt.act.merged)),
        Planned::FromImage | Planned::Deleted => None,
    };
    let mut known = case.view.attempts().iter().rev().filter_map(known);
    let found = match made {
        // A blind update knows its outcome from the image alone. Where others have written since,
        // the representation of now is what can be told truthfully: it has our change and theirs.
        Some(version) => known
            .find(|(resource, _)| resource.version == version)
            .or_else(|| Some((Box::new(now?.clone()), false))),
        // It has ended since, and may have begun anew.
        None => known.next(),
    };
    let merged = found.as_ref().is_some_and(|(_, merged)| *merged);
    let resource = found.map(|(resource, _)| resource);
    Decision::Answer(Box::new(Answer::Done(Done {
        merged,
        ..Done::of(DoneKind::Changed, &case.command.id, resource)
    })))
}

fn done(case: &Case<'_>, kind: DoneKind, resource: Option<Box<Resource>>) -> Decision {
    let done = Done::of(kind, &case.command.id, resource);
    Decision::Answer(Box::new(Answer::Done(done)))
}

/// The answer to a plan that the store has written.
pub fn written(plan: &Plan, image: Option<Box<Item>>) -> Option<Answer> {
    let seen = || match *image? {
        Item::Resource(resource) => Some(Act {
            outcome: Planned::Known(Box::new(resource)),
            ..plan.act.clone()
        }),
        Item::Tombstone(_) | Item::Claim(_) | Item::Record(_) => None,
    };
    let done = plan.act.done().or_else(|| seen()?.done());
    done.map(Answer::Done)
}

/// The problem of a store that cannot say anything of the data.
pub(super) fn failed(case: &Case<'_>, failure: Failure) -> Problem {
    if case.view.uncertain().is_some() {
        return outcome_unknown(case);
    }
    let reads = case.command.operation == Operation::Read;
    let unavailable = |after_ms| {
        let detail = match reads {
            true => "The service cannot answer now. Send the request again.",
            false => "The service cannot answer now. Nothing is written; send the request again.",
        };
        let mut problem = Problem::new(Code::Unavailable, detail);
        problem.retry_after_ms = Some(after_ms);
        problem
    };
    match failure {
        Failure::Unavailable { retry_after_ms } => unavailable(retry_after_ms),
        Failure::OutOfTime => unavailable(AFTER_DOUBT_MS),
        Failure::Defect => Problem::new(
            Code::Internal,
            "Something is wrong with the service. Nothing is written. The request's id helps \
             those who run it to find out what.",
        ),
    }
}

/// The problem of a write of which nobody knows whether it was made, and the request that tells.
fn outcome_unknown(case: &Case<'_>) -> Problem {
    let command = case.command;
    let name = format!("{}/{}", command.type_name, command.id);
    let detail = match &command.operation {
        Operation::Create { .. } => format!(
            "{name} may have been created: read it before you send the request again. If it is \
             not there, it was not."
        ),
        Operation::Delete => {
            format!("{name} may have been deleted: read it before you send the request again.")
        }
        _ => {
            format!("The change may have been made: read {name} before you send the request again.")
        }
    };
    let mut problem = Problem::new(Code::OutcomeUnknown, detail);
    problem.retry_after_ms = Some(AFTER_DOUBT_MS);
    let created_by = match (case.target(), &command.operation) {
        (Target::Live(resource), _) => Some(resource.created_by.as_str()),
        (Target::Gone(tombstone), _) => tombstone.created_by.as_deref(),
        (_, Operation::Create { .. }) => Some(command.caller.actor.as_str()),
        _ => None,
    };
    if lifecycle::may_read_of(case.declaration, &command.caller, created_by) {
        let title = "See whether it was made";
        problem
            .resolutions
            .push(explain::read(command, Rel::Read, title));
    }
    problem
}

/// The problem of a command that others got in the way of each time.
pub(super) fn contended(case: &Case<'_>) -> Problem {
    if case.view.uncertain().is_some() {
        return outcome_unknown(case);
    }
    let conflicts = vec![Conflict::Contention];
    let mut problem = explain::refused(case.declaration, case.command, None, conflicts, Vec::new());
    problem.retry_after_ms = Some(AFTER_CONTENTION_MS);
    problem
}
