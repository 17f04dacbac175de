//! States, and the transitions between them.

use super::{Findings, Weight};
use crate::declaration::{Declaration, States};
use crate::document::pointer::Pointer;

/// A resource keeps the state that it was written in, or that there is none.
const MOVE: &str =
    "Declare another type, and move what is stored to it: create each there, and delete it here.";

pub(super) fn compare(old: &Declaration, new: &Declaration, findings: &mut Findings<'_>) {
    let at = Pointer::member("states");
    match (&old.states, &new.states) {
        (Some(before), Some(after)) => {
            states(before, after, findings);
            ways(old, new, after, findings);
        }
        (None, Some(_)) => findings.say(
            &at,
            Weight::Breaks,
            "found states on a type that had none: what is stored is in none of them, and lists leave it out",
            MOVE,
        ),
        (Some(_), None) => findings.say(
            &at,
            Weight::Breaks,
            "found no states any more: what is stored stays in its state, lists leave it out, and no action is allowed in it",
            MOVE,
        ),
        (None, None) => {}
    }
}

fn states(old: &States, new: &States, findings: &mut Findings<'_>) {
    let at = Pointer::member("states");
    for state in old.all.iter().filter(|state| !new.all.contains(state)) {
        let message = format!(
            "found no state `{state}` any more: what is in it stays in it, lists leave it out, and no update, delete or transition is allowed in it"
        );
        let remedy = format!(
            "Keep `{state}` with a transition out of it, and let nobody into it any more, by the `access` of what leads there; when `?state={state}` lists nothing, take it away."
        );
        findings.say(&at, Weight::Breaks, message, remedy);
    }
    for state in new.all.iter().filter(|state| !old.all.contains(state)) {
        findings.fine(&at, format!("found the new state `{state}`"));
    }
    if old.initial != new.initial {
        let message = format!(
            "found `{}`, which new resources begin in; what began in `{}` stays as it is",
            new.initial, old.initial
        );
        findings.fine(&at.child("initial"), message);
    }
    let lists = [
        ("update", "updates", &old.update, &new.update),
        ("delete", "deletes", &old.delete, &new.delete),
    ];
    for (key, what, before, after) in lists {
        let both = |state: &&String| old.all.contains(state) && new.all.contains(state);
        for state in before.iter().filter(both).filter(|it| !after.contains(it)) {
            let message =
                format!("found {what} refused in `{state}`, of what is in it already too");
            findings.fine(&at.child(key), message);
        }
        for state in after.iter().filter(both).filter(|it| !before.contains(it)) {
            let message =
                format!("found {what} allowed in `{state}`, of what is in it already too");
            findings.fine(&at.child(key), message);
        }
    }
}

/// States that a way led out of, and none does.
fn ways(old: &Declaration, new: &Declaration, states: &States, findings: &mut Findings<'_>) {
    let leaves = |declaration: &Declaration, state: &String| {
        let mut transitions = declaration.transitions.iter();
        transitions.any(|transition| {
            let to = transition.to.as_ref();
            transition.from.contains(state) && to.is_some_and(|to| to != state)
        })
    };
    for state in &states.all {
        if leaves(old, state) && !leaves(new, state) {
            let message = format!(
                "found no transition out of `{state}` any more: what is in it stays in it for good"
            );
            let remedy = format!(
                "Move what should not stay there before: `?state={state}` lists it. Where it is to be an end, nothing is to be done."
            );
            findings.say(
                &Pointer::member("states"),
                Weight::MayBreak,
                message,
                remedy,
            );
        }
    }
}
