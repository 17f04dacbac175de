//! Reads: the resource as it is, if its caller's conditions hold of it.

use std::sync::Arc;

use crate::answer::{Answer, Done, DoneKind};
use crate::problem::Rel;

use super::precondition::{self, Verdict};
use super::{Case, Decision, explain};

pub(super) fn decide(case: &Case<'_>) -> Decision {
    let resource = match case.live() {
        Ok(resource) => resource,
        Err(decision) => return decision,
    };
    match precondition::check(&case.command.preconditions, resource) {
        Verdict::None | Verdict::Holds => {
            let done = Done::of(
                DoneKind::Unchanged,
                &case.command.id,
                Some(Arc::clone(resource)),
            );
            Decision::Answer(Box::new(Answer::Done(done)))
        }
        Verdict::Stale { yours, base } => {
            let outdated = explain::stale(resource, yours, base, None, false);
            let title = "Read what is there now";
            let read = explain::read(case.command, Rel::Read, title);
            case.refuse(Some(resource), vec![outdated], vec![read])
        }
    }
}
