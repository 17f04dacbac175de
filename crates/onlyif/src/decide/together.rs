//! Operations that happen together: one alone with what happens along with it, or several, each
//! with a precondition of its own. All of it is one plan, or one refusal.

use std::collections::BTreeMap;

use crate::answer::{Answer, Done};
use crate::command::{Command, Operation};
use crate::declaration::Declaration;
use crate::item::{Item, Key};
use crate::plan::{Act, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Conflict, Fault, Origin, Place, Problem};
use crate::view::Seen;

use super::along::{self, Companion};
use super::references::Changes;
use super::{Case, Decision, claims, explain, once, operation, unknown};

/// What is to be done about all operations.
pub(super) fn decide(command: &Command, cases: &[Case<'_>]) -> Decision {
    let all = along::with(cases, cases.iter().map(operation).collect());
    if !matches!(command.operation, Operation::All(_)) {
        return alone(cases, all);
    }
    let mut reads = all.reads.clone();
    // One look covers all that the conditions concern, as far as the request itself tells.
    let seen = |case: &Case<'_>| case.view.get(&case.command.key()) != Seen::Unknown;
    let first = !cases.iter().any(seen);
    let view = cases.first().map(|case| case.view);
    let mut looked_at = |plan: &Plan| {
        if let Some(view) = view.filter(|_| first) {
            reads.extend(unknown(plan, view));
            let changes = cases.first().map(|case| Changes::of(case, &plan.acts));
            reads.extend(changes.into_iter().flat_map(Changes::keys));
        }
    };
    all.along.iter().for_each(|(_, plan)| looked_at(plan));
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

/// One operation, and what happens along with it.
fn alone(cases: &[Case<'_>], all: along::All<'_>) -> Decision {
    let plan = match all.decisions.into_iter().next() {
        Some(Decision::Write(_)) if !all.reads.is_empty() => return Decision::Read(all.reads),
        Some(Decision::Write(plan)) => plan,
        Some(other) => return other,
        None => return Decision::Read(Vec::new()),
    };
    match one_plan(cases, *plan, all.along, true) {
        Ok(plan) => Decision::Write(Box::new(plan)),
        Err(mut problems) => match problems.pop() {
            Some((_, problem)) => Decision::refuse(problem),
            None => Decision::Read(Vec::new()),
        },
    }
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
    match one_plan(cases, plan, all.along, problems.is_empty()) {
        Ok(plan) if problems.is_empty() => return Decision::Write(Box::new(plan)),
        Ok(_) => {}
        Err(met) => problems.extend(met),
    }
    problems.sort_by_key(|(index, _)| *index);
    Decision::refuse(of_all(cases, problems))
}

/// The plan with what happens along, with one write for each item; or what stands against any of the
/// operations because they happen together. `whole`: none of them is refused by itself.
fn one_plan(
    cases: &[Case<'_>],
    mut plan: Plan,
    along: Vec<(Companion<'_>, Plan)>,
    whole: bool,
) -> Result<Plan, Vec<(usize, Problem)>> {
    let mut companions = Vec::new();
    for (companion, other) in along {
        plan.writes.extend(other.writes);
        plan.acts.extend(other.acts);
        companions.push(companion);
    }
    let Plan { writes, acts } = plan;
    let parties = Parties {
        cases,
        companions: &companions,
    };
    let (writes, mut met) = merged(&parties, writes, &acts);
    let Some(first) = cases.first() else {
        return Ok(Plan { writes, acts });
    };
    let changes = Changes::of(first, &acts);
    met.extend(changes.ended(&acts));
    // What is refused may be what would have ended the rest.
    if whole {
        met.extend(changes.left(cases, &acts));
    }
    if !met.is_empty() {
        return Err(parties.problems(met));
    }
    let writes = changes.counting(first, writes, &acts);
    Ok(Plan { writes, acts })
}

/// Who takes part: the operations, and what happens along with them.
struct Parties<'p, 'a> {
    cases: &'p [Case<'a>],
    companions: &'p [Companion<'a>],
}

impl Parties<'_, '_> {
    /// The declaration of the resource of this key, if it takes part.
    fn declaration(&self, key: &Key) -> Option<&Declaration> {
        let own = self.cases.iter().find(|case| case.command.key() == *key);
        let along = || {
            self.companions
                .iter()
                .find(|other| other.command.key() == *key)
        };
        own.map(|case| case.declaration)
            .or_else(|| along().map(|companion| companion.declaration))
    }

    /// These conflicts, each with the key of the resource that it stands against, as problems of the
    /// operations.
    fn problems(&self, met: Vec<(Key, Conflict)>) -> Vec<(usize, Problem)> {
        let mut of: BTreeMap<usize, Vec<Conflict>> = BTreeMap::new();
        let mut none = Vec::new();
        for (key, conflict) in met {
            let mut cases = self.cases.iter();
            if let Some(index) = cases.position(|case| case.command.key() == key) {
                of.entry(index).or_default().push(conflict);
                continue;
            }
            let mut companions = self.companions.iter();
            let Some(companion) = companions.find(|other| other.command.key() == key) else {
                continue;
            };
            let Some(first) = self.cases.first() else {
                continue;
            };
            let Companion {
                declaration,
                command,
                ..
            } = companion;
            let seen = match first.view.get(&key) {
                Seen::Present(Item::Resource(resource)) => Some(resource),
                _ => None,
            };
            let problem = explain::refused(declaration, command, seen, vec![conflict], Vec::new());
            let conflicts = of.entry(companion.of).or_default();
            along::told(companion, problem, conflicts, &mut none);
        }
        let told = of.into_iter().filter_map(|(index, conflicts)| {
            let case = self.cases.get(index)?;
            let holders = explain::read_holders(&case.command.type_name, &conflicts);
            let seen = case.live_if_seen();
            let Case {
                declaration,
                command,
                ..
            } = *case;
            let problem = explain::refused(declaration, command, seen, conflicts, holders);
            Some((index, problem))
        });
        told.collect()
    }
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
    parties: &Parties<'_, '_>,
    all: Vec<Write>,
    acts: &[Act],
) -> (Vec<Write>, Vec<(Key, Conflict)>) {
    let new = |key: &Key| {
        let act = acts.iter().find(|act| act.key == *key)?;
        match &act.outcome {
            Planned::Known(new) => Some((parties.declaration(key)?, &**new)),
            Planned::FromImage | Planned::Deleted | Planned::Leased(_) | Planned::Released(_) => {
                None
            }
        }
    };
    let told = |taking: claims::Taking| {
        let (declaration, new) = new(&taking.by)?;
        // Every case sees the same view, and it is the same caller's.
        let case = parties.cases.first()?;
        let conflict = claims::met(case, declaration, new, &taking)?;
        Some((taking.by, conflict))
    };
    let mut writes: Vec<Write> = Vec::new();
    let mut taken: Vec<(Key, Conflict)> = Vec::new();
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
            (first, second) => {
                let taking = claims::both(&write.key, first, second);
                taken.extend(taking.and_then(told));
            }
        }
    }
    if let Some(case) = parties.cases.first() {
        let kept = writes.iter();
        let kept = kept.filter_map(|write| claims::kept(case.view, write));
        taken.extend(kept.filter_map(told));
    }
    (writes, taken)
}
