//! Answers: what the loop tells the edge.

use std::sync::Arc;

use crate::item::{Lease, Resource};
use crate::problem::Problem;

/// The end of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It has happened.
    Done(Done),
    /// Each of several operations has, in their order.
    All(Vec<Done>),
    /// Something stands against it; nothing is written.
    Refused(Problem),
}

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Which kind of change.
    pub kind: DoneKind,
    /// The id of the resource.
    pub id: String,
    /// The resource as the command left it; `None` after a delete, of
    /// a lease, and where a repeat finds it gone.
    pub resource: Option<Arc<Resource>>,
    /// The lease that was taken or extended.
    pub lease: Option<Lease>,
    /// An earlier request, the same in all that counts, had done it already.
    pub replayed: bool,
    /// The change was made to a newer version than the caller had seen.
    pub merged: bool,
}

impl Done {
    /// By this request, as it was asked.
    pub fn of(kind: DoneKind, id: &str, resource: Option<Arc<Resource>>) -> Self {
        Done {
            kind,
            id: id.to_owned(),
            resource,
            lease: None,
            replayed: false,
            merged: false,
        }
    }
}

/// Which kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoneKind {
    /// A new resource.
    Created,
    /// A new version of one that was there.
    Changed,
    /// Nothing: the resource was already as asked.
    Unchanged,
    /// The resource is gone.
    Deleted,
    /// The caller has a lease of it.
    Leased,
    /// The caller has none any more.
    Released,
}
