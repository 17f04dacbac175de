//! What happens along with an operation: transitions of other resources, in the same transaction.
//!
//! An order takes stock from its products, or none is taken and nothing is created.

use std::sync::Arc;

use serde_json::{Number, Value};

use crate::answer::Answer;
use crate::change;
use crate::command::{Command, Operation, Preconditions};
use crate::declaration::{Also, Amount, Declaration, Source, Test, Transition};
use crate::document::pointer::Pointer;
use crate::document::{Document, number};
use crate::evaluate::Image;
use crate::guard::{self, Moment};
use crate::item::{Key, Operand, Resource};
use crate::plan::Plan;
use crate::problem::{Code, Conflict, Fault, Place, Problem};

use super::{Case, Decision, Target, create, explain, transition};

/// A transition of another resource.
pub(super) struct Companion<'a> {
    declaration: &'a Declaration,
    pub command: Command,
    /// With its values in it: several may have been folded into one.
    transition: Transition,
    /// Where the resource's id stands.
    at: Pointer,
    /// The index of the operation that it happens along with.
    pub of: usize,
}

impl<'a> Companion<'a> {
    /// Its own case, beside that of an operation of the request.
    pub(super) fn case<'c>(&'c self, of: &Case<'c>) -> Case<'c>
    where
        'a: 'c,
    {
        Case {
            together: false,
            covered: true,
            declaration: self.declaration,
            command: &self.command,
            ..*of
        }
    }
}

/// Operations with what happens along with them.
pub(super) struct All<'a> {
    /// What is to be done about each operation.
    pub decisions: Vec<Decision>,
    /// What has to be looked at for what happens along.
    pub reads: Vec<Key>,
    /// What happens along.
    pub along: Vec<(Companion<'a>, Plan)>,
}

/// The decisions with what happens along. Companions of several operations that meet in one
/// resource are one write of it.
pub(super) fn with<'a>(cases: &[Case<'a>], mut owns: Vec<Decision>) -> All<'a> {
    let mut companions: Vec<Companion<'a>> = Vec::new();
    let mut found: Vec<Found> = Vec::new();
    for (case, own) in cases.iter().zip(&owns) {
        let mut of = Found::default();
        if let Some(resource) = concerned(case, own) {
            gather(
                case,
                &resource,
                found.len(),
                &mut companions,
                &mut of.faults,
            );
        }
        found.push(of);
    }
    let mut reads = Vec::new();
    let mut along = Vec::new();
    for companion in companions {
        let (Some(case), Some(of)) = (cases.get(companion.of), found.get_mut(companion.of)) else {
            continue;
        };
        let decision = transition::carry_out(&companion.case(case), &companion.transition);
        match decision {
            Decision::Read(keys) => reads.extend(keys),
            Decision::Write(mut plan) => {
                plan.acts.iter_mut().for_each(|act| act.along = true);
                along.push((companion, *plan));
            }
            Decision::Answer(answer) => {
                if let Answer::Refused(problem) = *answer {
                    told(&companion, problem, &mut of.conflicts, &mut of.faults);
                }
            }
        }
    }
    for ((case, own), of) in cases.iter().zip(&mut owns).zip(found) {
        of.stand_against(case, own);
    }
    All {
        decisions: owns,
        reads,
        along,
    }
}

/// What stands against an operation in what happens along with it.
#[derive(Default)]
struct Found {
    conflicts: Vec<Conflict>,
    faults: Vec<Fault>,
}

impl Found {
    fn stand_against(self, case: &Case<'_>, own: &mut Decision) {
        let seen = case.live_if_seen();
        let refused = match own {
            Decision::Write(_) if !self.faults.is_empty() => case.invalid(seen, self.faults),
            Decision::Write(_) if !self.conflicts.is_empty() => {
                case.refuse(seen, self.conflicts, Vec::new())
            }
            Decision::Answer(answer) => match &**answer {
                Answer::Refused(problem) if !self.conflicts.is_empty() => {
                    Decision::refuse(explain::besides(case, problem.clone(), self.conflicts))
                }
                _ => return,
            },
            _ => return,
        };
        *own = refused;
    }
}

/// The resource whose companions are to be looked at, if any are: where the operation is to be
/// written, or where conflicts stand against it. Nothing more is looked at where something comes
/// before all conflicts.
fn concerned(case: &Case<'_>, own: &Decision) -> Option<Arc<Resource>> {
    let concerns = match own {
        Decision::Read(_) => false,
        Decision::Write(_) => true,
        Decision::Answer(answer) => match &**answer {
            Answer::Refused(problem) => !problem.conflicts.is_empty(),
            Answer::Done(_) | Answer::All(_) => false,
        },
    };
    if !concerns || case.along().is_empty() {
        return None;
    }
    acted_on(case)
}

/// The resource that the sources are read from: as it is stored, or as it is created.
fn acted_on(case: &Case<'_>) -> Option<Arc<Resource>> {
    match (&case.command.operation, case.target()) {
        (
            Operation::Create {
                body, incarnation, ..
            },
            _,
        ) => create::document(case, body)
            .ok()
            .map(|document| Arc::new(create::resource(case, document, incarnation, None))),
        (_, Target::Live(resource)) => Some(Arc::clone(resource)),
        _ => None,
    }
}

/// What stands against a companion, as a part of what stands against the whole.
pub(super) fn told(
    companion: &Companion<'_>,
    problem: Problem,
    conflicts: &mut Vec<Conflict>,
    faults: &mut Vec<Fault>,
) {
    let Command { type_name, id, .. } = &companion.command;
    match problem.code {
        Code::NotFound | Code::Gone => conflicts.push(Conflict::MissingReference {
            pointer: companion.at.clone(),
            target: Some(companion.command.origin()),
        }),
        _ if problem.conflicts.is_empty() => {
            let detail = format!("{type_name}/{id} cannot take part: {}", problem.detail);
            faults.push(fault(&companion.at, detail));
        }
        _ => {
            let elsewhere = |conflict| Conflict::Elsewhere {
                resource: companion.command.origin(),
                conflict: Box::new(conflict),
            };
            conflicts.extend(problem.conflicts.into_iter().map(elsewhere));
        }
    }
}

fn fault(at: &Pointer, detail: String) -> Fault {
    Fault {
        at: Place::Pointer(at.clone()),
        detail,
        keyword: None,
    }
}

/// Adds the transitions that happen along with the operation of this index, one for each resource.
fn gather<'a>(
    case: &Case<'a>,
    resource: &Resource,
    of: usize,
    companions: &mut Vec<Companion<'a>>,
    faults: &mut Vec<Fault>,
) {
    for also in case.along() {
        for (place, item) in elements(also, resource) {
            let companion = match companion(case, also, resource, &place, item) {
                Ok(Some(companion)) => Companion { of, ..companion },
                Ok(None) => continue,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let key = companion.command.key();
            if case.whole.iter().any(|other| other.key() == key) {
                let Command { type_name, id, .. } = &companion.command;
                let detail = format!(
                    "{type_name}/{id} is written by this request itself: nothing can happen along to it."
                );
                faults.push(fault(&companion.at, detail));
                continue;
            }
            match companions
                .iter_mut()
                .find(|other| other.command.key() == key)
            {
                None => companions.push(companion),
                Some(other) => match folded(&other.transition, &companion.transition) {
                    Some(folded) => other.transition = folded,
                    None => faults.push(fault(&companion.at, meets(&companion, other))),
                },
            }
        }
    }
}

/// For what it happens along: each element of an array, with its place, or the whole.
fn elements<'r>(also: &Also, resource: &'r Resource) -> Vec<(Pointer, Option<&'r Value>)> {
    let Some(each) = &also.each else {
        return vec![(Pointer::root(), None)];
    };
    let elements = match each.of(&resource.document) {
        Some(Value::Array(elements)) => elements.as_slice(),
        _ => &[],
    };
    let places = elements.iter().enumerate();
    places
        .map(|(place, element)| (each.child(&place.to_string()), Some(element)))
        .collect()
}

fn meets(companion: &Companion<'_>, other: &Companion<'_>) -> String {
    let Command { type_name, id, .. } = &companion.command;
    format!(
        "{type_name}/{id} takes part already, at {}: {} and {} cannot happen to one resource in one request.",
        other.at, other.transition.name, companion.transition.name
    )
}

/// The companion of one element, or of the whole; `None` where it names no resource.
fn companion<'a>(
    case: &Case<'a>,
    also: &Also,
    resource: &Resource,
    place: &Pointer,
    item: Option<&Value>,
) -> Result<Option<Companion<'a>>, Fault> {
    let input = own_input(case);
    let moment = Moment {
        item,
        ..case.moment(input.as_ref())
    };
    let value = |source: &Source| match guard::operand(source, &moment)? {
        Operand::Value(value) => Some(value),
        Operand::Attribute(attribute) => resource
            .attribute(&attribute)
            .map(|value| value.into_owned()),
        Operand::Partition(_) => None,
    };
    let at = match &also.id {
        Source::Item(pointer) => pointer
            .tokens()
            .iter()
            .fold(place.clone(), |at, token| at.child(token)),
        Source::Field(pointer) => pointer.clone(),
        _ => place.clone(),
    };
    let id = match value(&also.id) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(id)) => id,
        Some(other) => other.to_string(),
    };
    let Some((declaration, transition)) = case
        .declarations
        .get(&also.type_name)
        .and_then(|declaration| Some((declaration, declaration.transition(&also.transition)?)))
    else {
        return Ok(None);
    };
    let members = also.input.iter();
    let taken: Document = members
        .filter_map(|(name, source)| Some((name.clone(), value(source)?)))
        .collect();
    if let Some(schema) = &transition.input
        && let Some(wrong) = schema
            .faults(&Value::Object(taken.clone()))
            .into_iter()
            .next()
    {
        let detail = format!(
            "{} of {}/{id} does not take this: {}: {}",
            transition.name, also.type_name, wrong.at, wrong.detail
        );
        return Err(fault(&at, detail));
    }
    let moment = Moment {
        input: Some(&taken),
        item: None,
        ..moment
    };
    let Some(transition) = resolved(transition, &moment) else {
        let detail = format!(
            "{} of {}/{id} lacks a part of its input.",
            also.transition, also.type_name
        );
        return Err(fault(&at, detail));
    };
    let command = Command {
        type_name: also.type_name.clone(),
        id,
        operation: Operation::Transition {
            name: transition.name.clone(),
            input: None,
        },
        faults: Vec::new(),
        preconditions: Preconditions::default(),
        stale: None,
        idempotency: None,
        ..case.command.clone()
    };
    Ok(Some(Companion {
        declaration,
        command,
        transition,
        at,
        of: 0,
    }))
}

/// The input that the operation itself was given: of a create its document.
fn own_input(case: &Case<'_>) -> Option<Document> {
    match &case.command.operation {
        Operation::Create { body, .. } => Some(body.clone()),
        Operation::Transition { input, .. } => input.as_ref()?.as_object().cloned(),
        _ => None,
    }
}

/// The transition with the values of its input, its caller and its time in it.
fn resolved(transition: &Transition, moment: &Moment<'_>) -> Option<Transition> {
    let clauses = transition.only_if.iter();
    let set = transition.set.iter();
    let add = transition.add.iter();
    Some(Transition {
        only_if: clauses
            .map(|clause| guard::resolved(clause, moment))
            .collect::<Option<_>>()?,
        set: set
            .map(|(pointer, source)| {
                Some((pointer.clone(), guard::resolved_source(source, moment)?))
            })
            .collect::<Option<_>>()?,
        add: add
            .map(|(pointer, source)| {
                Some((pointer.clone(), literal(change::amount(source, moment)?)))
            })
            .collect::<Option<_>>()?,
        ..transition.clone()
    })
}

fn literal(number: Number) -> Amount {
    Amount {
        source: Source::Literal(Value::Number(number)),
        negate: false,
    }
}

/// Two transitions of one resource as one: where both only add, and no condition reads what is
/// added to.
fn folded(one: &Transition, other: &Transition) -> Option<Transition> {
    let both = [one, other];
    let only_adds =
        |each: &Transition| each.set.is_empty() && each.remove.is_empty() && each.to.is_none();
    let added = || {
        both.into_iter()
            .flat_map(|each| each.add.iter().map(|(pointer, _)| pointer))
    };
    let reads = |clause| reads_any(clause, &added().collect::<Vec<_>>());
    let mut clauses = both.into_iter().flat_map(|each| &each.only_if);
    if !both.into_iter().all(only_adds) || clauses.any(reads) {
        return None;
    }
    let mut folded = one.clone();
    folded.from.retain(|state| other.from.contains(state));
    folded.blind &= other.blind;
    let known: Vec<_> = folded.only_if.clone();
    folded.only_if.extend(
        other
            .only_if
            .iter()
            .filter(|clause| !known.contains(clause))
            .cloned(),
    );
    for ((pointer, amount), bounds) in other.add.iter().zip(&other.bounds) {
        match folded.add.iter_mut().find(|(known, _)| known == pointer) {
            Some((_, sum)) => *sum = summed(sum, amount)?,
            None => {
                folded.add.push((pointer.clone(), amount.clone()));
                folded.bounds.push(bounds.clone());
            }
        }
    }
    Some(folded)
}

fn summed(a: &Amount, b: &Amount) -> Option<Amount> {
    let number = |amount: &Amount| match &amount.source {
        Source::Literal(Value::Number(number)) => Some(number.clone()),
        _ => None,
    };
    number::sum(&number(a)?, &number(b)?).map(literal)
}

fn reads_any(clause: &crate::declaration::Clause, pointers: &[&Pointer]) -> bool {
    let overlaps = |field: &Pointer| pointers.iter().any(|pointer| pointer.overlaps(field));
    match &clause.test {
        Test::Any(clauses) => clauses.iter().any(|clause| reads_any(clause, pointers)),
        Test::Not(clause) => reads_any(clause, pointers),
        Test::Field(field, check) => {
            let sources = check.sources().into_iter();
            let fields = sources.filter_map(|source| match source {
                Source::Field(field) => Some(field),
                _ => None,
            });
            overlaps(field) || fields.into_iter().any(overlaps)
        }
    }
}
