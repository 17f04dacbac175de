//! Plans: the conditional writes that a decision proposes, all or none of which happen.

use std::sync::Arc;

use crate::answer::{Done, DoneKind};
use crate::item::{Attribute, Item, Key, Lease, Operand, Partition, Resource};

/// What to write, and what to answer once it is written. One write is one conditional request;
/// several are one transaction. No two writes of a plan name the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The writes: of one operation the resource's own first.
    pub writes: Vec<Write>,
    /// What has happened when all of them have: what each operation made, in their order, and what
    /// they took along.
    pub acts: Vec<Act>,
}

impl Plan {
    /// Only the store's image of the one item that is written can tell what was made.
    pub fn needs_image(&self) -> bool {
        self.writes.len() == 1
            && self
                .acts
                .iter()
                .any(|act| act.outcome == Planned::FromImage)
    }
}

/// What an operation makes of its resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// The resource's key.
    pub key: Key,
    /// It was taken along by an operation on another resource, and is not answered for itself.
    pub along: bool,
    /// Which kind of change that is.
    pub kind: DoneKind,
    /// The change is made to a newer version than the caller had seen.
    pub merged: bool,
    /// An earlier request, the same in all that counts, had made it.
    pub replayed: bool,
    /// What will be there.
    pub outcome: Planned,
    /// The stamp that the resource's own write leaves; empty of a lease, which leaves none.
    pub stamp: String,
}

impl Act {
    /// The answer once it has happened; `None` where only the store's image can tell.
    pub fn done(&self) -> Option<Done> {
        let (resource, lease) = match &self.outcome {
            Planned::Known(resource) => (Some(Arc::clone(resource)), None),
            Planned::Leased(lease) => (None, Some(lease.clone())),
            Planned::Deleted | Planned::Released(_) => (None, None),
            Planned::FromImage => return None,
        };
        Some(Done {
            kind: self.kind,
            id: self.key.id().unwrap_or_default().to_owned(),
            resource,
            lease,
            replayed: self.replayed,
            merged: self.merged,
        })
    }
}

/// What will have happened once a plan is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Planned {
    /// The resource will be exactly this.
    Known(Arc<Resource>),
    /// A blind update: the store's image after the write tells.
    FromImage,
    /// The resource is gone.
    Deleted,
    /// This lease of it.
    Leased(Lease),
    /// The lease with this token has ended.
    Released(u64),
}

/// One item's write: it happens only if its condition holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Which item.
    pub key: Key,
    /// What must hold of the item at that moment.
    pub condition: Condition,
    /// What becomes of it.
    pub effect: Effect,
}

/// What becomes of an item. Only a create puts: an update sets what it owns, and erases nobody's part.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The whole item; a resource with the index partition that lists it.
    Put(Item, Option<Partition>),
    /// Attributes of the item that is there.
    Update(Vec<Assignment>),
    /// Nothing is left.
    Delete,
    /// It stays as it is.
    Check,
}

/// One change of an update. All read the item as it was before the update.
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    /// The attribute becomes the operand.
    Set(Attribute, Operand),
    /// The attribute becomes the sum of another one (or itself) and a number.
    Sum(Attribute, Attribute, serde_json::Number),
    /// The attribute grows by so many; where it is not there it begins at 0.
    Count(Attribute, i64),
    /// The attribute is gone.
    Remove(Attribute),
}

/// What must hold of an item for its write to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every one; the empty list always holds.
    All(Vec<Condition>),
    /// At least one; the empty list never holds.
    Any(Vec<Condition>),
    /// Not that; it holds where a test does not for want of the attribute.
    Not(Box<Condition>),
    /// The attribute is there, `null` included.
    Exists(Attribute),
    /// Holds if the attribute is there, both are of one kind, and they compare so. Numbers compare
    /// by value, strings by their UTF-8 bytes; only equality is defined for the other kinds.
    Compare(Attribute, Comparator, Operand),
    /// Holds of a string that contains the operand, a string too, and of an array with an element
    /// equal to the operand, of whichever kind.
    Contains(Attribute, Operand),
    /// Holds of a string that starts with the operand, a string too.
    StartsWith(Attribute, Operand),
    /// The number of elements, of members, or of UTF-16 code units of a string compares so; nothing
    /// else has a size.
    Size(Attribute, Comparator, Operand),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// Equal by value, arrays and objects included.
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Condition {
    /// The item is not there.
    pub fn absent() -> Self {
        Condition::Not(Box::new(Condition::Exists(Attribute::Key)))
    }
}
