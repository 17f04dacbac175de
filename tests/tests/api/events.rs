//! The golden events of `events/`: what API Gateway hands to the functions, each answered as
//! `expected.json` says, on the sample data. They go through the functions' own entry, or, where the
//! environment names a build, through its binaries ([`Bootstraps`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::{Context, Request};
use onlyif::history::{Archive, Life};
use onlyif::item::Key;
use onlyif::problem::Code;
use onlyif::timestamp::Timestamp;
use onlyif_cli::function::Function;
use onlyif_cli::serve::{Options, Server, start};
use onlyif_cli::stream::mapping::Mapping;
use onlyif_cli::template;
use onlyif_dynamodb::Table;
use onlyif_http::entry::{self, Event, Reply};
use onlyif_http::{App, Auth, Settings, StaleStatus};
use serde_json::{Value, json};

use crate::harness::{Actor, Backend, Bootstraps, table};

/// The incarnation that tags in the events name. The real one is drawn when a resource is created.
const INCARNATION: &str = "-00000000";

/// What Lambda hands to the history function; nobody is answered.
const RECORDS: &str = "history-records.json";

fn folder(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(name)
}

fn event(name: &str) -> String {
    fs::read_to_string(folder("events").join(name)).expect(name)
}

/// What `expected.json` says of one event.
struct Expected {
    function: Function,
    status: u16,
    code: Option<String>,
    headers: BTreeMap<String, String>,
    after: Vec<String>,
}

fn expected() -> BTreeMap<String, Expected> {
    let all: BTreeMap<String, Value> = serde_json::from_str(&event("expected.json")).unwrap();
    let read = |(name, expected): (String, Value)| {
        let binary = format!(
            "onlyif-{}",
            expected["function"].as_str().expect("function")
        );
        let texts = |member: &str| serde_json::from_value(expected[member].clone()).ok();
        let expected = Expected {
            function: Function::of_binary(&binary).expect("one of the functions"),
            status: expected["status"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .expect("status"),
            code: expected["code"].as_str().map(str::to_owned),
            headers: serde_json::from_value(expected["headers"].clone()).unwrap_or_default(),
            after: texts("after").unwrap_or_default(),
        };
        (name, expected)
    };
    all.into_iter().map(read).collect()
}

/// The sample data in a table of its own, and the functions on it, deployed with `AUTH=jwt`.
struct World {
    app: App<Table>,
    built: Option<Bootstraps>,
    server: Server,
    _backend: Backend,
}

impl World {
    async fn with_sample_data() -> Self {
        let backend = Backend::start().await;
        let table = table();
        let server = start(Options {
            resources: folder("resources"),
            store: Some(backend.url.clone()),
            table: table.clone(),
            seed: true,
            ..Options::default()
        })
        .await
        .expect("the server starts");
        let built = Bootstraps::named(vec![
            ("TABLE", table.clone()),
            ("AWS_ENDPOINT_URL_DYNAMODB", backend.url.clone()),
            ("AUTH", "jwt".to_owned()),
            ("STALE_STATUS", "409".to_owned()),
        ]);
        let store = onlyif_dynamodb::Settings::emulated(table, &backend.url);
        let app = App {
            declarations: Arc::new(onlyif_declared::declarations()),
            store: Table::connect(&store).expect("a client"),
            settings: Settings {
                stale_status: StaleStatus::Conflict,
                auth: Auth::Jwt,
                base_url: None,
            },
        };
        World {
            app,
            built,
            server,
            _backend: backend,
        }
    }

    /// What the function answers, once the event's tags name the incarnation that is there.
    async fn invoke(&self, function: Function, name: &str) -> Reply {
        let mut text = event(name);
        if text.contains(INCARNATION) {
            let event: Value = serde_json::from_str(&text).expect(name);
            let resource = Actor::new(&self.server.url, None);
            let resource = resource
                .get(event["rawPath"].as_str().expect("rawPath"))
                .await;
            if let Some((_, incarnation)) =
                resource.header("etag").and_then(|tag| tag.split_once('-'))
            {
                text = text.replace(
                    INCARNATION,
                    &format!("-{}", incarnation.trim_end_matches('"')),
                );
            }
        }
        if let Some(built) = &self.built {
            let answer = built.invoke(function, text).await;
            return serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{name}: {answer}"));
        }
        let event: Event = serde_json::from_str(&text).expect(name);
        let app = &self.app;
        let handler = async |request: Request| match function {
            Function::Create => onlyif_create::handle(app, request).await,
            Function::Read => onlyif_read::handle(app, request).await,
            Function::Update => onlyif_update::handle(app, request).await,
            Function::Transition => onlyif_transition::handle(app, request).await,
            Function::Transact => onlyif_transact::handle(app, request).await,
            Function::Delete => onlyif_delete::handle(app, request).await,
            Function::Lease => onlyif_lease::handle(app, request).await,
            Function::Describe => onlyif_describe::handle(app, request).await,
            Function::History => panic!("no route leads to the history function"),
        };
        entry::invoke(handler, event, context()).await
    }

    /// What the history function answers to the stream's records.
    async fn hand_over(&self, name: &str) -> Value {
        if let Some(built) = &self.built {
            let answer = built.invoke(Function::History, event(name)).await;
            return serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{name}: {answer}"));
        }
        let records = serde_json::from_str(&event(name)).expect(name);
        let reply = onlyif_history::handle(&self.app, records, &context()).await;
        serde_json::to_value(reply).expect("JSON")
    }
}

/// Ten seconds left, as `template.yaml` gives them.
fn context() -> Context {
    let deadline = SystemTime::now() + Duration::from_secs(10);
    let mut context = Context::default();
    context.deadline = deadline
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis()
        .try_into()
        .unwrap();
    context
}

/// Every event of a function. Those that change nothing share the sample data: a refusal that left
/// something behind, or a read that did, would show in the next.
async fn are_answered_as_expected(function: Function) {
    let expected = expected();
    let shared = World::with_sample_data().await;
    let mut wrong = Vec::new();
    for (name, this) in expected
        .iter()
        .filter(|(_, this)| this.function == function)
    {
        let refused = this.status >= 300 || matches!(function, Function::Read | Function::Describe);
        let own;
        let world = if this.after.is_empty() && refused {
            &shared
        } else {
            own = World::with_sample_data().await;
            &own
        };
        for before in &this.after {
            let of = &expected[before];
            let reply = world.invoke(of.function, before).await;
            assert_eq!(
                reply.status_code, of.status,
                "{before}, before {name}: {}",
                reply.body
            );
        }
        let reply = world.invoke(function, name).await;
        wrong.extend(differences(name, this, &reply));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(name: &str, expected: &Expected, reply: &Reply) -> Option<String> {
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let problem = reply
        .headers
        .get("content-type")
        .is_some_and(|it| it == "application/problem+json");
    let is = (
        reply.status_code,
        body["code"].as_str().filter(|_| problem),
        expected
            .headers
            .keys()
            .map(|name| reply.headers.get(name))
            .collect::<Vec<_>>(),
    );
    let should_be = (
        expected.status,
        expected.code.as_deref(),
        expected.headers.values().map(Some).collect::<Vec<_>>(),
    );
    (is != should_be).then(|| format!("{name}: {is:?}, not {should_be:?}: {}", reply.body))
}

#[tokio::test]
async fn events_of_create_are_answered_as_expected() {
    are_answered_as_expected(Function::Create).await;
}

#[tokio::test]
async fn events_of_read_are_answered_as_expected() {
    are_answered_as_expected(Function::Read).await;
}

#[tokio::test]
async fn events_of_update_are_answered_as_expected() {
    are_answered_as_expected(Function::Update).await;
}

#[tokio::test]
async fn events_of_transition_are_answered_as_expected() {
    are_answered_as_expected(Function::Transition).await;
}

#[tokio::test]
async fn events_of_delete_are_answered_as_expected() {
    are_answered_as_expected(Function::Delete).await;
}

#[tokio::test]
async fn events_of_lease_are_answered_as_expected() {
    are_answered_as_expected(Function::Lease).await;
}

#[tokio::test]
async fn events_of_transact_are_answered_as_expected() {
    are_answered_as_expected(Function::Transact).await;
}

#[tokio::test]
async fn events_of_describe_are_answered_as_expected() {
    are_answered_as_expected(Function::Describe).await;
}

#[tokio::test]
async fn the_records_of_the_stream_become_a_history() {
    let world = World::with_sample_data().await;
    // What is handed over again, because Lambda or a person does so, is told once.
    for _ in 0..2 {
        assert_eq!(
            world.hand_over(RECORDS).await,
            json!({"batchItemFailures": []})
        );
    }
    let life = Life {
        key: Key::Resource {
            tenant: "-".into(),
            type_name: "orders".into(),
            id: "o-1001".into(),
        },
        created_at: Timestamp::parse("2026-11-23T10:00:00.000Z").unwrap(),
        incarnation: "9f2c1a7e".into(),
    };
    let page = world.app.store.entries(&life, None, 9).await.unwrap();
    let told = page.entries.iter();
    let told: Vec<_> = told
        .map(|entry| (entry.version, entry.by.as_str(), entry.operation.as_str()))
        .collect();
    assert_eq!(told, [(2, "bob", "pay"), (1, "alice", "create")]);
    let mapping = Mapping::read(template::TEMPLATE).unwrap();
    let records: Value = serde_json::from_str(&event(RECORDS)).unwrap();
    for record in records["Records"].as_array().unwrap() {
        assert!(mapping.is_for(record), "{record}");
    }
}

#[test]
fn every_event_is_listed_and_every_listed_event_is_there() {
    let listed: BTreeSet<String> = expected().into_keys().collect();
    let files: BTreeSet<String> = fs::read_dir(folder("events"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json") && name != "expected.json" && name != "env.json")
        .filter(|name| name != RECORDS)
        .collect();
    assert_eq!(files, listed);
    for (name, expected) in expected() {
        let status = format!("-{}.json", expected.status);
        assert!(
            name.ends_with(&status),
            "{name} is answered {}",
            expected.status
        );
    }
}

#[test]
fn every_route_of_the_template_has_an_event_that_its_function_answers() {
    let api = template::Api::read(template::TEMPLATE).unwrap();
    let mut without: BTreeSet<&str> = api.routes.iter().map(|route| route.key.as_str()).collect();
    for (name, expected) in expected() {
        let event: Value = serde_json::from_str(&event(&name)).unwrap();
        let http = &event["requestContext"]["http"];
        let path = event["rawPath"].as_str().unwrap();
        assert_eq!(http["path"], path, "{name}");
        let chosen = api
            .routes
            .choose(http["method"].as_str().unwrap(), path)
            .expect(&name);
        for key in [&event["routeKey"], &event["requestContext"]["routeKey"]] {
            assert_eq!(key, chosen.route.key.as_str(), "{name}");
        }
        assert_eq!(expected.function, chosen.route.function, "{name}");
        let parameters: BTreeMap<&str, &str> = chosen.parameters.iter().copied().collect();
        let sent = event
            .get("pathParameters")
            .cloned()
            .unwrap_or_else(|| json!({}));
        assert_eq!(sent, json!(parameters), "{name}");
        without.remove(chosen.route.key.as_str());
    }
    assert!(without.is_empty(), "routes without an event: {without:?}");
}

#[test]
fn every_kind_of_problem_that_one_request_can_meet_has_an_event() {
    // These take another writer at that very moment, more than is worth keeping in a file, or a
    // store that is down.
    let by_circumstance = [
        Code::Contention,
        Code::ContentTooLarge,
        Code::Internal,
        Code::Unavailable,
        Code::OutcomeUnknown,
    ];
    let met: BTreeSet<String> = expected()
        .into_values()
        .filter_map(|expected| expected.code)
        .collect();
    let all = Code::ALL
        .into_iter()
        .filter(|code| !by_circumstance.contains(code));
    let all: BTreeSet<String> = all.map(|code| code.name().to_owned()).collect();
    assert_eq!(met, all);
}
