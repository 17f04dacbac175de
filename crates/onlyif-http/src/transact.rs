//! `POST /v1/transactions`: several operations, each as if it were sent alone, of which all happen
//! or none does.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Instant;

use lambda_http::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use lambda_http::http::{HeaderMap, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use onlyif::answer::{Answer, Done};
use onlyif::command::{Command, Operation, Preconditions};
use onlyif::document::json::{self, Parsed};
use onlyif::document::pointer::Pointer;
use onlyif::problem::{Code, Fault, Origin, Place, Problem};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::body::{self, MAX_TRANSACTION_BYTES};
use crate::deprecation;
use crate::describe::Route;
use crate::exchange::{Exchange, malformed};
use crate::idempotency;
use crate::lease::LEASE_TOKEN;
use crate::media::{self, JSON};
use crate::observe::Ending;
use crate::prefer;
use crate::problem;
use crate::query::{self, Parameters};
use crate::write;

/// Operations of one request at most.
pub const MAX_OPERATIONS: usize = 100;
/// How much deeper than in a request of its own the value of a JSON Patch stands.
const LEVELS_ABOVE: usize = 5;
/// The name that a log gives to what is written.
const TRANSACTIONS: &str = "transactions";

/// A transaction, and the requests that its operations are.
pub struct Transaction {
    requests: Vec<Request>,
    /// All of it.
    pub command: Command,
}

/// Reads the request.
///
/// # Errors
/// The problem of the first check that fails; of the operations, of every one that fails one.
pub fn read(exchange: &Exchange<'_>) -> Result<Transaction, Problem> {
    let caller = exchange.caller()?;
    media::accept_json(exchange.request.headers())?;
    let bytes = body::bytes_within(exchange, MAX_TRANSACTION_BYTES)?;
    media::of_body(exchange, bytes, &[JSON])?;
    let mut faults = query::none(exchange);
    let key = exchange.header("idempotency-key").and_then(|value| {
        let key = idempotency::key(&value);
        key.map_err(|fault| faults.push(fault)).ok()
    });
    if exchange.header(LEASE_TOKEN).is_some() {
        faults.push(Fault {
            at: Place::Header(LEASE_TOKEN.to_owned()),
            detail: "stands among the `headers` of the operation that relies on it".to_owned(),
            keyword: None,
        });
    }
    let parsed = json::parse_within(bytes, LEVELS_ABOVE);
    let requests = match &parsed {
        Ok(parsed) => requests(exchange, &parsed.value, &mut faults),
        Err(wrong) => {
            faults.extend(wrong.iter().cloned());
            Vec::new()
        }
    };
    let parsed = match parsed {
        Ok(parsed) if faults.is_empty() => parsed,
        _ => return Err(malformed(faults)),
    };
    let parts = commands(exchange, &requests, &parsed)?;
    let command = Command {
        caller,
        request_id: exchange.request_id.clone(),
        at: exchange.at,
        type_name: TRANSACTIONS.to_owned(),
        id: String::new(),
        operation: Operation::All(parts),
        faults: Vec::new(),
        preconditions: Preconditions::default(),
        stale: None,
        idempotency: key.map(|key| idempotency::of_value(exchange, key, &parsed.value)),
        dry_run: exchange.prefer.dry_run,
    };
    Ok(Transaction { requests, command })
}

/// The operations as requests; adds what is wrong with how they are written.
fn requests(exchange: &Exchange<'_>, body: &Value, faults: &mut Vec<Fault>) -> Vec<Request> {
    let root = Pointer::root();
    let expected = "expected an object with the member `operations`: a list of 1 to 100 operations";
    let Value::Object(members) = body else {
        faults.push(fault(root, expected));
        return Vec::new();
    };
    for name in members.keys().filter(|name| *name != "operations") {
        faults.push(fault(
            root.child(name),
            "is not known: a transaction has `operations`",
        ));
    }
    let at = root.child("operations");
    let operations = match members.get("operations") {
        Some(Value::Array(operations)) if (1..=MAX_OPERATIONS).contains(&operations.len()) => {
            operations
        }
        _ => {
            faults.push(fault(at, "must be a list of 1 to 100 operations"));
            return Vec::new();
        }
    };
    let each = operations.iter().enumerate();
    each.filter_map(|(index, operation)| {
        request(exchange, operation, &at.child(&index.to_string()), faults)
    })
    .collect()
}

fn request(
    exchange: &Exchange<'_>,
    operation: &Value,
    at: &Pointer,
    faults: &mut Vec<Fault>,
) -> Option<Request> {
    let Value::Object(members) = operation else {
        let detail = "must be an object with `method` and `path`, and where it has them `headers` and `body`";
        faults.push(fault(at.clone(), detail));
        return None;
    };
    let known = ["method", "path", "headers", "body"];
    for name in members
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let detail = "is not known: an operation has `method`, `path`, `headers` and `body`";
        faults.push(fault(at.child(name), detail));
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let method = text("method").and_then(|name| Method::from_bytes(name.as_bytes()).ok());
    if method.is_none() {
        let detail = "must be POST, PUT, PATCH or DELETE";
        faults.push(fault(at.child("method"), detail));
    }
    let path = text("path").filter(|path| path.starts_with('/'));
    if path.is_none() {
        let detail = "must be a path of this API, such as /v1/orders/o-1";
        faults.push(fault(at.child("path"), detail));
    }
    let headers = headers(members.get("headers"), &at.child("headers"), faults);
    let body = members.get("body").map(ToString::to_string);
    Some(addressed(exchange, method?, path?, headers, body))
}

fn headers(given: Option<&Value>, at: &Pointer, faults: &mut Vec<Fault>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let members = match given {
        None => return headers,
        Some(Value::Object(members)) => members,
        Some(_) => {
            faults.push(fault(
                at.clone(),
                "must be an object: names and their values",
            ));
            return headers;
        }
    };
    for (name, value) in members {
        let known = HeaderName::from_bytes(name.as_bytes());
        let value = value.as_str().map(HeaderValue::from_str);
        match (known, value) {
            (Ok(known), Some(Ok(value))) => {
                headers.append(known, value);
            }
            _ => faults.push(fault(
                at.child(name),
                "must be a header with its value, a text",
            )),
        }
    }
    for name in ["idempotency-key", "prefer"] {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        let whole =
            value.is_some_and(|value| name != "prefer" || prefer::preferences(value).dry_run);
        if whole {
            let detail = "is the whole request's: send it in the request's own headers";
            faults.push(fault(at.child(name), detail));
        }
    }
    headers
}

/// The request that an operation would be alone.
fn addressed(
    exchange: &Exchange<'_>,
    method: Method,
    path: &str,
    mut headers: HeaderMap,
    body: Option<String>,
) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    let mut request = Request::new(body.map_or(Body::Empty, Body::Text));
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    request.extensions_mut().insert(Parameters::read(query));
    let request = request
        .with_raw_http_path(&path)
        .with_path_parameters(parameters(exchange, &path));
    match exchange.request.request_context_ref() {
        Some(context) => request.with_request_context(context.clone()),
        None => request,
    }
}

/// What API Gateway would have found in the path.
fn parameters(exchange: &Exchange<'_>, path: &str) -> HashMap<String, String> {
    let stage = exchange.stage();
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    let path = rest.filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let named: &[(&str, &str)] = match segments.as_slice() {
        ["v1", kind] => &[("type", kind)],
        ["v1", kind, id] => &[("type", kind), ("id", id)],
        ["v1", kind, id, "transitions", name] => {
            &[("type", kind), ("id", id), ("transition", name)]
        }
        _ => &[],
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    named.iter().map(owned).collect()
}

/// The exchange of one operation.
fn part<'a>(exchange: &Exchange<'a>, request: &'a Request) -> Exchange<'a> {
    let preferences = request.headers().get("prefer");
    let preferences = preferences.and_then(|value| value.to_str().ok());
    Exchange {
        request,
        declarations: exchange.declarations,
        settings: exchange.settings,
        request_id: exchange.request_id.clone(),
        at: exchange.at,
        prefer: prefer::preferences(preferences.unwrap_or_default()),
        started: Instant::now(),
        attempts: OnceLock::new(),
    }
}

/// The operations as commands.
fn commands(
    exchange: &Exchange<'_>,
    requests: &[Request],
    parsed: &Parsed,
) -> Result<Vec<Command>, Problem> {
    let mut commands = Vec::new();
    let mut problems = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let exchange = part(exchange, request);
        match command(&exchange) {
            Ok(mut command) => {
                command.faults.extend(faults_within(parsed, index));
                commands.push(command);
            }
            Err(problem) => problems.push((index, origin(&exchange), problem)),
        }
    }
    if problems.is_empty() {
        Ok(commands)
    } else {
        Err(Problem::of_all(problems))
    }
}

fn origin(exchange: &Exchange<'_>) -> Option<Origin> {
    Some(Origin {
        type_name: exchange.parameter("type")?,
        id: exchange.parameter("id"),
    })
}

/// The command of one operation, by its method and path.
fn command(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let has = |name: &str| exchange.parameter(name).is_some();
    let place = (has("type"), has("id"), has("transition"));
    match (exchange.method().as_str(), place) {
        ("POST", (true, false, false)) => write::create(exchange),
        ("PUT", (true, true, false)) => write::put(exchange),
        ("PATCH", (true, true, false)) => write::patch(exchange),
        ("DELETE", (true, true, false)) => write::delete(exchange),
        ("POST", (true, true, true)) => write::transition(exchange),
        (method, _) => {
            let route = Route::find(exchange)?;
            Err(match method {
                _ if matches!(route, Route::Lease) => {
                    let detail = "A transaction takes creates, updates, transitions and deletes; a lease is a request of its own.";
                    Problem::new(Code::MethodNotAllowed, detail)
                }
                "GET" | "HEAD" | "OPTIONS" => {
                    let detail = format!(
                        "A transaction takes POST, PUT, PATCH and DELETE; {method} is a request of its own."
                    );
                    Problem::new(Code::MethodNotAllowed, detail)
                }
                _ => route.not_allowed(exchange.method()),
            })
        }
    }
}

/// What cannot be held of the body of the operation of this index, with its place in that body.
fn faults_within(parsed: &Parsed, index: usize) -> Vec<Fault> {
    let above = [
        "operations".to_owned(),
        index.to_string(),
        "body".to_owned(),
    ];
    let below = |fault: &Fault| {
        let Place::Pointer(pointer) = &fault.at else {
            return None;
        };
        let rest = pointer.tokens().strip_prefix(&above)?;
        let at = rest
            .iter()
            .fold(Pointer::root(), |at, token| at.child(token));
        Some(Fault {
            at: Place::Pointer(at),
            ..fault.clone()
        })
    };
    parsed.faults.iter().filter_map(below).collect()
}

fn fault(at: Pointer, detail: &str) -> Fault {
    Fault {
        at: Place::Pointer(at),
        detail: detail.to_owned(),
        keyword: None,
    }
}

/// The response, as the loop answered.
pub fn response(
    exchange: &Exchange<'_>,
    transaction: &Transaction,
    answer: &Answer,
) -> Response<Body> {
    let ending = match answer {
        Answer::All(all) => Ending::Committed(transaction.command.parts(), all),
        Answer::Done(one) => {
            Ending::Committed(transaction.command.parts(), std::slice::from_ref(one))
        }
        Answer::Refused(problem) => Ending::Refused(problem),
    };
    let mut response = match ending {
        Ending::Refused(problem) => problem::response(exchange, None, problem),
        ending => done(exchange, transaction, ending.done()),
    };
    if transaction.command.dry_run {
        answer::preferences_applied(&mut response, &["dry-run"]);
    }
    answer::sent(exchange, response, ending)
}

fn done(exchange: &Exchange<'_>, transaction: &Transaction, all: &[Done]) -> Response<Body> {
    let parts = transaction
        .command
        .parts()
        .iter()
        .zip(&transaction.requests);
    let results: Vec<Value> = parts
        .zip(all)
        .filter_map(|((command, request), done)| {
            let declaration = exchange.declarations.get(&command.type_name)?;
            let exchange = part(exchange, request);
            let mut response = answer::done(&exchange, command, declaration, done);
            deprecation::announce(&exchange, &mut response);
            Some(result(response))
        })
        .collect();
    let mut response = Response::new(Body::Empty);
    if !all.is_empty() && all.iter().all(|done| done.replayed) {
        let name = HeaderName::from_static("idempotent-replayed");
        answer::header(&mut response, name, "true");
    }
    answer::json(&mut response, &json!({ "results": results }));
    response
}

/// An answer as a member of the whole one.
fn result(response: Response<Body>) -> Value {
    let (parts, body) = response.into_parts();
    let mut headers = Map::new();
    for name in parts.headers.keys() {
        let values = parts.headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.as_str().to_owned(), Value::from(values.join(", ")));
    }
    let mut result = json!({ "status": parts.status.as_u16(), "headers": headers });
    let text = match body {
        Body::Text(text) => text,
        _ => String::new(),
    };
    if let Ok(body) = serde_json::from_str::<Value>(&text) {
        result["body"] = body;
    }
    result
}
