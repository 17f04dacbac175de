//! Transitions: a resource changes as its declaration says, only if its state and the declared
//! conditions allow it. Where the outcome needs no look at the document none is taken.

use std::sync::Arc;

use serde_json::Value;

use crate::answer::DoneKind;
use crate::change;
use crate::declaration::Transition;
use crate::document::Document;
use crate::document::pointer::Pointer;
use crate::guard::{self, Moment};
use crate::item::{Attribute, ClockPart, Operand, Resource};
use crate::plan::{Assignment, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Fault, Place, Rel, Request, Resolution};

use super::precondition::{self, Verdict};
use super::{Case, Decision, Target, alive, explain, in_one_of, lease, stamp, update};

pub(super) fn decide(case: &Case<'_>, name: &str, input: Option<&Value>) -> Decision {
    let Some(transition) = case.declaration.transition(name) else {
        return Decision::refuse(explain::not_found(case.command));
    };
    let empty = Document::new();
    let members = input.map_or(Some(&empty), Value::as_object);
    let job = Job {
        case,
        transition,
        moment: case.moment(members),
    };
    let mut faults = case.command.faults.clone();
    faults.extend(job.input_faults(input));
    job.decide(input, faults)
}

/// A transition that happens along with another operation, with its values in it.
pub(super) fn carry_out(case: &Case<'_>, transition: &Transition) -> Decision {
    let job = Job {
        case,
        transition,
        moment: case.moment(None),
    };
    job.decide(None, Vec::new())
}

struct Job<'a> {
    case: &'a Case<'a>,
    transition: &'a Transition,
    moment: Moment<'a>,
}

impl Job<'_> {
    fn decide(&self, input: Option<&Value>, faults: Vec<Fault>) -> Decision {
        let case = self.case;
        // What the store could not hold is looked into first.
        let looks = case.looks() || case.view.overflows() > 0;
        let blind = |seen| if looks { None } else { self.blind(seen) };
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
        if let Some(decision) = self.refusal(resource, input, faults) {
            return decision;
        }
        match blind(Some(resource)) {
            Some(plan) => Decision::Write(Box::new(plan)),
            None => self.computed(resource),
        }
    }

    fn input_faults(&self, input: Option<&Value>) -> Vec<Fault> {
        match (&self.transition.input, input) {
            (Some(schema), None) => schema.faults(&Value::Object(Document::new())),
            (Some(schema), Some(input)) => self.case.faults_of(schema, input),
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
        resource: &Arc<Resource>,
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
        conflicts.extend(change::unmet(self.transition, &self.moment, resource));
        conflicts.extend(lease::conflict(self.case, resource));
        if (!verdict.holds() || !conflicts.is_empty()) && faults.is_empty() {
            // Nothing was fetched for these: they show where an earlier attempt met them.
            let (document, _) = change::applied(self.transition, &self.moment, resource);
            let next = self.next(resource, document);
            let collisions = self.case.collisions(Some(resource), &next);
            resolutions.extend(explain::read_holders(&command.type_name, &collisions));
            conflicts.extend(collisions);
        }
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

    /// The state is one that the transition starts from.
    fn starts(&self) -> Option<Condition> {
        self.case.declaration.states.as_ref()?;
        Some(in_one_of(&self.transition.from))
    }

    /// The transition as one update that sees nothing; `None` where it must look.
    fn blind(&self, seen: Option<&Resource>) -> Option<Plan> {
        let Case { command, view, .. } = *self.case;
        // A transaction returns no image of what it made.
        if !self.transition.blind || !self.transition.also.is_empty() {
            return None;
        }
        let stamp = stamp::next(command, view, seen.map(|resource| &resource.stamps));
        let mut conditions = vec![alive(), precondition::condition(&command.preconditions)];
        conditions.extend(self.case.ownership());
        conditions.extend(self.starts());
        conditions.extend(lease::condition(self.case));
        for clause in &self.transition.only_if {
            conditions.push(guard::compile(clause, &self.moment)?);
        }
        let needs = change::needs(self.transition, &self.moment);
        if !needs.complete {
            return None;
        }
        conditions.extend(needs.known.into_iter().map(|need| need.condition));
        conditions.extend(stamp::condition(&stamp));
        let write = Write {
            key: command.key(),
            condition: Condition::All(conditions),
            effect: Effect::Update(self.assignments(&stamp)?),
        };
        Some(Plan {
            writes: vec![write],
            acts: vec![self.case.act(DoneKind::Changed, Planned::FromImage, stamp)],
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
            let amount = change::amount(amount, &self.moment)?;
            assignments.push(Assignment::Sum(field.clone(), field, amount));
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
    fn computed(&self, resource: &Arc<Resource>) -> Decision {
        let case = self.case;
        let (document, mut faults) = change::applied(self.transition, &self.moment, resource);
        if case.oversized(&document) {
            return case.too_large(Some(resource));
        }
        if faults.is_empty() {
            faults = case.schema_faults(&document);
        }
        if !faults.is_empty() {
            return case.invalid(Some(resource), faults);
        }
        let new = self.next(resource, document);
        let collisions = case.collisions(Some(resource), &new);
        if !collisions.is_empty() {
            let holders = explain::read_holders(&case.command.type_name, &collisions);
            return case.refuse(Some(resource), collisions, holders);
        }
        Decision::Write(Box::new(update::plan(case, resource, new, false)))
    }

    /// The resource with this document, after the transition.
    fn next(&self, resource: &Resource, document: Document) -> Resource {
        let to = self.transition.to.as_ref();
        let state = to.or(resource.state.as_ref());
        self.case.next(resource, document, state.cloned())
    }
}
