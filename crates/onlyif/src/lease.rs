//! Leases: for a while nobody but their holder may write a resource.
//!
//! A lease ends by the clock that the request came in by, to the millisecond; that it is still kept
//! with the resource then means nothing. Its token outlives it, and only grows.

use crate::command::Command;
use crate::declaration::{self, Declaration};
use crate::item::{Lease, Resource};
use crate::problem::{Code, Problem};
use crate::timestamp::Timestamp;

/// `12h`, `15m` or `60s`, in seconds.
pub fn seconds(text: &str) -> Option<i64> {
    declaration::seconds(text).filter(|_| !text.ends_with('d'))
}

/// The problem of a resource that nobody has a lease of.
pub fn none(command: &Command) -> Problem {
    let detail = format!("There is no lease of {}/{}.", command.type_name, command.id);
    Problem::new(Code::NotFound, detail)
}

/// The lease that runs at this time, if one does.
pub fn running<'a>(
    declaration: &Declaration,
    resource: &'a Resource,
    at: Timestamp,
) -> Option<&'a Lease> {
    // Of a type that no longer declares leases nobody can take, extend or release one.
    declaration.lease_max_s?;
    let lease = resource.lease.as_deref();
    lease.filter(|lease| lease.until > at)
}

/// The lease by which somebody else keeps this actor from writing the resource at this time.
pub fn against<'a>(
    declaration: &Declaration,
    resource: &'a Resource,
    actor: &str,
    at: Timestamp,
) -> Option<&'a Lease> {
    running(declaration, resource, at).filter(|lease| lease.holder != actor)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn a_time_is_a_whole_number_of_seconds_minutes_or_hours() {
        for (text, expected) in [
            ("1s", Some(1)),
            ("60s", Some(60)),
            ("15m", Some(900)),
            ("24h", Some(86_400)),
            ("1d", None),
            ("0s", None),
            ("060s", None),
            ("1.5h", None),
            ("-1s", None),
            ("+1s", None),
            ("60", None),
            ("s", None),
            ("60 s", None),
            ("60S", None),
            ("99999999999999999999s", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
