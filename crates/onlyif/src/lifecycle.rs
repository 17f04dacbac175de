//! Lifecycles: which transitions are legal, and which way leads to one.

use std::collections::{BTreeMap, VecDeque};

use crate::change;
use crate::command::Caller;
use crate::declaration::{Declaration, Transition};
use crate::evaluate;
use crate::guard::{self, Moment};
use crate::item::Resource;
use crate::timestamp::Timestamp;

/// Whether the caller may read resources of this type.
pub fn may_read(declaration: &Declaration, caller: &Caller) -> bool {
    caller.scopes.grant(&declaration.access.read)
}

/// Whether the state allows this transition. Actions of types without states are always allowed.
pub fn starts_from(transition: &Transition, state: Option<&str>) -> bool {
    state.is_none_or(|state| transition.from.iter().any(|from| from == state))
}

/// The transitions that are legal now for this caller: state and scopes allow them, and so does
/// every condition, declared or of the changes themselves, that does not depend on their input.
pub fn legal<'a>(
    declaration: &'a Declaration,
    resource: &Resource,
    caller: &Caller,
    at: Timestamp,
) -> Vec<&'a Transition> {
    let legal = |transition: &&Transition| {
        let moment = Moment {
            input: None,
            item: None,
            actor: &caller.actor,
            at,
        };
        starts_from(transition, resource.state.as_deref())
            && caller.scopes.grant(&transition.access)
            && transition.only_if.iter().all(|clause| {
                guard::compile(clause, &moment)
                    .is_none_or(|condition| evaluate::holds(&condition, resource))
            })
            && change::unmet(transition, &moment, resource).is_empty()
    };
    declaration.transitions.iter().filter(legal).collect()
}

/// The shortest sequence of transitions, each granted to the caller, that leads from this state to
/// one that `goal` starts from; `None` where there is none.
pub fn path(
    declaration: &Declaration,
    state: &str,
    goal: &Transition,
    caller: &Caller,
) -> Option<Vec<String>> {
    let mut came: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut queue = VecDeque::from([state]);
    while let Some(here) = queue.pop_front() {
        if goal.from.iter().any(|from| from == here) {
            let mut steps = Vec::new();
            let mut at = here;
            while let Some((from, name)) = came.get(at) {
                steps.push((*name).to_owned());
                at = from;
            }
            steps.reverse();
            return Some(steps);
        }
        for transition in &declaration.transitions {
            let granted = caller.scopes.grant(&transition.access);
            let Some(to) = transition.to.as_deref() else {
                continue;
            };
            if granted
                && starts_from(transition, Some(here))
                && to != state
                && !came.contains_key(to)
            {
                came.insert(to, (here, &transition.name));
                queue.push_back(to);
            }
        }
    }
    None
}
