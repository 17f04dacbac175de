//! The problem catalogue: what is constant about each kind of problem.

use onlyif::problem::Code;

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
        Code::Contention => "Other writers were in the way",
        Code::InvalidResource => "The resource would not satisfy its declaration",
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
        Code::Contention | Code::Unavailable => Retry::Now,
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
        | Code::InvalidResource
        | Code::PreconditionRequired
        | Code::Internal => Retry::Never,
    }
}
