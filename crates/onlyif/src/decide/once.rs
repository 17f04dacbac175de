//! Idempotency keys: what a request with a key has done is recorded in the transaction that does
//! it, and a repeat of the request is answered from the record.
//!
//! There is no record of a request that is under way: nothing can be left behind that would have
//! to be waited for. Only successes are recorded.

use std::sync::Arc;

use serde_json::Value;

use crate::answer::{Answer, Done, DoneKind};
use crate::command::{Command, Operation};
use crate::document::{MAX_RECORDED_BYTES, weight};
use crate::item::{Attribute, Clocks, Item, Key, Operand, Record, Resource, Stamps};
use crate::plan::{Act, Comparator, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Code, Fault, Place, Problem};
use crate::view::{Seen, View};

use super::Decision;

/// The key of the record of what this request does; `None` for a request without a key.
pub(super) fn key(command: &Command) -> Option<Key> {
    let idempotency = command.idempotency.as_ref()?;
    Some(Key::Record {
        tenant: command.caller.tenant.clone(),
        actor: command.caller.actor.clone(),
        key: idempotency.key.clone(),
    })
}

/// The answer of the record, if the view shows one that has not expired.
pub(super) fn replay(command: &Command, view: &View) -> Option<Decision> {
    let idempotency = command.idempotency.as_ref()?;
    let Seen::Present(Item::Record(record)) = view.get(&key(command)?) else {
        return None;
    };
    if record.expires_at_s <= command.at.seconds() {
        return None;
    }
    if record.fingerprint != idempotency.fingerprint {
        return Some(Decision::refuse(reused()));
    }
    let mut all = record.done.clone();
    let mut unknown = Vec::new();
    for (done, part) in all.iter_mut().zip(command.parts()) {
        // The reply of the write that made the record was lost, and this is still that request.
        done.replayed = record.request_id != command.request_id;
        let shows = matches!(
            done.kind,
            DoneKind::Created | DoneKind::Changed | DoneKind::Unchanged
        );
        if done.resource.is_some() || !shows {
            continue;
        }
        let key = part.key_of(&done.id);
        match view.get(&key) {
            Seen::Unknown => unknown.push(key),
            Seen::Present(Item::Resource(resource)) => {
                done.resource = Some(Arc::clone(resource));
            }
            Seen::Present(_) | Seen::Absent => {}
        }
    }
    if unknown.is_empty() {
        Some(Decision::Answer(Box::new(answer(command, all))))
    } else {
        Some(Decision::Read(unknown))
    }
}

/// What has happened, as the command's answer.
pub(super) fn answer(command: &Command, mut all: Vec<Done>) -> Answer {
    match (&command.operation, all.len()) {
        (Operation::All(_), _) => Answer::All(all),
        (_, 1) => Answer::Done(all.remove(0)),
        _ => Answer::All(all),
    }
}

/// The problem of a key that names another request.
fn reused() -> Problem {
    let mut problem = Problem::new(
        Code::IdempotencyKeyReused,
        "You have sent this key with another request: another method, path, query or body. Send a \
         new key with a new request.",
    );
    problem.errors.push(Fault {
        at: Place::Header("Idempotency-Key".to_owned()),
        detail: "names another request of yours".to_owned(),
        keyword: None,
    });
    problem
}

/// The decision with the record in it: it is looked at before anything is refused, and written with
/// whatever is written. Where nothing is to be written it is recorded that it was so, as long as it
/// still is.
pub(super) fn recorded(
    command: &Command,
    view: &View,
    kept_s: i64,
    decision: Decision,
) -> Decision {
    let Some(key) = key(command) else {
        return decision;
    };
    let unknown = view.get(&key) == Seen::Unknown;
    match decision {
        Decision::Read(mut keys) => {
            if unknown {
                keys.push(key);
            }
            Decision::Read(keys)
        }
        Decision::Answer(answer) => match *answer {
            Answer::Refused(_) if unknown => Decision::Read(vec![key]),
            Answer::Refused(problem) => Decision::refuse(problem),
            Answer::Done(done) => unchanged(command, view, key, kept_s, vec![done]),
            Answer::All(done) => unchanged(command, view, key, kept_s, done),
        },
        Decision::Write(mut plan) => {
            let acts = plan.acts.iter().filter(|act| !act.along);
            let done: Option<Vec<Done>> = acts.map(Act::done).collect();
            if let Some(done) = done {
                plan.writes.push(write(command, key, kept_s, done));
            }
            Decision::Write(plan)
        }
    }
}

/// The record of a request that found everything as it asks.
fn unchanged(command: &Command, view: &View, key: Key, kept_s: i64, all: Vec<Done>) -> Decision {
    let mut plan = Plan {
        writes: Vec::new(),
        acts: Vec::new(),
    };
    for (part, done) in command.parts().iter().zip(&all) {
        let Some((check, act)) = as_it_is(part, view, done) else {
            return Decision::Answer(Box::new(answer(command, all)));
        };
        plan.writes.push(check);
        plan.acts.push(act);
    }
    plan.writes.push(write(command, key, kept_s, all));
    Decision::Write(Box::new(plan))
}

/// The check that a resource is still as it was found.
pub(super) fn as_it_is(command: &Command, view: &View, done: &Done) -> Option<(Write, Act)> {
    let resource = done.resource.clone()?;
    let check = Write {
        key: command.key(),
        condition: Condition::All(vec![
            super::alive(),
            super::precondition::is(resource.tag()),
        ]),
        effect: Effect::Check,
    };
    let act = Act {
        key: command.key(),
        along: false,
        kind: done.kind,
        merged: done.merged,
        replayed: done.replayed,
        outcome: Planned::Known(resource),
        stamp: super::stamp::next(command, view, None),
    };
    Some((check, act))
}

/// The record, kept for so many seconds; written where there is none, or one that has expired.
fn write(command: &Command, key: Key, kept_s: i64, done: Vec<Done>) -> Write {
    let now_s = command.at.seconds();
    let idempotency = command.idempotency.as_ref();
    let expired = Condition::Compare(
        Attribute::Expires,
        Comparator::AtMost,
        Operand::Value(Value::from(now_s)),
    );
    let fingerprint = idempotency.map(|known| known.fingerprint.clone());
    let mut left = MAX_RECORDED_BYTES;
    let kept = |done: Done| {
        let size = |resource: &Resource| weight(&resource.document);
        let resource = done.resource.filter(|resource| size(resource) <= left);
        left -= resource.as_deref().map_or(0, size);
        Done {
            resource: resource.map(shown),
            ..done
        }
    };
    let record = Record {
        fingerprint: fingerprint.unwrap_or_default(),
        request_id: command.request_id.clone(),
        expires_at_s: now_s.saturating_add(kept_s),
        done: done.into_iter().map(kept).collect(),
    };
    Write {
        key,
        condition: Condition::Any(vec![Condition::absent(), expired]),
        effect: Effect::Put(Item::Record(Box::new(record)), None),
    }
}

/// What an answer shows of a resource: neither its clocks nor its stamps, nor its lease.
fn shown(resource: Arc<Resource>) -> Arc<Resource> {
    Arc::new(Resource {
        previous_at: None,
        clocks: Clocks::default(),
        stamps: Stamps::default(),
        lease_token: 0,
        lease: None,
        ..Arc::unwrap_or_clone(resource)
    })
}
