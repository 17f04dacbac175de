//! Commands: what a caller asks for, with everything in it that is not a function of the table.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::Document;
use crate::document::patch::Patch;
use crate::item::Key;
use crate::problem::{Fault, Origin};
use crate::timestamp::Timestamp;

/// One request about one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Who asks.
    pub caller: Caller,
    /// The request's id: with the time it makes the stamp of its writes.
    pub request_id: String,
    /// When it was received.
    pub at: Timestamp,
    /// The declared type; it exists.
    pub type_name: String,
    /// The resource's id; a possible one.
    pub id: String,
    /// What is asked.
    pub operation: Operation,
    /// Values of the body that cannot be held (too deep, too many digits), found when it was read.
    /// They are told when all that comes before an invalid resource has been looked at.
    pub faults: Vec<Fault>,
    /// Under which conditions.
    pub preconditions: Preconditions,
    /// What is to be done when the caller's view is out of date; `None`: as the type says.
    pub stale: Option<Stale>,
    /// The key under which it is done at most once.
    pub idempotency: Option<Idempotency>,
    /// Everything is decided, and nothing written.
    pub dry_run: bool,
}

/// The key of a request that may be sent again, and is done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// As sent, without quotes.
    pub key: String,
    /// A digest of the method, the path, the query and the body by value: a repeat has the same.
    pub fingerprint: String,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// The resource as it is now (`GET`, `HEAD`).
    Read,
    /// A new resource.
    Create {
        /// The body as sent, reserved members included.
        body: Document,
        /// Eight hexadecimal digits, drawn for this request.
        incarnation: String,
        /// The client chose the id (`PUT` with `If-None-Match: *`): the same request by the same
        /// caller, while the resource is at its first version, is answered as the first was.
        repeatable: bool,
    },
    /// Another document in the place of the one that is there (`PUT`).
    Replace {
        /// The body as sent, reserved members included.
        body: Document,
    },
    /// A change of some fields (`PATCH`).
    Patch {
        /// What changes.
        patch: Patch,
    },
    /// A declared transition.
    Transition {
        /// Its name; the type declares it.
        name: String,
        /// Its input; `None` where the body was empty.
        input: Option<Value>,
    },
    /// The end of the resource.
    Delete,
    /// A lease for the caller, begun or extended.
    Lease {
        /// From now on, in seconds; no more than the type allows.
        for_s: i64,
    },
    /// The end of the caller's lease.
    Release,
    /// Several operations by one caller, each with preconditions of its own: all of them happen, or
    /// none does. They have neither keys of their own, nor operations like this one among them.
    All(Vec<Command>),
}

impl Operation {
    /// Whether it is about the lease of a resource, and not about the resource itself.
    pub fn is_of_a_lease(&self) -> bool {
        matches!(self, Operation::Lease { .. } | Operation::Release)
    }

    /// What a history calls the change: `create`, `update`, `delete`, or the transition's name.
    pub fn name(&self) -> &str {
        match self {
            Operation::Create { .. } => "create",
            Operation::Replace { .. } | Operation::Patch { .. } => "update",
            Operation::Transition { name, .. } => name,
            Operation::Delete => "delete",
            // These leave nothing of their own in a history.
            Operation::Read | Operation::Lease { .. } | Operation::Release | Operation::All(_) => {
                ""
            }
        }
    }
}

/// Who asks, and what that caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The authenticated subject.
    pub actor: String,
    /// `-` without one. A part of every key.
    pub tenant: String,
    /// What the caller was granted.
    pub scopes: Scopes,
}

/// What a caller was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Everything: callers of a local server or of a deployment without an authorizer.
    Every,
    /// These.
    Only(BTreeSet<String>),
}

impl Scopes {
    /// Whether any one of `needed` is granted; needing none is granted always.
    pub fn grant(&self, needed: &[String]) -> bool {
        match self {
            Scopes::Every => true,
            Scopes::Only(granted) => {
                needed.is_empty() || needed.iter().any(|scope| granted.contains(scope))
            }
        }
    }
}

/// The preconditions of a request (RFC 9110 §13). `If-None-Match: *` is not here: on a write it
/// makes the request a create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// `If-Match`, or the body's own `etag`.
    pub if_match: Option<IfMatch>,
    /// `If-Unmodified-Since`, in seconds since the epoch; only where there is no `If-Match`.
    pub if_unmodified_since_s: Option<i64>,
    /// `Lease-Token`: the lease that the request relies on. It guards a write beside the others, and
    /// does not say which version it is based on.
    pub lease_token: Option<u64>,
}

impl Preconditions {
    /// Whether they say which version the request is based on.
    pub fn name_a_version(&self) -> bool {
        self.if_match.is_some() || self.if_unmodified_since_s.is_some()
    }
}

/// The value of `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: whatever is there now.
    Any,
    /// These strong tags, without quotes. Weak ones never match and are left out by the edge, so
    /// that a list of nothing but weak tags is empty, and matches nothing.
    Tags(Vec<String>),
}

/// What to do when the caller's view is out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Refuse, and say what changed.
    Refuse,
    /// Rebase the change where nothing overlaps; refuse otherwise.
    Merge,
}

impl Command {
    /// The operations: the command itself, or those that it holds.
    pub fn parts(&self) -> &[Command] {
        match &self.operation {
            Operation::All(parts) => parts,
            _ => std::slice::from_ref(self),
        }
    }

    /// The resource that the command is about, as conflicts name it.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            type_name: self.type_name.clone(),
            id: Some(self.id.clone()),
        }
    }

    /// The key of the resource that the command is about.
    pub fn key(&self) -> Key {
        self.key_of(&self.id)
    }

    /// The key of the resource of this id, of the command's type.
    pub fn key_of(&self, id: &str) -> Key {
        Key::Resource {
            tenant: self.caller.tenant.clone(),
            type_name: self.type_name.clone(),
            id: id.to_owned(),
        }
    }
}
