//! Creates: a resource comes to be only if there is none, and nobody holds its unique values.

use crate::answer::{Answer, Done, DoneKind};
use crate::document::Document;
use crate::item::{Attribute, Clocks, Item, Resource, Stamps, Tombstone};
use crate::plan::{Condition, Effect, Plan, Planned, Write};
use crate::problem::{Conflict, Fault, Rel};
use crate::tag::Tag;

use super::{Case, Decision, Target, claims, explain, precondition, reserved, stamp};

pub(super) fn decide(
    case: &Case<'_>,
    body: &Document,
    incarnation: &str,
    repeatable: bool,
) -> Decision {
    let document = reserved::without_reserved(body);
    let faults = faults(case, body, &document, repeatable);
    let tombstone = match case.target() {
        Target::Live(resource) => {
            // A body that is refused has made nothing.
            let may_be_ours = repeatable && faults.is_empty();
            return taken(case, resource, &document, may_be_ours);
        }
        // Whether the id is taken comes before what is wrong with the body.
        Target::Unknown if repeatable && !faults.is_empty() => return case.look(),
        Target::Unknown | Target::Absent => None,
        Target::Gone(tombstone) => Some(tombstone),
    };
    if !faults.is_empty() {
        return case.invalid(None, faults);
    }
    if case.oversized(&document) {
        return case.too_large(None);
    }
    let duplicates = claims::conflicts(case, &document);
    if !duplicates.is_empty() {
        let holders = explain::read_holders(&duplicates);
        return case.refuse(None, duplicates, holders);
    }
    Decision::Write(Box::new(plan(case, document, incarnation, tombstone)))
}

fn faults(case: &Case<'_>, body: &Document, document: &Document, repeatable: bool) -> Vec<Fault> {
    let id = repeatable.then_some(case.command.id.as_str());
    let mut faults = case.command.faults.clone();
    faults.extend(reserved::faults_of_create(body, case.declaration, id));
    let document = serde_json::Value::Object(document.clone());
    faults.extend(case.declaration.schema.faults(&document));
    faults
}

/// The id is taken. The same request by the same caller, while the resource is still as that
/// request made it, is answered as the first was: its reply may have been lost.
fn taken(case: &Case<'_>, resource: &Resource, document: &Document, may_be_ours: bool) -> Decision {
    let same = resource.version == 1
        && resource.created_by == case.command.caller.actor
        && resource.document == *document;
    if may_be_ours && same {
        return Decision::Answer(Box::new(Answer::Done(Done {
            kind: DoneKind::Created,
            resource: Some(Box::new(resource.clone())),
            replayed: true,
            merged: false,
        })));
    }
    let mut conflicts = vec![Conflict::AlreadyExists];
    conflicts.extend(claims::conflicts(case, document));
    let title = "Leave it as it is, and read what is there";
    let mut resolutions = vec![explain::read(case.command, Rel::Discard, title)];
    resolutions.extend(explain::read_holders(&conflicts));
    case.refuse(Some(resource), conflicts, resolutions)
}

/// Over a tombstone, live or expired, the write is pinned to it: a create that arrives late never
/// raises what was deleted since. Its stamps live on, so that no write to the incarnation that
/// ended is applied to the new one.
fn plan(
    case: &Case<'_>,
    document: Document,
    incarnation: &str,
    tombstone: Option<&Tombstone>,
) -> Plan {
    let command = case.command;
    let seen = tombstone.map(|tombstone| &tombstone.stamps);
    let stamp = stamp::next(command, case.view, seen);
    let state = case
        .declaration
        .states
        .as_ref()
        .map(|states| states.initial.clone());
    let resource = Resource {
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
        state,
        document,
    };
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
    let mut writes = vec![Write {
        key: command.key(),
        condition,
        effect: Effect::Put(Box::new(Item::Resource(resource.clone())), Some(partition)),
    }];
    writes.extend(claims::writes(case, None, Some(&resource.document)));
    Plan {
        writes,
        outcome: Planned::Known(Box::new(resource)),
        kind: DoneKind::Created,
        merged: false,
        stamp,
    }
}
