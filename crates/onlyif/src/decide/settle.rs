//! What became of our own writes: a command whose stamp is in the table has happened.

use std::sync::Arc;

use crate::answer::{Answer, Done, DoneKind};
use crate::command::{Command, IfMatch, Operation};
use crate::declaration::Declarations;
use crate::item::{Item, Resource, Stamps};
use crate::lifecycle;
use crate::plan::{Act, Plan, Planned};
use crate::problem::{Code, Problem, Rel};
use crate::store::Failure;
use crate::view::{Seen, View};

use super::{Case, Decision, Target, explain, lease, precondition, stamp};

/// How long a caller waits before trying again when others were in the way, in milliseconds.
const AFTER_CONTENTION_MS: u64 = 1_000;
/// The same when nobody knows what became of a write.
const AFTER_DOUBT_MS: u64 = 1_000;

/// Looks for this command's own stamp in the resource's image. A write whose reply was lost, or
/// that was delivered twice, may have been applied although the store said nothing, or refused the
/// second one: its author is told so.
fn settle(case: &Case<'_>) -> Option<Decision> {
    if case.command.operation.is_of_a_lease() {
        return lease::settle(case);
    }
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
    forgotten(case, stamps)
        .then(|| Decision::refuse(outcome_unknown(case.declarations, case.command, case.view)))
}

/// The same of all operations. What one transaction wrote is written as a whole: where one of them
/// is found, the others have happened too, whatever has become of them since.
pub(super) fn settled(command: &Command, cases: &[Case<'_>]) -> Option<Decision> {
    let found: Vec<Option<Decision>> = cases.iter().map(settle).collect();
    if !matches!(command.operation, Operation::All(_)) {
        return found.into_iter().next().flatten();
    }
    let mut happened = false;
    let mut forgotten = None;
    let mut told: Vec<Option<Done>> = Vec::new();
    for decision in found {
        let done = match decision {
            Some(Decision::Answer(answer)) => match *answer {
                Answer::Done(done) => Some(done),
                refused => {
                    forgotten = Some(refused);
                    None
                }
            },
            _ => None,
        };
        happened |= done.is_some();
        told.push(done);
    }
    if !happened {
        return forgotten.map(|refused| Decision::Answer(Box::new(refused)));
    }
    let planned = |case: &Case<'_>| {
        let key = case.command.key();
        let mut acts = case.view.acts(&key).rev();
        acts.find_map(|(act, _)| act.done())
    };
    let all = told.into_iter().zip(cases);
    let all: Option<Vec<Done>> = all
        .map(|(told, case)| told.or_else(|| planned(case)))
        .collect();
    let first = cases.first()?;
    Some(match all {
        Some(all) => Decision::Answer(Box::new(super::once::answer(command, all))),
        None => Decision::refuse(outcome_unknown(first.declarations, command, first.view)),
    })
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
        .uncertain(&case.command.key())
        .is_some_and(|own| stamp::all_younger(stamps, own))
}

/// Only an attempt that can no longer be applied leaves a refusal certain: one that is still on its
/// way could make what its author was told had not happened. An update that was pinned to a version
/// is over when that version is (until then another's unique value, which stands in its way now, may
/// be freed); so is a create where something has come to be.
pub(super) fn certain(command: &Command, cases: &[Case<'_>], decision: Decision) -> Decision {
    let Decision::Answer(answer) = &decision else {
        return decision;
    };
    if !matches!(**answer, Answer::Refused(_)) {
        return decision;
    }
    // Of several operations each must be able to happen, or none is.
    let possible = |case: &Case<'_>| {
        let key = case.command.key();
        let mut in_doubt = case.view.acts(&key).filter(|(_, in_doubt)| *in_doubt);
        in_doubt.any(|(act, _)| may_arrive(case, act))
    };
    match cases {
        [first, ..] if cases.iter().all(possible) => {
            Decision::refuse(outcome_unknown(first.declarations, command, first.view))
        }
        _ => decision,
    }
}

/// Whether what an attempt required of its resource may still hold, or hold again.
fn may_arrive(case: &Case<'_>, act: &Act) -> bool {
    // It was pinned to a lease that is no longer there: what is refused is another one's fault.
    if matches!(act.outcome, Planned::Leased(_) | Planned::Released(_)) {
        return false;
    }
    let Planned::Known(made) = &act.outcome else {
        let pinned = matches!(case.command.preconditions.if_match, Some(IfMatch::Tags(_)));
        return match case.target() {
            Target::Live(resource) if pinned => {
                precondition::check(&case.command.preconditions, resource).holds()
            }
            _ => !pinned,
        };
    };
    match case.target() {
        Target::Unknown => true,
        Target::Absent => act.kind == DoneKind::Created && made.previous_at.is_none(),
        Target::Gone(tombstone) => {
            act.kind == DoneKind::Created && made.previous_at == Some(tombstone.deleted_at)
        }
        Target::Live(resource) => {
            act.kind != DoneKind::Created
                && made.incarnation == resource.incarnation
                && made.version > resource.version
        }
    }
}

/// The incarnation is ours, whatever has happened to it since.
fn created(case: &Case<'_>) -> Decision {
    let made = known(case).next().map(|(resource, _)| resource);
    match made {
        Some(resource) => done(case, DoneKind::Created, Some(resource)),
        None => Decision::refuse(outcome_unknown(case.declarations, case.command, case.view)),
    }
}

/// The resource as the attempts would have left it, the latest first, and whether by a merge.
fn known(case: &Case<'_>) -> impl Iterator<Item = (Arc<Resource>, bool)> {
    let key = case.command.key();
    let made = |(act, _): (&Act, bool)| match &act.outcome {
        Planned::Known(resource) => Some((Arc::clone(resource), act.merged)),
        Planned::FromImage | Planned::Deleted | Planned::Leased(_) | Planned::Released(_) => None,
    };
    let all: Vec<_> = case.view.acts(&key).rev().filter_map(made).collect();
    all.into_iter()
}

/// Our stamp is at this place: so many writes came after ours.
fn applied(case: &Case<'_>, item: &Item, place: usize) -> Decision {
    match case.command.operation {
        Operation::Delete => return done(case, DoneKind::Deleted, None),
        Operation::Create { .. } => return created(case),
        Operation::Read
        | Operation::All(_)
        | Operation::Lease { .. }
        | Operation::Release
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
    let mut known = known(case);
    let found = match made {
        // A blind update knows its outcome from the image alone. Where others have written since,
        // the representation of now is what can be told truthfully: it has our change and theirs.
        Some(version) => known
            .find(|(resource, _)| resource.version == version)
            .or_else(|| Some((Arc::clone(now?), false))),
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

fn done(case: &Case<'_>, kind: DoneKind, resource: Option<Arc<Resource>>) -> Decision {
    let done = Done::of(kind, &case.command.id, resource);
    Decision::Answer(Box::new(Answer::Done(done)))
}

/// The answer to a plan that the store has written.
pub fn written(command: &Command, plan: &Plan, image: Option<Item>) -> Option<Answer> {
    let seen = |act: &Act| match image.as_ref()? {
        Item::Resource(resource) => Some(Act {
            outcome: Planned::Known(Arc::clone(resource)),
            ..act.clone()
        }),
        Item::Tombstone(_) | Item::Claim(_) | Item::Record(_) => None,
    };
    let acts = plan.acts.iter().filter(|act| !act.along);
    let done: Option<Vec<Done>> = acts
        .map(|act| act.done().or_else(|| seen(act)?.done()))
        .collect();
    done.map(|done| super::once::answer(command, done))
}

/// The problem of a store that cannot say anything of the data.
pub(super) fn failed(
    declarations: &Declarations,
    command: &Command,
    view: &View,
    failure: Failure,
) -> Problem {
    if view.in_doubt() {
        return outcome_unknown(declarations, command, view);
    }
    let reads = command.operation == Operation::Read;
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
fn outcome_unknown(declarations: &Declarations, command: &Command, view: &View) -> Problem {
    let first = command.parts().first().unwrap_or(command);
    let name = format!("{}/{}", first.type_name, first.id);
    let detail = match &command.operation {
        Operation::Create { .. } => format!(
            "{name} may have been created: read it before you send the request again. If it is \
             not there, it was not."
        ),
        Operation::Delete => {
            format!("{name} may have been deleted: read it before you send the request again.")
        }
        Operation::Lease { .. } | Operation::Release => format!(
            "The lease may have changed: look at that of {name} before you send the request again."
        ),
        Operation::All(_) => format!(
            "The operations may have been made, all of them or none: read {name} before you send \
             the request again."
        ),
        _ => {
            format!("The change may have been made: read {name} before you send the request again.")
        }
    };
    let mut problem = Problem::new(Code::OutcomeUnknown, detail);
    problem.retry_after_ms = Some(AFTER_DOUBT_MS);
    let created_by = match (view.get(&first.key()), &first.operation) {
        (Seen::Present(Item::Resource(resource)), _) => Some(resource.created_by.as_str()),
        (Seen::Present(Item::Tombstone(tombstone)), _) => tombstone.created_by.as_deref(),
        (_, Operation::Create { .. }) => Some(command.caller.actor.as_str()),
        _ => None,
    };
    let declaration = declarations.get(&first.type_name);
    let shows_it = !command.operation.is_of_a_lease();
    if shows_it
        && declaration.is_some_and(|of| lifecycle::may_read_of(of, &command.caller, created_by))
    {
        let title = "See whether it was made";
        problem
            .resolutions
            .push(explain::read(first, Rel::Read, title));
    }
    problem
}

/// The problem of a command that others got in the way of each time.
pub(super) fn contended(declarations: &Declarations, command: &Command, view: &View) -> Problem {
    if view.in_doubt() {
        return outcome_unknown(declarations, command, view);
    }
    let mut problem = explain::contention(command);
    problem.retry_after_ms = Some(AFTER_CONTENTION_MS);
    problem
}
