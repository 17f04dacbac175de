//! What is logged: one event per request.
//!
//! - `contest`: what stood against it
//! - `gist`: the same in a few words
//! - `members`: what the event says, as it is gathered
//! - `line`: the event as Lambda and CloudWatch read it
//! - [`metrics`]: what CloudWatch counts of it

mod contest;
mod gist;
mod line;
mod members;
pub mod metrics;

use lambda_http::http::header::ETAG;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, RequestExt, Response};
use onlyif::answer::{Done, DoneKind};
use onlyif::command::Command;
use onlyif::problem::{Conflict, Origin, Problem};
use serde_json::Value;

use crate::catalogue;
use crate::exchange::Exchange;

use self::contest::{Contest, named};
pub use self::line::Deployment;
pub(crate) use self::line::Lines;

/// The target of a request's event.
pub const REQUEST: &str = "onlyif::request";

/// The fields of the event that are lists, each as the text of a JSON array.
pub const LISTS: [&str; 3] = ["resources", "pointers", "rivals"];

/// The outcome of a write that was refused because of what is there.
pub const CONFLICT: &str = "conflict";
/// The outcome of a request that the service could not answer (5xx).
pub const FAILED: &str = "failed";
/// The outcome of a dry run, whatever it found.
pub const DRY_RUN: &str = "dry-run";

/// What stands for the rest of a text that is cut.
const ELLIPSIS: &str = "…";

/// How a request ended.
#[derive(Clone, Copy)]
pub(crate) enum Ending<'a> {
    /// What was asked for was shown.
    Answered,
    /// It was done.
    Done(&'a Done),
    /// All of these were, together.
    Committed(&'a [Command], &'a [Done]),
    /// It was refused, or failed.
    Refused(&'a Problem),
}

impl<'a> Ending<'a> {
    /// Of a request that changes nothing.
    pub(crate) fn of(problem: Option<&'a Problem>) -> Self {
        problem.map_or(Ending::Answered, Ending::Refused)
    }

    fn problem(self) -> Option<&'a Problem> {
        match self {
            Ending::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    pub(crate) fn done(self) -> &'a [Done] {
        match self {
            Ending::Done(done) => std::slice::from_ref(done),
            Ending::Committed(_, all) => all,
            Ending::Answered | Ending::Refused(_) => &[],
        }
    }
}

/// Logs the request under the target [`REQUEST`].
pub(crate) fn request(exchange: &Exchange<'_>, response: &Response<Body>, ending: Ending<'_>) {
    let ms = u64::try_from(exchange.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let problem = ending.problem();
    let about = about(exchange, ending);
    let conflicts = problem.map_or(&[][..], |problem| &problem.conflicts);
    let contest = Contest::of(conflicts, about.as_ref());
    let context = exchange.request.lambda_context_ref();
    let version = context.map(|context| context.env_config.version.as_str());
    tracing::info!(
        target: REQUEST,
        method = exchange.method().as_str(),
        path = exchange.path(),
        status = response.status().as_u16(),
        outcome = outcome(exchange, response.status(), ending),
        code = problem.map(|problem| problem.code.name()),
        retry = problem.map(|problem| retry(exchange, problem)),
        gist = problem.map(|problem| gist::of(&problem.conflicts)).filter(|gist| !gist.is_empty()),
        r#type = about.as_ref().map(|about| about.type_name.as_str()),
        id = about.as_ref().and_then(|about| about.id.as_deref()),
        operation = operation(exchange),
        transition = exchange.parameter("transition"),
        actor = exchange.caller().ok().map(|caller| caller.actor),
        yours = contest.yours,
        etag = etag(response, ending),
        contested = contest.resource,
        pointers = list(contest.pointers).map(tracing::field::display),
        rivals = list(contest.rivals).map(tracing::field::display),
        resources = list(resources(ending)).map(tracing::field::display),
        replayed = ending.done().iter().any(|done| done.replayed).then_some(true),
        merged = ending.done().iter().any(|done| done.merged).then_some(true),
        attempts = exchange.attempts(),
        ms,
        request_id = exchange.request_id,
        invocation = context.map(|context| context.request_id.as_str()),
        function_version = version.filter(|version| !version.is_empty()),
    );
}

/// The resource that the request is about: of a transaction that is refused, the one of its first
/// conflict. A type that is not declared is a client's word, and stands in the path alone.
fn about(exchange: &Exchange<'_>, ending: Ending<'_>) -> Option<Origin> {
    let created = match ending {
        Ending::Done(done) => Some(&done.id),
        _ => None,
    };
    let named = exchange.parameter("type").map(|type_name| Origin {
        type_name,
        id: exchange.parameter("id").or_else(|| created.cloned()),
    });
    let refused = || match ending.problem()?.conflicts.first()? {
        Conflict::InOperation { resource, .. } => Some(resource.clone()),
        _ => None,
    };
    named
        .or_else(refused)
        .filter(|about| exchange.declarations.get(&about.type_name).is_some())
}

/// What became of it, in a word.
fn outcome(exchange: &Exchange<'_>, status: StatusCode, ending: Ending<'_>) -> &'static str {
    let reads = matches!(*exchange.method(), Method::GET | Method::HEAD);
    match ending {
        Ending::Refused(_) if status.is_server_error() => FAILED,
        _ if exchange.prefer.dry_run && !reads => DRY_RUN,
        Ending::Refused(problem) if !reads && !problem.conflicts.is_empty() => CONFLICT,
        Ending::Refused(_) => "refused",
        Ending::Answered => "answered",
        Ending::Committed(..) => "committed",
        Ending::Done(done) => match done.kind {
            DoneKind::Created => "created",
            DoneKind::Changed => "changed",
            DoneKind::Unchanged => "unchanged",
            DoneKind::Deleted => "deleted",
            DoneKind::Leased => "leased",
            DoneKind::Released => "released",
        },
    }
}

fn retry(exchange: &Exchange<'_>, problem: &Problem) -> &'static str {
    let keyed = exchange.header("idempotency-key").is_some();
    catalogue::retry(problem.code, keyed).name()
}

/// The resource's tag after the request, as far as the function knows it.
fn etag(response: &Response<Body>, ending: Ending<'_>) -> Option<String> {
    let known = match ending {
        Ending::Done(done) => done.resource.as_ref(),
        Ending::Refused(problem) => problem.current.as_ref(),
        Ending::Answered | Ending::Committed(..) => None,
    };
    let shown = || {
        let shown = response.headers().get(ETAG)?.to_str().ok()?;
        Some(shown.trim_matches('"').to_owned())
    };
    known
        .map(|resource| resource.tag().to_string())
        .or_else(shown)
}

/// What a transaction has changed.
fn resources(ending: Ending<'_>) -> Vec<String> {
    let Ending::Committed(parts, all) = ending else {
        return Vec::new();
    };
    let named = |(part, done): (&Command, &Done)| named(&part.type_name, Some(&done.id));
    parts.iter().zip(all).map(named).collect()
}

fn list(names: Vec<String>) -> Option<Value> {
    (!names.is_empty()).then(|| Value::from(names))
}

/// The route's key: what was asked, without any id.
fn operation<'a>(exchange: &Exchange<'a>) -> Option<&'a str> {
    exchange.context()?.route_key.as_deref()
}

/// The beginning of a text, of so many bytes at most: a line of a log has an end.
fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most.saturating_sub(ELLIPSIS.len())));
        text.push_str(ELLIPSIS);
    }
    text
}
