//! What happens along with an operation: transitions of other resources, in the same transaction.
//!
//! An order takes stock from its products, or none is taken and nothing is created.

use serde_json::{Number, Value};

use crate::answer::Answer;
use crate::change;
use crate::command::{Command, Operation, Preconditions};
use crate::declaration::{Also, Amount, Declaration, Source, Test, Transition};
use crate::document::pointer::Pointer;
use crate::document::{Document, number};
use crate::evaluate::Image;
use crate::guard::{self, Moment};
use crate::item::{Operand, Resource};
use crate::plan::Act;
use crate::problem::{Code, Conflict, Fault, Origin, Place, Problem};

use super::{Case, Decision, Target, create, explain, transition};

/// A transition of another resource.
struct Companion<'a> {
    declaration: &'a Declaration,
    command: Command,
    /// With its values in it: several may have been folded into one.
    transition: Transition,
    /// Where the resource's id stands.
    at: Pointer,
}

/// The decision with what happens along.
pub(super) fn with(case: &Case<'_>, own: Decision) -> Decision {
    let also = declared(case);
    let (problem, resource) = match &own {
        _ if also.is_empty() => return own,
        Decision::Read(_) => return own,
        Decision::Write(_) => (None, acted_on(case)),
        Decision::Answer(answer) => match &**answer {
            // Nothing more is looked at where something comes before all conflicts.
            Answer::Refused(problem) if !problem.conflicts.is_empty() => {
                (Some(problem), acted_on(case))
            }
            _ => return own,
        },
    };
    let Some(resource) = resource else {
        return own;
    };
    let companions = match companions(case, also, &resource) {
        Ok(companions) => companions,
        Err(_) if problem.is_some() => return own,
        Err(faults) => return case.invalid(None, faults),
    };
    let mut reads = Vec::new();
    let mut plans = Vec::new();
    let mut conflicts = Vec::new();
    let mut faults = Vec::new();
    for companion in &companions {
        let of = Case {
            declaration: companion.declaration,
            command: &companion.command,
            ..*case
        };
        match transition::carry_out(&of, &companion.transition) {
            Decision::Read(keys) => reads.extend(keys),
            Decision::Write(plan) => plans.push(plan),
            Decision::Answer(answer) => {
                if let Answer::Refused(problem) = *answer {
                    told(companion, problem, &mut conflicts, &mut faults);
                }
            }
        }
    }
    match own {
        Decision::Write(_) if !faults.is_empty() => case.invalid(None, faults),
        Decision::Write(_) if !conflicts.is_empty() => {
            let seen = match case.target() {
                Target::Live(resource) => Some(resource),
                _ => None,
            };
            case.refuse(seen, conflicts, Vec::new())
        }
        Decision::Write(_) if !reads.is_empty() => Decision::Read(reads),
        Decision::Write(mut plan) => {
            for other in plans {
                plan.writes.extend(other.writes);
                let along = |act| Act { along: true, ..act };
                plan.acts.extend(other.acts.into_iter().map(along));
            }
            Decision::Write(plan)
        }
        Decision::Answer(answer) => match *answer {
            Answer::Refused(problem) => {
                Decision::refuse(explain::besides(case, problem, conflicts))
            }
            done => Decision::Answer(Box::new(done)),
        },
        read => read,
    }
}

/// What the declaration says happens along.
fn declared<'a>(case: &Case<'a>) -> &'a [Also] {
    let transition = match &case.command.operation {
        Operation::Create { .. } => case.declaration.create.as_ref(),
        Operation::Transition { name, .. } => case.declaration.transition(name),
        _ => None,
    };
    transition.map_or(&[], |transition| &transition.also)
}

/// The resource that the sources are read from: as it is stored, or as it is created.
fn acted_on(case: &Case<'_>) -> Option<Resource> {
    match (&case.command.operation, case.target()) {
        (
            Operation::Create {
                body, incarnation, ..
            },
            _,
        ) => create::document(case, body)
            .ok()
            .map(|document| create::resource(case, document, incarnation, None)),
        (_, Target::Live(resource)) => Some(resource.clone()),
        _ => None,
    }
}

/// What stands against a companion, as a part of what stands against the whole.
fn told(
    companion: &Companion<'_>,
    problem: Problem,
    conflicts: &mut Vec<Conflict>,
    faults: &mut Vec<Fault>,
) {
    let Command { type_name, id, .. } = &companion.command;
    let target = || Origin {
        type_name: type_name.clone(),
        id: Some(id.clone()),
    };
    match problem.code {
        Code::NotFound | Code::Gone => conflicts.push(Conflict::MissingReference {
            pointer: companion.at.clone(),
            target: Some(target()),
        }),
        _ if problem.conflicts.is_empty() => {
            let detail = format!("{type_name}/{id} cannot take part: {}", problem.detail);
            faults.push(fault(&companion.at, detail));
        }
        _ => {
            let elsewhere = |conflict| Conflict::Elsewhere {
                resource: target(),
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

/// The transitions that happen along, one for each resource.
fn companions<'a>(
    case: &Case<'a>,
    also: &[Also],
    resource: &Resource,
) -> Result<Vec<Companion<'a>>, Vec<Fault>> {
    let mut companions: Vec<Companion<'a>> = Vec::new();
    let mut faults = Vec::new();
    for also in also {
        let all = match &also.each {
            None => vec![(Pointer::root(), None)],
            Some(each) => {
                let elements = match each.of(&resource.document) {
                    Some(Value::Array(elements)) => elements.as_slice(),
                    _ => &[],
                };
                let places = elements.iter().enumerate();
                places
                    .map(|(place, element)| (each.child(&place.to_string()), Some(element)))
                    .collect()
            }
        };
        for (place, item) in all {
            match companion(case, also, resource, &place, item) {
                Ok(None) => {}
                Ok(Some(companion)) => {
                    let key = companion.command.key();
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
                Err(fault) => faults.push(fault),
            }
        }
    }
    if faults.is_empty() {
        Ok(companions)
    } else {
        Err(faults)
    }
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
        input: input.as_ref(),
        item,
        actor: &case.command.caller.actor,
        at: case.command.at,
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
