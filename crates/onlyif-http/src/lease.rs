//! Leases: taking, extending, reading and releasing one, and the token by which other writes rely
//! on it.

use lambda_http::http::StatusCode;
use lambda_http::http::header::CACHE_CONTROL;
use lambda_http::{Body, Response};
use onlyif::command::{Command, Operation, Preconditions};
use onlyif::declaration::Declaration;
use onlyif::document::Document;
use onlyif::document::pointer::Pointer;
use onlyif::item::Lease;
use onlyif::lease;
use onlyif::problem::{Code, Fault, Place, Problem};
use onlyif::store::Store;
use serde_json::{Value, json};

use crate::answer;
use crate::app::App;
use crate::body;
use crate::exchange::Exchange;
use crate::idempotency;
use crate::media::JSON;
use crate::query;
use crate::read;
use crate::write::{Asked, Wrong};

/// The token of a lease.
pub(crate) const LEASE_TOKEN: &str = "Lease-Token";

/// `PUT /v1/{type}/{id}/lease`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn take(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let asked = asked(exchange)?;
    let (_, bytes) = asked.body(&[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let preconditions = preconditions(&mut wrong, exchange);
    let content = wrong.read(body::document(bytes), Document::new())?;
    let key = wrong.end()?;
    let max_s = asked.declaration.lease_max_s.unwrap_or_default();
    let mut faults = content.faults;
    let for_s = time(&content.value, max_s, &mut faults);
    let body = Value::Object(content.value);
    let idempotency = key.map(|key| idempotency::of_value(exchange, key, &body));
    Ok(Command {
        idempotency,
        ..asked.command(Operation::Lease { for_s }, faults, preconditions, None)
    })
}

/// `DELETE /v1/{type}/{id}/lease`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn release(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let asked = asked(exchange)?;
    let mut wrong = Wrong::begin(exchange);
    let preconditions = preconditions(&mut wrong, exchange);
    let key = wrong.end()?;
    Ok(asked.command(Operation::Release, Vec::new(), preconditions, key))
}

/// `GET` and `HEAD` of `/v1/{type}/{id}/lease`.
pub async fn read<S: Store>(app: &App<S>, exchange: &Exchange<'_>) -> Response<Body> {
    let target = exchange
        .caller()
        .and_then(|_| leased_type(exchange))
        .and_then(|_| read::target(exchange, query::none(exchange)));
    let mut target = match target {
        Ok(target) => target,
        Err(problem) => return answer::refused(exchange, &problem),
    };
    // These are conditions of the resource, and this is another representation.
    target.command.preconditions = Preconditions::default();
    let resource = read::read(app, exchange, &target).await;
    let answer = resource.and_then(|resource| {
        let declaration = target.declaration;
        let Some(lease) = lease::running(declaration, &resource, exchange.at) else {
            return Err(lease::none(&target.command));
        };
        let mut response = Response::new(Body::Empty);
        show(&mut response, lease);
        Ok(response)
    });
    target.finish(exchange, answer)
}

/// A lease as its holder and others see it. A moment later it may be another.
pub(crate) fn show(response: &mut Response<Body>, lease: &Lease) {
    *response.status_mut() = StatusCode::OK;
    answer::header(response, CACHE_CONTROL, "no-store");
    let body = json!({
        "holder": lease.holder,
        "until": lease.until.to_string(),
        "token": lease.token,
    });
    answer::json(response, &body);
}

fn asked<'a>(exchange: &'a Exchange<'a>) -> Result<Asked<'a>, Problem> {
    exchange.caller()?;
    leased_type(exchange)?;
    let asked = Asked::of_a_resource(exchange)?;
    asked.may_update("lease one")?;
    Ok(asked)
}

/// The type, if its resources can be leased.
fn leased_type<'a>(exchange: &Exchange<'a>) -> Result<&'a Declaration, Problem> {
    let declaration = exchange.declaration()?;
    match declaration.lease_max_s {
        Some(_) => Ok(declaration),
        None => Err(without_leases(declaration)),
    }
}

/// The problem of a type without leases.
pub(crate) fn without_leases(declaration: &Declaration) -> Problem {
    let name = &declaration.name;
    let detail = format!("There are no leases of {name}: their declaration has no `lease`.");
    Problem::new(Code::NotFound, detail)
}

/// A lease has no tag, and needs none.
fn preconditions(wrong: &mut Wrong, exchange: &Exchange<'_>) -> Preconditions {
    for name in ["If-Match", "If-None-Match", "If-Unmodified-Since"] {
        if exchange.header(name).is_some() {
            wrong.header(name, "is about a resource, and a lease has no version");
        }
    }
    Preconditions {
        lease_token: wrong.lease_token(exchange),
        ..Preconditions::default()
    }
}

/// Digits of a token at most: so many fit what it is kept in.
const MAX_TOKEN_DIGITS: usize = 19;

/// The token in a header's value: a whole number from 1 on.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn token(value: &str) -> Result<u64, &'static str> {
    let value = value.trim();
    let plain = !value.starts_with('0') && value.bytes().all(|b| b.is_ascii_digit());
    let short = value.len() <= MAX_TOKEN_DIGITS;
    let token = value.parse().ok().filter(|_| plain && short);
    token.ok_or("must be the `token` of a lease, a whole number")
}

/// The `for` of the body, in seconds; adds what is wrong with the body.
fn time(body: &Document, max_s: i64, faults: &mut Vec<Fault>) -> i64 {
    let mut fault = |name: &str, detail: &str, keyword: &str| {
        faults.push(Fault {
            at: Place::Pointer(Pointer::member(name)),
            detail: detail.to_owned(),
            keyword: Some(keyword.to_owned()),
        });
    };
    for name in body.keys().filter(|name| *name != "for") {
        let detail = "Is not known: a lease takes `for`.";
        fault(name, detail, "additionalProperties");
    }
    let Some(wanted) = body.get("for") else {
        let detail = "Is required: for how long, such as \"60s\".";
        fault("for", detail, "required");
        return 0;
    };
    match wanted.as_str().and_then(lease::seconds) {
        None => {
            let detail = "Must be a whole number of `s`, `m` or `h`, such as \"60s\".";
            fault("for", detail, "pattern");
            0
        }
        Some(for_s) if for_s > max_s => {
            let detail = format!("Must be {max_s}s at most. A lease can be extended.");
            fault("for", &detail, "maximum");
            0
        }
        Some(for_s) => for_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_whole_number() {
        for (text, expected) in [
            ("1", Some(1)),
            (" 42 ", Some(42)),
            ("9999999999999999999", Some(9_999_999_999_999_999_999)),
            ("10000000000000000000", None),
            ("0", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            ("1.0", None),
            ("\"1\"", None),
            ("1, 2", None),
            ("", None),
        ] {
            assert_eq!(token(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_time_is_as_long_as_the_type_allows_and_all_that_is_wrong_is_told() {
        for (body, expected) in [
            (json!({ "for": "60s" }), Ok(60)),
            (json!({ "for": "15m" }), Ok(900)),
            (json!({ "for": "901s" }), Err(vec!["/for maximum"])),
            (json!({ "for": "1h" }), Err(vec!["/for maximum"])),
            (json!({ "for": "0s" }), Err(vec!["/for pattern"])),
            (json!({ "for": "1d" }), Err(vec!["/for pattern"])),
            (json!({ "for": 60 }), Err(vec!["/for pattern"])),
            (json!({ "for": null }), Err(vec!["/for pattern"])),
            (json!({}), Err(vec!["/for required"])),
            (
                json!({ "until": "x", "for": "" }),
                Err(vec!["/until additionalProperties", "/for pattern"]),
            ),
        ] {
            let mut faults = Vec::new();
            let for_s = time(body.as_object().unwrap(), 900, &mut faults);
            let told: Vec<String> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.at, fault.keyword.as_deref().unwrap()))
                .collect();
            match expected {
                Ok(expected) => assert_eq!((for_s, told), (expected, Vec::new()), "{body}"),
                Err(expected) => assert_eq!(told, expected, "{body}"),
            }
        }
    }
}
