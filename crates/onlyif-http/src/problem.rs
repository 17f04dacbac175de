//! Problems as responses (RFC 9457).

use lambda_http::http::StatusCode;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use lambda_http::{Body, Response};
use onlyif::declaration::Declaration;
use onlyif::document::{representation, sent_bytes};
use onlyif::item::is_possible_id;
use onlyif::problem::{
    ChangedField, Code, Conflict, Fault, Origin, Place, Problem, Rel, Request, Resolution,
};
use serde_json::{Map, Value, json};

use crate::answer;
use crate::app::StaleStatus;
use crate::catalogue::{self, Retry};
use crate::exchange::Exchange;
use crate::lease::LEASE_TOKEN;
use crate::link::quoted;
use crate::media;

/// Bytes of an answer: Lambda takes 6 MB, its envelope included.
pub const MAX_ANSWER_BYTES: usize = 5_000_000;
/// Errors of a problem that would otherwise be too large.
const SHORT_ERRORS: usize = 100;
/// Seconds to wait where nothing better is known.
const DEFAULT_RETRY_AFTER_S: u64 = 1;

/// The status of each kind of problem.
pub fn status(code: Code, stale: StaleStatus) -> StatusCode {
    match code {
        Code::MalformedRequest => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Gone => StatusCode::GONE,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Code::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::StaleVersion | Code::AlreadyExists => match stale {
            StaleStatus::Conflict => StatusCode::CONFLICT,
            StaleStatus::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        },
        Code::Duplicate
        | Code::InvalidTransition
        | Code::NotAllowedInState
        | Code::ConditionNotMet
        | Code::Leased
        | Code::MissingReference
        | Code::HasDependents
        | Code::Contention => StatusCode::CONFLICT,
        Code::InvalidResource | Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// What a problem is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The type.
    pub declaration: &'a Declaration,
    /// The resource's id.
    pub id: &'a str,
}

/// The problem as a response.
pub fn response(
    exchange: &Exchange<'_>,
    subject: Option<Subject<'_>>,
    problem: &Problem,
) -> Response<Body> {
    let page = Page {
        exchange,
        subject,
        problem,
    };
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status(problem.code, exchange.settings.stale_status);
    answer::header(&mut response, CONTENT_TYPE, media::PROBLEM);
    answer::header(&mut response, CACHE_CONTROL, "no-store");
    if let (Some(current), Some(_)) = (&problem.current, subject) {
        answer::header(&mut response, ETAG, &quoted(&current.tag()));
    }
    if let Some(seconds) = page.retry_after_s() {
        answer::header(&mut response, RETRY_AFTER, &seconds.to_string());
    }
    if problem.code == Code::Unauthenticated {
        answer::header(&mut response, WWW_AUTHENTICATE, "Bearer");
    }
    let is_patch = exchange.method() == lambda_http::http::Method::PATCH;
    if problem.code == Code::UnsupportedMediaType && is_patch {
        let name = HeaderName::from_static("accept-patch");
        answer::header(&mut response, name, &media::PATCHES.join(", "));
    }
    if exchange.method() != lambda_http::http::Method::HEAD {
        *response.body_mut() = Body::from(page.text());
    }
    response
}

struct Page<'a> {
    exchange: &'a Exchange<'a>,
    subject: Option<Subject<'a>>,
    problem: &'a Problem,
}

/// What a problem leaves out to stay under the size of an answer.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Brevity {
    Full,
    WithoutValues,
    WithoutCurrent,
    WithoutBodies,
}

impl Page<'_> {
    fn retry(&self) -> Retry {
        let keyed = self.exchange.header("idempotency-key").is_some();
        catalogue::retry(self.problem.code, keyed)
    }

    fn retry_after_s(&self) -> Option<u64> {
        let waits = self.retry() == Retry::Now || self.problem.code == Code::OutcomeUnknown;
        let known = self
            .problem
            .retry_after_ms
            .map(|ms| ms.div_ceil(1000).max(1));
        waits.then(|| known.unwrap_or(DEFAULT_RETRY_AFTER_S))
    }

    fn text(&self) -> String {
        let all = [
            Brevity::Full,
            Brevity::WithoutValues,
            Brevity::WithoutCurrent,
            Brevity::WithoutBodies,
        ];
        let mut text = String::new();
        for brevity in all {
            text = self.body(brevity).to_string();
            if sent_bytes(text.as_bytes()) <= MAX_ANSWER_BYTES {
                break;
            }
        }
        text
    }

    fn body(&self, brevity: Brevity) -> Value {
        let Page {
            exchange, problem, ..
        } = self;
        let code = problem.code;
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put(
            "type",
            json!(format!("{}/problems/{}", exchange.base_url(), code.name())),
        );
        put("title", json!(catalogue::title(code)));
        put(
            "status",
            json!(status(code, exchange.settings.stale_status).as_u16()),
        );
        put("code", json!(code.name()));
        put("detail", json!(problem.detail));
        put(
            "instance",
            json!(exchange.href(&answer::encoded(exchange.path()))),
        );
        put("requestId", json!(exchange.request_id));
        put("retry", json!(self.retry().name()));
        if brevity > Brevity::Full {
            put("truncated", json!(true));
        }
        if !problem.errors.is_empty() {
            let shown = if brevity == Brevity::Full {
                usize::MAX
            } else {
                SHORT_ERRORS
            };
            put(
                "errors",
                problem.errors.iter().take(shown).map(fault).collect(),
            );
        }
        if !problem.conflicts.is_empty() {
            put(
                "conflicts",
                problem
                    .conflicts
                    .iter()
                    .map(|c| self.conflict(c, self.type_name(), brevity))
                    .collect(),
            );
        }
        if let (Some(current), Some(subject)) = (&problem.current, self.subject)
            && brevity < Brevity::WithoutCurrent
        {
            let members = representation(subject.declaration, subject.id, current).document();
            put("current", Value::Object(members));
        }
        // A request without its body would be another one.
        let all = problem.resolutions.iter();
        let resolutions: Vec<Value> = all
            .filter(|each| brevity < Brevity::WithoutBodies || !self.has_body(&each.request))
            .map(|each| self.resolution(each))
            .collect();
        if !resolutions.is_empty() {
            put("resolutions", Value::Array(resolutions));
        }
        Value::Object(body)
    }

    /// The type that the problem is about.
    fn type_name(&self) -> Option<&str> {
        self.subject
            .map(|subject| subject.declaration.name.as_str())
    }

    fn conflict(&self, conflict: &Conflict, type_name: Option<&str>, brevity: Brevity) -> Value {
        let mut body = Map::new();
        body.insert("code".to_owned(), json!(conflict.code().name()));
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        match conflict {
            Conflict::Gone {
                deleted_by,
                deleted_at,
                version,
            } => {
                put("deletedBy", deleted_by.as_ref().map(|by| json!(by)));
                put("deletedAt", deleted_at.map(|at| json!(at.to_string())));
                put("version", version.map(|version| json!(version)));
            }
            Conflict::StaleVersion {
                yours,
                current,
                changed_by,
                changed_at,
                mergeable,
                fields,
            } => {
                put("yours", yours.as_ref().map(|yours| json!(yours)));
                put(
                    "current",
                    current.as_ref().map(|tag| json!(tag.to_string())),
                );
                put("changedBy", changed_by.as_ref().map(|by| json!(by)));
                put("changedAt", changed_at.map(|at| json!(at.to_string())));
                put("mergeable", mergeable.map(|mergeable| json!(mergeable)));
                let fields = fields.as_ref();
                put(
                    "fields",
                    fields.map(|all| all.iter().map(|f| field(f, brevity)).collect()),
                );
            }
            Conflict::AlreadyExists | Conflict::Contention => {}
            Conflict::Leased {
                holder,
                until,
                yours,
            } => {
                put("holder", holder.as_ref().map(|holder| json!(holder)));
                put("until", until.map(|until| json!(until.to_string())));
                put("yours", yours.map(|token| json!(token)));
            }
            Conflict::MissingReference { pointer, target } => {
                put("pointer", Some(json!(pointer.to_string())));
                put("target", target.as_ref().map(|target| self.origin(target)));
            }
            Conflict::HasDependents { dependents } => {
                let entry = |(name, count): &(String, u64)| json!({ "type": name, "count": count });
                let all = dependents.as_ref();
                put("dependents", all.map(|all| all.iter().map(entry).collect()));
            }
            Conflict::Elsewhere { resource, conflict } => {
                let type_name = Some(resource.type_name.as_str());
                if let Value::Object(mut members) = self.conflict(conflict, type_name, brevity) {
                    members.insert("resource".to_owned(), self.origin(resource));
                    return Value::Object(members);
                }
            }
            Conflict::InOperation {
                operation,
                resource,
                conflict,
            } => {
                let type_name = Some(resource.type_name.as_str());
                if let Value::Object(mut members) = self.conflict(conflict, type_name, brevity) {
                    members.insert("operation".to_owned(), json!(operation));
                    return Value::Object(members);
                }
            }
            Conflict::Duplicate {
                constraint,
                fields,
                holder,
            } => {
                let entry = |(pointer, value): &(_, Value)| pair(pointer, value, brevity);
                put("constraint", Some(json!(constraint)));
                put("fields", Some(fields.iter().map(entry).collect()));
                let holder = holder.as_ref().zip(type_name);
                put(
                    "holder",
                    holder.map(|(id, name)| json!(self.exchange.resource(name, id))),
                );
            }
            Conflict::InvalidTransition {
                transition,
                state,
                from,
                since,
                by,
                allowed,
                path,
            } => {
                put("transition", Some(json!(transition)));
                put("state", state.as_ref().map(|state| json!(state)));
                put("from", Some(json!(from)));
                put("since", since.map(|since| json!(since.to_string())));
                put("by", by.as_ref().map(|by| json!(by)));
                put("allowed", allowed.as_ref().map(|allowed| json!(allowed)));
                put("path", path.as_ref().map(|path| json!(path)));
            }
            Conflict::NotAllowedInState {
                operation,
                state,
                allowed_in,
            } => {
                put("operation", Some(json!(operation)));
                put("state", state.as_ref().map(|state| json!(state)));
                put("allowedIn", Some(json!(allowed_in)));
            }
            Conflict::ConditionNotMet {
                pointer,
                requires,
                actual,
                message,
            } => {
                put("pointer", Some(json!(pointer.to_string())));
                let requires = Some(requires.clone());
                put(
                    "requires",
                    requires.filter(|_| brevity < Brevity::WithoutBodies),
                );
                put(
                    "actual",
                    actual.clone().filter(|_| brevity == Brevity::Full),
                );
                put("message", message.as_ref().map(|message| json!(message)));
            }
        }
        Value::Object(body)
    }

    /// The resource that a conflict is in, or that a reference names. What a document names may be
    /// no id at all, and has no address then.
    fn origin(&self, origin: &Origin) -> Value {
        let mut body = json!({ "type": origin.type_name });
        if let Some(id) = &origin.id {
            body["id"] = json!(id);
            if is_possible_id(id) {
                body["href"] = json!(self.exchange.resource(&origin.type_name, id));
            }
        }
        body
    }

    fn resolution(&self, resolution: &Resolution) -> Value {
        let (type_name, id) = self
            .subject
            .map_or(("", ""), |subject| (&subject.declaration.name, subject.id));
        let exchange = self.exchange;
        let mut headers = Map::new();
        let mut tail: Option<(&str, &Value)> = None;
        // What is written in the request's place relies on the lease that it relied on.
        if matches!(resolution.rel, Rel::Merge | Rel::Overwrite)
            && let Some(token) = exchange.header(LEASE_TOKEN)
        {
            headers.insert(LEASE_TOKEN.to_owned(), json!(token));
        }
        let same = resolution.request == Request::Same;
        let sent = same.then(|| self.sent_body()).flatten();
        let (method, href) = match &resolution.request {
            Request::Read { type_name, id } => ("GET", exchange.resource(type_name, id)),
            Request::Again { body, tag } => {
                headers.insert("If-Match".to_owned(), json!(quoted(tag)));
                if let Some(body) = body {
                    headers.insert("Content-Type".to_owned(), json!(self.media_type()));
                    tail = Some(("body", body));
                }
                let href = exchange.href(&answer::encoded(exchange.path()));
                (exchange.method().as_str(), href)
            }
            Request::Patch { body, tag } => {
                headers.insert("If-Match".to_owned(), json!(quoted(tag)));
                headers.insert("Content-Type".to_owned(), json!(media::JSON_PATCH));
                tail = Some(("body", body));
                ("PATCH", exchange.resource(type_name, id))
            }
            Request::Same => {
                headers = self.sent_headers();
                tail = sent.as_ref().map(|body| ("body", body));
                let href = exchange.href(&answer::encoded(exchange.path()));
                (exchange.method().as_str(), href)
            }
            Request::Transition { name, input } => {
                if let Some(input) = input {
                    headers.insert("Content-Type".to_owned(), json!(media::JSON));
                    tail = Some(("input", input));
                }
                ("POST", exchange.transition_href(type_name, id, name))
            }
        };
        let mut body = json!({
            "rel": rel(resolution.rel),
            "title": resolution.title,
            "method": method,
            "href": href,
            "headers": headers,
        });
        if let Some((name, value)) = tail {
            body[name] = value.clone();
        }
        body
    }

    fn has_body(&self, request: &Request) -> bool {
        match request {
            Request::Again { body, .. } => body.is_some(),
            Request::Patch { .. } => true,
            Request::Same => self.sent_body().is_some(),
            Request::Read { .. } | Request::Transition { .. } => false,
        }
    }

    /// The refused request's body, as it was sent.
    fn sent_body(&self) -> Option<Value> {
        let bytes = self.exchange.request.body().as_ref();
        serde_json::from_slice(bytes).ok()
    }

    fn sent_headers(&self) -> Map<String, Value> {
        let sent = |name: &str| Some((name.to_owned(), json!(self.exchange.header(name)?)));
        ASKING.into_iter().filter_map(sent).collect()
    }

    /// The media type of the refused request's body.
    fn media_type(&self) -> &'static str {
        let taken = [media::MERGE_PATCH, media::JSON_PATCH, media::JSON];
        media::of_content(self.exchange.request.headers(), &taken).unwrap_or(media::JSON)
    }
}

/// The headers of a request that say what is asked, by their usual names. Whose request it is, and
/// how its answer is to be written, the client knows.
const ASKING: [&str; 7] = [
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Idempotency-Key",
    LEASE_TOKEN,
    "Prefer",
];

fn field(field: &ChangedField, brevity: Brevity) -> Value {
    let mut body = json!({
        "pointer": field.pointer.to_string(),
        "changedBy": field.changed_by,
        "changedAt": field.changed_at.to_string(),
        "version": field.version,
    });
    if brevity == Brevity::Full {
        for (name, value) in [("current", &field.current), ("yours", &field.yours)] {
            if let Some(value) = value {
                body[name] = value.clone();
            }
        }
    }
    body["overlaps"] = json!(field.overlaps);
    body
}

fn pair(pointer: &onlyif::document::pointer::Pointer, value: &Value, brevity: Brevity) -> Value {
    match brevity {
        Brevity::Full => json!({ "pointer": pointer.to_string(), "value": value }),
        _ => json!({ "pointer": pointer.to_string() }),
    }
}

fn fault(fault: &Fault) -> Value {
    let mut body = place(&fault.at);
    body["detail"] = json!(fault.detail);
    if let Some(keyword) = &fault.keyword {
        body["keyword"] = json!(keyword);
    }
    body
}

fn place(place: &Place) -> Value {
    match place {
        Place::Pointer(pointer) => json!({ "pointer": pointer.to_string() }),
        Place::Header(header) => json!({ "header": header }),
        Place::Parameter(parameter) => json!({ "parameter": parameter }),
        Place::Operation(operation, within) => {
            let mut body = within.as_deref().map_or_else(|| json!({}), self::place);
            body["operation"] = json!(operation);
            body
        }
    }
}

fn rel(rel: Rel) -> &'static str {
    match rel {
        Rel::Merge => "merge",
        Rel::Overwrite => "overwrite",
        Rel::Discard => "discard",
        Rel::Read => "read",
        Rel::ReadHolder => "read-holder",
        Rel::Transition => "transition",
        Rel::Retry => "retry",
    }
}
