//! Operations that happen together: one alone with what happens along with it, or several, each
//! with a precondition of its own. All of it is one plan, or one refusal.

use std::collections::BTreeMap;

use crate::answer::{Answer, Done};
use crate::command::{Command, Operation};
use crate::item::Key;
use crate::plan::{Act, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Conflict, Fault, Place, Problem};
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

/// One of them.
struct Party<'c> {
    /// The index of the operation that it is, or that it happens along with.
    index: usize,
    companion: Option<&'c Companion<'c>>,
    case: Case<'c>,
}

impl Parties<'_, '_> {
    /// Whose resource this is the key of.
    fn party(&self, key: &Key) -> Option<Party<'_>> {
        let own = self.cases.iter().enumerate();
        let mut own = own.filter(|(_, case)| case.command.key() == *key);
        if let Some((index, case)) = own.next() {
            return Some(Party {
                index,
                companion: None,
                case: *case,
            });
        }
        let mut along = self.companions.iter();
        let companion = along.find(|other| other.command.key() == *key)?;
        Some(Party {
            index: companion.of,
            companion: Some(companion),
            case: companion.case(self.cases.get(companion.of)?),
        })
    }

    /// These conflicts, each with the key of the resource that it stands against, as problems of the
    /// operations.
    fn problems(&self, met: Vec<(Key, Conflict)>) -> Vec<(usize, Problem)> {
        let mut of: BTreeMap<usize, Vec<Conflict>> = BTreeMap::new();
        // A conflict is no fault of the request's.
        let mut faults = Vec::new();
        for (key, conflict) in met {
            let Some(party) = self.party(&key) else {
                continue;
            };
            let conflicts = of.entry(party.index).or_default();
            match party.companion {
                None => conflicts.push(conflict),
                Some(companion) => {
                    let problem = refusal(&party.case, vec![conflict]);
                    along::told(companion, problem, conflicts, &mut faults);
                }
            }
        }
        let told = of.into_iter();
        told.filter_map(|(index, conflicts)| {
            Some((index, refusal(self.cases.get(index)?, conflicts)))
        })
        .collect()
    }
}

/// The problem of these conflicts.
fn refusal(case: &Case<'_>, conflicts: Vec<Conflict>) -> Problem {
    let Case {
        declaration,
        command,
        ..
    } = *case;
    let holders = explain::read_holders(&command.type_name, &conflicts);
    explain::refused(
        declaration,
        command,
        case.live_if_seen(),
        conflicts,
        holders,
    )
}

/// What stands against any of the operations, in one problem: the earliest stage of the checks at
/// which one is refused gives its kind.
fn of_all(cases: &[Case<'_>], problems: Vec<(usize, Problem)>) -> Problem {
    let named = problems.into_iter().filter_map(|(index, problem)| {
        let name = cases.get(index)?.command.origin();
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
    let told = |taking: claims::Taking| {
        let act = acts.iter().find(|act| act.key == taking.by)?;
        let Planned::Known(new) = &act.outcome else {
            return None;
        };
        let conflict = claims::met(&parties.party(&taking.by)?.case, new, &taking)?;
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
