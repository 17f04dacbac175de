//! Updates: a document changes only if its caller has seen what is there, or touches nothing that
//! has changed since.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::answer::{Answer, Done, DoneKind};
use crate::command::{IfMatch, Operation, Stale};
use crate::document::merge::{Change, Overlay};
use crate::document::patch::{Difference, Patch, PatchFailure, Step};
use crate::document::pointer::Pointer;
use crate::document::{Document, RESERVED, representation};
use crate::item::Resource;
use crate::lifecycle;
use crate::plan::{Act, Plan, Planned};
use crate::problem::{Conflict, Fault, Rel, Request, Resolution};

use super::precondition::{self, Verdict};
use super::{Case, Decision, claims, explain, lease, reserved};

pub(super) fn decide(case: &Case<'_>) -> Decision {
    let resource = match case.live() {
        Ok(resource) => resource,
        Err(decision) => return decision,
    };
    match precondition::check(&case.command.preconditions, resource) {
        Verdict::None => case.unconditional(resource),
        Verdict::Holds => {
            let any = case.command.preconditions.if_match == Some(IfMatch::Any);
            let attempt = attempt(case, resource, &case.command.operation, any);
            finish(case, resource, attempt, false)
        }
        Verdict::Stale { yours, base } => stale(case, resource, yours, base),
    }
}

/// What the change would make of the resource as it is now.
struct Attempt {
    document: Document,
    /// What is wrong with that document, or with the request.
    faults: Vec<Fault>,
    /// What stands against it, unique values apart: these show at the write.
    conflicts: Vec<Conflict>,
    too_large: bool,
    /// The state that the request names, where the resource is in another one.
    state: Option<Value>,
}

impl Attempt {
    /// It makes no document.
    fn failed(faults: Vec<Fault>, conflicts: Vec<Conflict>) -> Self {
        Attempt {
            document: Document::new(),
            faults,
            conflicts,
            too_large: false,
            state: None,
        }
    }

    fn is_sound(&self) -> bool {
        self.faults.is_empty() && self.conflicts.is_empty() && !self.too_large
    }
}

fn attempt(case: &Case<'_>, resource: &Resource, operation: &Operation, loosely: bool) -> Attempt {
    let stored = representation(case.declaration, &case.command.id, resource).document();
    let mut faults = case.command.faults.clone();
    let mut conflicts: Vec<Conflict> =
        explain::not_allowed(case.declaration, case.command, resource)
            .into_iter()
            .collect();
    let filled = |body: &Document| reserved::filled(body, &stored, case.declaration);
    let wanted = match operation {
        Operation::Replace { body } => Ok(filled(body)),
        // What a value that cannot be held would have made of the document nobody can say.
        Operation::Patch { .. } if !faults.is_empty() => {
            return Attempt::failed(faults, conflicts);
        }
        // It puts another document in the place of the whole, as a `PUT` does.
        Operation::Patch { patch } if patch.replaces_all() => {
            patch.apply(&stored).map(|wanted| filled(&wanted))
        }
        Operation::Patch { patch } => patch.apply(&stored),
        Operation::Read
        | Operation::All(_)
        | Operation::Create { .. }
        | Operation::Transition { .. }
        | Operation::Lease { .. }
        | Operation::Release
        | Operation::Delete => Ok(stored.clone()),
    };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(failure) => {
            match failure {
                PatchFailure::Missing(mut fault) => {
                    if !lifecycle::may_read(case.declaration, &case.command.caller, resource) {
                        fault.detail = "this cannot be done to what is there".to_owned();
                    }
                    faults.push(fault);
                }
                PatchFailure::TestFailed {
                    pointer,
                    expected,
                    actual,
                } => {
                    conflicts.push(Conflict::ConditionNotMet {
                        pointer,
                        requires: json!({ "is": expected }),
                        actual,
                        message: None,
                    });
                }
            }
            return Attempt::failed(faults, conflicts);
        }
    };
    faults.extend(reserved::faults_of_update(
        &wanted,
        &stored,
        case.declaration,
        loosely,
    ));
    let document = reserved::without_reserved(&wanted);
    faults.extend(case.schema_faults(&document));
    let too_large = case.oversized(&document);
    let state = wanted.get("state");
    Attempt {
        document,
        faults,
        conflicts,
        too_large,
        state: state.filter(|_| state != stored.get("state")).cloned(),
    }
}

/// Writes what has been found sound, or refuses.
fn finish(case: &Case<'_>, resource: &Arc<Resource>, attempt: Attempt, merged: bool) -> Decision {
    if attempt.too_large {
        return case.too_large(Some(resource));
    }
    if !attempt.faults.is_empty() {
        return case.invalid(Some(resource), attempt.faults);
    }
    let unchanged = attempt.document == resource.document;
    let new = case.next(resource, attempt.document, resource.state.clone());
    let mut conflicts = attempt.conflicts;
    conflicts.extend(lease::conflict(case, resource));
    conflicts.extend(case.collisions(Some(resource), &new));
    if !conflicts.is_empty() {
        let holders = explain::read_holders(&case.command.type_name, &conflicts);
        return case.refuse(Some(resource), conflicts, holders);
    }
    if unchanged {
        let same = Some(Arc::clone(resource));
        return Decision::Answer(Box::new(Answer::Done(Done {
            merged,
            ..Done::of(DoneKind::Unchanged, &case.command.id, same)
        })));
    }
    Decision::Write(Box::new(plan(case, resource, new, merged)))
}

/// The resource becomes `new`, and its unique values with it.
pub(super) fn plan(case: &Case<'_>, old: &Resource, new: Resource, merged: bool) -> Plan {
    let mut writes = vec![case.pinned(old, &new)];
    writes.extend(claims::writes(case, Some(old), Some(&new)));
    let stamp = new.stamps.0[0].clone();
    Plan {
        writes,
        acts: vec![Act {
            merged,
            ..case.act(DoneKind::Changed, Planned::Known(Arc::new(new)), stamp)
        }],
    }
}

/// The caller's view is out of date. Where nothing overlaps the change may be rebased; otherwise
/// the refusal says what changed, and what can be done about it.
fn stale(
    case: &Case<'_>,
    resource: &Arc<Resource>,
    yours: Option<String>,
    base: Option<u64>,
) -> Decision {
    // The change as it was sent, which alone is ever rebased: no member of it is dropped in silence.
    let rebased = attempt(case, resource, &case.command.operation, true);
    let again = without_server_members(case);
    let overwriting = attempt(case, resource, &again, true);
    let current = &resource.document;
    let full;
    let change = match (&again, &case.command.operation) {
        (Operation::Patch { patch }, _) => Change::Patch(patch),
        (_, Operation::Replace { body }) => {
            let stored = representation(case.declaration, &case.command.id, resource).document();
            full = reserved::without_reserved(&reserved::filled(body, &stored, case.declaration));
            Change::Replace(&full)
        }
        _ => Change::Replace(current),
    };
    let overlay = Overlay::of(change, current);
    let mergeable = rebased.is_sound() && explain::disjoint(resource, base, &overlay);
    let preferred = case.command.stale.unwrap_or(case.declaration.stale);
    if mergeable && preferred == Stale::Merge {
        return finish(case, resource, rebased, true);
    }
    let mut outdated = explain::stale(resource, yours, base, Some(&overlay), mergeable);
    if let Some(state) = rebased.state {
        touch_state(&mut outdated, &state);
    }
    let mut conflicts = vec![outdated];
    conflicts.extend(overwriting.conflicts.iter().cloned());
    let mut resolutions = resolutions(case, resource, &again, &overwriting, mergeable);
    let mut others = Vec::from_iter(lease::conflict(case, resource));
    if overwriting.faults.is_empty() {
        let new = case.next(
            resource,
            overwriting.document.clone(),
            resource.state.clone(),
        );
        others.extend(case.collisions(Some(resource), &new));
    }
    if !others.is_empty() {
        // What would be refused again resolves nothing.
        resolutions.retain(|each| !matches!(each.rel, Rel::Merge | Rel::Overwrite));
        resolutions.extend(explain::read_holders(&case.command.type_name, &others));
    }
    conflicts.extend(others);
    case.refuse(Some(resource), conflicts, resolutions)
}

/// The state is no member of the document, and still a field that a request may touch.
fn touch_state(outdated: &mut Conflict, yours: &Value) {
    let Conflict::StaleVersion {
        fields: Some(fields),
        ..
    } = outdated
    else {
        return;
    };
    let state = Pointer::member("state");
    for field in fields.iter_mut().filter(|field| field.pointer == state) {
        field.yours = Some(yours.clone());
        field.overlaps = true;
    }
}

/// The same request without the members that are not the client's to choose.
fn without_server_members(case: &Case<'_>) -> Operation {
    match &case.command.operation {
        Operation::Replace { body } => Operation::Replace {
            body: reserved::stripped(body, case.declaration),
        },
        Operation::Patch {
            patch: Patch::Merge(body),
        } => Operation::Patch {
            patch: Patch::Merge(reserved::without_reserved(body)),
        },
        Operation::Patch {
            patch: Patch::Json(steps),
        } => {
            let own = |step: &&Step| {
                let first = step.path().tokens().first();
                matches!(step, Step::Test(..))
                    || first.is_none_or(|name| !RESERVED.contains(&name.as_str()))
            };
            let steps = steps.iter().filter(own).cloned().collect();
            Operation::Patch {
                patch: Patch::Json(steps),
            }
        }
        other => other.clone(),
    }
}

fn resolutions(
    case: &Case<'_>,
    resource: &Resource,
    again: &Operation,
    overwriting: &Attempt,
    mergeable: bool,
) -> Vec<Resolution> {
    let tag = resource.tag();
    let body = match again {
        Operation::Replace { body } => Some(Value::Object(body.clone())),
        Operation::Patch { patch } => Some(patch.to_value()),
        _ => None,
    };
    let mut resolutions = Vec::new();
    if mergeable {
        let request = match again {
            Operation::Replace { .. } => Request::Patch {
                body: Patch::Json(
                    Difference::between(&resource.document, &overwriting.document).steps(),
                )
                .to_value(),
                tag: tag.clone(),
            },
            _ => Request::Again {
                body: body.clone(),
                tag: tag.clone(),
            },
        };
        let title = "Make your changes to what is there now, and keep the others'".to_owned();
        resolutions.push(Resolution {
            rel: Rel::Merge,
            title,
            request,
        });
    }
    if overwriting.is_sound() {
        let title = "Put your values in the place of what is there now".to_owned();
        let request = Request::Again { body, tag };
        resolutions.push(Resolution {
            rel: Rel::Overwrite,
            title,
            request,
        });
    }
    let title = "Drop your changes, and read what is there now";
    resolutions.push(explain::read(case.command, Rel::Discard, title));
    resolutions
}
