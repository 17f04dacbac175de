//! Refusals: everything that stands against a command, in one problem.

use std::sync::Arc;

use crate::command::{Command, Operation};
use crate::declaration::{Declaration, Transition};
use crate::document::merge::Overlay;
use crate::item::{Resource, Tombstone};
use crate::lifecycle;
use crate::problem::{ChangedField, Code, Conflict, Fault, Problem, Rel, Request, Resolution};

use super::{detail, lease};

/// The problem of a resource that is not there, or that the caller may not know of.
pub(super) fn not_found(command: &Command) -> Problem {
    let detail = format!("There is no {}/{}.", command.type_name, command.id);
    Problem::new(Code::NotFound, detail)
}

/// The problem of a resource that was deleted. Past its time a tombstone no longer answers, nor does
/// it ever to who reads and may not.
pub(super) fn gone(declaration: &Declaration, command: &Command, tombstone: &Tombstone) -> Problem {
    let created_by = tombstone.created_by.as_deref();
    let readable = lifecycle::may_read_of(declaration, &command.caller, created_by);
    let hidden = command.operation == Operation::Read && !readable;
    if hidden || tombstone.expires_at_s <= command.at.seconds() {
        return not_found(command);
    }
    let conflict = Conflict::Gone {
        deleted_by: Some(tombstone.deleted_by.clone()),
        deleted_at: Some(tombstone.deleted_at),
        version: Some(tombstone.version),
    };
    told(command, None, readable, of(vec![conflict]))
}

/// The problem of something that only who created the resource may do; of a read, that there is
/// none.
pub(super) fn not_the_owner(
    declaration: &Declaration,
    command: &Command,
    resource: &Arc<Resource>,
) -> Problem {
    let act = match &command.operation {
        Operation::Read => return not_found(command),
        Operation::Transition { name, .. } => format!("request {name} of it"),
        Operation::Delete => "delete it".to_owned(),
        Operation::Lease { .. } | Operation::Release => "lease it".to_owned(),
        Operation::Create { .. }
        | Operation::Replace { .. }
        | Operation::Patch { .. }
        | Operation::All(_) => "update it".to_owned(),
    };
    let Command { type_name, id, .. } = command;
    let detail = format!("Only who created {type_name}/{id} may {act}.");
    let problem = Problem::new(Code::Forbidden, detail);
    tell(declaration, command, Some(resource), problem)
}

/// The problem of a request that does not say which version it is based on.
pub(super) fn precondition_required(
    declaration: &Declaration,
    command: &Command,
    resource: &Arc<Resource>,
) -> Problem {
    let mut problem = Problem::new(
        Code::PreconditionRequired,
        "Say which version this change is based on: send the ETag that you read in If-Match, \
         or If-Match: * to overwrite whatever is there.",
    );
    problem.errors.push(Fault {
        at: crate::problem::Place::Header("If-Match".to_owned()),
        detail: "is required: an entity tag in quotes, or *".to_owned(),
        keyword: None,
    });
    problem
        .resolutions
        .push(read(command, Rel::Read, "Read the resource, and its ETag"));
    tell(declaration, command, Some(resource), problem)
}

/// The problem of a request that is wrong in these places.
pub(super) fn faulty(faults: Vec<Fault>) -> Problem {
    let mut problem = Problem::new(Code::InvalidResource, detail::of_faults(&faults));
    problem.errors = faults;
    problem
}

/// The problem of a body that does not satisfy its schema.
pub(super) fn invalid(
    declaration: &Declaration,
    command: &Command,
    resource: Option<&Arc<Resource>>,
    faults: Vec<Fault>,
) -> Problem {
    let mut problem = Problem::new(Code::InvalidResource, detail::of_faults(&faults));
    problem.errors = faults;
    tell(declaration, command, resource, problem)
}

/// The problem of a document that has grown past what is taken.
pub(super) fn too_large(
    declaration: &Declaration,
    command: &Command,
    resource: Option<&Arc<Resource>>,
) -> Problem {
    let detail = "The document would be larger than 300 KB: make it smaller, or split it.";
    tell(
        declaration,
        command,
        resource,
        Problem::new(Code::ContentTooLarge, detail),
    )
}

/// The problem of a request that others got in the way of each time.
pub(super) fn contention(command: &Command) -> Problem {
    let conflicts = vec![Conflict::Contention];
    let first = command.parts().first().unwrap_or(command);
    let mut problem = Problem::new(Code::Contention, detail::of_conflicts(first, &conflicts));
    problem.conflicts = conflicts;
    problem
}

/// The problem of a request that touches more items than one transaction takes.
pub(super) fn too_many(items: usize, most: usize) -> Problem {
    let detail = format!(
        "This would write {items} items at once, its unique values, what it refers to, what happens \
         along and its key counted; {most} are taken. Make several requests of it."
    );
    Problem::new(Code::ContentTooLarge, detail)
}

/// The problem of a request whose documents are more than one transaction takes.
pub(super) fn too_heavy() -> Problem {
    let detail = "The documents of one request may have 4 MB in all, and its answer 5 MB: make several \
                  requests of it.";
    Problem::new(Code::ContentTooLarge, detail)
}

/// The problem of these conflicts, of which there is at least one, with the requests that resolve
/// them.
pub(super) fn refused(
    declaration: &Declaration,
    command: &Command,
    resource: Option<&Arc<Resource>>,
    conflicts: Vec<Conflict>,
    resolutions: Vec<Resolution>,
) -> Problem {
    let mut problem = Problem {
        resolutions,
        ..of(conflicts)
    };
    lease::wait(&mut problem, command.at);
    tell(declaration, command, resource, problem)
}

/// The problem with more conflicts beside those that it has.
pub(super) fn besides(
    case: &super::Case<'_>,
    mut problem: Problem,
    more: Vec<Conflict>,
) -> Problem {
    if more.is_empty() {
        return problem;
    }
    problem.conflicts.extend(more);
    let resource = problem.current.take();
    // What resolves only a part of it resolves nothing.
    let reads = problem.resolutions.into_iter();
    let reads = reads.filter(|each| matches!(each.request, Request::Read { .. }));
    refused(
        case.declaration,
        case.command,
        resource.as_ref(),
        problem.conflicts,
        reads.collect(),
    )
}

fn of(mut conflicts: Vec<Conflict>) -> Problem {
    conflicts.sort_by_key(Conflict::code);
    let code = conflicts.first().map_or(Code::Internal, Conflict::code);
    Problem {
        conflicts,
        ..Problem::new(code, "")
    }
}

/// Adds the resource, leaves out what the caller may not read, and puts the rest in words. Where
/// there is no resource, what is told is of the caller's own making.
fn tell(
    declaration: &Declaration,
    command: &Command,
    resource: Option<&Arc<Resource>>,
    problem: Problem,
) -> Problem {
    let caller = &command.caller;
    let readable = match resource {
        Some(resource) => lifecycle::may_read(declaration, caller, resource),
        None => lifecycle::may_read_of(declaration, caller, Some(&caller.actor)),
    };
    told(command, resource, readable, problem)
}

fn told(
    command: &Command,
    resource: Option<&Arc<Resource>>,
    readable: bool,
    mut problem: Problem,
) -> Problem {
    if readable {
        problem.current = resource.map(Arc::clone);
    } else {
        problem.conflicts.iter_mut().for_each(redact);
        // Each of the others shows the resource, or tells its tag or its state.
        problem
            .resolutions
            .retain(|each| matches!(each.rel, Rel::ReadHolder | Rel::Retry));
    }
    if !problem.conflicts.is_empty() {
        problem.detail = detail::of_conflicts(command, &problem.conflicts);
    }
    problem
}

/// What a caller learns who may not read the resource: that something stands against the request,
/// and nothing of what is stored.
fn redact(conflict: &mut Conflict) {
    match conflict {
        Conflict::Gone {
            deleted_by,
            deleted_at,
            version,
        } => {
            *deleted_by = None;
            *deleted_at = None;
            *version = None;
        }
        Conflict::StaleVersion {
            yours: _,
            current,
            changed_by,
            changed_at,
            mergeable,
            fields,
        } => {
            *current = None;
            *changed_by = None;
            *changed_at = None;
            *mergeable = None;
            *fields = None;
        }
        Conflict::InvalidTransition {
            state,
            since,
            by,
            allowed,
            path,
            transition: _,
            from: _,
        } => {
            *state = None;
            *allowed = None;
            *since = None;
            *by = None;
            *path = None;
        }
        Conflict::NotAllowedInState { state, .. } => *state = None,
        Conflict::ConditionNotMet { actual, .. } => *actual = None,
        // When it ends is what `Retry-After` says.
        Conflict::Leased { holder, .. } => *holder = None,
        // Whether its holder is named is not a matter of this resource.
        Conflict::Duplicate { .. } => {}
        Conflict::MissingReference { target, .. } => *target = None,
        Conflict::HasDependents { dependents } => *dependents = None,
        // Which resource takes part is told by what may not be read.
        Conflict::Elsewhere { resource, conflict } => {
            resource.id = None;
            redact(conflict);
        }
        Conflict::InOperation { conflict, .. } => redact(conflict),
        Conflict::AlreadyExists | Conflict::Contention => {}
    }
}

/// The conflict of a view that is out of date: every field changed since, and whether the change
/// touches it too.
pub(super) fn stale(
    resource: &Resource,
    yours: Option<String>,
    base: Option<u64>,
    overlay: Option<&Overlay<'_>>,
    mergeable: bool,
) -> Conflict {
    let changed = base.and_then(|base| resource.clocks.since(base));
    let fields = changed.map(|changed| {
        changed
            .into_iter()
            .map(|(pointer, clock)| ChangedField {
                pointer: pointer.clone(),
                changed_by: clock.actor.clone(),
                changed_at: clock.at,
                version: clock.version,
                current: crate::guard::actual(pointer, resource),
                yours: overlay.and_then(|overlay| overlay.yours(pointer)).cloned(),
                overlaps: overlay.is_some_and(|overlay| overlay.overlaps(pointer)),
            })
            .collect()
    });
    Conflict::StaleVersion {
        yours,
        current: Some(resource.tag()),
        changed_by: Some(resource.updated_by.clone()),
        changed_at: Some(resource.updated_at),
        mergeable: Some(mergeable),
        fields,
    }
}

/// Whether nothing that the request touches overlaps a change made since its base.
pub(super) fn disjoint(resource: &Resource, base: Option<u64>, overlay: &Overlay<'_>) -> bool {
    base.and_then(|base| resource.clocks.since(base))
        .is_some_and(|changed| {
            changed
                .iter()
                .all(|(pointer, _)| !overlay.overlaps(pointer))
        })
}

/// The conflict of an update or delete that the state does not allow.
pub(super) fn not_allowed(
    declaration: &Declaration,
    command: &Command,
    resource: &Resource,
) -> Option<Conflict> {
    let states = declaration.states.as_ref()?;
    let state = resource.state.as_ref()?;
    let (operation, allowed_in) = match command.operation {
        Operation::Replace { .. } | Operation::Patch { .. } => ("update", &states.update),
        Operation::Delete => ("delete", &states.delete),
        Operation::Read
        | Operation::All(_)
        | Operation::Create { .. }
        | Operation::Lease { .. }
        | Operation::Release
        | Operation::Transition { .. } => return None,
    };
    let conflict = Conflict::NotAllowedInState {
        operation,
        state: Some(state.clone()),
        allowed_in: allowed_in.clone(),
    };
    (!allowed_in.contains(state)).then_some(conflict)
}

/// The conflict of a transition that does not start from the state that the resource is in, and
/// the first step on the way to one.
pub(super) fn wrong_state(
    declaration: &Declaration,
    command: &Command,
    resource: &Resource,
    transition: &Transition,
) -> Option<(Conflict, Option<Resolution>)> {
    let state = resource.state.as_deref()?;
    if lifecycle::starts_from(transition, Some(state)) {
        return None;
    }
    let legal = lifecycle::legal(declaration, resource, &command.caller, command.at);
    let path = lifecycle::path(declaration, resource, transition, &command.caller);
    let first = path.as_ref().and_then(|path| path.first());
    let step = first.and_then(|first| legal.iter().find(|legal| legal.name == *first));
    let resolution = step.map(|step| Resolution {
        rel: Rel::Transition,
        title: format!(
            "{}, on the way to {}",
            capitalised(&step.name),
            transition.name
        ),
        request: Request::Transition {
            name: step.name.clone(),
            input: step.input.as_ref().map(|input| input.source.clone()),
        },
    });
    let clock = resource
        .clocks
        .fields
        .get(&crate::document::pointer::Pointer::member("state"));
    let conflict = Conflict::InvalidTransition {
        transition: transition.name.clone(),
        state: Some(state.to_owned()),
        from: transition.from.clone(),
        since: Some(clock.map_or(resource.created_at, |clock| clock.at)),
        by: Some(
            clock
                .map_or(&resource.created_by, |clock| &clock.actor)
                .clone(),
        ),
        allowed: Some(legal.iter().map(|legal| legal.name.clone()).collect()),
        path,
    };
    Some((conflict, resolution))
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// The requests that show the holders of taken values.
pub(super) fn read_holders(type_name: &str, conflicts: &[Conflict]) -> Vec<Resolution> {
    let mut resolutions: Vec<Resolution> = Vec::new();
    for conflict in conflicts {
        let Conflict::Duplicate {
            holder: Some(holder),
            ..
        } = conflict
        else {
            continue;
        };
        let request = Request::Read {
            type_name: type_name.to_owned(),
            id: holder.clone(),
        };
        if resolutions.iter().all(|known| known.request != request) {
            let title = "Read the resource that holds the value".to_owned();
            resolutions.push(Resolution {
                rel: Rel::ReadHolder,
                title,
                request,
            });
        }
    }
    resolutions
}

/// The request that shows the resource.
pub(super) fn read(command: &Command, rel: Rel, title: &str) -> Resolution {
    let request = Request::Read {
        type_name: command.type_name.clone(),
        id: command.id.clone(),
    };
    Resolution {
        rel,
        title: title.to_owned(),
        request,
    }
}
