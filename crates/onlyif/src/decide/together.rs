//! Operations that happen together: one alone with what happens along with it, or several, each
//! with a precondition of its own. All of it is one plan, or one refusal.

use crate::answer::{Answer, Done};
use crate::command::{Command, Operation};
use crate::plan::{Act, Condition, Effect, Plan, Write};
use crate::problem::{Fault, Origin, Place, Problem};
use crate::view::Seen;

use super::{Case, Decision, along, claims, explain, once, operation, unknown};

/// What is to be done about all operations.
pub(super) fn decide(command: &Command, cases: &[Case<'_>]) -> Decision {
    let all = along::with(cases, cases.iter().map(operation).collect());
    if !matches!(command.operation, Operation::All(_)) {
        return all.alone();
    }
    let mut reads = all.reads.clone();
    // One look covers all that the conditions concern, as far as the request itself tells.
    let seen = |case: &Case<'_>| case.view.get(&case.command.key()) != Seen::Unknown;
    let first = !cases.iter().any(seen);
    let view = cases.first().map(|case| case.view);
    let mut looked_at = |plan: &Plan| {
        if let Some(view) = view.filter(|_| first) {
            reads.extend(unknown(plan, view));
        }
    };
    all.along.iter().for_each(&mut looked_at);
    for decision in &all.decisions {
        if let Decision::Write(plan) = decision {
            looked_at(plan);
        }
    }
    for decision in &all.decisions {
        if let Decision::Read(keys) = decision {
            reads.extend(keys.iter().cloned());
        }
    }
    if reads.is_empty() {
        return whole(command, cases, all);
    }
    reads.sort();
    reads.dedup();
    Decision::Read(reads)
}

/// One plan of all, or one refusal.
fn whole(command: &Command, cases: &[Case<'_>], all: along::All) -> Decision {
    let mut plan = Plan {
        writes: Vec::new(),
        acts: Vec::new(),
    };
    let mut problems: Vec<(usize, Problem)> = Vec::new();
    let mut found: Vec<Done> = Vec::new();
    for ((index, case), decision) in cases.iter().enumerate().zip(all.decisions) {
        if let Some(fault) = repeated(cases, index) {
            problems.push((index, explain::faulty(vec![fault])));
            continue;
        }
        match decision {
            Decision::Write(own) => {
                plan.writes.extend(own.writes);
                plan.acts.extend(own.acts);
            }
            Decision::Answer(answer) => match *answer {
                Answer::Refused(problem) => problems.push((index, problem)),
                Answer::All(_) => {}
                Answer::Done(done) => {
                    // It finds everything as it asks, and that is to be so when the others happen.
                    if let Some((check, act)) = once::as_it_is(case.command, case.view, &done) {
                        plan.writes.push(check);
                        plan.acts.push(act);
                    }
                    found.push(done);
                }
            },
            Decision::Read(_) => {}
        }
    }
    if problems.is_empty() && found.len() == cases.len() {
        return Decision::Answer(Box::new(once::answer(command, found)));
    }
    for other in all.along {
        plan.writes.extend(other.writes);
        plan.acts.extend(other.acts);
    }
    let Plan { writes, acts } = plan;
    let (writes, taken) = merged(cases, writes, &acts);
    problems.extend(taken);
    if problems.is_empty() {
        return Decision::Write(Box::new(Plan { writes, acts }));
    }
    problems.sort_by_key(|(index, _)| *index);
    Decision::refuse(of_all(cases, problems))
}

/// What stands against any of the operations, in one problem: the earliest stage of the checks at
/// which one is refused gives its kind.
fn of_all(cases: &[Case<'_>], problems: Vec<(usize, Problem)>) -> Problem {
    let named = problems.into_iter().filter_map(|(index, problem)| {
        let command = cases.get(index)?.command;
        let name = Origin {
            type_name: command.type_name.clone(),
            id: Some(command.id.clone()),
        };
        Some((index, Some(name), problem))
    });
    Problem::of_all(named.collect())
}

/// What is wrong with an operation on a resource that an earlier one is about.
fn repeated(cases: &[Case<'_>], index: usize) -> Option<Fault> {
    let key = cases.get(index)?.command.key();
    let earlier = cases.iter().take(index);
    let other = earlier
        .into_iter()
        .position(|case| case.command.key() == key)?;
    Some(Fault {
        at: Place::Pointer(crate::document::pointer::Pointer::member("path")),
        detail: format!(
            "Operation {other} is about the same resource: one request writes a resource once."
        ),
        keyword: None,
    })
}

/// The writes with one write for each item: a value that one operation releases and another takes
/// passes from the one to the other. And the operations that take what another takes too, or holds
/// on to.
fn merged(
    cases: &[Case<'_>],
    all: Vec<Write>,
    acts: &[Act],
) -> (Vec<Write>, Vec<(usize, Problem)>) {
    let mut writes: Vec<Write> = Vec::new();
    let mut taken: Vec<(usize, Problem)> = Vec::new();
    for write in all {
        let Some(other) = writes.iter_mut().find(|other| other.key == write.key) else {
            writes.push(write);
            continue;
        };
        match (&other.effect, &write.effect) {
            (Effect::Put(..), Effect::Delete) | (Effect::Delete, Effect::Put(..)) => {
                let both = vec![other.condition.clone(), write.condition];
                if other.effect == Effect::Delete {
                    other.effect = write.effect;
                }
                other.condition = Condition::Any(both);
            }
            (first, second) => taken.extend(claims::met(cases, acts, &write.key, first, second)),
        }
    }
    let kept = writes.iter();
    taken.extend(kept.filter_map(|write| claims::kept(cases, acts, write)));
    (writes, taken)
}
