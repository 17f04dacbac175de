//! What a type says in a word or a number, and what can be asked of it.

use serde_json::Value;

use super::{Findings, Weight};
use crate::declaration::{Declaration, Right, Transition, in_words};
use crate::document::pointer::Pointer;

pub(super) fn compare(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    lease(old, new, findings);
    lists(old, new, findings);
    access(old, new, findings);
    kept(old, new, findings);
    transitions(old, new, findings);
    if old.stale != new.stale {
        let message = "found another `stale`, which the next update goes by";
        findings.fine(&Pointer::member("stale"), message);
    }
    if old.deprecated != new.deprecated {
        let message = "found another `deprecated`, which the next answer tells";
        findings.fine(&Pointer::member("deprecated"), message);
    }
}

fn lease(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let at = Pointer::member("lease");
    match (old.lease_max_s, new.lease_max_s) {
        (Some(_), None) => findings.say(
            &at,
            Weight::MayBreak,
            "found no leases any more: those that run end with the deployment, and others may write what their holders rely on",
            "Deploy when none runs, or let their holders release them before.",
        ),
        (None, Some(_)) => findings.fine(&at, "found leases, which nothing stored has yet"),
        (Some(before), Some(after)) if before != after => {
            let message = format!(
                "found leases of {} at most; those that run end when they were to",
                in_words(after)
            );
            findings.fine(&at.child("max"), message);
        }
        _ => {}
    }
}

fn lists(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let (before, after) = (old.shards, new.shards);
    let at = Pointer::member("list").child("shards");
    if after < before {
        let message = format!(
            "found lists over {after} of the index's partitions, expected {before} at least, as before: what is stored in the others is listed no more"
        );
        let remedy = format!(
            "Leave it at {before}: a list of more partitions costs more, and nothing else."
        );
        findings.say(&at, Weight::Breaks, message, remedy);
    } else if after > before {
        let message = format!(
            "found lists over {after} partitions: what is stored stays where it is, and is found there"
        );
        findings.fine(&at, message);
    }
}

fn access(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let create = |declaration: &Declaration| Right::Scopes(declaration.access.create.clone());
    let (old_create, new_create) = (create(old), create(new));
    let rights = [
        ("read", &old.access.read, &new.access.read),
        ("create", &old_create, &new_create),
        ("update", &old.access.update, &new.access.update),
        ("delete", &old.access.delete, &new.access.delete),
        ("transition", &old.access.transition, &new.access.transition),
    ];
    for (name, before, after) in rights {
        if before != after {
            let who = match after {
                Right::Owner => {
                    "only who created a resource, which each says in `createdBy`".to_owned()
                }
                Right::Scopes(scopes) if scopes.is_empty() => "any caller".to_owned(),
                Right::Scopes(scopes) => format!("callers with {}", scopes.join(" or ")),
            };
            let message = format!("found `{name}` allowed to {who}, of what is stored already too");
            findings.fine(&Pointer::member("access").child(name), message);
        }
    }
    if old.access.transition != new.access.transition {
        return;
    }
    for transition in &new.transitions {
        let name = &transition.name;
        let before = old.transition(name);
        if before.is_some_and(|before| before.access != transition.access) {
            let message =
                format!("found `{name}` allowed to others, of what is stored already too");
            let at = Pointer::member("transitions").child(name);
            findings.fine(&at, message);
        }
    }
}

fn kept(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let times = [
        ("tombstone", old.tombstone_s, new.tombstone_s),
        ("history", old.history_s, new.history_s),
        ("idempotency", old.idempotency_s, new.idempotency_s),
    ];
    for (name, before, after) in times {
        if before != after {
            let message = format!(
                "found `{name}` to be {}, for what is written from now on",
                in_words(after)
            );
            findings.fine(&Pointer::member("keep").child(name), message);
        }
    }
}

fn transitions(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let at = Pointer::member("transitions");
    for transition in &old.transitions {
        if new.transition(&transition.name).is_none() {
            let message = format!(
                "found no transition `{}` any more: who asks for it is answered 404",
                transition.name
            );
            findings.fine(&at, message);
        }
    }
    for transition in &new.transitions {
        let name = &transition.name;
        match old.transition(name) {
            None => findings.fine(
                &at.child(name),
                format!("found the new transition `{name}`"),
            ),
            Some(before) if !alike(before, transition) => {
                let message = format!(
                    "found another transition `{name}`, which the next request for it goes by"
                );
                findings.fine(&at.child(name), message);
            }
            Some(_) => {}
        }
    }
    let is_other = match (&old.create, &new.create) {
        (Some(before), Some(after)) => !alike(before, after),
        (before, after) => before.is_some() != after.is_some(),
    };
    if is_other {
        let message = "found another `create`, which the next one goes by";
        findings.fine(&Pointer::member("create"), message);
    }
}

/// Whether two transitions of one name ask for the same and do the same. Who may request them is
/// told of the type, where it is the type that says so.
fn alike(old: &Transition, new: &Transition) -> bool {
    fn input(transition: &Transition) -> Option<&Value> {
        transition.input.as_ref().map(|schema| &schema.source)
    }
    old.from == new.from
        && old.to == new.to
        && input(old) == input(new)
        && old.only_if == new.only_if
        && old.set == new.set
        && old.add == new.add
        && old.remove == new.remove
        && old.also == new.also
}
