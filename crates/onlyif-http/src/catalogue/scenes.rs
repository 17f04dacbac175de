//! Scenes: for each kind of problem a request that meets it. The examples of the catalogue are what
//! the API answers to these requests, read, decided and written by the code that answers all others.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use futures_util::FutureExt;
use lambda_http::{Context, Request};
use onlyif::answer::{Answer, Done, DoneKind};
use onlyif::command::Command;
use onlyif::decide::unique_key;
use onlyif::declaration::{Declaration, Declarations, SourceFile};
use onlyif::document::Document;
use onlyif::document::pointer::Pointer;
use onlyif::item::{Claim, Clock, Clocks, Item, Key, Lease, Record, Resource, Stamps, Tombstone};
use onlyif::problem::{Code, Problem};
use onlyif::run::run;
use onlyif::store::Failure;
use onlyif::timestamp::Timestamp;
use serde_json::{Value, json};

use super::shelf::{Fate, Shelf};
use crate::app::{App, Auth, Settings};
use crate::describe::Route;
use crate::exchange::Exchange;
use crate::problem::{self, Subject};
use crate::{entry, write};

/// Bytes of a note that makes a document too large.
const TOO_MUCH: usize = 310_000;

/// When the examples take place: 2026-11-23T10:05:00Z, in milliseconds since the epoch.
const NOW_MS: i64 = 1_795_428_300_000;

/// A key that alice has used.
const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

/// The types that all scenes are about.
static TYPES: LazyLock<Arc<Declarations>> = LazyLock::new(|| {
    let source = |name: &str, text: &str| SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let sources = [
        source("orders.yaml", include_str!("orders.yaml")),
        source("products.yaml", include_str!("products.yaml")),
        source("shipments.yaml", include_str!("shipments.yaml")),
    ];
    Arc::new(Declarations::parse(&sources).unwrap_or_default())
});

/// The body of a problem of this kind, as this deployment answers it.
pub(super) fn example(code: Code, settings: &Settings) -> Value {
    let Some(declaration) = TYPES.get("orders") else {
        return Value::Null;
    };
    let scene = scene(code, declaration);
    let app = App {
        declarations: Arc::clone(&TYPES),
        store: scene.shelf,
        settings: Settings {
            // Otherwise nobody could be unknown.
            auth: Auth::Jwt,
            ..settings.clone()
        },
    };
    let request = scene.request;
    let mut exchange = Exchange::begin(&app, &request);
    exchange.at = Timestamp::from_millis(NOW_MS);
    let Some(problem) = refusal(&exchange, &app, code) else {
        return Value::Null;
    };
    let id = exchange.parameter("id");
    let subject = Subject {
        declaration,
        id: id.as_deref().unwrap_or("o-2"),
    };
    let response = problem::response(&exchange, Some(subject), &problem);
    serde_json::from_slice(response.body()).unwrap_or_default()
}

fn refusal(exchange: &Exchange<'_>, app: &App<Shelf>, code: Code) -> Option<Problem> {
    if code == Code::MethodNotAllowed {
        let route = Route::find(exchange).ok()?;
        return Some(route.not_allowed(exchange.method()));
    }
    let command = match command(exchange) {
        Ok(command) => command,
        Err(problem) => return Some(problem),
    };
    // Nothing waits on a shelf: it answers at once.
    match run(&app.declarations, &command, &app.store).now_or_never()? {
        Answer::Refused(problem) => Some(problem),
        Answer::Done(_) | Answer::All(_) => None,
    }
}

fn command(exchange: &Exchange<'_>) -> Result<Command, Problem> {
    let transition = exchange.parameter("transition").is_some();
    match exchange.method().as_str() {
        "POST" if transition => write::transition(exchange),
        "POST" => write::create(exchange),
        "PUT" => write::put(exchange),
        "PATCH" => write::patch(exchange),
        _ => write::delete(exchange),
    }
}

/// A request, and what it meets.
struct Scene {
    request: Request,
    shelf: Shelf,
}

/// The parts of a request that differ from scene to scene.
struct Sent<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Value,
    /// `null` for none.
    body: Value,
}

fn scene(code: Code, declaration: &Declaration) -> Scene {
    let mut shelf = Shelf {
        items: vec![(key("o-1"), found(code, declaration))],
        fate: match code {
            Code::Contention => Fate::Contended,
            Code::Internal => Fate::Failed(Failure::Defect),
            Code::Unavailable => Fate::Failed(Failure::Unavailable {
                retry_after_ms: 2_000,
            }),
            Code::OutcomeUnknown => Fate::Lost,
            _ => Fate::Refused,
        },
    };
    shelf.items.extend(claim(declaration));
    shelf.items.extend(record(declaration));
    Scene {
        request: request(&sent(code), scopes(code)),
        shelf,
    }
}

/// What the request finds under the id `o-1`.
fn found(code: Code, declaration: &Declaration) -> Item {
    match code {
        Code::Gone => tombstone(),
        Code::Leased => leased(order(declaration, "pending", json!([]))),
        Code::NotAllowedInState => order(declaration, "paid", json!([])),
        Code::ConditionNotMet => order(declaration, "pending", json!([])),
        _ => {
            let lines = json!([{ "product": "p-1", "quantity": 2 }]);
            order(declaration, "pending", lines)
        }
    }
}

/// The request.
fn sent(code: Code) -> Sent<'static> {
    let one = "/v1/orders/o-1";
    let note = json!({ "note": "Ring twice" });
    match code {
        Code::MalformedRequest => Sent {
            query: "verbose=true",
            ..Sent::new("PATCH", one, note).with("if-match", "7-9f2c1a7e")
        },
        Code::Unauthenticated | Code::Forbidden => {
            Sent::new("DELETE", one, Value::Null).with("if-match", "\"7-9f2c1a7e\"")
        }
        Code::MethodNotAllowed => Sent::new("POST", one, note),
        Code::NotFound => {
            Sent::new("PATCH", "/v1/orders/o-9", note).with("if-match", "\"7-9f2c1a7e\"")
        }
        Code::Gone | Code::NotAllowedInState | Code::Leased => {
            Sent::new("PATCH", one, note).with("if-match", "\"7-9f2c1a7e\"")
        }
        Code::NotAcceptable => Sent::new("PATCH", one, note).with("accept", "text/html"),
        Code::ContentTooLarge => Sent::new("PUT", one, json!({ "note": "x".repeat(TOO_MUCH) })),
        Code::UnsupportedMediaType => {
            Sent::new("PATCH", one, note).with("content-type", "text/plain")
        }
        Code::StaleVersion => Sent::new("PATCH", one, json!({ "reference": "A-18" }))
            .with("if-match", "\"5-9f2c1a7e\""),
        Code::AlreadyExists => {
            let body = json!({ "customer": "c-2", "lines": [] });
            Sent::new("PUT", one, body).with("if-none-match", "*")
        }
        Code::Duplicate => {
            let body = json!({ "customer": "c-1", "reference": "A-17", "lines": [] });
            Sent::new("POST", "/v1/orders", body)
        }
        Code::MissingReference => {
            let lines = json!([{ "product": "p-9", "quantity": 1 }]);
            let body = json!({ "customer": "c-2", "lines": lines });
            Sent::new("POST", "/v1/orders", body)
        }
        Code::HasDependents => {
            Sent::new("DELETE", one, Value::Null).with("if-match", "\"7-9f2c1a7e\"")
        }
        Code::InvalidTransition => {
            Sent::new("POST", "/v1/orders/o-1/transitions/ship", Value::Null)
        }
        Code::InvalidResource => {
            let body = json!({ "customer": "", "lines": [{ "product": "p-1", "quantity": 0 }] });
            Sent::new("PUT", one, body).with("if-match", "\"7-9f2c1a7e\"")
        }
        Code::IdempotencyKeyReused => {
            let body = json!({ "customer": "c-1", "reference": "A-18", "lines": [] });
            Sent::new("POST", "/v1/orders", body).with("idempotency-key", KEY)
        }
        Code::PreconditionRequired => Sent::new("PATCH", one, note),
        Code::ConditionNotMet
        | Code::Contention
        | Code::Internal
        | Code::Unavailable
        | Code::OutcomeUnknown => {
            let body = json!({ "payment": "pay-77" });
            Sent::new("POST", "/v1/orders/o-1/transitions/pay", body)
        }
    }
}

impl Sent<'static> {
    fn new(method: &'static str, path: &'static str, body: Value) -> Self {
        let headers = match &body {
            Value::Null => json!({}),
            _ => json!({ "content-type": "application/json" }),
        };
        Sent {
            method,
            path,
            query: "",
            headers,
            body,
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers[name] = json!(value);
        self
    }
}

/// What alice's token grants her; nothing without one.
fn scopes(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => None,
        Code::HasDependents => Some("orders.write orders.delete"),
        _ => Some("orders.write"),
    }
}

/// The request as API Gateway hands it over, with the caller in it where there is a token.
fn request(sent: &Sent<'_>, scopes: Option<&str>) -> Request {
    let mut segments = sent.path.split('/').skip(2);
    let mut parameters = serde_json::Map::new();
    for name in ["type", "id", "transitions", "transition"] {
        if let Some(value) = segments.next() {
            parameters.insert(name.to_owned(), json!(value));
        }
    }
    let mut event = json!({
        "rawPath": sent.path,
        "rawQueryString": sent.query,
        "headers": sent.headers,
        "pathParameters": parameters,
        "requestContext": {
            "http": { "method": sent.method },
            "requestId": "Zk3vYh8TjoEEPtw=",
            "stage": "$default",
        },
        "body": match &sent.body {
            Value::Null => Value::Null,
            body => json!(body.to_string()),
        },
    });
    if let Some(scopes) = scopes {
        let claims = json!({ "sub": "alice", "scope": scopes });
        event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims } });
    }
    match serde_json::from_value(event) {
        Ok(event) => entry::request(event, Context::default()),
        Err(_) => Request::default(),
    }
}

fn key(id: &str) -> Key {
    Key::Resource {
        tenant: "-".to_owned(),
        type_name: "orders".to_owned(),
        id: id.to_owned(),
    }
}

fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::from_millis(NOW_MS - minutes * 60_000)
}

/// The order `o-1` at version 7, which bob and carol have changed since version 5.
fn order(declaration: &Declaration, state: &str, lines: Value) -> Item {
    let document = json!({
        "customer": "c-1",
        "reference": "A-17",
        "lines": lines,
        "address": { "street": "12 Mill Lane", "city": "Leeds" },
        "note": "Leave it with the neighbours",
    });
    let clock = |version, actor: &str, minutes| Clock {
        version,
        actor: actor.to_owned(),
        at: minutes_ago(minutes),
    };
    let mut fields = BTreeMap::new();
    fields.insert(Pointer::member("address").child("city"), clock(6, "bob", 4));
    fields.insert(Pointer::member("note"), clock(7, "carol", 1));
    Item::from(Resource {
        document: match document {
            Value::Object(members) => members,
            _ => Document::new(),
        },
        version: 7,
        incarnation: "9f2c1a7e".to_owned(),
        state: declaration.states.as_ref().map(|_| state.to_owned()),
        created_at: minutes_ago(95),
        created_by: "alice".to_owned(),
        updated_at: minutes_ago(1),
        updated_by: "carol".to_owned(),
        operation: "update".to_owned(),
        previous_at: Some(minutes_ago(4)),
        clocks: Clocks { fields, floor: 0 },
        stamps: Stamps::default(),
        dependents: BTreeMap::from([("shipments".to_owned(), 2)]),
        counted: std::collections::BTreeSet::new(),
        lease_token: 0,
        lease: None,
    })
}

/// The same, which bob has leased for some minutes more.
fn leased(item: Item) -> Item {
    match item {
        Item::Resource(resource) => Item::from(Resource {
            lease_token: 3,
            lease: Some(Box::new(Lease {
                holder: "bob".to_owned(),
                until: minutes_ago(-10),
                token: 3,
                request_id: "Zk3vYh8TjoEEPtv=".to_owned(),
            })),
            ..Arc::unwrap_or_clone(resource)
        }),
        other => other,
    }
}

fn tombstone() -> Item {
    Item::from(Tombstone {
        version: 8,
        incarnation: "9f2c1a7e".to_owned(),
        created_at: minutes_ago(95),
        created_by: Some("alice".to_owned()),
        deleted_at: minutes_ago(1),
        deleted_by: "bob".to_owned(),
        stamps: Stamps::default(),
        lease_token: 0,
        expires_at_s: minutes_ago(-60).seconds(),
    })
}

/// What the request with this key did.
fn record(declaration: &Declaration) -> Option<(Key, Item)> {
    let Item::Resource(order) = order(declaration, "pending", json!([])) else {
        return None;
    };
    let key = Key::Record {
        tenant: "-".to_owned(),
        actor: "alice".to_owned(),
        key: KEY.to_owned(),
    };
    let record = Record {
        fingerprint: String::new(),
        request_id: String::new(),
        expires_at_s: minutes_ago(-60).seconds(),
        done: vec![Done::of(DoneKind::Created, "o-1", Some(order))],
    };
    Some((key, Item::Record(Box::new(record))))
}

/// The unique values that the order `o-1` holds.
fn claim(declaration: &Declaration) -> Option<(Key, Item)> {
    let unique = declaration.unique.first()?;
    let values = [json!("c-1"), json!("A-17")];
    let values: Vec<Option<&Value>> = values.iter().map(Some).collect();
    let key = unique_key("-", declaration, unique, &values)?;
    let owner = "o-1".to_owned();
    Some((key, Item::Claim(Claim { owner })))
}
