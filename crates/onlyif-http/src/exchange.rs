//! Exchanges: one request, as far as every function reads it the same way.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::http::{HeaderMap, Method};
use lambda_http::request::RequestContext;
use lambda_http::{Context, Request, RequestExt};
use onlyif::command::Caller;
use onlyif::declaration::{Declaration, Declarations, Transition};
use onlyif::item::is_possible_id;
use onlyif::problem::{Code, Fault, Place, Problem};
use onlyif::store::Store;
use onlyif::timestamp::Timestamp;

use crate::app::{App, Settings, StaleStatus};
use crate::caller;
use crate::prefer::{self, Preferences};

/// How long before the invocation's end everything must be answered, in milliseconds.
const SPARE_MS: u64 = 300;
/// The time for a request outside of Lambda, where no invocation ends, in milliseconds.
const UNBOUNDED_MS: u64 = 10_000;

/// One request on its way through a handler.
pub struct Exchange<'a> {
    /// The request.
    pub request: &'a Request,
    /// The types that the API serves.
    pub declarations: &'a Declarations,
    /// How the deployment answers.
    pub settings: &'a Settings,
    /// API Gateway's id of the request.
    pub request_id: String,
    /// When it was received.
    pub at: Timestamp,
    /// Its preferences.
    pub prefer: Preferences,
    pub(crate) started: Instant,
    pub(crate) attempts: OnceLock<Box<dyn Fn() -> u32 + Send + Sync>>,
}

impl<'a> Exchange<'a> {
    /// Begins to handle a request.
    pub fn begin<S>(app: &'a App<S>, request: &'a Request) -> Self {
        let context = context(request);
        let request_id = context
            .and_then(|context| context.request_id.clone())
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        Exchange {
            request,
            declarations: &app.declarations,
            settings: &app.settings,
            request_id,
            at: SystemTime::now().into(),
            prefer: prefer::preferences(&joined(request.headers(), "prefer").unwrap_or_default()),
            started: Instant::now(),
            attempts: OnceLock::new(),
        }
    }

    /// The store, for as long as the invocation lasts. An exchange asks for it once.
    pub fn store<S: Store>(&self, app: &App<S>) -> S {
        let store = app.store.within(self.left());
        let counted = store.clone();
        self.attempts
            .get_or_init(|| Box::new(move || counted.attempts()));
        store
    }

    /// What is left of the budget: reading the request took its share.
    fn left(&self) -> Duration {
        let budget = budget(self.request.lambda_context_ref(), self.at);
        budget.saturating_sub(self.started.elapsed())
    }

    /// How many requests were sent to the store so far, those that were sent again included.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.get().map_or(0, |attempts| attempts())
    }

    /// What API Gateway says of the request.
    pub fn context(&self) -> Option<&'a ApiGatewayV2httpRequestContext> {
        context(self.request)
    }

    /// The method.
    pub fn method(&self) -> &'a Method {
        self.request.method()
    }

    /// The path, as the client may be told of it.
    pub fn path(&self) -> &'a str {
        let path = self.request.raw_http_path();
        // API Gateway leaves the name of the stage in the path.
        let stage = self
            .stage()
            .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
        stage.filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    /// The stage's name, which begins every path, unless it is the one without a name.
    pub(crate) fn stage(&self) -> Option<&'a str> {
        let stage = self.context()?.stage.as_deref()?;
        (stage != "$default" && !stage.is_empty()).then_some(stage)
    }

    /// A header's value; of several, joined by commas (RFC 9110 §5.3).
    pub fn header(&self, name: &str) -> Option<String> {
        joined(self.request.headers(), name)
    }

    /// The caller.
    ///
    /// # Errors
    /// `unauthenticated`.
    pub fn caller(&self) -> Result<Caller, Problem> {
        caller::caller(self.context(), self.settings.auth)
    }

    /// The type that the path names.
    ///
    /// # Errors
    /// `not-found`, naming those that there are.
    pub fn declaration(&self) -> Result<&'a Declaration, Problem> {
        let name = self.parameter("type").unwrap_or_default();
        type_named(self.declarations, &name)
    }

    /// The id that the path names.
    ///
    /// # Errors
    /// `not-found` where no resource could have it.
    pub fn id(&self) -> Result<String, Problem> {
        possible(self.parameter("id").unwrap_or_default())
    }

    /// The id that the path names, for a new resource.
    ///
    /// # Errors
    /// `malformed-request` where no resource can have it.
    pub fn new_id(&self) -> Result<String, Problem> {
        let id = self.parameter("id").unwrap_or_default();
        if is_possible_id(&id) {
            return Ok(id);
        }
        let fault = Fault {
            at: Place::Parameter("id".to_owned()),
            detail: ID_RULE.to_owned(),
            keyword: None,
        };
        Err(malformed(vec![fault]))
    }

    /// The transition that the path names.
    ///
    /// # Errors
    /// `not-found`, naming those that there are.
    pub fn transition(&self, declaration: &'a Declaration) -> Result<&'a Transition, Problem> {
        let name = self.parameter("transition").unwrap_or_default();
        transition_named(declaration, &name)
    }

    /// The status of a failed precondition.
    pub(crate) fn refuses_as_rfc_9110(&self) -> bool {
        self.settings.stale_status == StaleStatus::PreconditionFailed
    }

    /// A parameter of the path, as API Gateway decoded it.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let parameters = self.request.path_parameters_ref()?;
        parameters.first(name).map(str::to_owned)
    }
}

/// How long the work of an invocation may last that has begun at this time.
pub fn budget(context: Option<&Context>, begun: Timestamp) -> Duration {
    let deadline_ms = context.map_or(0, |context| context.deadline);
    let begun_ms = u64::try_from(begun.millis()).unwrap_or(0);
    // No invocation begins after its end: emulators that end none name a time long gone.
    match deadline_ms.checked_sub(begun_ms) {
        None => Duration::from_millis(UNBOUNDED_MS),
        Some(left_ms) => Duration::from_millis(left_ms.saturating_sub(SPARE_MS)),
    }
}

/// The type of this name, or the problem that there is none.
pub(crate) fn type_named<'a>(
    declarations: &'a Declarations,
    name: &str,
) -> Result<&'a Declaration, Problem> {
    declarations.get(name).ok_or_else(|| {
        let names: Vec<&str> = declarations.iter().map(|each| each.name.as_str()).collect();
        let detail = format!(
            "There is no type \"{name}\". There are {}.",
            names.join(", ")
        );
        Problem::new(Code::NotFound, detail)
    })
}

/// The transition of this name, or the problem that there is none.
pub(crate) fn transition_named<'a>(
    declaration: &'a Declaration,
    name: &str,
) -> Result<&'a Transition, Problem> {
    declaration.transition(name).ok_or_else(|| {
        let names: Vec<&str> = declaration
            .transitions
            .iter()
            .map(|each| each.name.as_str())
            .collect();
        let there = match names.as_slice() {
            [] => format!("{} have none", declaration.name),
            names => format!("{} have {}", declaration.name, names.join(", ")),
        };
        let detail = format!("There is no transition \"{name}\": {there}.");
        Problem::new(Code::NotFound, detail)
    })
}

/// The id, or the problem that no resource could have it.
pub(crate) fn possible(id: String) -> Result<String, Problem> {
    if is_possible_id(&id) {
        return Ok(id);
    }
    let detail = format!("No resource can have this id. {ID_RULE}");
    Err(Problem::new(Code::NotFound, detail))
}

const ID_RULE: &str =
    "An id has 1 to 128 letters, digits, and `.`, `_`, `~`, `-`; it is not `.` or `..`.";

fn context(request: &Request) -> Option<&ApiGatewayV2httpRequestContext> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => Some(context),
        #[allow(
            unreachable_patterns,
            reason = "other events are other features of the library"
        )]
        _ => None,
    }
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// The problem of a request that cannot be read, with everything that is wrong with it.
pub fn malformed(faults: Vec<Fault>) -> Problem {
    let detail = match faults.as_slice() {
        [] => "The request cannot be read.".to_owned(),
        [fault] => sentence(fault),
        [fault, rest @ ..] => {
            format!("{} And {} more: see `errors`.", sentence(fault), rest.len())
        }
    };
    let mut problem = Problem::new(Code::MalformedRequest, detail);
    problem.errors = faults;
    problem
}

fn sentence(fault: &Fault) -> String {
    format!("{}: {}.", fault.at, fault.detail.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry;

    fn ending_at(deadline_ms: u64) -> Context {
        let mut context = Context::default();
        context.deadline = deadline_ms;
        context
    }

    #[test]
    fn work_ends_three_hundred_milliseconds_before_the_invocation() {
        let begun = Timestamp::from_millis(1_000_000);
        for (deadline_ms, budget_ms) in [
            (1_010_000, 9_700),
            (1_000_301, 1),
            (1_000_300, 0),
            (1_000_299, 0),
            (1_000_000, 0),
            // No invocation begins after its end: nobody ends this one.
            (999_999, 10_000),
            (0, 10_000),
        ] {
            let budget = budget(Some(&ending_at(deadline_ms)), begun);
            assert_eq!(budget, Duration::from_millis(budget_ms), "{deadline_ms}");
        }
        assert_eq!(budget(None, begun), Duration::from_secs(10));
    }

    #[test]
    fn time_that_reading_the_request_took_is_not_given_to_the_store_again() {
        let event = json!({ "requestContext": { "http": { "method": "GET" } } });
        let event = || serde_json::from_value(event.clone()).unwrap();
        let now = Timestamp::from(SystemTime::now()).millis();
        let deadline_ms = u64::try_from(now).unwrap() + 60_000;
        for context in [Context::default(), ending_at(deadline_ms)] {
            let request = entry::request(event(), context);
            let app = App::empty();
            let mut exchange = Exchange::begin(&app, &request);
            let whole = exchange.left();
            let reading = Duration::from_secs(4);
            exchange.started -= reading;
            assert!(exchange.left() <= whole - reading, "{:?}", exchange.left());
            exchange.started -= whole;
            assert_eq!(exchange.left(), Duration::ZERO);
        }
    }
}
