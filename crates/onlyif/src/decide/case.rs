//! One operation of a request, with everything that its decision depends on.

use std::sync::Arc;

use crate::answer::DoneKind;
use crate::command::{Command, Operation};
use crate::declaration::{Also, Declaration, Declarations, Right, Schema};
use crate::document::{Document, MAX_DOCUMENT_BYTES, weight};
use crate::evaluate::{clock_map, names};
use crate::guard::Moment;
use crate::item::{
    self, Attribute, Clock, ClockPart, Item, Operand, Partition, Resource, Tombstone,
};
use crate::plan::{Act, Assignment, Comparator, Condition, Effect, Planned, Write};
use crate::problem::{Conflict, Fault, Place, Resolution};
use crate::view::{Seen, View};

use super::{Decision, claims, explain, lease, precondition, references, stamp};

/// Everything that a decision depends on.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    /// It is one of several operations of a request.
    pub(super) together: bool,
    /// All that the request asks for.
    pub(super) whole: &'a [Command],
    /// It happens along with another one: the caller's right to that one covers it.
    pub(super) covered: bool,
    pub(super) declarations: &'a Declarations,
    pub(super) declaration: &'a Declaration,
    pub(super) command: &'a Command,
    pub(super) view: &'a View,
}

/// The command's own resource, as far as it is known.
pub(super) enum Target<'a> {
    Unknown,
    Absent,
    Gone(&'a Tombstone),
    Live(&'a Arc<Resource>),
}

impl<'a> Case<'a> {
    /// The case of one operation; `None` where its type is not declared.
    pub(super) fn of(
        declarations: &'a Declarations,
        command: &'a Command,
        view: &'a View,
    ) -> Option<Self> {
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

    /// What the declaration says happens along with it.
    pub(super) fn along(&self) -> &'a [Also] {
        let transition = match &self.command.operation {
            Operation::Create { .. } => self.declaration.create.as_ref(),
            Operation::Transition { name, .. } => self.declaration.transition(name),
            _ => None,
        };
        transition.map_or(&[], |transition| &transition.also)
    }

    /// What the sources of clauses and changes are read from, beside the stored resource.
    pub(super) fn moment<'b>(&self, input: Option<&'b Document>) -> Moment<'b>
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

    pub(super) fn target(&self) -> Target<'a> {
        self.found(&self.command.id)
    }

    /// What is known of the resource of this id, of the command's type.
    pub(super) fn found(&self, id: &str) -> Target<'a> {
        match self.view.get(&self.command.key_of(id)) {
            Seen::Unknown => Target::Unknown,
            Seen::Present(Item::Resource(resource)) => Target::Live(resource),
            Seen::Present(Item::Tombstone(tombstone)) => Target::Gone(tombstone),
            Seen::Absent | Seen::Present(Item::Claim(_) | Item::Record(_)) => Target::Absent,
        }
    }

    /// The live resource, where the view shows one.
    pub(super) fn live_if_seen(&self) -> Option<&'a Arc<Resource>> {
        match self.target() {
            Target::Live(resource) => Some(resource),
            Target::Unknown | Target::Absent | Target::Gone(_) => None,
        }
    }

    /// The live resource, or what to do where there is none.
    pub(super) fn live(&self) -> Result<&'a Arc<Resource>, Decision> {
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
    pub(super) fn right(&self) -> Option<&'a Right> {
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
    pub(super) fn owned(&self, resource: &Arc<Resource>) -> Result<(), Decision> {
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
    pub(super) fn ownership(&self) -> Option<Condition> {
        (self.right() == Some(&Right::Owner)).then(|| self.created_by_caller())
    }

    pub(super) fn created_by_caller(&self) -> Condition {
        let actor = Operand::Value(self.command.caller.actor.as_str().into());
        Condition::Compare(Attribute::CreatedBy, Comparator::Equal, actor)
    }

    /// These conflicts, of which there is at least one, and the requests that resolve them.
    pub(super) fn refuse(
        &self,
        resource: Option<&Arc<Resource>>,
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
    pub(super) fn invalid(&self, resource: Option<&Arc<Resource>>, faults: Vec<Fault>) -> Decision {
        let problem = explain::invalid(self.declaration, self.command, resource, faults);
        Decision::refuse(problem)
    }

    /// A change that does not say which version it is based on.
    pub(super) fn unconditional(&self, resource: &Arc<Resource>) -> Decision {
        let problem = explain::precondition_required(self.declaration, self.command, resource);
        Decision::refuse(problem)
    }

    /// Whether the outcome must be known before it is written: where it is recorded with the write,
    /// where it is written in a transaction, which returns no image, where it is not written at all,
    /// or where an earlier attempt is in doubt.
    pub(super) fn looks(&self) -> bool {
        let Command {
            idempotency,
            dry_run,
            ..
        } = self.command;
        let recorded = idempotency.is_some() || self.together;
        recorded || *dry_run || self.view.in_doubt()
    }

    pub(super) fn act(&self, kind: DoneKind, outcome: Planned, stamp: String) -> Act {
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

    pub(super) fn look(&self) -> Decision {
        Decision::Read(vec![self.command.key()])
    }

    /// The index partition that lists a resource in this state.
    pub(super) fn partition(&self, state: Option<&str>) -> Partition {
        Partition {
            tenant: self.command.caller.tenant.clone(),
            type_name: self.command.type_name.clone(),
            state: state.map(str::to_owned),
            shard: item::shard(&self.command.id, self.declaration.shards),
        }
    }

    /// What the type's schema says of a document.
    pub(super) fn schema_faults(&self, document: &Document) -> Vec<Fault> {
        let document = serde_json::Value::Object(document.clone());
        self.faults_of(&self.declaration.schema, &document)
    }

    /// What a schema says of what was sent. A value that could not be held has been told of already,
    /// and what stands in its place was never sent.
    pub(super) fn faults_of(&self, schema: &Schema, sent: &serde_json::Value) -> Vec<Fault> {
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

    pub(super) fn oversized(&self, document: &Document) -> bool {
        weight(document) > MAX_DOCUMENT_BYTES || self.view.overflows() > 1
    }

    pub(super) fn too_large(&self, resource: Option<&Arc<Resource>>) -> Decision {
        Decision::refuse(explain::too_large(self.declaration, self.command, resource))
    }

    /// The resource's next version, by this command, with this document and state.
    pub(super) fn next(
        &self,
        old: &Resource,
        document: Document,
        state: Option<String>,
    ) -> Resource {
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
    pub(super) fn collisions(&self, old: Option<&Resource>, new: &Resource) -> Vec<Conflict> {
        let mut conflicts = claims::conflicts(self, new);
        conflicts.extend(references::conflicts(self, old, new));
        conflicts
    }

    /// The write that makes `old`, exactly as it was seen, into `new`.
    pub(super) fn pinned(&self, old: &Resource, new: &Resource) -> Write {
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
    pub(super) fn enter(&self, state: &str) -> [Assignment; 2] {
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
pub(super) fn alive() -> Condition {
    Condition::All(vec![
        Condition::Exists(Attribute::Key),
        Condition::Not(Box::new(Condition::Exists(Attribute::DeletedAt))),
    ])
}

/// The resource is in one of these states.
pub(super) fn in_one_of(states: &[String]) -> Condition {
    let is = |state: &String| {
        let state = Operand::Value(state.as_str().into());
        Condition::Compare(Attribute::State, Comparator::Equal, state)
    };
    Condition::Any(states.iter().map(is).collect())
}
