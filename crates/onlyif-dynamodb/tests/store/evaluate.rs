//! What `onlyif::plan` says that a condition means, evaluated in memory.

use std::cmp::Ordering;

use onlyif::document::pointer::Pointer;
use onlyif::item::{Attribute, Item, Operand};
use onlyif::plan::{Comparator, Condition};
use serde_json::{Number, Value};

/// Whether the condition holds of the item.
pub(crate) fn holds(condition: &Condition, item: Option<&Item>) -> bool {
    match condition {
        Condition::All(conditions) => conditions.iter().all(|c| holds(c, item)),
        Condition::Any(conditions) => conditions.iter().any(|c| holds(c, item)),
        Condition::Not(condition) => !holds(condition, item),
        Condition::Exists(attribute) => value(attribute, item).is_some(),
        Condition::Compare(attribute, comparator, operand) => both(attribute, operand, item)
            .is_some_and(|(left, right)| compares(&left, *comparator, &right)),
        Condition::Contains(attribute, operand) => {
            both(attribute, operand, item).is_some_and(|pair| match pair {
                (Value::String(text), Value::String(part)) => text.contains(&part),
                (Value::Array(elements), part) => elements.iter().any(|e| equal(e, &part)),
                _ => false,
            })
        }
        Condition::StartsWith(attribute, operand) => {
            both(attribute, operand, item).is_some_and(|pair| match pair {
                (Value::String(text), Value::String(start)) => text.starts_with(&start),
                _ => false,
            })
        }
        Condition::Size(attribute, comparator, operand) => both(attribute, operand, item)
            .and_then(|(left, right)| Some((size(&left)?, right)))
            .is_some_and(|(size, right)| compares(&size, *comparator, &right)),
    }
}

fn both(attribute: &Attribute, operand: &Operand, item: Option<&Item>) -> Option<(Value, Value)> {
    let right = match operand {
        Operand::Value(value) => value.clone(),
        Operand::Attribute(attribute) => value(attribute, item)?,
        Operand::Partition(_) => return None,
    };
    Some((value(attribute, item)?, right))
}

fn value(attribute: &Attribute, item: Option<&Item>) -> Option<Value> {
    let resource = match (item?, attribute) {
        (_, Attribute::Key) => return Some(Value::String("there".into())),
        (Item::Resource(resource), _) => resource,
        (Item::Claim(claim), Attribute::Owner) => return Some(claim.owner.clone().into()),
        (Item::Tombstone(tombstone), Attribute::CreatedBy) => {
            return tombstone.created_by.clone().map(Value::from);
        }
        (Item::Tombstone(tombstone), Attribute::DeletedAt) => {
            return Some(tombstone.deleted_at.to_string().into());
        }
        (Item::Tombstone(tombstone), Attribute::Expires) => {
            return Some(tombstone.expires_at_s.into());
        }
        _ => return None,
    };
    Some(match attribute {
        Attribute::Document(pointer) if pointer.is_root() => {
            Value::Object(resource.document.clone())
        }
        Attribute::Document(pointer) => pointer.of(&resource.document)?.clone(),
        Attribute::State => resource.state.clone()?.into(),
        Attribute::Version => resource.version.into(),
        Attribute::Incarnation => resource.incarnation.clone().into(),
        Attribute::UpdatedAt => resource.updated_at.to_string().into(),
        Attribute::Stamp(place) => resource.stamps.0[*place].clone().into(),
        Attribute::Clock(_, pointer) => clock(resource, pointer)?,
        Attribute::DeletedAt | Attribute::Expires | Attribute::Owner => return None,
        attribute => panic!("the samples do not ask for {attribute:?}"),
    })
}

fn clock(resource: &onlyif::item::Resource, pointer: &Pointer) -> Option<Value> {
    Some(resource.clocks.fields.get(pointer)?.version.into())
}

fn size(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => text.encode_utf16().count().into(),
        Value::Array(elements) => elements.len().into(),
        Value::Object(members) => members.len().into(),
        _ => return None,
    })
}

fn compares(left: &Value, comparator: Comparator, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => left.as_bytes().cmp(right.as_bytes()),
        _ => return comparator == Comparator::Equal && equal(left, right),
    };
    match comparator {
        Comparator::Equal => order == Ordering::Equal,
        Comparator::Less => order == Ordering::Less,
        Comparator::AtMost => order != Ordering::Greater,
        Comparator::More => order == Ordering::Greater,
        Comparator::AtLeast => order != Ordering::Less,
    }
}

fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    let decimal = |number: &Number| {
        let text = number.to_string();
        text.parse::<bigdecimal::BigDecimal>().expect("a number")
    };
    decimal(left).cmp(&decimal(right))
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            compare_numbers(left, right) == Ordering::Equal
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, l)| right.get(name).is_some_and(|r| equal(l, r)))
        }
        (left, right) => left == right,
    }
}
