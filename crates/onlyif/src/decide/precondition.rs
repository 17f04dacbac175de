//! Preconditions (RFC 9110 §13): whether the caller's view is still true.

use serde_json::Value;

use crate::command::{IfMatch, Preconditions};
use crate::evaluate;
use crate::item::{Attribute, Operand, Resource};
use crate::plan::{Comparator, Condition};
use crate::tag::Tag;
use crate::timestamp::Timestamp;

use super::stamp;

/// What a request's preconditions say of a resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It sends none.
    None,
    /// They hold.
    Holds,
    /// They do not.
    Stale {
        /// The tag that it named: of several the newest of this incarnation, else the first.
        yours: Option<String>,
        /// The version that this tag names, if it names one of this incarnation.
        base: Option<u64>,
    },
}

impl Verdict {
    /// Nothing speaks against the caller's view.
    pub(super) fn holds(&self) -> bool {
        matches!(self, Verdict::None | Verdict::Holds)
    }
}

/// Compares the preconditions with the resource as it is now.
pub(super) fn check(preconditions: &Preconditions, resource: &Resource) -> Verdict {
    match (&preconditions.if_match, preconditions.if_unmodified_since_s) {
        (Some(IfMatch::Any), _) => Verdict::Holds,
        (Some(IfMatch::Tags(tags)), _) => {
            let now = resource.tag().to_string();
            if tags.contains(&now) {
                return Verdict::Holds;
            }
            let known = tags.iter().filter_map(|text| {
                let tag = Tag::parse(text)?;
                let ours = tag.incarnation == resource.incarnation
                    && (1..=resource.version).contains(&tag.version);
                ours.then_some((tag.version, text))
            });
            match known.max() {
                Some((version, text)) => Verdict::Stale {
                    yours: Some(text.clone()),
                    base: Some(version),
                },
                None => Verdict::Stale {
                    yours: tags.first().cloned(),
                    base: None,
                },
            }
        }
        (None, Some(second)) if unmodified_since(resource, second) => Verdict::Holds,
        (None, Some(_)) => Verdict::Stale {
            yours: None,
            base: None,
        },
        (None, None) => Verdict::None,
    }
}

/// An HTTP date names a second: a resource last written after it has changed, and so may one have
/// that was written twice within it. So has one with an earlier write that bears a later time, as
/// the stamps tell: writes arrive in another order than they were sent in, and clocks differ.
fn unmodified_since(resource: &Resource, second: i64) -> bool {
    evaluate::holds(&unmodified(second), resource)
}

/// The same as a condition of the write itself.
fn unmodified(second: i64) -> Condition {
    let start = Timestamp::from_millis(second.saturating_mul(1000));
    let end = Timestamp::from_millis(second.saturating_add(1).saturating_mul(1000));
    let last = Condition::Compare(Attribute::UpdatedAt, Comparator::Less, text(end));
    let twice = Condition::Compare(Attribute::PreviousAt, Comparator::AtLeast, text(start));
    let mut conditions = vec![last, Condition::Not(Box::new(twice))];
    conditions.extend((1..8).map(|place| {
        let floor = Operand::Value(Value::from(stamp::floor(start)));
        Condition::Compare(Attribute::Stamp(place), Comparator::Less, floor)
    }));
    Condition::All(conditions)
}

/// Preconditions as a condition of the write itself.
pub(super) fn condition(preconditions: &Preconditions) -> Condition {
    match (&preconditions.if_match, preconditions.if_unmodified_since_s) {
        (Some(IfMatch::Tags(tags)), _) => Condition::Any(
            tags.iter()
                .filter_map(|text| Tag::parse(text))
                .map(is)
                .collect(),
        ),
        (None, Some(second)) => unmodified(second),
        (Some(IfMatch::Any), _) | (None, None) => Condition::All(Vec::new()),
    }
}

/// The item is at exactly this version of this incarnation.
pub(super) fn is(tag: Tag) -> Condition {
    let equal =
        |attribute, value| Condition::Compare(attribute, Comparator::Equal, Operand::Value(value));
    Condition::All(vec![
        equal(Attribute::Version, Value::from(tag.version)),
        equal(Attribute::Incarnation, Value::from(tag.incarnation)),
    ])
}

fn text(at: Timestamp) -> Operand {
    Operand::Value(Value::from(at.to_string()))
}
