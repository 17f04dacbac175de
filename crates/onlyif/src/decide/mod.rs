//! The decision: what to do about a command, given what is known of the table.
//!
//! A create or a blind transition is written before anything is read. If the store refuses, the
//! same function explains, from the images that came back with the refusal.

mod along;
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

use crate::answer::{Answer, DoneKind};
use crate::command::{Command, Operation};
use crate::declaration::{Declaration, Declarations, Right, Schema};
use crate::document::{Document, MAX_DOCUMENT_BYTES, weight};
use crate::evaluate::{clock_map, names};
use crate::guard::Moment;
use crate::item::{
    self, Attribute, Clock, ClockPart, Item, Key, Operand, Partition, Resource, Tombstone,
};
use crate::plan::{Act, Assignment, Comparator, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Conflict, Fault, Place, Problem, Resolution};
use crate::store::Failure;
use crate::view::{Seen, View};

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

/// Bytes of the answer to an operation on its way through Lambda, where it travels as a JSON string.
fn told_bytes(act: &Act) -> usize {
    let Planned::Known(resource) = &act.outcome else {
        return HEAD_BYTES;
    };
    let text = serde_json::Value::Object(resource.document.clone()).to_string();
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    HEAD_BYTES + text.len() + escaped.count()
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

/// Everything that a decision depends on.
#[derive(Clone, Copy)]
struct Case<'a> {
    /// It is one of several operations of a request.
    together: bool,
    /// All that the request asks for.
    whole: &'a [Command],
    /// It happens along with another one: the caller's right to that one covers it.
    covered: bool,
    declarations: &'a Declarations,
    declaration: &'a Declaration,
    command: &'a Command,
    view: &'a View,
}

/// The command's own resource, as far as it is known.
enum Target<'a> {
    Unknown,
    Absent,
    Gone(&'a Tombstone),
    Live(&'a Resource),
}

impl<'a> Case<'a> {
    /// The case of one operation; `None` where its type is not declared.
    fn of(declarations: &'a Declarations, command: &'a Command, view: &'a View) -> Option<Self> {
        Some(Case {
            together: false,
            whole: &[],
            covered: false,
            declarations,
            declaration: declarations.get(&command.type_name)?,
            command,
            view,
        })
    }

    /// What the sources of clauses and changes are read from, beside the stored resource.
    fn moment<'b>(&self, input: Option<&'b Document>) -> Moment<'b>
    where
        'a: 'b,
    {
        Moment {
            input,
            item: None,
            actor: &self.command.caller.actor,
            at: self.command.at,
        }
    }

    fn target(&self) -> Target<'a> {
        self.found(&self.command.id)
    }

    /// What is known of the resource of this id, of the command's type.
    fn found(&self, id: &str) -> Target<'a> {
        match self.view.get(&self.command.key_of(id)) {
            Seen::Unknown => Target::Unknown,
            Seen::Present(Item::Resource(resource)) => Target::Live(resource),
            Seen::Present(Item::Tombstone(tombstone)) => Target::Gone(tombstone),
            Seen::Absent | Seen::Present(Item::Claim(_) | Item::Record(_)) => Target::Absent,
        }
    }

    /// The live resource, where the view shows one.
    fn live_if_seen(&self) -> Option<&'a Resource> {
        match self.target() {
            Target::Live(resource) => Some(resource),
            Target::Unknown | Target::Absent | Target::Gone(_) => None,
        }
    }

    /// The live resource, or what to do where there is none.
    fn live(&self) -> Result<&'a Resource, Decision> {
        match self.target() {
            Target::Unknown => Err(self.look()),
            Target::Absent => Err(Decision::refuse(explain::not_found(self.command))),
            Target::Gone(tombstone) => Err(Decision::refuse(explain::gone(
                self.declaration,
                self.command,
                tombstone,
            ))),
            Target::Live(resource) => self.owned(resource).map(|()| resource),
        }
    }

    /// Who may do what the command asks for; of a create the edge has decided it.
    fn right(&self) -> Option<&'a Right> {
        if self.covered {
            return None;
        }
        let access = &self.declaration.access;
        match &self.command.operation {
            Operation::Create { .. } | Operation::All(_) => None,
            Operation::Read => Some(&access.read),
            Operation::Replace { .. }
            | Operation::Patch { .. }
            | Operation::Lease { .. }
            | Operation::Release => Some(&access.update),
            Operation::Delete => Some(&access.delete),
            Operation::Transition { name, .. } => {
                let transition = self.declaration.transition(name)?;
                Some(&transition.access)
            }
        }
    }

    /// What is left to its creator is the caller's own, or what to do where it is not. Scopes are
    /// the edge's to look at.
    fn owned(&self, resource: &Resource) -> Result<(), Decision> {
        let Case {
            declaration,
            command,
            ..
        } = *self;
        let own = resource.created_by == command.caller.actor;
        match self.right() {
            Some(Right::Owner) if !own => {
                let problem = explain::not_the_owner(declaration, command, resource);
                Err(Decision::refuse(problem))
            }
            _ => Ok(()),
        }
    }

    /// The same as a condition of a write that sees nothing.
    fn ownership(&self) -> Option<Condition> {
        (self.right() == Some(&Right::Owner)).then(|| self.created_by_caller())
    }

    fn created_by_caller(&self) -> Condition {
        let actor = Operand::Value(self.command.caller.actor.as_str().into());
        Condition::Compare(Attribute::CreatedBy, Comparator::Equal, actor)
    }

    /// These conflicts, of which there is at least one, and the requests that resolve them.
    fn refuse(
        &self,
        resource: Option<&Resource>,
        conflicts: Vec<Conflict>,
        resolutions: Vec<Resolution>,
    ) -> Decision {
        let Case {
            declaration,
            command,
            ..
        } = *self;
        let problem = explain::refused(declaration, command, resource, conflicts, resolutions);
        Decision::refuse(problem)
    }

    /// A document, or a request, that does not satisfy its schema.
    fn invalid(&self, resource: Option<&Resource>, faults: Vec<Fault>) -> Decision {
        let problem = explain::invalid(self.declaration, self.command, resource, faults);
        Decision::refuse(problem)
    }

    /// A change that does not say which version it is based on.
    fn unconditional(&self, resource: &Resource) -> Decision {
        let problem = explain::precondition_required(self.declaration, self.command, resource);
        Decision::refuse(problem)
    }

    /// Whether the outcome must be known before it is written: where it is recorded with the write,
    /// where it is written in a transaction, which returns no image, where it is not written at all,
    /// or where an earlier attempt is in doubt.
    fn looks(&self) -> bool {
        let Command {
            idempotency,
            dry_run,
            ..
        } = self.command;
        let recorded = idempotency.is_some() || self.together;
        recorded || *dry_run || self.view.in_doubt()
    }

    fn act(&self, kind: DoneKind, outcome: Planned, stamp: String) -> Act {
        Act {
            key: self.command.key(),
            along: false,
            kind,
            merged: false,
            replayed: false,
            outcome,
            stamp,
        }
    }

    fn look(&self) -> Decision {
        Decision::Read(vec![self.command.key()])
    }

    /// The index partition that lists a resource in this state.
    fn partition(&self, state: Option<&str>) -> Partition {
        Partition {
            tenant: self.command.caller.tenant.clone(),
            type_name: self.command.type_name.clone(),
            state: state.map(str::to_owned),
            shard: item::shard(&self.command.id, self.declaration.shards),
        }
    }

    /// What the type's schema says of a document.
    fn schema_faults(&self, document: &Document) -> Vec<Fault> {
        let document = serde_json::Value::Object(document.clone());
        self.faults_of(&self.declaration.schema, &document)
    }

    /// What a schema says of what was sent. A value that could not be held has been told of already,
    /// and what stands in its place was never sent.
    fn faults_of(&self, schema: &Schema, sent: &serde_json::Value) -> Vec<Fault> {
        let unheld = |fault: &Fault| {
            let at = |known: &Fault| match (&known.at, &fault.at) {
                (Place::Pointer(known), Place::Pointer(at)) => known == at,
                _ => false,
            };
            self.command.faults.iter().any(at)
        };
        let mut faults = schema.faults(sent);
        faults.retain(|fault| !unheld(fault));
        faults
    }

    fn oversized(&self, document: &Document) -> bool {
        weight(document) > MAX_DOCUMENT_BYTES || self.view.overflows() > 1
    }

    fn too_large(&self, resource: Option<&Resource>) -> Decision {
        Decision::refuse(explain::too_large(self.declaration, self.command, resource))
    }

    /// The resource's next version, by this command, with this document and state.
    fn next(&self, old: &Resource, document: Document, state: Option<String>) -> Resource {
        let clock = Clock {
            version: old.version + 1,
            actor: self.command.caller.actor.clone(),
            at: self.command.at,
        };
        let mut changed = crate::document::fields::changes(&old.document, &document);
        if state != old.state {
            changed.push(crate::document::pointer::Pointer::member("state"));
        }
        let stamp = stamp::next(self.command, self.view, Some(&old.stamps));
        Resource {
            counted: references::counted(self, Some(old), &document),
            document,
            version: clock.version,
            incarnation: old.incarnation.clone(),
            state,
            created_at: old.created_at,
            created_by: old.created_by.clone(),
            updated_at: clock.at,
            updated_by: clock.actor.clone(),
            operation: self.command.operation.name().to_owned(),
            previous_at: Some(old.updated_at),
            clocks: old.clocks.advance(&changed, &clock),
            stamps: stamp::shifted(&old.stamps, &stamp),
            dependents: old.dependents.clone(),
            lease_token: old.lease_token,
            lease: old.lease.clone(),
        }
    }

    /// What the view shows to stand against what `new` takes or refers to, and `old` did not.
    fn collisions(&self, old: Option<&Resource>, new: &Resource) -> Vec<Conflict> {
        let mut conflicts = claims::conflicts(self, new);
        conflicts.extend(references::conflicts(self, old, new));
        conflicts
    }

    /// The write that makes `old`, exactly as it was seen, into `new`.
    fn pinned(&self, old: &Resource, new: &Resource) -> Write {
        let set = |attribute, value| Assignment::Set(attribute, Operand::Value(value));
        let mut assignments = stamp::shift(&new.stamps.0[0]);
        assignments.extend([
            set(
                Attribute::Document(crate::document::pointer::Pointer::root()),
                serde_json::Value::Object(new.document.clone()),
            ),
            set(Attribute::Version, new.version.into()),
            set(Attribute::UpdatedAt, new.updated_at.to_string().into()),
            set(Attribute::UpdatedBy, new.updated_by.as_str().into()),
            set(Attribute::Operation, new.operation.as_str().into()),
            set(Attribute::PreviousAt, old.updated_at.to_string().into()),
            set(Attribute::Floor, new.clocks.floor.into()),
        ]);
        for part in [ClockPart::Version, ClockPart::Actor, ClockPart::At] {
            assignments.push(set(Attribute::Clocks(part), clock_map(&new.clocks, part)));
        }
        if let Some(state) = new
            .state
            .as_ref()
            .filter(|state| Some(*state) != old.state.as_ref())
        {
            assignments.extend(self.enter(state));
        }
        if new.counted != old.counted {
            assignments.push(match new.counted.is_empty() {
                true => Assignment::Remove(Attribute::Counted),
                false => set(Attribute::Counted, names(&new.counted)),
            });
        }
        let mut conditions = vec![alive(), precondition::is(old.tag())];
        conditions.extend(lease::condition(self));
        Write {
            key: self.command.key(),
            condition: Condition::All(conditions),
            effect: Effect::Update(assignments),
        }
    }

    /// The resource goes to this state.
    fn enter(&self, state: &str) -> [Assignment; 2] {
        [
            Assignment::Set(Attribute::State, Operand::Value(state.into())),
            Assignment::Set(
                Attribute::ListedIn,
                Operand::Partition(self.partition(Some(state))),
            ),
        ]
    }
}

/// The resource is there, and not deleted.
fn alive() -> Condition {
    Condition::All(vec![
        Condition::Exists(Attribute::Key),
        Condition::Not(Box::new(Condition::Exists(Attribute::DeletedAt))),
    ])
}

/// The resource is in one of these states.
fn in_one_of(states: &[String]) -> Condition {
    let is = |state: &String| {
        let state = Operand::Value(state.as_str().into());
        Condition::Compare(Attribute::State, Comparator::Equal, state)
    };
    Condition::Any(states.iter().map(is).collect())
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
