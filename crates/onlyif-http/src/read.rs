//! Reads: one resource, a list of them, and the transitions that are legal now.

use std::sync::Arc;

use lambda_http::http::StatusCode;
use lambda_http::http::header::ETAG;
use lambda_http::{Body, Response};
use onlyif::answer::{Answer, Done};
use onlyif::command::{Caller, Command, Operation, Preconditions};
use onlyif::declaration::Declaration;
use onlyif::item::{Item, Resource};
use onlyif::lifecycle;
use onlyif::problem::{Code, Fault, Problem};
use onlyif::run::run;
use onlyif::store::{Failure, Store};
use serde_json::{Map, Value, json};

use crate::answer;
use crate::app::App;
use crate::exchange::{Exchange, malformed};
use crate::media;
use crate::observe::Ending;
use crate::precondition::{self, TagList};
use crate::problem::{self, Subject};
use crate::query;
use crate::{caller, list};

/// `GET` and `HEAD` of `/v1/{type}/{id}`.
pub async fn one<S: Store>(app: &App<S>, exchange: &Exchange<'_>) -> Response<Body> {
    let target = match target(exchange, query::none(exchange)) {
        Ok(target) => target,
        Err(problem) => return answer::refused(exchange, &problem),
    };
    let read = read(app, exchange, &target).await;
    let answer = read.map(|resource| {
        let mut response = Response::new(Body::Empty);
        answer::validators(&mut response, &resource);
        if target.has(&resource.tag().to_string()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            answer::caching(&mut response);
        } else {
            answer::show(
                &mut response,
                target.declaration,
                &target.command.id,
                &resource,
            );
        }
        response
    });
    target.finish(exchange, answer)
}

/// `GET` and `HEAD` of `/v1/{type}/{id}/transitions`.
pub async fn transitions<S: Store>(app: &App<S>, exchange: &Exchange<'_>) -> Response<Body> {
    let mut target = match target(exchange, query::none(exchange)) {
        Ok(target) => target,
        Err(problem) => return answer::refused(exchange, &problem),
    };
    // These are conditions of the resource, and this is another representation.
    target.command.preconditions = Preconditions::default();
    let read = read(app, exchange, &target).await;
    let answer = read.map(|resource| {
        let Target { declaration, .. } = &target;
        let Command { caller, id, .. } = &target.command;
        let entry = |transition: &onlyif::declaration::Transition| {
            let mut entry = Map::new();
            entry.insert("name".to_owned(), json!(transition.name));
            if let Some(to) = transition.to.as_ref().or(resource.state.as_ref()) {
                entry.insert("to".to_owned(), json!(to));
            }
            if let Some(input) = &transition.input {
                entry.insert("input".to_owned(), input.source.clone());
            }
            let href = exchange.transition_href(&declaration.name, id, &transition.name);
            entry.insert("href".to_owned(), json!(href));
            Value::Object(entry)
        };
        let legal = lifecycle::legal(declaration, &resource, caller, exchange.at);
        let mut body = Map::new();
        if let Some(state) = &resource.state {
            body.insert("state".to_owned(), json!(state));
        }
        body.insert(
            "transitions".to_owned(),
            legal.into_iter().map(entry).collect(),
        );
        let tag = transitions_tag(&body);
        let mut response = Response::new(Body::Empty);
        answer::header(&mut response, ETAG, &format!("\"{tag}\""));
        answer::caching(&mut response);
        if target.has(&tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            answer::json(&mut response, &Value::Object(body));
        }
        response
    });
    target.finish(exchange, answer)
}

/// What is legal depends on the caller and on time as well: its tag is that of its own bytes.
fn transitions_tag(body: &Map<String, Value>) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(Value::Object(body.clone()).to_string());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// `GET` and `HEAD` of `/v1/{type}`.
pub async fn many<S: Store>(app: &App<S>, exchange: &Exchange<'_>) -> Response<Body> {
    let answer = match &asked(exchange) {
        Ok((caller, declaration, query)) => {
            list::page(&exchange.store(app), exchange, caller, declaration, query).await
        }
        Err(problem) => Err(problem.clone()),
    };
    let response = match &answer {
        Ok(page) => page.response(),
        Err(problem) => problem::response(exchange, None, problem),
    };
    answer::sent(exchange, response, Ending::of(answer.as_ref().err()))
}

type Asked<'a> = (Caller, &'a Declaration, query::ListQuery<'a>);

fn asked<'a>(exchange: &Exchange<'a>) -> Result<Asked<'a>, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    caller::granted(&caller, declaration.access.read.scopes(), "list them")?;
    media::accept_json(exchange.request.headers())?;
    let query = query::list(exchange, declaration).map_err(malformed)?;
    Ok((caller, declaration, query))
}

/// The resource that a read is about, and who asks.
pub(crate) struct Target<'a> {
    pub(crate) declaration: &'a Declaration,
    pub(crate) command: Command,
    /// What the caller has already.
    known: Option<TagList>,
}

/// What the request is about; `faults` are those of its query.
pub(crate) fn target<'a>(
    exchange: &Exchange<'a>,
    mut faults: Vec<Fault>,
) -> Result<Target<'a>, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    let id = exchange.id()?;
    if !declaration.access.read.may_be(&caller) {
        return Err(not_found(declaration, &id));
    }
    media::accept_json(exchange.request.headers())?;
    let known = exchange.header("if-none-match").and_then(|value| {
        precondition::tags("If-None-Match", &value)
            .map_err(|fault| faults.push(fault))
            .ok()
    });
    let preconditions = precondition::preconditions(exchange, &mut faults);
    if !faults.is_empty() {
        return Err(malformed(faults));
    }
    let command = Command {
        caller,
        request_id: exchange.request_id.clone(),
        at: exchange.at,
        type_name: declaration.name.clone(),
        id,
        operation: Operation::Read,
        faults: Vec::new(),
        preconditions,
        stale: None,
        idempotency: None,
        dry_run: false,
    };
    Ok(Target {
        declaration,
        command,
        known,
    })
}

impl Target<'_> {
    /// Whether the caller has the representation of this tag already.
    fn has(&self, tag: &str) -> bool {
        self.known.as_ref().is_some_and(|known| known.matches(tag))
    }

    pub(crate) fn finish(
        &self,
        exchange: &Exchange<'_>,
        answer: Result<Response<Body>, Problem>,
    ) -> Response<Body> {
        let subject = Subject {
            declaration: self.declaration,
            id: &self.command.id,
        };
        let response = match &answer {
            Ok(response) => response.clone(),
            Err(problem) => problem::response(exchange, Some(subject), problem),
        };
        answer::sent(exchange, response, Ending::of(answer.as_ref().err()))
    }
}

/// What is at the target's key.
pub(crate) async fn look<S: Store>(
    store: &S,
    target: &Target<'_>,
) -> Result<Option<Item>, Problem> {
    let items = store
        .read(&[target.command.key()])
        .await
        .map_err(unavailable)?;
    Ok(items.into_iter().next().and_then(|(_, item)| item))
}

/// The resource, if the conditions of the request hold of it.
pub(crate) async fn read<S: Store>(
    app: &App<S>,
    exchange: &Exchange<'_>,
    target: &Target<'_>,
) -> Result<Arc<Resource>, Problem> {
    match run(&app.declarations, &target.command, &exchange.store(app)).await {
        Answer::Done(Done {
            resource: Some(resource),
            ..
        }) => Ok(resource),
        Answer::Done(_) | Answer::All(_) => Err(not_found(target.declaration, &target.command.id)),
        Answer::Refused(problem) => Err(problem),
    }
}

pub(crate) fn not_found(declaration: &Declaration, id: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no {}/{id}.", declaration.name),
    )
}

/// The problem of a store that cannot be read.
pub(crate) fn unavailable(failure: Failure) -> Problem {
    match failure {
        Failure::Unavailable { retry_after_ms } => {
            let mut problem = slow();
            problem.retry_after_ms = Some(retry_after_ms);
            problem
        }
        Failure::OutOfTime => slow(),
        Failure::Defect => Problem::new(
            Code::Internal,
            "Something is wrong with the service. The request's id helps those who run it to find \
             out what.",
        ),
    }
}

fn slow() -> Problem {
    Problem::new(
        Code::Unavailable,
        "The service cannot answer now. Send the request again.",
    )
}
