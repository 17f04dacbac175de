//! The problem catalogue: what is constant about each kind of problem.

mod scenes;
mod shelf;
mod words;

use onlyif::problem::Code;
use serde_json::Value;

pub use words::{meaning, remedy};

use crate::app::Settings;
use crate::problem::status;

/// What the catalogue says of one kind of problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The kind.
    pub code: Code,
    /// The status of its answers, in this deployment.
    pub status: u16,
    /// The title of every problem of this kind.
    pub title: &'static str,
    /// Whether it makes sense to send the request again.
    pub retry: Retry,
    /// What it means.
    pub meaning: &'static str,
    /// What to do next.
    pub remedy: &'static str,
    /// A problem of this kind, as this deployment answers it.
    pub example: Value,
}

/// The whole catalogue, in its order, as a deployment with these settings answers.
pub fn entries(settings: &Settings) -> Vec<Entry> {
    let entry = |code| Entry {
        code,
        status: status(code, settings.stale_status).as_u16(),
        title: title(code),
        retry: retry(code, false),
        meaning: meaning(code),
        remedy: remedy(code),
        example: scenes::example(code, settings),
    };
    Code::ALL.into_iter().map(entry).collect()
}

/// Whether, and when, it makes sense to send a refused request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same request may work, after the time that `Retry-After` names.
    Now,
    /// Another request may work: look at what is there now, and decide again.
    AfterRefresh,
    /// Not before somebody changes the request, the caller's rights or the service.
    Never,
}

impl Retry {
    /// The value of a problem's `retry` member.
    pub fn name(self) -> &'static str {
        match self {
            Retry::Now => "now",
            Retry::AfterRefresh => "after-refresh",
            Retry::Never => "never",
        }
    }
}

/// The `title` of a kind of problem (RFC 9457 §3.1.4): the same every time.
pub fn title(code: Code) -> &'static str {
    match code {
        Code::MalformedRequest => "The request cannot be read",
        Code::Unauthenticated => "Nobody is known to ask",
        Code::Forbidden => "You may not do that",
        Code::NotFound => "There is no such thing",
        Code::Gone => "The resource was deleted",
        Code::MethodNotAllowed => "The path does not take this method",
        Code::NotAcceptable => "Nothing that you accept can be given",
        Code::ContentTooLarge => "The request holds more than is taken",
        Code::UnsupportedMediaType => "The body is of a kind that is not read here",
        Code::StaleVersion => "The resource has changed since you read it",
        Code::AlreadyExists => "The id is taken",
        Code::Duplicate => "A value that must be unique is taken",
        Code::InvalidTransition => "The state does not allow the transition",
        Code::NotAllowedInState => "The state does not allow the operation",
        Code::ConditionNotMet => "A condition does not hold",
        Code::Leased => "A lease of the resource stands in the way",
        Code::MissingReference => "Something that it refers to is not there",
        Code::HasDependents => "Other resources refer to it",
        Code::Contention => "Other writers were in the way",
        Code::InvalidResource => "The resource would not satisfy its declaration",
        Code::IdempotencyKeyReused => "The key belongs to another request",
        Code::PreconditionRequired => "A change must say which version it is based on",
        Code::Internal => "Something is wrong on this side",
        Code::Unavailable => "The service cannot answer now",
        Code::OutcomeUnknown => "The write may have been made",
    }
}

/// The `retry` of a kind of problem. `keyed`: the request can be repeated without being done twice,
/// whatever became of it the first time.
pub fn retry(code: Code, keyed: bool) -> Retry {
    match code {
        Code::Leased | Code::Contention | Code::Unavailable => Retry::Now,
        Code::OutcomeUnknown if keyed => Retry::Now,
        Code::OutcomeUnknown
        | Code::Gone
        | Code::StaleVersion
        | Code::AlreadyExists
        | Code::InvalidTransition
        | Code::NotAllowedInState
        | Code::ConditionNotMet => Retry::AfterRefresh,
        Code::MalformedRequest
        | Code::Unauthenticated
        | Code::Forbidden
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::NotAcceptable
        | Code::ContentTooLarge
        | Code::UnsupportedMediaType
        | Code::Duplicate
        | Code::MissingReference
        | Code::HasDependents
        | Code::InvalidResource
        | Code::IdempotencyKeyReused
        | Code::PreconditionRequired
        | Code::Internal => Retry::Never,
    }
}
