//! The decision: what to do about a command, given what is known of the table.
//!
//! A create or a blind transition is written before anything is read. If the store refuses, the
//! same function explains, from the images that came back with the refusal.

mod along;
mod case;
mod claims;
mod create;
mod delete;
mod detail;
mod explain;
mod lease;
mod once;
mod precondition;
mod read;
mod references;
mod reserved;
mod settle;
mod stamp;
mod together;
mod transition;
mod update;

pub use claims::{held_key, unique_key};
pub use settle::written;

use crate::answer::Answer;
use crate::command::{Command, Operation};
use crate::declaration::Declarations;
use crate::document::{sent_bytes_of, weight};
use crate::item::Key;
use crate::plan::{Act, Plan, Planned};
use crate::problem::Problem;
use crate::store::Failure;
use crate::view::{Seen, View};

use case::{Case, Target, alive, in_one_of};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Look at these items; then decide again.
    Read(Vec<Key>),
    /// Write this; if the store refuses, learn what it shows, and decide again.
    Write(Box<Plan>),
    /// Nothing more is to be done.
    Answer(Box<Answer>),
}

impl Decision {
    fn refuse(problem: Problem) -> Self {
        Decision::Answer(Box::new(Answer::Refused(problem)))
    }
}

/// Decides. Pure: the same command and the same view always give the same decision.
pub fn decide(declarations: &Declarations, command: &Command, view: &View) -> Decision {
    let cases: Vec<Case<'_>> = command
        .parts()
        .iter()
        .filter_map(|part| Case::of(declarations, part, view))
        .map(|case| Case {
            together: matches!(command.operation, Operation::All(_)),
            whole: command.parts(),
            ..case
        })
        .collect();
    if cases.len() < command.parts().len() {
        return Decision::refuse(explain::not_found(command));
    }
    let settled = || settle::settled(command, &cases);
    if let Some(decision) = once::replay(command, view).or_else(settled) {
        return decision;
    }
    let decision = together::decide(command, &cases);
    let decision = bounded(command, settle::certain(command, &cases, decision));
    // Of several types the longest that one of them asks for.
    let kept_s = cases.iter().map(|case| case.declaration.idempotency_s);
    let kept_s = kept_s.max().unwrap_or_default();
    let decision = once::recorded(command, view, kept_s, decision);
    rehearse(command, view, decision)
}

/// What is to be done about one operation, whatever else happens along or beside it.
fn operation(case: &Case<'_>) -> Decision {
    match &case.command.operation {
        Operation::Read => read::decide(case),
        Operation::Create {
            body,
            incarnation,
            repeatable,
        } => create::decide(case, body, incarnation, *repeatable),
        Operation::Replace { .. } | Operation::Patch { .. } => update::decide(case),
        Operation::Transition { name, input } => transition::decide(case, name, input.as_ref()),
        Operation::Delete => delete::decide(case),
        Operation::Lease { for_s } => lease::take(case, *for_s),
        Operation::Release => lease::release(case),
        // A list of operations is no operation of a list.
        Operation::All(_) => Decision::refuse(explain::not_found(case.command)),
    }
}

/// Writes of one transaction at most.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const MAX_WRITES: usize = 100;
/// How much the documents of one transaction may weigh in all, of which DynamoDB takes 4 MB.
const MAX_BYTES: usize = 4_000_000;

/// What one transaction could not take is refused before anything is written.
fn bounded(command: &Command, decision: Decision) -> Decision {
    let Decision::Write(plan) = &decision else {
        return decision;
    };
    let writes = plan.writes.len() + usize::from(command.idempotency.is_some());
    let made = plan.acts.iter().map(|act| match &act.outcome {
        Planned::Known(resource) => weight(&resource.document),
        Planned::FromImage | Planned::Deleted | Planned::Leased(_) | Planned::Released(_) => 0,
    });
    if writes > MAX_WRITES {
        return Decision::refuse(explain::too_many(writes, MAX_WRITES));
    }
    if made.sum::<usize>() > MAX_BYTES {
        return Decision::refuse(explain::too_heavy());
    }
    let answered = plan.acts.iter().filter(|act| !act.along);
    if answered.map(told_bytes).sum::<usize>() > MAX_TOLD_BYTES {
        return Decision::refuse(explain::too_heavy());
    }
    decision
}

/// Bytes of what the operations of one request may answer in all; Lambda takes 6 MB, and what it is
/// wrapped in is counted there. What could not be told is not done.
const MAX_TOLD_BYTES: usize = 5_000_000;
/// Bytes of the headers and the reserved members of one answer, generously.
const HEAD_BYTES: usize = 2_000;

/// Bytes of the answer to an operation on its way through Lambda.
fn told_bytes(act: &Act) -> usize {
    let Planned::Known(resource) = &act.outcome else {
        return HEAD_BYTES;
    };
    HEAD_BYTES + sent_bytes_of(&resource.document)
}

/// A dry run looks at all that it would write, and then answers as if it were written.
fn rehearse(command: &Command, view: &View, decision: Decision) -> Decision {
    let plan = match decision {
        Decision::Write(plan) if command.dry_run => plan,
        other => return other,
    };
    let unknown = unknown(&plan, view);
    match settle::written(command, &plan, None) {
        Some(answer) if unknown.is_empty() => Decision::Answer(Box::new(answer)),
        _ => Decision::Read(unknown),
    }
}

/// The items that a plan writes and nobody has looked at.
fn unknown(plan: &Plan, view: &View) -> Vec<Key> {
    let keys = plan.writes.iter().map(|write| write.key.clone());
    keys.filter(|key| view.get(key) == Seen::Unknown).collect()
}

/// What the store says when it cannot say anything of the data.
pub(crate) fn failed(
    declarations: &Declarations,
    command: &Command,
    view: &View,
    failure: Failure,
) -> Problem {
    settle::failed(declarations, command, view, failure)
}

/// Others were in the way until the end.
pub(crate) fn contended(declarations: &Declarations, command: &Command, view: &View) -> Problem {
    settle::contended(declarations, command, view)
}
