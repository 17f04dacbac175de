//! Writes: a request becomes a command.
//!
//! The checks stand in the contract's order: 401, 404 of what the path names, 403, 406, 413, 415,
//! and 400 with everything that is wrong. What comes after needs the resource, and is the engine's.

use onlyif::command::{Caller, Command, IfMatch, Operation, Preconditions, Stale};
use onlyif::declaration::Declaration;
use onlyif::document::Document;
use onlyif::document::patch::Patch;
use onlyif::document::pointer::Pointer;
use onlyif::problem::{Fault, Place, Problem};

use crate::body::{self, Content, Refused};
use crate::caller::granted;
use crate::exchange::{Exchange, malformed};
use crate::media::{self, JSON, JSON_PATCH, MERGE_PATCH};
use crate::precondition::{self, TagList};
use crate::query;

/// `POST /v1/{type}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn create(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    granted(&caller, &declaration.access.create, "create one")?;
    let id = uuid::Uuid::now_v7().to_string();
    created(exchange, caller, declaration, || Ok(id), false)
}

/// `PUT /v1/{type}/{id}`: replaces, or with `If-None-Match: *` creates.
///
/// # Errors
/// The problem of the first check that fails.
pub fn put(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    let creates = exchange
        .header("if-none-match")
        .is_some_and(|value| value.trim() == "*");
    if creates {
        granted(&caller, &declaration.access.create, "create one")?;
        return created(exchange, caller, declaration, || exchange.new_id(), true);
    }
    let id = exchange.id()?;
    granted(&caller, &declaration.access.update, "update one")?;
    media::accept_json(exchange.request.headers())?;
    let bytes = body::bytes(exchange)?;
    media::of_body(exchange, bytes, &[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let mut preconditions = wrong.preconditions(exchange);
    let Content {
        value: body,
        faults,
    } = wrong.read(body::document(bytes), Document::new())?;
    wrong.etag(&body, &mut preconditions);
    wrong.end()?;
    let operation = Operation::Replace { body };
    Ok(command(
        exchange,
        caller,
        declaration,
        id,
        operation,
        faults,
        preconditions,
    ))
}

/// `PATCH /v1/{type}/{id}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn patch(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    let id = exchange.id()?;
    granted(&caller, &declaration.access.update, "update one")?;
    media::accept_json(exchange.request.headers())?;
    let bytes = body::bytes(exchange)?;
    let media_type = media::of_body(exchange, bytes, &[MERGE_PATCH, JSON_PATCH, JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let mut preconditions = wrong.preconditions(exchange);
    let Content {
        value: patch,
        faults,
    } = wrong.read(body::patch(bytes, media_type), Patch::Json(Vec::new()))?;
    if let Patch::Merge(body) = &patch {
        wrong.etag(body, &mut preconditions);
    }
    wrong.end()?;
    let operation = Operation::Patch { patch };
    Ok(command(
        exchange,
        caller,
        declaration,
        id,
        operation,
        faults,
        preconditions,
    ))
}

/// `POST /v1/{type}/{id}/transitions/{transition}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn transition(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    let id = exchange.id()?;
    let transition = exchange.transition(declaration)?;
    granted(
        &caller,
        &transition.access,
        &format!("request {}", transition.name),
    )?;
    media::accept_json(exchange.request.headers())?;
    let bytes = body::bytes(exchange)?;
    media::of_body(exchange, bytes, &[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let preconditions = wrong.preconditions(exchange);
    let Content {
        value: input,
        faults,
    } = wrong.read(body::input(bytes), None)?;
    wrong.end()?;
    let operation = Operation::Transition {
        name: transition.name.clone(),
        input,
    };
    Ok(command(
        exchange,
        caller,
        declaration,
        id,
        operation,
        faults,
        preconditions,
    ))
}

/// `DELETE /v1/{type}/{id}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn delete(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let caller = exchange.caller()?;
    let declaration = exchange.declaration()?;
    let id = exchange.id()?;
    granted(&caller, &declaration.access.delete, "delete one")?;
    let mut wrong = Wrong::begin(exchange);
    let preconditions = wrong.preconditions(exchange);
    wrong.end()?;
    Ok(command(
        exchange,
        caller,
        declaration,
        id,
        Operation::Delete,
        Vec::new(),
        preconditions,
    ))
}

fn created(
    exchange: &Exchange<'_>,
    caller: Caller,
    declaration: &Declaration,
    id: impl FnOnce() -> Result<String, Problem>,
    repeatable: bool,
) -> Result<Command, Problem> {
    media::accept_json(exchange.request.headers())?;
    let bytes = body::bytes(exchange)?;
    media::of_body(exchange, bytes, &[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let id = id().unwrap_or_else(|problem| {
        wrong.0.extend(problem.errors);
        String::new()
    });
    if exchange.header("if-match").is_some() {
        wrong.header(
            "If-Match",
            "is about a resource that is there: leave it out of a create",
        );
    }
    if !repeatable && exchange.header("if-none-match").is_some() {
        wrong.header(
            "If-None-Match",
            "a POST chooses a new id by itself: leave it out",
        );
    }
    let Content {
        value: body,
        faults,
    } = wrong.read(body::document(bytes), Document::new())?;
    wrong.end()?;
    let incarnation = format!("{:08x}", fastrand::u32(..));
    let operation = Operation::Create {
        body,
        incarnation,
        repeatable,
    };
    let none = Preconditions::default();
    Ok(command(
        exchange,
        caller,
        declaration,
        id,
        operation,
        faults,
        none,
    ))
}

fn command(
    exchange: &Exchange<'_>,
    caller: Caller,
    declaration: &Declaration,
    id: String,
    operation: Operation,
    faults: Vec<Fault>,
    preconditions: Preconditions,
) -> Command {
    // RFC 9110 §13.1.1: a failed If-Match refuses; only who asks for a merge gets one.
    let by_the_letter = exchange.refuses_as_rfc_9110().then_some(Stale::Refuse);
    Command {
        caller,
        request_id: exchange.request_id.clone(),
        at: exchange.at,
        type_name: declaration.name.clone(),
        id,
        operation,
        faults,
        preconditions,
        stale: exchange.prefer.stale.or(by_the_letter),
    }
}

/// Everything that is wrong with a request, in one answer.
struct Wrong(Vec<Fault>);

impl Wrong {
    fn begin(exchange: &Exchange<'_>) -> Self {
        Wrong(query::none(exchange))
    }

    fn end(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(malformed(self.0))
        }
    }

    fn header(&mut self, name: &str, detail: &str) {
        self.0.push(Fault {
            at: Place::Header(name.to_owned()),
            detail: detail.to_owned(),
            keyword: None,
        });
    }

    /// What the body says, or `instead` of it while the rest of the request is looked at.
    fn read<T>(
        &mut self,
        content: Result<Content<T>, Refused>,
        instead: T,
    ) -> Result<Content<T>, Problem> {
        match content {
            Ok(content) => Ok(content),
            Err(Refused::Problem(problem)) => Err(problem),
            Err(Refused::Malformed(faults)) => {
                self.0.extend(faults);
                Ok(Content {
                    value: instead,
                    faults: Vec::new(),
                })
            }
        }
    }

    /// `If-Match` and `If-Unmodified-Since` of a write that is no create.
    fn preconditions(&mut self, exchange: &Exchange<'_>) -> Preconditions {
        if exchange.header("if-none-match").is_some() {
            let detail = "on a write only PUT with If-None-Match: * is known, which creates";
            self.header("If-None-Match", detail);
        }
        let if_match = exchange.header("if-match").and_then(|value| {
            precondition::tags("If-Match", &value)
                .map(TagList::strong)
                .map_err(|fault| self.0.push(fault))
                .ok()
        });
        let date = exchange.header("if-unmodified-since");
        let if_unmodified_since_s = match if_match {
            Some(_) => None,
            None => date.and_then(|value| precondition::date(&value)),
        };
        Preconditions {
            if_match,
            if_unmodified_since_s,
        }
    }

    /// The body's own `etag`: a precondition, as good as `If-Match`.
    fn etag(&mut self, body: &Document, preconditions: &mut Preconditions) {
        let Some(value) = body.get("etag") else {
            return;
        };
        let mut fault = |detail: &str| {
            self.0.push(Fault {
                at: Place::Pointer(Pointer::member("etag")),
                detail: detail.to_owned(),
                keyword: None,
            });
        };
        let tag = match (&preconditions.if_match, value.as_str()) {
            (Some(IfMatch::Any), _) => return,
            (_, None) => return fault("must be the entity tag as it was read, a string"),
            (Some(IfMatch::Tags(tags)), Some(tag)) if !tags.iter().any(|each| each == tag) => {
                return fault(
                    "is not among the tags of If-Match: send one of the two, or the same",
                );
            }
            (_, Some(tag)) => tag,
        };
        // Of several tags in the header the body names the one that it was made from.
        preconditions.if_match = Some(IfMatch::Tags(vec![tag.to_owned()]));
        preconditions.if_unmodified_since_s = None;
    }
}
