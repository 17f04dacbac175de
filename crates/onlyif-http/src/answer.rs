//! Answers as responses.

use std::time::{Duration, UNIX_EPOCH};

use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IntoHeaderName, LAST_MODIFIED,
    LOCATION, VARY,
};
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Response};
use onlyif::answer::{Answer, Done, DoneKind};
use onlyif::command::Command;
use onlyif::declaration::Declaration;
use onlyif::document::representation;
use onlyif::item::Resource;
use onlyif::lifecycle;
use onlyif::problem::Problem;
use onlyif::timestamp::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::deprecation;
use crate::exchange::Exchange;
use crate::lease;
use crate::link::quoted;
use crate::media;
use crate::observe::{self, Ending};
use crate::problem::{self, Subject};

/// The response to a write, as the loop answered it.
pub fn write(exchange: &Exchange<'_>, command: &Command, answer: &Answer) -> Response<Body> {
    let declaration = exchange.declarations.get(&command.type_name);
    let subject = declaration.map(|declaration| Subject {
        declaration,
        id: &command.id,
    });
    let (response, ending) = match (answer, declaration) {
        (Answer::Done(done), Some(declaration)) => (
            self::done(exchange, command, declaration, done),
            Ending::Done(done),
        ),
        // Only a transaction has several, and answers for itself.
        (Answer::Done(_), None) | (Answer::All(_), _) => {
            (Response::new(Body::Empty), Ending::Answered)
        }
        (Answer::Refused(problem), _) => {
            let mut response = problem::response(exchange, subject, problem);
            if command.dry_run {
                preferences_applied(&mut response, &["dry-run"]);
            }
            (response, Ending::Refused(problem))
        }
    };
    sent(exchange, response, ending)
}

/// The response to a request that was refused without a command.
pub fn refused(exchange: &Exchange<'_>, problem: &Problem) -> Response<Body> {
    let response = problem::response(exchange, None, problem);
    sent(exchange, response, Ending::Refused(problem))
}

/// What every answer ends with: no body where it is one to `HEAD` (RFC 9110 §9.3.2), the
/// deprecation of the type that it is about, and its line in the log.
pub(crate) fn sent(
    exchange: &Exchange<'_>,
    mut response: Response<Body>,
    ending: Ending<'_>,
) -> Response<Body> {
    if exchange.method() == Method::HEAD {
        *response.body_mut() = Body::Empty;
    }
    deprecation::announce(exchange, &mut response);
    observe::request(exchange, &response, ending);
    response
}

pub(crate) fn done(
    exchange: &Exchange<'_>,
    command: &Command,
    declaration: &Declaration,
    done: &Done,
) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    let resource = done.resource.as_deref();
    let may_read = |resource| lifecycle::may_read(declaration, &command.caller, resource);
    let readable = resource.is_some_and(may_read);
    let minimal = exchange.prefer.minimal || !readable;
    let created = done.kind == DoneKind::Created;
    *response.status_mut() = match (created, minimal || done.resource.is_none()) {
        (true, _) => StatusCode::CREATED,
        (false, true) => StatusCode::NO_CONTENT,
        (false, false) => StatusCode::OK,
    };
    if created {
        let location = exchange.resource(&declaration.name, &done.id);
        header(&mut response, LOCATION, &location);
    }
    if let (Some(resource), true) = (&done.resource, readable) {
        validators(&mut response, resource);
        if minimal {
            caching(&mut response);
        } else {
            show(&mut response, declaration, &done.id, resource);
        }
    }
    // However little the client prefers to hear: what it asks for is the token.
    if let Some(lease) = &done.lease {
        lease::show(&mut response, lease);
    }
    if done.replayed {
        header(
            &mut response,
            HeaderName::from_static("idempotent-replayed"),
            "true",
        );
    }
    let applied = [
        (command.dry_run, "dry-run"),
        (
            exchange.prefer.minimal && shows_a_resource(done.kind),
            "return=minimal",
        ),
        (done.merged, "conflict=merge"),
    ];
    let applied: Vec<&str> = applied
        .into_iter()
        .filter(|(applied, _)| *applied)
        .map(|(_, name)| name)
        .collect();
    preferences_applied(&mut response, &applied);
    response
}

/// Whether the answer to a change of this kind has a body that could be left out.
fn shows_a_resource(kind: DoneKind) -> bool {
    match kind {
        DoneKind::Created | DoneKind::Changed | DoneKind::Unchanged => true,
        DoneKind::Deleted | DoneKind::Leased | DoneKind::Released => false,
    }
}

pub(crate) fn preferences_applied(response: &mut Response<Body>, applied: &[&str]) {
    if !applied.is_empty() {
        let name = HeaderName::from_static("preference-applied");
        header(response, name, &applied.join(", "));
    }
}

/// The representation of a resource, and how it may be cached.
pub(crate) fn show(
    response: &mut Response<Body>,
    declaration: &Declaration,
    id: &str,
    resource: &Resource,
) {
    caching(response);
    json(response, &representation(declaration, id, resource));
}

/// Nobody but the caller keeps a resource, and not without asking whether it is still so.
pub(crate) fn caching(response: &mut Response<Body>) {
    header(response, CACHE_CONTROL, "private, no-cache");
    header(response, VARY, "Authorization, Accept, Prefer");
}

/// `ETag` and `Last-Modified` (RFC 9110 §8.8).
pub(crate) fn validators(response: &mut Response<Body>, resource: &Resource) {
    header(response, ETAG, &quoted(&resource.tag()));
    header(response, LAST_MODIFIED, &http_date(resource.updated_at));
}

pub(crate) fn http_date(at: Timestamp) -> String {
    let seconds = u64::try_from(at.seconds()).unwrap_or(0);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A JSON body.
pub(crate) fn json(response: &mut Response<Body>, value: &impl Serialize) {
    header(response, CONTENT_TYPE, media::JSON);
    // What names its members by texts can always be written.
    let text = serde_json::to_string(value).unwrap_or_default();
    *response.body_mut() = Body::from(text);
}

/// Sets a header. What cannot be a header's value is left out: nothing that is set here can be.
pub(crate) fn header(response: &mut Response<Body>, name: impl IntoHeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'%')
    .add(b'\\')
    .add(b'^')
    .add(b'|')
    .add(b'[')
    .add(b']');

/// A path, which API Gateway decoded, as it stands in an address.
pub(crate) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_A_PATH).to_string()
}
