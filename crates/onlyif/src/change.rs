//! Changes: what the `set`, `add` and `remove` of a transition require of a resource, and what they
//! make of its document.

use serde_json::{Number, Value, json};

use crate::declaration::{Amount, Bounds, Source, Transition};
use crate::document::pointer::Pointer;
use crate::document::{Document, number};
use crate::evaluate::{self, Image};
use crate::guard::{self, Moment};
use crate::item::{Operand, Resource};
use crate::plan::{Comparator, Condition};
use crate::problem::{Conflict, Fault, Place};

/// What a declared change requires of the stored resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// The field that is looked at.
    pub pointer: Pointer,
    /// What is required of it, as a declaration would write it.
    pub requires: Value,
    /// The same as a condition of the write.
    pub condition: Condition,
}

impl Need {
    fn exists(pointer: &Pointer) -> Self {
        Need {
            pointer: pointer.clone(),
            requires: json!({ "exists": true }),
            condition: Condition::Exists(guard::attribute(pointer)),
        }
    }

    fn bound(pointer: &Pointer, name: &str, comparator: Comparator, limit: Number) -> Self {
        let operand = Operand::Value(Value::Number(limit.clone()));
        Need {
            pointer: pointer.clone(),
            requires: json!({ name: limit }),
            condition: Condition::Compare(guard::attribute(pointer), comparator, operand),
        }
    }
}

/// What the changes require of the stored resource: the parent of what is set, the field that is
/// copied, the number that is added to, and the bounds of the sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// What is known of it.
    pub known: Vec<Need>,
    /// That is all: a resource that gives it takes the changes, as far as numbers go. Otherwise
    /// something depends on an input that is not known, or shows only in the sum itself.
    pub complete: bool,
}

/// What the changes of this transition require.
pub fn needs(transition: &Transition, moment: &Moment<'_>) -> Needs {
    let mut needs = Needs {
        known: Vec::new(),
        complete: true,
    };
    for (pointer, source) in &transition.set {
        if let Source::Field(field) = source {
            needs.known.push(Need::exists(field));
        }
        if let Some(parent) = pointer.parent().filter(|parent| !parent.is_root()) {
            needs.known.push(Need::exists(&parent));
        }
    }
    for ((pointer, source), bounds) in transition.add.iter().zip(&transition.bounds) {
        let bounds = amount(source, moment).and_then(|amount| within(pointer, &amount, bounds));
        match bounds {
            Some(bounds) => needs.known.extend(bounds),
            None => {
                needs.known.push(Need::exists(pointer));
                needs.complete = false;
            }
        }
    }
    needs
}

/// What the changes require that this resource does not give.
pub fn unmet(transition: &Transition, moment: &Moment<'_>, resource: &Resource) -> Vec<Conflict> {
    let conflict = |pointer: &Pointer, requires: Value| Conflict::ConditionNotMet {
        pointer: pointer.clone(),
        requires,
        actual: guard::actual(pointer, resource),
        message: None,
    };
    let needs = needs(transition, moment).known.into_iter();
    let mut conflicts: Vec<Conflict> = needs
        .filter(|need| !evaluate::holds(&need.condition, resource))
        .map(|need| conflict(&need.pointer, need.requires))
        .collect();
    // What is there and of another kind: the condition of a write cannot say so, the store does.
    let mut of_kind = |pointer: &Pointer, kind: &str, fits: fn(&Value) -> bool| {
        if guard::actual(pointer, resource).is_some_and(|actual| !fits(&actual)) {
            conflicts.push(conflict(pointer, json!({ "type": kind })));
        }
    };
    for (pointer, _) in &transition.set {
        if let Some(parent) = pointer.parent().filter(|parent| !parent.is_root()) {
            of_kind(&parent, "object", Value::is_object);
        }
    }
    for (pointer, _) in &transition.add {
        of_kind(pointer, "number", Value::is_number);
    }
    conflicts
}

/// The number to add, subtracting being adding the negative; `None` where it is not known.
pub fn amount(amount: &Amount, moment: &Moment<'_>) -> Option<Number> {
    match guard::operand(&amount.source, moment)? {
        Operand::Value(Value::Number(number)) if amount.negate => number::negated(&number),
        Operand::Value(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// The document after the changes, all of which read it as it was before, and what cannot be held.
pub fn applied(
    transition: &Transition,
    moment: &Moment<'_>,
    resource: &Resource,
) -> (Document, Vec<Fault>) {
    let mut document = resource.document.clone();
    let mut faults = Vec::new();
    for (pointer, source) in &transition.set {
        let value = match guard::operand(source, moment) {
            Some(Operand::Value(value)) => Some(value),
            Some(Operand::Attribute(attribute)) => resource
                .attribute(&attribute)
                .map(|value| value.into_owned()),
            Some(Operand::Partition(_)) | None => None,
        };
        if let (Some(value), Some((object, name))) = (value, pointer.holder(&mut document)) {
            object.insert(name.to_owned(), value);
        }
    }
    for (pointer, source) in &transition.add {
        let sum = match (pointer.of(&resource.document), amount(source, moment)) {
            (Some(Value::Number(number)), Some(amount)) => number::sum(number, &amount),
            _ => None,
        };
        match (sum, pointer.holder(&mut document)) {
            (Some(sum), Some((object, name))) => {
                object.insert(name.to_owned(), Value::Number(sum));
            }
            _ => faults.push(Fault {
                at: Place::Pointer(pointer.clone()),
                detail: "The sum has more digits than can be held (38).".to_owned(),
                keyword: None,
            }),
        }
    }
    for pointer in &transition.remove {
        if let Some((object, name)) = pointer.holder(&mut document) {
            object.shift_remove(name);
        }
    }
    (document, faults)
}

/// What the bounds of a number require of it before this amount is added: taking 3 from a stock
/// whose minimum is 0 requires at least 3. `None` where a limit cannot be computed, or where the
/// schema could refuse the sum in another way.
fn within(pointer: &Pointer, amount: &Number, bounds: &Bounds) -> Option<Vec<Need>> {
    let zero = Number::from(0);
    let negative = number::compare(amount, &zero).is_lt();
    let integral = !amount
        .to_string()
        .trim_start_matches('-')
        .contains(['.', 'e', '-']);
    if bounds.integer && !integral {
        return None;
    }
    let before = |limit: &Number| number::sum(limit, &number::negated(amount)?);
    let mut needs = vec![Need::exists(pointer)];
    let (closed, open) = if negative {
        (&bounds.minimum, &bounds.exclusive_minimum)
    } else {
        (&bounds.maximum, &bounds.exclusive_maximum)
    };
    let names = if negative {
        [
            ("atLeast", Comparator::AtLeast),
            ("moreThan", Comparator::More),
        ]
    } else {
        [
            ("atMost", Comparator::AtMost),
            ("lessThan", Comparator::Less),
        ]
    };
    for (limit, (name, comparator)) in [closed, open].into_iter().zip(names) {
        if let Some(limit) = limit {
            needs.push(Need::bound(pointer, name, comparator, before(limit)?));
        }
    }
    // A number within its bounds says by itself that it is there.
    if needs.len() > 1 {
        needs.remove(0);
    }
    Some(needs)
}
