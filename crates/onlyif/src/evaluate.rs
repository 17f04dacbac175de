//! What a condition says of one image: the same as the store says of the item itself.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::number;
use crate::item::{
    Attribute, ClockPart, Clocks, Item, Lease, LeasePart, Name, Operand, Resource, Stamps,
    Tombstone,
};
use crate::plan::{Comparator, Condition};

/// Something that conditions look into.
pub trait Image {
    /// What is there; `None` where there is nothing.
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, Value>>;
}

/// Whether the condition holds of this image.
pub fn holds(condition: &Condition, item: &impl Image) -> bool {
    match condition {
        Condition::All(all) => all.iter().all(|each| holds(each, item)),
        Condition::Any(any) => any.iter().any(|each| holds(each, item)),
        Condition::Not(not) => !holds(not, item),
        Condition::Exists(attribute) => item.attribute(attribute).is_some(),
        Condition::Compare(attribute, comparator, operand) => {
            both(item, attribute, operand, |left, right| {
                compares(left, *comparator, right)
            })
        }
        Condition::Contains(attribute, operand) => both(item, attribute, operand, contains),
        Condition::StartsWith(attribute, operand) => {
            both(item, attribute, operand, |left, right| {
                match (left, right) {
                    (Value::String(left), Value::String(right)) => left.starts_with(right.as_str()),
                    _ => false,
                }
            })
        }
        Condition::Size(attribute, comparator, operand) => {
            both(item, attribute, operand, |left, right| {
                size(left).is_some_and(|size| compares(&Value::from(size), *comparator, right))
            })
        }
    }
}

/// An item that may not be there: then nothing is.
impl Image for Option<Item> {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, Value>> {
        self.as_ref()?.attribute(attribute)
    }
}

impl Image for Item {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, Value>> {
        match self {
            Item::Resource(resource) => resource.attribute(attribute),
            Item::Tombstone(tombstone) => of_tombstone(tombstone, attribute).map(Cow::Owned),
            Item::Claim(claim) => match attribute {
                Attribute::Key => Some(Cow::Owned(Value::Bool(true))),
                Attribute::Owner => Some(Cow::Owned(Value::from(claim.owner.as_str()))),
                _ => None,
            },
            Item::Record(record) => match attribute {
                Attribute::Key => Some(Cow::Owned(Value::Bool(true))),
                Attribute::Expires => Some(Cow::Owned(Value::from(record.expires_at_s))),
                _ => None,
            },
        }
    }
}

impl Image for Resource {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, Value>> {
        of_resource(self, attribute)
    }
}

fn of_resource<'a>(resource: &'a Resource, attribute: &Attribute) -> Option<Cow<'a, Value>> {
    let text = |text: &str| Some(Value::from(text));
    let owned = match attribute {
        Attribute::Document(pointer) if pointer.is_root() => {
            Some(Value::Object(resource.document.clone()))
        }
        Attribute::Document(pointer) => return pointer.of(&resource.document).map(Cow::Borrowed),
        Attribute::Key => Some(Value::Bool(true)),
        Attribute::State => resource.state.as_deref().and_then(text),
        Attribute::Version => Some(Value::from(resource.version)),
        Attribute::Incarnation => text(&resource.incarnation),
        Attribute::CreatedAt => text(&resource.created_at.to_string()),
        Attribute::CreatedBy => text(&resource.created_by),
        Attribute::UpdatedAt => text(&resource.updated_at.to_string()),
        Attribute::UpdatedBy => text(&resource.updated_by),
        Attribute::Operation => text(&resource.operation),
        Attribute::PreviousAt => resource.previous_at.map(|at| Value::from(at.to_string())),
        Attribute::Clock(part, pointer) => {
            let clock = resource.clocks.fields.get(pointer)?;
            Some(match part {
                ClockPart::Version => Value::from(clock.version),
                ClockPart::Actor => Value::from(clock.actor.as_str()),
                ClockPart::At => Value::from(clock.at.to_string()),
            })
        }
        Attribute::Clocks(part) => Some(clock_map(&resource.clocks, *part)),
        Attribute::Floor => Some(Value::from(resource.clocks.floor)),
        Attribute::Stamp(place) => stamp(&resource.stamps, *place),
        Attribute::Dependents(type_name) => {
            let count = resource.dependents.get(type_name);
            count.map(|count| Value::from(*count))
        }
        Attribute::Counted => (!resource.counted.is_empty()).then(|| names(&resource.counted)),
        Attribute::LeaseToken => lease_token(resource.lease_token),
        Attribute::Lease => resource.lease.as_deref().map(lease_map),
        Attribute::LeasePart(part) => {
            let lease = resource.lease.as_deref();
            lease.map(|lease| lease_part(lease, *part))
        }
        Attribute::DeletedAt
        | Attribute::DeletedBy
        | Attribute::Owner
        | Attribute::Expires
        | Attribute::ListedIn => None,
    };
    owned.map(Cow::Owned)
}

fn of_tombstone(tombstone: &Tombstone, attribute: &Attribute) -> Option<Value> {
    match attribute {
        Attribute::Key => Some(Value::Bool(true)),
        Attribute::Version => Some(Value::from(tombstone.version)),
        Attribute::Incarnation => Some(Value::from(tombstone.incarnation.as_str())),
        Attribute::CreatedAt => Some(Value::from(tombstone.created_at.to_string())),
        Attribute::CreatedBy => tombstone.created_by.as_deref().map(Value::from),
        Attribute::DeletedAt => Some(Value::from(tombstone.deleted_at.to_string())),
        Attribute::DeletedBy => Some(Value::from(tombstone.deleted_by.as_str())),
        Attribute::Expires => Some(Value::from(tombstone.expires_at_s)),
        Attribute::Stamp(place) => stamp(&tombstone.stamps, *place),
        Attribute::LeaseToken => lease_token(tombstone.lease_token),
        _ => None,
    }
}

/// Names of resources as a JSON array.
pub fn names(names: &BTreeSet<Name>) -> Value {
    names.iter().map(ToString::to_string).collect()
}

/// One of the three clock maps as a JSON object.
pub fn clock_map(clocks: &Clocks, part: ClockPart) -> Value {
    let entry = |clock: &crate::item::Clock| match part {
        ClockPart::Version => Value::from(clock.version),
        ClockPart::Actor => Value::from(clock.actor.as_str()),
        ClockPart::At => Value::from(clock.at.to_string()),
    };
    Value::Object(
        clocks
            .fields
            .iter()
            .map(|(at, clock)| (at.to_string(), entry(clock)))
            .collect(),
    )
}

/// The parts of a lease by their names, as a JSON object.
pub fn lease_map(lease: &Lease) -> Value {
    let parts = [LeasePart::Holder, LeasePart::Until, LeasePart::RequestId];
    let named = parts.map(|part| (part.name().to_owned(), lease_part(lease, part)));
    Value::Object(named.into_iter().collect())
}

fn lease_part(lease: &Lease, part: LeasePart) -> Value {
    match part {
        LeasePart::Holder => Value::from(lease.holder.as_str()),
        LeasePart::Until => Value::from(lease.until.millis()),
        LeasePart::RequestId => Value::from(lease.request_id.as_str()),
    }
}

fn lease_token(token: u64) -> Option<Value> {
    (token > 0).then(|| Value::from(token))
}

fn stamp(stamps: &Stamps, place: usize) -> Option<Value> {
    stamps.0.get(place).map(|stamp| Value::from(stamp.as_str()))
}

fn both(
    item: &impl Image,
    attribute: &Attribute,
    operand: &Operand,
    test: impl Fn(&Value, &Value) -> bool,
) -> bool {
    let Some(left) = item.attribute(attribute) else {
        return false;
    };
    match operand {
        Operand::Value(right) => test(&left, right),
        Operand::Attribute(right) => item
            .attribute(right)
            .is_some_and(|right| test(&left, &right)),
        Operand::Partition(_) => false,
    }
}

fn compares(left: &Value, comparator: Comparator, right: &Value) -> bool {
    if comparator == Comparator::Equal {
        return left == right;
    }
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => number::compare(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        _ => return false,
    };
    match comparator {
        Comparator::Equal => order == Ordering::Equal,
        Comparator::Less => order == Ordering::Less,
        Comparator::AtMost => order != Ordering::Greater,
        Comparator::More => order == Ordering::Greater,
        Comparator::AtLeast => order != Ordering::Less,
    }
}

fn contains(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(elements), right) => elements.contains(right),
        (Value::String(left), Value::String(right)) => left.contains(right.as_str()),
        _ => false,
    }
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(elements) => Some(elements.len()),
        Value::Object(members) => Some(members.len()),
        Value::String(text) => Some(text.encode_utf16().count()),
        _ => None,
    }
}
