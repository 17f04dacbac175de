//! Lifecycles: which transitions are legal, and which way leads to one.

use std::collections::{BTreeMap, VecDeque};

use crate::change;
use crate::command::Caller;
use crate::declaration::{Declaration, Transition};
use crate::evaluate;
use crate::guard::{self, Moment};
use crate::item::Resource;
use crate::lease;
use crate::timestamp::Timestamp;

/// Whether the caller may read this resource.
pub fn may_read(declaration: &Declaration, caller: &Caller, resource: &Resource) -> bool {
    may_read_of(declaration, caller, Some(&resource.created_by))
}

/// Whether the caller may read the resource that this actor created, or may have created.
pub fn may_read_of(declaration: &Declaration, caller: &Caller, created_by: Option<&str>) -> bool {
    declaration.access.read.allows(caller, created_by)
}

/// Whether the state allows this transition. Actions of types without states are always allowed.
pub fn starts_from(transition: &Transition, state: Option<&str>) -> bool {
    state.is_none_or(|state| transition.from.iter().any(|from| from == state))
}

/// The transitions that are legal now for this caller: state, access and leases allow them, and so does
/// every condition, declared or of the changes themselves, that does not depend on their input.
pub fn legal<'a>(
    declaration: &'a Declaration,
    resource: &Resource,
    caller: &Caller,
    at: Timestamp,
) -> Vec<&'a Transition> {
    if lease::against(declaration, resource, &caller.actor, at).is_some() {
        return Vec::new();
    }
    let legal = |transition: &&Transition| {
        let moment = Moment {
            input: None,
            item: None,
            actor: &caller.actor,
            at,
        };
        starts_from(transition, resource.state.as_deref())
            && transition.access.allows(caller, Some(&resource.created_by))
            && transition.only_if.iter().all(|clause| {
                guard::compile(clause, &moment)
                    .is_none_or(|condition| evaluate::holds(&condition, resource))
            })
            && change::unmet(transition, &moment, resource).is_empty()
    };
    declaration.transitions.iter().filter(legal).collect()
}

/// The shortest sequence of transitions, each of which the caller may request, that leads from the
/// state that the resource is in to one that `goal` starts from; `None` where there is none.
pub fn path(
    declaration: &Declaration,
    resource: &Resource,
    goal: &Transition,
    caller: &Caller,
) -> Option<Vec<String>> {
    let state = resource.state.as_deref()?;
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
            let granted = transition.access.allows(caller, Some(&resource.created_by));
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
