//! Problems: why a request was refused, and which request would resolve it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::document::pointer::Pointer;
use crate::item::Resource;
use crate::tag::Tag;
use crate::timestamp::Timestamp;

/// The kinds of problem, in the order of the catalogue: of several conflicts the first in this
/// order names the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The request cannot be read.
    MalformedRequest,
    /// Nobody is known to ask.
    Unauthenticated,
    /// The caller may not do that.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The resource was deleted.
    Gone,
    /// The path takes other methods.
    MethodNotAllowed,
    /// Nothing that the caller accepts can be given.
    NotAcceptable,
    /// More than is taken.
    ContentTooLarge,
    /// The body is of a kind that is not read.
    UnsupportedMediaType,
    /// The caller's view is out of date.
    StaleVersion,
    /// The id is taken.
    AlreadyExists,
    /// A unique value is taken.
    Duplicate,
    /// The state does not allow the transition.
    InvalidTransition,
    /// The state does not allow the update or delete.
    NotAllowedInState,
    /// A declared condition does not hold.
    ConditionNotMet,
    /// Another one's lease runs, or the request relies on one that is over.
    Leased,
    /// What the request refers to is not there.
    MissingReference,
    /// Other resources refer to what was to be deleted.
    HasDependents,
    /// Other writers were in the way.
    Contention,
    /// The document does not satisfy its schema.
    InvalidResource,
    /// The idempotency key names another request.
    IdempotencyKeyReused,
    /// A change must say which version it is based on.
    PreconditionRequired,
    /// A defect.
    Internal,
    /// The service cannot answer now.
    Unavailable,
    /// The write may have been made.
    OutcomeUnknown,
}

impl Code {
    /// All of them, in order.
    pub const ALL: [Code; 25] = [
        Code::MalformedRequest,
        Code::Unauthenticated,
        Code::Forbidden,
        Code::NotFound,
        Code::Gone,
        Code::MethodNotAllowed,
        Code::NotAcceptable,
        Code::ContentTooLarge,
        Code::UnsupportedMediaType,
        Code::StaleVersion,
        Code::AlreadyExists,
        Code::Duplicate,
        Code::InvalidTransition,
        Code::NotAllowedInState,
        Code::ConditionNotMet,
        Code::Leased,
        Code::MissingReference,
        Code::HasDependents,
        Code::Contention,
        Code::InvalidResource,
        Code::IdempotencyKeyReused,
        Code::PreconditionRequired,
        Code::Internal,
        Code::Unavailable,
        Code::OutcomeUnknown,
    ];

    /// At which stage of the checks it is found: of several operations the earliest that is refused
    /// names the answer.
    pub fn stage(self) -> u8 {
        match self {
            Code::Internal | Code::Unavailable | Code::OutcomeUnknown | Code::Unauthenticated => 0,
            Code::NotFound | Code::Gone => 1,
            Code::MethodNotAllowed => 2,
            Code::Forbidden => 3,
            Code::NotAcceptable => 4,
            Code::ContentTooLarge => 5,
            Code::UnsupportedMediaType => 6,
            Code::MalformedRequest => 7,
            Code::IdempotencyKeyReused => 8,
            Code::PreconditionRequired => 9,
            Code::StaleVersion | Code::AlreadyExists => 10,
            Code::InvalidResource => 11,
            Code::Duplicate
            | Code::InvalidTransition
            | Code::NotAllowedInState
            | Code::ConditionNotMet
            | Code::Leased
            | Code::MissingReference
            | Code::HasDependents
            | Code::Contention => 12,
        }
    }

    /// The name in the `code` member and at the end of the `type` URI.
    pub fn name(self) -> &'static str {
        match self {
            Code::MalformedRequest => "malformed-request",
            Code::Unauthenticated => "unauthenticated",
            Code::Forbidden => "forbidden",
            Code::NotFound => "not-found",
            Code::Gone => "gone",
            Code::MethodNotAllowed => "method-not-allowed",
            Code::NotAcceptable => "not-acceptable",
            Code::ContentTooLarge => "content-too-large",
            Code::UnsupportedMediaType => "unsupported-media-type",
            Code::StaleVersion => "stale-version",
            Code::AlreadyExists => "already-exists",
            Code::Duplicate => "duplicate",
            Code::InvalidTransition => "invalid-transition",
            Code::NotAllowedInState => "not-allowed-in-state",
            Code::ConditionNotMet => "condition-not-met",
            Code::Leased => "leased",
            Code::MissingReference => "missing-reference",
            Code::HasDependents => "has-dependents",
            Code::Contention => "contention",
            Code::InvalidResource => "invalid-resource",
            Code::IdempotencyKeyReused => "idempotency-key-reused",
            Code::PreconditionRequired => "precondition-required",
            Code::Internal => "internal",
            Code::Unavailable => "unavailable",
            Code::OutcomeUnknown => "outcome-unknown",
        }
    }

    /// The code of this name.
    pub fn named(name: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.name() == name)
    }
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The kind.
    pub code: Code,
    /// One or two sentences for a person; nothing is only here.
    pub detail: String,
    /// What is wrong in the request, each in its place.
    pub errors: Vec<Fault>,
    /// Every conflict that the request meets, in the order of [`Code`].
    pub conflicts: Vec<Conflict>,
    /// The resource as it is now, if the caller may read it.
    pub current: Option<Arc<Resource>>,
    /// Requests that would resolve it, each legal now for this caller.
    pub resolutions: Vec<Resolution>,
    /// How long to wait before the same request may work, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem of nothing but its kind and its detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            conflicts: Vec::new(),
            current: None,
            resolutions: Vec::new(),
            retry_after_ms: None,
        }
    }
}

impl Problem {
    /// The problems of several operations as one: each with the index of its operation and, where
    /// that is known, its resource. The earliest stage of the checks at which one is refused gives
    /// the kind; what would resolve one alone is left out, for all of them happen or none.
    pub fn of_all(problems: Vec<(usize, Option<Origin>, Problem)>) -> Self {
        let order = |problem: &Problem| (problem.code.stage(), problem.code);
        let first = problems.iter().min_by_key(|(_, _, problem)| order(problem));
        let Some((index, _, first)) = first else {
            return Problem::new(Code::Internal, "");
        };
        let more = match problems.len() - 1 {
            0 => String::new(),
            1 => " One more operation is refused: see `errors` and `conflicts`.".to_owned(),
            more => format!(" {more} more operations are refused: see `errors` and `conflicts`."),
        };
        let mut all = Problem::new(
            first.code,
            format!("Operation {index}: {}{more}", first.detail),
        );
        let last = problems.iter().max_by_key(|(_, _, p)| p.retry_after_ms);
        let last = last.map(|(_, _, problem)| problem);
        all.retry_after_ms = last.and_then(|problem| problem.retry_after_ms);
        // All of them may happen once the last lease has ended, where nothing else is in the way.
        let retry = |problem: &Problem| {
            let mut all = problem.resolutions.iter();
            all.find(|each| each.request == Request::Same).cloned()
        };
        if problems.iter().all(|(_, _, p)| retry(p).is_some()) {
            all.resolutions.extend(last.and_then(retry));
        }
        for (operation, resource, problem) in problems {
            if problem.errors.is_empty() && problem.conflicts.is_empty() {
                all.errors.push(Fault {
                    at: Place::Operation(operation, None),
                    detail: problem.detail,
                    keyword: None,
                });
            }
            all.errors
                .extend(problem.errors.into_iter().map(|fault| Fault {
                    at: Place::Operation(operation, Some(Box::new(fault.at))),
                    ..fault
                }));
            let resource = resource.unwrap_or_default();
            all.conflicts
                .extend(
                    problem
                        .conflicts
                        .into_iter()
                        .map(|conflict| Conflict::InOperation {
                            operation,
                            resource: resource.clone(),
                            conflict: Box::new(conflict),
                        }),
                );
            let reads = problem.resolutions.into_iter();
            let reads = reads.filter(|each| matches!(each.request, Request::Read { .. }));
            for read in reads {
                if all
                    .resolutions
                    .iter()
                    .all(|known| known.request != read.request)
                {
                    all.resolutions.push(read);
                }
            }
        }
        all.conflicts.sort_by_key(Conflict::code);
        all
    }
}

/// What is wrong in one place of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Place,
    /// What, for a person.
    pub detail: String,
    /// The JSON Schema keyword that the value does not satisfy, where there is one.
    pub keyword: Option<String>,
}

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the body.
    Pointer(Pointer),
    /// A header, by its name.
    Header(String),
    /// A parameter of the query, by its name.
    Parameter(String),
    /// In the operation of this index, of several.
    Operation(usize, Option<Box<Place>>),
}

/// The place as a sentence names it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Pointer(pointer) if pointer.is_root() => f.write_str("The body"),
            Place::Pointer(pointer) => write!(f, "{pointer}"),
            Place::Header(name) | Place::Parameter(name) => f.write_str(name),
            Place::Operation(index, None) => write!(f, "Operation {index}"),
            Place::Operation(index, Some(place)) => write!(f, "Operation {index}, {place}"),
        }
    }
}

/// One thing that stands against a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Conflict {
    /// The resource was deleted.
    Gone {
        /// By whom; left out for who may not read it.
        deleted_by: Option<String>,
        /// When; left out for who may not read it.
        deleted_at: Option<Timestamp>,
        /// The version that the delete made; left out for who may not read it.
        version: Option<u64>,
    },
    /// The caller's view is out of date.
    StaleVersion {
        /// The tag that the request named, or the date.
        yours: Option<String>,
        /// The tag now; left out for who may not read it.
        current: Option<Tag>,
        /// Who changed it last; left out for who may not read it.
        changed_by: Option<String>,
        /// When it changed last; left out for who may not read it.
        changed_at: Option<Timestamp>,
        /// Whether the caller's changes alone could be made to what is there now; left out for who
        /// may not read it.
        mergeable: Option<bool>,
        /// Every field changed since; `None` where that cannot be known or not be told.
        fields: Option<Vec<ChangedField>>,
    },
    /// The id is taken.
    AlreadyExists,
    /// A unique value is taken.
    Duplicate {
        /// The constraint's name.
        constraint: String,
        /// The fields and the values that the request asks for.
        fields: Vec<(Pointer, Value)>,
        /// The id of the resource that holds them, where it may be told.
        holder: Option<String>,
    },
    /// The state does not allow the transition.
    InvalidTransition {
        /// Its name.
        transition: String,
        /// The state now; left out for who may not read it.
        state: Option<String>,
        /// The states that it starts from.
        from: Vec<String>,
        /// Since when the state is as it is; left out for who may not read it.
        since: Option<Timestamp>,
        /// Who brought it there; left out for who may not read it.
        by: Option<String>,
        /// The transitions legal now for this caller; left out for who may not read it.
        allowed: Option<Vec<String>>,
        /// The shortest sequence of transitions after which this one is legal; left out for who may
        /// not read it.
        path: Option<Vec<String>>,
    },
    /// The state does not allow the update or delete.
    NotAllowedInState {
        /// `update` or `delete`.
        operation: &'static str,
        /// The state now; left out for who may not read it.
        state: Option<String>,
        /// The states that allow it.
        allowed_in: Vec<String>,
    },
    /// A declared condition, or a JSON Patch `test`, does not hold.
    ConditionNotMet {
        /// The field that was looked at.
        pointer: Pointer,
        /// What is required of it, as the declaration writes it (`{"atLeast": 3}`).
        requires: Value,
        /// What is there; `None` where there is nothing or it may not be told.
        actual: Option<Value>,
        /// The declaration's own words.
        message: Option<String>,
    },
    /// Another one's lease runs, or the request relies on one that is over.
    Leased {
        /// Who holds it; `None` where none runs, left out for who may not read the resource.
        holder: Option<String>,
        /// When it ends; `None` where none runs.
        until: Option<Timestamp>,
        /// The token that the request named, where that is not the newest.
        yours: Option<u64>,
    },
    /// Something that the request refers to is not there.
    MissingReference {
        /// Where it is named.
        pointer: Pointer,
        /// What is named; left out for who may not read where it is named.
        target: Option<Origin>,
    },
    /// Other resources refer to it, and it is not deleted meanwhile.
    HasDependents {
        /// How many of which type; of types that the caller may not read none are told, and none at
        /// all to who may not read the resource.
        dependents: Option<Vec<(String, u64)>>,
    },
    /// Other writers were in the way.
    Contention,
    /// The same in another resource than the request's.
    Elsewhere {
        /// The resource.
        resource: Origin,
        /// What stands against the request there.
        conflict: Box<Conflict>,
    },
    /// The same in one of several operations.
    InOperation {
        /// Its index.
        operation: usize,
        /// Its type and id, as the problem's own of a single one.
        resource: Origin,
        /// What stands against it.
        conflict: Box<Conflict>,
    },
}

/// The resource that a conflict is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The declared type.
    pub type_name: String,
    /// Its id; left out for who may not know of it.
    pub id: Option<String>,
}

impl Conflict {
    /// The kind of this conflict.
    pub fn code(&self) -> Code {
        match self {
            Conflict::Gone { .. } => Code::Gone,
            Conflict::StaleVersion { .. } => Code::StaleVersion,
            Conflict::AlreadyExists => Code::AlreadyExists,
            Conflict::Duplicate { .. } => Code::Duplicate,
            Conflict::InvalidTransition { .. } => Code::InvalidTransition,
            Conflict::NotAllowedInState { .. } => Code::NotAllowedInState,
            Conflict::ConditionNotMet { .. } => Code::ConditionNotMet,
            Conflict::Leased { .. } => Code::Leased,
            Conflict::MissingReference { .. } => Code::MissingReference,
            Conflict::HasDependents { .. } => Code::HasDependents,
            Conflict::Contention => Code::Contention,
            Conflict::Elsewhere { conflict, .. } | Conflict::InOperation { conflict, .. } => {
                conflict.code()
            }
        }
    }
}

/// A field that changed since the caller's version.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedField {
    /// Which.
    pub pointer: Pointer,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
    /// The version that the change made.
    pub version: u64,
    /// What is there now; `None` where it was removed.
    pub current: Option<Value>,
    /// What the request would leave there; `None` where it does not touch it or removes it.
    pub yours: Option<Value>,
    /// Whether the request touches it too, and would leave something else there.
    pub overlaps: bool,
}

/// A request that would resolve a problem. The edge writes it as method, address and headers.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// What it is to the refused request.
    pub rel: Rel,
    /// What following it does, for a person.
    pub title: String,
    /// The request.
    pub request: Request,
}

/// What a resolution is to the refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rel {
    /// The caller's changes alone, on what is there now.
    Merge,
    /// The caller's request, on what is there now.
    Overwrite,
    /// Nothing: look at what is there now.
    Discard,
    /// Look at the resource, to learn its tag.
    Read,
    /// Look at the resource that holds the value.
    ReadHolder,
    /// The first transition on the way to the state that the refused one starts from.
    Transition,
    /// The same request, after a while.
    Retry,
}

/// The request of a resolution.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Read a resource.
    Read {
        /// Its type.
        type_name: String,
        /// Its id.
        id: String,
    },
    /// The refused operation's method and media type again, with this body, under this tag.
    Again {
        /// The body; `None` for none.
        body: Option<Value>,
        /// For `If-Match`.
        tag: Tag,
    },
    /// A JSON Patch (RFC 6902) under this tag.
    Patch {
        /// Its operations.
        body: Value,
        /// For `If-Match`.
        tag: Tag,
    },
    /// The refused request, as it was sent.
    Same,
    /// A transition.
    Transition {
        /// Its name.
        name: String,
        /// The schema of its input, where it takes one: the caller fills it in.
        input: Option<Value>,
    },
}
