//! Idempotency keys: what a request with a key has done is recorded in the transaction that does
//! it, and a repeat of the request is answered from the record.
//!
//! There is no record of a request that is under way: nothing can be left behind that would have
//! to be waited for. Only successes are recorded.

use serde_json::Value;

use crate::answer::{Answer, Done, DoneKind};
use crate::command::Command;
use crate::document::{MAX_RECORDED_BYTES, weight};
use crate::item::{Attribute, Clocks, Item, Key, Operand, Record, Resource, Stamps};
use crate::plan::{Act, Comparator, Condition, Effect, Plan, Planned, Write};
use crate::problem::{Code, Fault, Place, Problem};
use crate::view::Seen;

use super::{Case, Decision, Target};

/// How long a record answers, in seconds.
const IDEMPOTENCY_S: i64 = 24 * 60 * 60;

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
pub(super) fn replay(case: &Case<'_>) -> Option<Decision> {
    let Case { command, view, .. } = *case;
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
    let mut done = record.done.clone();
    // The reply of the write that made the record was lost, and this is still that request.
    done.replayed = record.request_id != command.request_id;
    if done.resource.is_none() && done.kind != DoneKind::Deleted {
        match case.found(&done.id) {
            Target::Unknown => return Some(Decision::Read(vec![case.key_of(&done.id)])),
            Target::Live(resource) => done.resource = Some(Box::new(resource.clone())),
            Target::Absent | Target::Gone(_) => {}
        }
    }
    Some(Decision::Answer(Box::new(Answer::Done(done))))
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
pub(super) fn recorded(case: &Case<'_>, decision: Decision) -> Decision {
    let Case { command, view, .. } = *case;
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
            Answer::Done(done) => match unchanged(case, &key, done) {
                Ok(plan) => Decision::Write(Box::new(plan)),
                Err(done) => Decision::Answer(Box::new(Answer::Done(done))),
            },
        },
        Decision::Write(mut plan) => {
            let done = plan.acts.iter().find(|act| !act.along);
            if let Some(done) = done.and_then(Act::done) {
                plan.writes.push(write(case, key, done));
            }
            Decision::Write(plan)
        }
    }
}

/// The record of a request that found everything as it asks.
fn unchanged(case: &Case<'_>, key: &Key, done: Done) -> Result<Plan, Done> {
    let Some(resource) = done.resource.clone() else {
        return Err(done);
    };
    let check = Write {
        key: case.command.key(),
        condition: Condition::All(vec![
            super::alive(),
            super::precondition::is(resource.tag()),
        ]),
        effect: Effect::Check,
    };
    let act = Act {
        merged: done.merged,
        replayed: done.replayed,
        ..case.act(
            done.kind,
            Planned::Known(resource),
            super::stamp::next(case.command, case.view, None),
        )
    };
    Ok(Plan {
        writes: vec![check, write(case, key.clone(), done)],
        acts: vec![act],
    })
}

/// The record is written where there is none, or one that has expired.
fn write(case: &Case<'_>, key: Key, done: Done) -> Write {
    let command = case.command;
    let now_s = command.at.seconds();
    let idempotency = command.idempotency.as_ref();
    let expired = Condition::Compare(
        Attribute::Expires,
        Comparator::AtMost,
        Operand::Value(Value::from(now_s)),
    );
    let record = Record {
        fingerprint: idempotency
            .map(|known| known.fingerprint.clone())
            .unwrap_or_default(),
        request_id: command.request_id.clone(),
        expires_at_s: now_s.saturating_add(IDEMPOTENCY_S),
        done: Done {
            resource: done
                .resource
                .filter(|resource| weight(&resource.document) <= MAX_RECORDED_BYTES)
                .map(shown),
            ..done
        },
    };
    Write {
        key,
        condition: Condition::Any(vec![Condition::absent(), expired]),
        effect: Effect::Put(Box::new(Item::Record(Box::new(record))), None),
    }
}

/// What an answer shows of a resource: neither its clocks nor its stamps.
fn shown(resource: Box<Resource>) -> Box<Resource> {
    Box::new(Resource {
        previous_at: None,
        clocks: Clocks::default(),
        stamps: Stamps::default(),
        ..*resource
    })
}
