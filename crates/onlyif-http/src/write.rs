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
use crate::idempotency::{self, idempotency};
use crate::lease::{self, LEASE_TOKEN};
use crate::media::{self, JSON, JSON_PATCH, MERGE_PATCH};
use crate::precondition;
use crate::query;

/// `POST /v1/{type}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn create(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let id = uuid::Uuid::now_v7().to_string();
    created(Asked::of_a_type(exchange, id)?, Vec::new(), false)
}

/// `PUT /v1/{type}/{id}`: replaces, or with `If-None-Match: *` creates.
///
/// # Errors
/// The problem of the first check that fails.
pub fn put(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let none_match = exchange.header("if-none-match");
    if none_match.is_some_and(|value| value.trim() == "*") {
        let (id, faults) = match exchange.new_id() {
            Ok(id) => (id, Vec::new()),
            Err(problem) => (String::new(), problem.errors),
        };
        return created(Asked::of_a_type(exchange, id)?, faults, true);
    }
    let asked = Asked::of_a_resource(exchange)?;
    asked.may_update("update one")?;
    let (_, bytes) = asked.body(&[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let mut preconditions = wrong.preconditions(&asked);
    let content = wrong.read(body::document(bytes), Document::new())?;
    wrong.etag(&content.value, &mut preconditions);
    let key = wrong.end()?;
    let operation = Operation::Replace {
        body: content.value,
    };
    Ok(asked.command(operation, content.faults, preconditions, key))
}

/// `PATCH /v1/{type}/{id}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn patch(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let asked = Asked::of_a_resource(exchange)?;
    asked.may_update("update one")?;
    let (media_type, bytes) = asked.body(&[MERGE_PATCH, JSON_PATCH, JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let mut preconditions = wrong.preconditions(&asked);
    let content = wrong.read(body::patch(bytes, media_type), Patch::Json(Vec::new()))?;
    if let Patch::Merge(body) = &content.value {
        wrong.etag(body, &mut preconditions);
    }
    let key = wrong.end()?;
    let operation = Operation::Patch {
        patch: content.value,
    };
    Ok(asked.command(operation, content.faults, preconditions, key))
}

/// `POST /v1/{type}/{id}/transitions/{transition}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn transition(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let asked = Asked::of_a_resource(exchange)?;
    let transition = exchange.transition(asked.declaration)?;
    let name = &transition.name;
    granted(
        &asked.caller,
        transition.access.scopes(),
        &format!("request {name}"),
    )?;
    let (_, bytes) = asked.body(&[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    let preconditions = wrong.preconditions(&asked);
    let content = wrong.read(body::input(bytes), None)?;
    let key = wrong.end()?;
    let operation = Operation::Transition {
        name: name.clone(),
        input: content.value,
    };
    Ok(asked.command(operation, content.faults, preconditions, key))
}

/// `DELETE /v1/{type}/{id}`.
///
/// # Errors
/// The problem of the first check that fails.
pub fn delete(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let asked = Asked::of_a_resource(exchange)?;
    granted(
        &asked.caller,
        asked.declaration.access.delete.scopes(),
        "delete one",
    )?;
    let mut wrong = Wrong::begin(exchange);
    let preconditions = wrong.preconditions(&asked);
    let key = wrong.end()?;
    Ok(asked.command(Operation::Delete, Vec::new(), preconditions, key))
}

fn created(asked: Asked<'_>, faults: Vec<Fault>, repeatable: bool) -> Result<Command, Problem> {
    let exchange = asked.exchange;
    granted(
        &asked.caller,
        &asked.declaration.access.create,
        "create one",
    )?;
    let (_, bytes) = asked.body(&[JSON])?;
    let mut wrong = Wrong::begin(exchange);
    wrong.faults.extend(faults);
    for name in ["If-Match", LEASE_TOKEN] {
        if exchange.header(name).is_some() {
            let detail = "is about a resource that is there: leave it out of a create";
            wrong.header(name, detail);
        }
    }
    if !repeatable && exchange.header("if-none-match").is_some() {
        wrong.header(
            "If-None-Match",
            "a POST chooses a new id by itself: leave it out",
        );
    }
    let content = wrong.read(body::document(bytes), Document::new())?;
    let key = wrong.end()?;
    let operation = Operation::Create {
        body: content.value,
        incarnation: format!("{:08x}", fastrand::u32(..)),
        repeatable,
    };
    Ok(asked.command(operation, content.faults, Preconditions::default(), key))
}

/// Who asks, and about what.
pub(crate) struct Asked<'a> {
    exchange: &'a Exchange<'a>,
    caller: Caller,
    pub(crate) declaration: &'a Declaration,
    id: String,
}

impl<'a> Asked<'a> {
    fn of_a_type(exchange: &'a Exchange<'a>, id: String) -> Result<Self, Problem> {
        let caller = exchange.caller()?;
        let declaration = exchange.declaration()?;
        Ok(Asked {
            exchange,
            caller,
            declaration,
            id,
        })
    }

    pub(crate) fn of_a_resource(exchange: &'a Exchange<'a>) -> Result<Self, Problem> {
        let asked = Asked::of_a_type(exchange, String::new())?;
        Ok(Asked {
            id: exchange.id()?,
            ..asked
        })
    }

    /// Who may update a resource may do this to it.
    pub(crate) fn may_update(&self, act: &str) -> Result<(), Problem> {
        granted(&self.caller, self.declaration.access.update.scopes(), act)
    }

    /// The body, of one of these media types.
    pub(crate) fn body(&self, taken: &[&'static str]) -> Result<(&'static str, &'a [u8]), Problem> {
        media::accept_json(self.exchange.request.headers())?;
        let bytes = body::bytes(self.exchange)?;
        Ok((media::of_body(self.exchange, bytes, taken)?, bytes))
    }

    pub(crate) fn command(
        self,
        operation: Operation,
        faults: Vec<Fault>,
        preconditions: Preconditions,
        key: Option<String>,
    ) -> Command {
        let exchange = self.exchange;
        let idempotency = key.map(|key| idempotency(exchange, key, &operation));
        // RFC 9110 §13.1.1: a failed If-Match refuses; only who asks for a merge gets one.
        let by_the_letter = exchange.refuses_as_rfc_9110().then_some(Stale::Refuse);
        Command {
            caller: self.caller,
            request_id: exchange.request_id.clone(),
            at: exchange.at,
            type_name: self.declaration.name.clone(),
            id: self.id,
            operation,
            faults,
            preconditions,
            stale: exchange.prefer.stale.or(by_the_letter),
            idempotency,
            dry_run: exchange.prefer.dry_run,
        }
    }
}

/// Everything that is wrong with a request, in one answer.
pub(crate) struct Wrong {
    faults: Vec<Fault>,
    key: Option<String>,
}

impl Wrong {
    pub(crate) fn begin(exchange: &Exchange<'_>) -> Self {
        let mut faults = query::none(exchange);
        let key = exchange.header("idempotency-key").and_then(|value| {
            idempotency::key(&value)
                .map_err(|fault| faults.push(fault))
                .ok()
        });
        Wrong { faults, key }
    }

    /// The idempotency key, if nothing is wrong.
    pub(crate) fn end(self) -> Result<Option<String>, Problem> {
        if self.faults.is_empty() {
            Ok(self.key)
        } else {
            Err(malformed(self.faults))
        }
    }

    pub(crate) fn header(&mut self, name: &str, detail: &str) {
        self.faults.push(Fault {
            at: Place::Header(name.to_owned()),
            detail: detail.to_owned(),
            keyword: None,
        });
    }

    /// What the body says, or `instead` of it while the rest of the request is looked at.
    pub(crate) fn read<T>(
        &mut self,
        content: Result<Content<T>, Refused>,
        instead: T,
    ) -> Result<Content<T>, Problem> {
        match content {
            Ok(content) => Ok(content),
            Err(Refused::Problem(problem)) => Err(problem),
            Err(Refused::Malformed(faults)) => {
                self.faults.extend(faults);
                Ok(Content {
                    value: instead,
                    faults: Vec::new(),
                })
            }
        }
    }

    /// `If-Match` and `If-Unmodified-Since` of a write that is no create.
    fn preconditions(&mut self, asked: &Asked<'_>) -> Preconditions {
        let exchange = asked.exchange;
        if exchange.header("if-none-match").is_some() {
            let detail = "on a write only PUT with If-None-Match: * is known, which creates";
            self.header("If-None-Match", detail);
        }
        let lease_token = self.lease_token(exchange);
        if lease_token.is_some() && asked.declaration.lease_max_s.is_none() {
            let name = &asked.declaration.name;
            self.header(
                LEASE_TOKEN,
                &format!("there are no leases of {name}: leave it out"),
            );
        }
        Preconditions {
            lease_token,
            ..precondition::preconditions(exchange, &mut self.faults)
        }
    }

    /// `Lease-Token`: the lease that the request relies on.
    pub(crate) fn lease_token(&mut self, exchange: &Exchange<'_>) -> Option<u64> {
        let value = exchange.header(LEASE_TOKEN)?;
        let token = lease::token(&value);
        token
            .map_err(|detail| self.header(LEASE_TOKEN, detail))
            .ok()
    }

    /// The body's own `etag`: a precondition, as good as `If-Match`.
    fn etag(&mut self, body: &Document, preconditions: &mut Preconditions) {
        let Some(value) = body.get("etag") else {
            return;
        };
        let mut fault = |detail: &str| {
            self.faults.push(Fault {
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
