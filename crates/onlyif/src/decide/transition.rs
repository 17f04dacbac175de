//! Transitions: a resource changes as its declaration says, only if its state and the declared
//! conditions allow it. Where the outcome needs no look at the document none is taken.

use serde_json::{Number, Value, json};

use crate::answer::DoneKind;
use crate::declaration::{Amount, Bounds, Transition};
use crate::document::pointer::Pointer;
use crate::document::{Document, number};
use crate::evaluate::{self, Image};
use crate::guard::{self, Moment};
use crate::item::{Attribute, ClockPart, Operand, Resource};
use crate::plan::{Assignment, Comparator, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Conflict, Fault, Place, Rel, Request, Resolution};

use super::precondition::{self, Verdict};
use super::{Case, Decision, Target, alive, claims, explain, in_one_of, stamp, update};

pub(super) fn decide(case: &Case<'_>, name: &str, input: Option<&Value>) -> Decision {
    let Some(transition) = case.declaration.transition(name) else {
        return Decision::refuse(explain::not_found(case.command));
    };
    let empty = Document::new();
    let input_members = input.map_or(Some(&empty), Value::as_object);
    let moment = Moment {
        input: input_members,
        actor: &case.command.caller.actor,
        at: case.command.at,
    };
    let job = Job {
        case,
        transition,
        moment,
    };
    let mut faults = case.command.faults.clone();
    faults.extend(job.input_faults(input));
    // A stamp in doubt, and a change that the store could not hold, are looked into first.
    let looks = case.view.uncertain().is_some() || case.view.overflows() > 0;
    let blind = |seen| if looks { None } else { job.blind(seen) };
    if let Target::Unknown = case.target()
        && faults.is_empty()
        && let Some(plan) = blind(None)
    {
        return Decision::Write(Box::new(plan));
    }
    let resource = match case.live() {
        Ok(resource) => resource,
        Err(decision) => return decision,
    };
    if let Some(decision) = job.refusal(resource, input, faults) {
        return decision;
    }
    match blind(Some(resource)) {
        Some(plan) => Decision::Write(Box::new(plan)),
        None => job.computed(resource),
    }
}

struct Job<'a> {
    case: &'a Case<'a>,
    transition: &'a Transition,
    moment: Moment<'a>,
}

/// What a declared change requires of the stored resource.
struct Need {
    pointer: Pointer,
    requires: Value,
    condition: Condition,
}

impl Need {
    fn exists(pointer: &Pointer) -> Self {
        Need {
            pointer: pointer.clone(),
            requires: json!({ "exists": true }),
            condition: Condition::Exists(guard::attribute(pointer)),
        }
    }

    fn bound(pointer: &Pointer, name: &str, comparator: Comparator, limit: Number) -> Self {
        let operand = Operand::Value(Value::Number(limit.clone()));
        Need {
            pointer: pointer.clone(),
            requires: json!({ name: limit }),
            condition: Condition::Compare(guard::attribute(pointer), comparator, operand),
        }
    }
}

impl Job<'_> {
    fn input_faults(&self, input: Option<&Value>) -> Vec<Fault> {
        match (&self.transition.input, input) {
            (Some(schema), None) => schema.faults(&Value::Object(Document::new())),
            (Some(schema), Some(input)) => schema.faults(input),
            (None, None) => Vec::new(),
            (None, Some(Value::Object(members))) if members.is_empty() => Vec::new(),
            (None, Some(_)) => vec![Fault {
                at: Place::Pointer(Pointer::root()),
                detail: format!("{} takes no input: send no body.", self.transition.name),
                keyword: None,
            }],
        }
    }

    /// Why the transition cannot happen to this resource.
    fn refusal(
        &self,
        resource: &Resource,
        input: Option<&Value>,
        faults: Vec<Fault>,
    ) -> Option<Decision> {
        let Case {
            declaration,
            command,
            ..
        } = *self.case;
        let verdict = precondition::check(&command.preconditions, resource);
        if verdict.holds() && !faults.is_empty() {
            return Some(self.case.invalid(Some(resource), faults));
        }
        let mut conflicts = Vec::new();
        let mut resolutions = Vec::new();
        if let Some((conflict, first_step)) =
            explain::wrong_state(declaration, command, resource, self.transition)
        {
            conflicts.push(conflict);
            resolutions.extend(first_step);
        }
        let clauses = self.transition.only_if.iter();
        conflicts.extend(clauses.filter_map(|c| guard::explain(c, &self.moment, resource)));
        conflicts.extend(self.unmet(resource));
        if let Verdict::Stale { yours, base } = verdict {
            if conflicts.is_empty() && faults.is_empty() {
                resolutions.push(Resolution {
                    rel: Rel::Overwrite,
                    title: format!("Request {} of it as it is now", self.transition.name),
                    request: Request::Again {
                        body: input.cloned(),
                        tag: resource.tag(),
                    },
                });
            }
            let title = "Leave it as it is, and read what is there now";
            resolutions.push(explain::read(command, Rel::Discard, title));
            conflicts.push(explain::stale(resource, yours, base, None, false));
        }
        (!conflicts.is_empty()).then(|| self.case.refuse(Some(resource), conflicts, resolutions))
    }

    /// What the changes require that the resource does not give.
    fn unmet(&self, resource: &Resource) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        for need in self.needs().unwrap_or_default() {
            if evaluate::holds(&need.condition, resource) {
                continue;
            }
            conflicts.push(Conflict::ConditionNotMet {
                actual: guard::actual(&need.pointer, resource),
                pointer: need.pointer,
                requires: need.requires,
                message: None,
            });
        }
        for (pointer, _) in &self.transition.add {
            let actual = guard::actual(pointer, resource);
            if actual.as_ref().is_some_and(|actual| !actual.is_number()) {
                conflicts.push(Conflict::ConditionNotMet {
                    pointer: pointer.clone(),
                    requires: json!({ "type": "number" }),
                    actual,
                    message: None,
                });
            }
        }
        conflicts
    }

    /// What the changes require; `None` where that cannot be said of a number without seeing it.
    fn needs(&self) -> Option<Vec<Need>> {
        let mut needs = Vec::new();
        for (pointer, source) in &self.transition.set {
            if let crate::declaration::Source::Field(field) = source {
                needs.push(Need::exists(field));
            }
            if let Some(parent) = pointer.parent().filter(|parent| !parent.is_root()) {
                needs.push(Need::exists(&parent));
            }
        }
        for ((pointer, amount), bounds) in self.transition.add.iter().zip(&self.transition.bounds) {
            let amount = self.amount(amount)?;
            needs.extend(bound_needs(pointer, &amount, bounds)?);
        }
        Some(needs)
    }

    /// The number to add, subtracting being adding the negative.
    fn amount(&self, amount: &Amount) -> Option<Number> {
        match guard::operand(&amount.source, &self.moment)? {
            Operand::Value(Value::Number(number)) if amount.negate => number::negated(&number),
            Operand::Value(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// The state is one that the transition starts from.
    fn starts(&self) -> Option<Condition> {
        self.case.declaration.states.as_ref()?;
        Some(in_one_of(&self.transition.from))
    }

    /// The transition as one update that sees nothing; `None` where it must look.
    fn blind(&self, seen: Option<&Resource>) -> Option<Plan> {
        let Case { command, view, .. } = *self.case;
        if !self.transition.blind {
            return None;
        }
        let stamp = stamp::next(command, view, seen.map(|resource| &resource.stamps));
        let mut conditions = vec![alive(), precondition::condition(&command.preconditions)];
        conditions.extend(self.starts());
        for clause in &self.transition.only_if {
            conditions.push(guard::compile(clause, &self.moment)?);
        }
        conditions.extend(self.needs()?.into_iter().map(|need| need.condition));
        conditions.extend(stamp::condition(&stamp));
        let write = Write {
            key: command.key(),
            condition: Condition::All(conditions),
            effect: Effect::Update(self.assignments(&stamp)?),
        };
        Some(Plan {
            writes: vec![write],
            outcome: Planned::FromImage,
            kind: DoneKind::Changed,
            merged: false,
            stamp,
        })
    }

    fn assignments(&self, stamp: &str) -> Option<Vec<Assignment>> {
        let command = self.case.command;
        let value = Operand::Value;
        let now = || value(Value::from(command.at.to_string()));
        let actor = || value(Value::from(command.caller.actor.as_str()));
        let mut assignments = stamp::shift(stamp);
        assignments.extend([
            Assignment::Sum(Attribute::Version, Attribute::Version, 1.into()),
            Assignment::Set(
                Attribute::PreviousAt,
                Operand::Attribute(Attribute::UpdatedAt),
            ),
            Assignment::Set(Attribute::UpdatedAt, now()),
            Assignment::Set(Attribute::UpdatedBy, actor()),
            Assignment::Set(
                Attribute::Operation,
                value(Value::from(self.transition.name.as_str())),
            ),
        ]);
        let mut changed = Vec::new();
        if let Some(to) = &self.transition.to {
            assignments.extend(self.case.enter(to));
            changed.push(Pointer::member("state"));
        }
        for (pointer, source) in &self.transition.set {
            let operand = guard::operand(source, &self.moment)?;
            if !self.suits(pointer, &operand) {
                return None;
            }
            assignments.push(Assignment::Set(guard::attribute(pointer), operand));
            changed.push(pointer.clone());
        }
        for (pointer, amount) in &self.transition.add {
            let field = guard::attribute(pointer);
            assignments.push(Assignment::Sum(field.clone(), field, self.amount(amount)?));
            changed.push(pointer.clone());
        }
        for pointer in &self.transition.remove {
            assignments.push(Assignment::Remove(guard::attribute(pointer)));
            changed.push(pointer.clone());
        }
        for pointer in changed {
            let clock = |part| Attribute::Clock(part, pointer.clone());
            assignments.extend([
                Assignment::Sum(clock(ClockPart::Version), Attribute::Version, 1.into()),
                Assignment::Set(clock(ClockPart::Actor), actor()),
                Assignment::Set(clock(ClockPart::At), now()),
            ]);
        }
        Some(assignments)
    }

    /// Whether the schema takes this value there, as far as the value alone can tell.
    fn suits(&self, pointer: &Pointer, operand: &Operand) -> bool {
        match operand {
            Operand::Value(value) => self
                .case
                .declaration
                .member_schema(pointer)
                .is_some_and(|schema| schema.faults(value).is_empty()),
            Operand::Attribute(_) | Operand::Partition(_) => false,
        }
    }

    /// The transition of a resource that has been seen, pinned to its version.
    fn computed(&self, resource: &Resource) -> Decision {
        let case = self.case;
        let (document, mut faults) = self.applied(resource);
        if case.oversized(&document) {
            return case.too_large(Some(resource));
        }
        if faults.is_empty() {
            faults = case
                .declaration
                .schema
                .faults(&Value::Object(document.clone()));
        }
        if !faults.is_empty() {
            return case.invalid(Some(resource), faults);
        }
        let duplicates = claims::conflicts(case, &document);
        if !duplicates.is_empty() {
            let holders = explain::read_holders(&duplicates);
            return case.refuse(Some(resource), duplicates, holders);
        }
        let state = self
            .transition
            .to
            .clone()
            .or_else(|| resource.state.clone());
        let new = case.next(resource, document, state);
        Decision::Write(Box::new(update::plan(case, resource, new, false)))
    }

    /// The document after the changes, all of which read it as it was before.
    fn applied(&self, resource: &Resource) -> (Document, Vec<Fault>) {
        let mut document = resource.document.clone();
        let mut faults = Vec::new();
        for (pointer, source) in &self.transition.set {
            let value = match guard::operand(source, &self.moment) {
                Some(Operand::Value(value)) => Some(value),
                Some(Operand::Attribute(attribute)) => resource
                    .attribute(&attribute)
                    .map(|value| value.into_owned()),
                Some(Operand::Partition(_)) | None => None,
            };
            if let (Some(value), Some((object, name))) = (value, pointer.holder(&mut document)) {
                object.insert(name.to_owned(), value);
            }
        }
        for (pointer, amount) in &self.transition.add {
            let sum = match (pointer.of(&resource.document), self.amount(amount)) {
                (Some(Value::Number(number)), Some(amount)) => number::sum(number, &amount),
                _ => None,
            };
            match (sum, pointer.holder(&mut document)) {
                (Some(sum), Some((object, name))) => {
                    object.insert(name.to_owned(), Value::Number(sum));
                }
                _ => faults.push(Fault {
                    at: Place::Pointer(pointer.clone()),
                    detail: "The sum has more digits than can be held (38).".to_owned(),
                    keyword: None,
                }),
            }
        }
        for pointer in &self.transition.remove {
            if let Some((object, name)) = pointer.holder(&mut document) {
                object.shift_remove(name);
            }
        }
        (document, faults)
    }
}

/// What the bounds of a number require of it before this amount is added: taking 3 from a stock
/// whose minimum is 0 requires at least 3. `None` where a limit cannot be computed, or where the
/// schema could refuse the sum in another way.
fn bound_needs(pointer: &Pointer, amount: &Number, bounds: &Bounds) -> Option<Vec<Need>> {
    let zero = Number::from(0);
    let negative = number::compare(amount, &zero).is_lt();
    let integral = !amount
        .to_string()
        .trim_start_matches('-')
        .contains(['.', 'e', '-']);
    if bounds.integer && !integral {
        return None;
    }
    let before = |limit: &Number| number::sum(limit, &number::negated(amount)?);
    let mut needs = vec![Need::exists(pointer)];
    let (closed, open) = if negative {
        (&bounds.minimum, &bounds.exclusive_minimum)
    } else {
        (&bounds.maximum, &bounds.exclusive_maximum)
    };
    let names = if negative {
        [
            ("atLeast", Comparator::AtLeast),
            ("moreThan", Comparator::More),
        ]
    } else {
        [
            ("atMost", Comparator::AtMost),
            ("lessThan", Comparator::Less),
        ]
    };
    for (limit, (name, comparator)) in [closed, open].into_iter().zip(names) {
        if let Some(limit) = limit {
            needs.push(Need::bound(pointer, name, comparator, before(limit)?));
        }
    }
    // A number within its bounds says by itself that it is there.
    if needs.len() > 1 {
        needs.remove(0);
    }
    Some(needs)
}
