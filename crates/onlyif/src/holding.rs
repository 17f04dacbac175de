//! Holdings: while which clauses a resource holds its unique values, and what can change that.
//!
//! A constraint's `when` looks at nothing but the stored resource, and at nothing in it that every
//! write moves. So one image shows whether it holds, and only a change of what it looks at makes a
//! resource take its values or let go of them.

use std::borrow::Cow;

use serde_json::Value;

use crate::declaration::{Declaration, Transition, Unique};
use crate::evaluate::{self, Image};
use crate::guard;
use crate::item::{Attribute, Operand, Resource};
use crate::plan::Condition;

/// Whether the constraint's clauses hold of this resource.
pub fn applies(unique: &Unique, resource: &Resource) -> bool {
    unique.when.is_empty() || evaluate::holds(&condition(unique), resource)
}

/// Whether a resource that may be deleted can hold a unique value then.
pub fn may_end_with(declaration: &Declaration) -> bool {
    declaration
        .unique
        .iter()
        .any(|unique| match &declaration.states {
            Some(states) => {
                let condition = condition(unique);
                let holds = |state: &String| !is_never(given(&condition, state).as_ref());
                states.delete.iter().any(holds)
            }
            None => true,
        })
}

/// What a transition can do to the value that a resource holds of one constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Move {
    /// Nothing.
    Stays,
    /// Free it.
    Leaves,
    /// Take one, which may be somebody's already.
    Takes,
}

/// What the transition can do to the value that a resource holds of this constraint.
pub fn moves(unique: &Unique, transition: &Transition) -> Move {
    let condition = condition(unique);
    if is_written(&condition, unique, transition) {
        return Move::Takes;
    }
    let Some(to) = &transition.to else {
        return Move::Stays;
    };
    let after = given(&condition, to);
    let from = |from: &String| {
        let before = given(&condition, from);
        if from == to || (before.is_some() && before == after) {
            Move::Stays
        } else if is_never(after.as_ref()) {
            Move::Leaves
        } else {
            Move::Takes
        }
    };
    transition
        .from
        .iter()
        .map(from)
        .max()
        .unwrap_or(Move::Stays)
}

/// Whether the transition writes a field of the constraint, or one that its clauses look at.
fn is_written(condition: &Condition, unique: &Unique, transition: &Transition) -> bool {
    let looked_at = attributes(condition)
        .into_iter()
        .filter_map(|attribute| match attribute {
            Attribute::Document(pointer) => Some(pointer),
            _ => None,
        });
    let mut read = unique.fields.iter().chain(looked_at);
    read.any(|pointer| transition.writes(pointer))
}

/// The constraint's clauses as one condition.
fn condition(unique: &Unique) -> Condition {
    Condition::All(unique.when.iter().map(guard::of_resource).collect())
}

/// What is left of a condition of resources in this state; `None` where it weighs the state against
/// another value of the resource.
fn given(condition: &Condition, state: &str) -> Option<Condition> {
    let all = |conditions: &[Condition]| -> Option<Vec<Condition>> {
        conditions.iter().map(|each| given(each, state)).collect()
    };
    Some(match condition {
        Condition::All(conditions) => {
            let mut left = all(conditions)?;
            left.retain(|each| *each != ALWAYS);
            if left.contains(&NEVER) {
                NEVER
            } else {
                Condition::All(left)
            }
        }
        Condition::Any(conditions) => {
            let mut left = all(conditions)?;
            left.retain(|each| *each != NEVER);
            if left.contains(&ALWAYS) {
                ALWAYS
            } else {
                Condition::Any(left)
            }
        }
        Condition::Not(condition) => {
            let left = given(condition, state)?;
            if left == ALWAYS {
                NEVER
            } else if left == NEVER {
                ALWAYS
            } else {
                Condition::Not(Box::new(left))
            }
        }
        test => {
            let looked_at = attributes(test);
            if !looked_at.contains(&&Attribute::State) {
                test.clone()
            } else if looked_at.iter().any(|each| **each != Attribute::State) {
                return None;
            } else if evaluate::holds(test, &OnlyState(state)) {
                ALWAYS
            } else {
                NEVER
            }
        }
    })
}

const ALWAYS: Condition = Condition::All(Vec::new());
const NEVER: Condition = Condition::Any(Vec::new());

fn is_never(condition: Option<&Condition>) -> bool {
    condition == Some(&NEVER)
}

/// Everything that a condition looks at.
fn attributes(condition: &Condition) -> Vec<&Attribute> {
    match condition {
        Condition::All(all) | Condition::Any(all) => all.iter().flat_map(attributes).collect(),
        Condition::Not(not) => attributes(not),
        Condition::Exists(attribute) => vec![attribute],
        Condition::Compare(attribute, _, operand)
        | Condition::Contains(attribute, operand)
        | Condition::StartsWith(attribute, operand)
        | Condition::Size(attribute, _, operand) => match operand {
            Operand::Attribute(other) => vec![attribute, other],
            Operand::Value(_) | Operand::Partition(_) => vec![attribute],
        },
    }
}

/// A resource of which nothing but the state is known.
struct OnlyState<'a>(&'a str);

impl Image for OnlyState<'_> {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, Value>> {
        (*attribute == Attribute::State).then(|| Cow::Owned(Value::from(self.0)))
    }
}
