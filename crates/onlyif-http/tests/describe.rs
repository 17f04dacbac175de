//! What the API says about itself: every kind of problem has its words, its page and an example that
//! its schema takes; and every path and method is answered.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use lambda_http::{Body, Context, Response};
use onlyif::declaration::{Declarations, SourceFile};
use onlyif::problem::Code;
use onlyif_http::exchange::Exchange;
use onlyif_http::{App, Auth, Settings, StaleStatus, catalogue, describe, entry};
use serde_json::{Value, json};

const ORDERS: &str = "
type: orders
description: What <customers> buy
schema: { type: object, properties: { note: { type: string } } }
unique: [{ fields: [/note] }]
states: { initial: pending, final: [paid], update: [pending] }
transitions:
  pay:
    from: pending
    to: paid
    input: { type: object }
";

const PLAIN: &str = "
type: plain
schema: { type: object }
";

fn app_of(texts: &[(&str, &str)], stale_status: StaleStatus, auth: Auth) -> App<()> {
    let sources: Vec<SourceFile> = texts
        .iter()
        .map(|(name, text)| SourceFile {
            name: format!("resources/{name}.yaml"),
            text: (*text).to_owned(),
        })
        .collect();
    App {
        declarations: Arc::new(Declarations::parse(&sources).unwrap()),
        store: (),
        settings: Settings {
            stale_status,
            auth,
            base_url: Some("https://api.example".to_owned()),
        },
    }
}

fn app() -> App<()> {
    let both = [("orders", ORDERS), ("plain", PLAIN)];
    app_of(&both, StaleStatus::Conflict, Auth::Jwt)
}

/// Sends a request; what stands behind a `?` is its query.
fn send(app: &App<()>, method: &str, path: &str, headers: &Value) -> Response<Body> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let event = json!({
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": { "http": { "method": method }, "requestId": "r-1", "stage": "$default" },
    });
    let request = entry::request(serde_json::from_value(event).unwrap(), Context::default());
    describe::answer(app, &Exchange::begin(app, &request))
}

fn get(app: &App<()>, path: &str) -> Value {
    let response = send(app, "GET", path, &json!({}));
    assert_eq!(response.status(), 200, "{path}");
    assert_eq!(header(&response, "content-type"), "application/json");
    serde_json::from_slice(response.body()).unwrap()
}

fn text(response: &Response<Body>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// What a component's schema has against a value.
fn faults(document: &Value, component: &str, value: &Value) -> Vec<String> {
    let schema = json!({
        "$ref": format!("#/components/schemas/{component}"),
        "components": document["components"],
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect()
}

#[test]
fn every_example_is_a_problem_of_its_kind() {
    for stale_status in [StaleStatus::Conflict, StaleStatus::PreconditionFailed] {
        let app = app_of(&[("orders", ORDERS)], stale_status, Auth::Jwt);
        let document = get(&app, "/openapi.json");
        for entry in catalogue::entries(&app.settings) {
            let name = entry.code.name();
            let example = &entry.example;
            assert_eq!(example["code"], name);
            assert_eq!(example["status"], entry.status, "{name}");
            assert_eq!(example["title"], entry.title, "{name}");
            assert_eq!(example["retry"], entry.retry.name(), "{name}");
            let address = format!("https://api.example/problems/{name}");
            assert_eq!(example["type"], address, "{name}");
            let found = faults(&document, &format!("Problem.{name}"), example);
            assert_eq!(found, Vec::<String>::new(), "{name} {example}");
            assert_eq!(document["components"]["examples"][name]["value"], *example);
        }
    }
}

#[test]
fn no_example_is_of_another_kind() {
    let app = app();
    let document = get(&app, "/openapi.json");
    let entries = catalogue::entries(&app.settings);
    for entry in &entries {
        for other in &entries {
            let schema = format!("Problem.{}", other.code.name());
            let fits = faults(&document, &schema, &entry.example).is_empty();
            assert_eq!(fits, entry.code == other.code, "{:?} {schema}", entry.code);
        }
    }
}

#[test]
fn a_problem_that_is_a_conflict_lists_one_of_its_kind() {
    let app = app();
    let document = get(&app, "/openapi.json");
    let mut conflicts = 0;
    for entry in catalogue::entries(&app.settings) {
        let name = entry.code.name();
        let is_conflict = !document["components"]["schemas"][format!("Conflict.{name}")].is_null();
        let mut without = entry.example;
        without["conflicts"] = json!([]);
        let found = faults(&document, &format!("Problem.{name}"), &without);
        assert_eq!(found.is_empty(), !is_conflict, "{name} {found:?}");
        conflicts += usize::from(is_conflict);
    }
    assert_eq!(conflicts, 11);
}

#[test]
fn examples_show_what_a_client_can_do() {
    let entries = catalogue::entries(&app().settings);
    let example = |code: Code| &entries.iter().find(|it| it.code == code).unwrap().example;
    let rels = |code: Code| -> Vec<&str> {
        let resolutions = example(code)["resolutions"].as_array().unwrap();
        resolutions
            .iter()
            .map(|it| it["rel"].as_str().unwrap())
            .collect()
    };
    let stale = &example(Code::StaleVersion)["conflicts"][0];
    assert_eq!(stale["fields"][0]["changedBy"], "bob");
    assert_eq!(rels(Code::StaleVersion), ["merge", "overwrite", "discard"]);
    assert_eq!(rels(Code::Duplicate), ["read-holder"]);
    assert_eq!(rels(Code::InvalidTransition), ["transition"]);
    assert_eq!(rels(Code::PreconditionRequired), ["read"]);
    for code in [Code::MalformedRequest, Code::InvalidResource] {
        let errors = example(code)["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 2, "{code:?}");
    }
}

#[test]
fn every_kind_has_its_words_and_its_page() {
    let app = app();
    let html = json!({ "accept": "text/html" });
    let catalogue = send(&app, "GET", "/problems", &html);
    assert_eq!(
        header(&catalogue, "content-type"),
        "text/html; charset=utf-8"
    );
    for code in Code::ALL {
        let name = code.name();
        let words = format!("{} {}", catalogue::meaning(code), catalogue::remedy(code));
        let sentences = words.matches(['.', '?']).count();
        assert!(sentences >= 2, "{words}");
        assert!(words.ends_with('.') && !words.contains("  "), "{words}");
        assert_eq!(words.matches('`').count() % 2, 0, "{words}");
        let path = format!("/problems/{name}");
        assert!(
            text(&catalogue).contains(&format!("href=\"{path}\"")),
            "{name}"
        );
        let page = send(&app, "GET", &path, &html);
        assert_eq!(page.status(), 200);
        assert!(
            text(&page).contains(&format!("<h1>{}</h1>", catalogue::title(code))),
            "{name}"
        );
        assert_eq!(get(&app, &path)["code"], name);
    }
}

#[test]
fn pages_load_nothing_and_run_nothing() {
    let app = app();
    for path in ["/problems", "/problems/stale-version"] {
        let page = send(&app, "GET", path, &json!({ "accept": "text/html" }));
        for loading in [
            "<script", "<link", "<img", "src=", "url(", "@import", "onload",
        ] {
            assert!(!text(&page).contains(loading), "{path} {loading}");
        }
        let policy = header(&page, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
}

#[test]
fn answers_are_as_the_document_says() {
    let app = app();
    let document = get(&app, "/openapi.json");
    let none = Vec::<String>::new();
    for (path, component) in [
        ("/v1", "Index"),
        ("/problems", "ProblemKinds"),
        ("/problems/gone", "ProblemKind"),
    ] {
        assert_eq!(
            faults(&document, component, &get(&app, path)),
            none,
            "{path}"
        );
    }
    let index = get(&app, "/v1");
    assert_eq!(index["types"].as_array().unwrap().len(), 2);
    let orders = &index["types"][0];
    assert_eq!(orders["href"], "/v1/orders");
    assert_eq!(
        orders["transitions"][0]["href"],
        "/v1/orders/{id}/transitions/pay"
    );
    // What the index refers to is in the document.
    for reference in [&orders["schema"], &orders["transitions"][0]["input"]] {
        let (path, pointer) = reference.as_str().unwrap().split_once('#').unwrap();
        assert_eq!(path, "/openapi.json");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn addresses_keep_the_path_that_they_begin_with() {
    let mut app = app();
    app.settings.base_url = Some("https://shop.example/api".to_owned());
    let index = get(&app, "/v1");
    assert_eq!(index["openapi"], "/api/openapi.json");
    assert_eq!(index["types"][0]["item"], "/api/v1/orders/{id}");
    let document = get(&app, "/openapi.json");
    assert_eq!(document["servers"][0]["url"], "https://shop.example/api");
    let gone = get(&app, "/problems/gone");
    assert_eq!(gone["type"], "https://shop.example/api/problems/gone");
}

#[test]
fn every_path_tells_the_methods_that_the_document_gives_it() {
    let app = app();
    let document = get(&app, "/openapi.json");
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "o-1").replace("{code}", "gone");
        let mut documented: Vec<String> = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "parameters")
            .map(|name| name.to_uppercase())
            .collect();
        documented.sort_unstable();
        let options = send(&app, "OPTIONS", &path, &json!({}));
        assert_eq!(options.status(), 204, "{path}");
        assert_eq!(text(&options), "");
        let refused = send(&app, "TRACE", &path, &json!({}));
        assert_eq!(refused.status(), 405, "{path}");
        assert!(text(&refused).contains("\"code\":\"method-not-allowed\""));
        for response in [&options, &refused] {
            let mut allowed: Vec<&str> = header(response, "allow").split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, documented, "{path}");
            let patches = header(response, "accept-patch");
            assert_eq!(patches.is_empty(), !allowed.contains(&"PATCH"), "{path}");
            if !patches.is_empty() {
                let content = item["patch"]["requestBody"]["content"].as_object().unwrap();
                let documented: Vec<&str> = content.keys().map(String::as_str).collect();
                assert_eq!(patches.split(", ").collect::<Vec<_>>(), documented);
            }
        }
    }
}

#[test]
fn paths_and_methods_that_nothing_serves_are_problems() {
    let app = app();
    let table = [
        (
            "POST",
            "/v1/orders/o-1",
            405,
            "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
        ),
        ("PUT", "/v1/orders", 405, "GET, HEAD, POST, OPTIONS"),
        (
            "GET",
            "/v1/orders/o-1/transitions/pay",
            405,
            "POST, OPTIONS",
        ),
        ("POST", "/v1", 405, "GET, HEAD, OPTIONS"),
        ("DELETE", "/problems/gone", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/", 404, ""),
        ("GET", "", 404, ""),
        ("GET", "/v2/orders", 404, ""),
        ("GET", "/v1/", 404, ""),
        ("GET", "/v1/orders/", 404, ""),
        ("OPTIONS", "/v1/nothing", 404, ""),
        ("POST", "/v1/nothing", 404, ""),
        ("POST", "/v1/orders/a/b", 404, ""),
        ("POST", "/v1/orders/o 1", 404, ""),
        ("GET", "/v1/orders/o-1/transitions/fly", 404, ""),
        ("GET", "/v1/plain/o-1/transitions/pay", 404, ""),
        ("GET", "/v1/orders/o-1/history/1", 404, ""),
        ("GET", "/problems/nothing", 404, ""),
        ("HEAD", "/problems/nothing", 404, ""),
        // A deployment that has lost this route does not tell what it cannot know.
        ("GET", "/v1/orders", 404, ""),
        ("GET", "/v1?verbose", 400, ""),
        ("OPTIONS", "/v1/orders?limit=1", 400, ""),
        ("GET", "/problems?page=2", 400, ""),
    ];
    for (method, path, status, allow) in table {
        let response = send(&app, method, path, &json!({}));
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(header(&response, "allow"), allow, "{method} {path}");
        assert_eq!(
            header(&response, "content-type"),
            "application/problem+json"
        );
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(
            text(&response).is_empty(),
            method == "HEAD",
            "{method} {path}"
        );
    }
    let unknown = send(&app, "POST", "/v1/order", &json!({}));
    assert!(text(&unknown).contains("There are orders, plain."));
}

#[test]
fn html_is_for_those_who_prefer_it() {
    let app = app();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let table = [
        ("/problems", None, "application/json"),
        ("/problems", Some("*/*"), "application/json"),
        ("/problems", Some("application/json"), "application/json"),
        (
            "/problems",
            Some("text/html, application/json"),
            "application/json",
        ),
        (
            "/problems",
            Some("text/html;q=0.4, application/json;q=0.5"),
            "application/json",
        ),
        (
            "/problems",
            Some("application/*, text/html;q=0.9"),
            "application/json",
        ),
        ("/problems", Some("text/html"), "text/html; charset=utf-8"),
        ("/problems", Some("text/*"), "text/html; charset=utf-8"),
        (
            "/problems",
            Some("application/json;q=0, */*"),
            "text/html; charset=utf-8",
        ),
        ("/problems/gone", Some(browser), "text/html; charset=utf-8"),
        ("/problems", Some("image/png"), "application/problem+json"),
        (
            "/problems/gone",
            Some("*/*;q=0"),
            "application/problem+json",
        ),
        // The rest is JSON for everybody who takes it.
        ("/v1", Some(browser), "application/json"),
        ("/openapi.json", Some(browser), "application/json"),
        ("/v1", Some("text/html"), "application/problem+json"),
    ];
    for (path, accept, expected) in table {
        let headers = accept.map_or(json!({}), |accept| json!({ "accept": accept }));
        let response = send(&app, "GET", path, &headers);
        assert_eq!(
            header(&response, "content-type"),
            expected,
            "{path} {accept:?}"
        );
        let status = if expected.contains("problem") {
            406
        } else {
            200
        };
        assert_eq!(response.status(), status, "{path} {accept:?}");
        if status == 200 {
            assert_eq!(header(&response, "vary"), "Accept");
        }
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again_and_head_sends_headers_only() {
    let app = app();
    for path in ["/v1", "/openapi.json", "/problems", "/problems/gone"] {
        let full = send(&app, "GET", path, &json!({}));
        let tag = header(&full, "etag");
        assert!(
            tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'),
            "{tag}"
        );
        assert_eq!(header(&full, "cache-control"), "no-cache");
        for (condition, status) in [(tag, 304), ("\"other\"", 200), ("*", 304), ("other", 400)] {
            let again = send(&app, "GET", path, &json!({ "if-none-match": condition }));
            assert_eq!(again.status(), status, "{path} {condition}");
            assert!(status != 304 || text(&again).is_empty());
        }
        let head = send(&app, "HEAD", path, &json!({}));
        assert_eq!(head.headers(), full.headers(), "{path}");
        assert_eq!(text(&head), "");
    }
    let html = send(&app, "GET", "/problems", &json!({ "accept": "text/html" }));
    let json = send(&app, "GET", "/problems", &json!({}));
    assert_ne!(header(&html, "etag"), header(&json, "etag"));
}

#[test]
fn other_declarations_or_settings_are_described_anew() {
    let paths = |app: &App<()>| {
        get(app, "/openapi.json")["paths"]
            .as_object()
            .unwrap()
            .len()
    };
    let one = app_of(&[("plain", PLAIN)], StaleStatus::Conflict, Auth::Jwt);
    let two = app();
    assert_eq!(paths(&one), 9);
    assert_eq!(paths(&two), 14);
    assert_eq!(paths(&one), 9);
    let mut strict = two.clone();
    strict.settings.stale_status = StaleStatus::PreconditionFailed;
    assert_eq!(get(&two, "/problems/stale-version")["status"], 409);
    assert_eq!(get(&strict, "/problems/stale-version")["status"], 412);
    let put = &get(&strict, "/openapi.json")["paths"]["/v1/orders/{id}"]["put"]["responses"];
    let twelve = &put["412"]["content"]["application/problem+json"]["examples"];
    let names: Vec<&String> = twelve.as_object().unwrap().keys().collect();
    assert_eq!(names, ["stale-version", "already-exists"]);
}

#[test]
fn where_everybody_is_anonymous_nobody_is_refused_for_being_it() {
    let open = app_of(&[("orders", ORDERS)], StaleStatus::Conflict, Auth::None);
    let document = get(&open, "/openapi.json");
    assert_eq!(document.get("security"), None);
    let responses = &document["paths"]["/v1/orders"]["post"]["responses"];
    assert_eq!(responses.get("401"), None);
    assert_eq!(responses.get("403"), None);
    // The pages stay: their addresses are the names of the problems.
    assert_eq!(get(&open, "/problems/unauthenticated")["status"], 401);
}
