//! Creates: a resource comes to be only if there is none, and nobody holds its unique values.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::answer::{Answer, Done, DoneKind};
use crate::change;
use crate::document::Document;
use crate::guard::{self, Moment};
use crate::item::{Attribute, Clocks, Item, Resource, Stamps, Tombstone};
use crate::plan::{Condition, Effect, Plan, Planned, Write};
use crate::problem::{Conflict, Fault, Rel};
use crate::tag::Tag;
use crate::timestamp::Timestamp;

use super::{Case, Decision, Target, claims, explain, precondition, references, reserved, stamp};

pub(super) fn decide(
    case: &Case<'_>,
    body: &Document,
    incarnation: &str,
    repeatable: bool,
) -> Decision {
    let made = document(case, body);
    let faults = faults(case, body, &made, repeatable);
    let tombstone = match case.target() {
        Target::Live(resource) => {
            // A body that is refused has made nothing.
            let may_be_ours = repeatable && faults.is_empty();
            // What it would have made when that one was made.
            let then = document_at(case, body, resource.created_at);
            let document = then.unwrap_or_else(|_| reserved::without_reserved(body));
            let wanted = self::resource(case, document, incarnation, None);
            return taken(case, resource, &wanted, may_be_ours);
        }
        // Whether the id is taken comes before what is wrong with the body.
        Target::Unknown if repeatable && !faults.is_empty() => return case.look(),
        Target::Unknown | Target::Absent => None,
        Target::Gone(tombstone) => Some(tombstone),
    };
    let document = match made {
        Ok(document) if faults.is_empty() => document,
        _ => return case.invalid(None, faults),
    };
    if case.oversized(&document) {
        return case.too_large(None);
    }
    let new = resource(case, document, incarnation, tombstone);
    let mut conflicts = unmet(case, body, &new);
    conflicts.extend(case.collisions(None, &new));
    if !conflicts.is_empty() {
        // So it does before all other conflicts; a write that was refused for these has told of it.
        let untried = case.view.attempts().is_empty();
        if repeatable && untried && matches!(case.target(), Target::Unknown) {
            return case.look();
        }
        let holders = explain::read_holders(&case.command.type_name, &conflicts);
        return case.refuse(None, conflicts, holders);
    }
    Decision::Write(Box::new(plan(case, new, tombstone)))
}

/// The document that this body makes, with what the declaration changes of it on create.
pub(super) fn document(case: &Case<'_>, body: &Document) -> Result<Document, Vec<Fault>> {
    document_at(case, body, case.command.at)
}

/// The same, had it been received at this time.
fn document_at(case: &Case<'_>, body: &Document, at: Timestamp) -> Result<Document, Vec<Fault>> {
    let document = reserved::without_reserved(body);
    let Some(create) = &case.declaration.create else {
        return Ok(document);
    };
    let sent = resource(case, document, "", None);
    let moment = Moment {
        at,
        ..case.moment(Some(body))
    };
    let (document, faults) = change::applied(create, &moment, &sent);
    if faults.is_empty() {
        Ok(document)
    } else {
        Err(faults)
    }
}

/// What the declaration requires of a new resource, and what its changes require.
fn unmet(case: &Case<'_>, body: &Document, new: &Resource) -> Vec<Conflict> {
    let Some(create) = &case.declaration.create else {
        return Vec::new();
    };
    let moment = case.moment(Some(body));
    let sent = resource(case, reserved::without_reserved(body), "", None);
    let clauses = create.only_if.iter();
    let mut conflicts: Vec<Conflict> = clauses
        .filter_map(|clause| guard::explain(clause, &moment, new))
        .collect();
    conflicts.extend(change::unmet(create, &moment, &sent));
    conflicts
}

fn faults(
    case: &Case<'_>,
    body: &Document,
    made: &Result<Document, Vec<Fault>>,
    repeatable: bool,
) -> Vec<Fault> {
    let id = repeatable.then_some(case.command.id.as_str());
    let mut faults = case.command.faults.clone();
    faults.extend(reserved::faults_of_create(body, case.declaration, id));
    match made {
        Ok(document) => faults.extend(case.schema_faults(document)),
        Err(wrong) => faults.extend(wrong.iter().cloned()),
    }
    faults
}

/// The id is taken. The same request by the same caller, while the resource is still as that
/// request made it, is answered as the first was: its reply may have been lost.
fn taken(
    case: &Case<'_>,
    resource: &Arc<Resource>,
    wanted: &Resource,
    may_be_ours: bool,
) -> Decision {
    let same = resource.version == 1
        && resource.created_by == case.command.caller.actor
        && resource.document == wanted.document;
    if may_be_ours && same {
        let made = Some(Arc::clone(resource));
        return Decision::Answer(Box::new(Answer::Done(Done {
            replayed: true,
            ..Done::of(DoneKind::Created, &case.command.id, made)
        })));
    }
    let mut conflicts = vec![Conflict::AlreadyExists];
    conflicts.extend(case.collisions(None, wanted));
    let title = "Leave it as it is, and read what is there";
    let mut resolutions = vec![explain::read(case.command, Rel::Discard, title)];
    resolutions.extend(explain::read_holders(&case.command.type_name, &conflicts));
    case.refuse(Some(resource), conflicts, resolutions)
}

/// The new resource. Over a tombstone its stamps live on, so that no write to the incarnation that
/// ended is applied to the new one.
pub(super) fn resource(
    case: &Case<'_>,
    document: Document,
    incarnation: &str,
    tombstone: Option<&Tombstone>,
) -> Resource {
    let command = case.command;
    let seen = tombstone.map(|tombstone| &tombstone.stamps);
    let stamp = stamp::next(command, case.view, seen);
    let states = case.declaration.states.as_ref();
    Resource {
        version: 1,
        incarnation: incarnation.to_owned(),
        created_at: command.at,
        created_by: command.caller.actor.clone(),
        updated_at: command.at,
        updated_by: command.caller.actor.clone(),
        operation: command.operation.name().to_owned(),
        // What was deleted within this second is not what is there now.
        previous_at: tombstone.map(|tombstone| tombstone.deleted_at),
        clocks: Clocks::default(),
        stamps: stamp::shifted(seen.unwrap_or(&Stamps::default()), &stamp),
        dependents: BTreeMap::new(),
        counted: references::counted(case, None, &document),
        lease_token: tombstone.map_or(0, |tombstone| tombstone.lease_token),
        lease: None,
        state: states.map(|states| states.initial.clone()),
        document,
    }
}

/// Over a tombstone, live or expired, the write is pinned to it: a create that arrives late never
/// raises what was deleted since.
fn plan(case: &Case<'_>, resource: Resource, tombstone: Option<&Tombstone>) -> Plan {
    let condition = match tombstone {
        None => Condition::absent(),
        Some(tombstone) => Condition::All(vec![
            Condition::Exists(Attribute::DeletedAt),
            precondition::is(Tag {
                version: tombstone.version,
                incarnation: tombstone.incarnation.clone(),
            }),
        ]),
    };
    let partition = case.partition(resource.state.as_deref());
    let resource = Arc::new(resource);
    let mut writes = vec![Write {
        key: case.command.key(),
        condition,
        effect: Effect::Put(Item::Resource(Arc::clone(&resource)), Some(partition)),
    }];
    writes.extend(claims::writes(case, None, Some(&resource)));
    let stamp = resource.stamps.0[0].clone();
    let outcome = Planned::Known(resource);
    Plan {
        writes,
        acts: vec![case.act(DoneKind::Created, outcome, stamp)],
    }
}
