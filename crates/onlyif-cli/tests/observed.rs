//! What a running `onlyif` tells of the requests that it answers.

// It is ended by signals.
#![cfg(unix)]
// Code outside of `#[test]` functions is test code here too: it fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

const NOTES: &str = "type: notes
schema:
  type: object
  properties: { title: { type: string }, slug: { type: string }, text: { type: string } }
unique:
  - fields: [/slug]
";

/// A running `onlyif`.
struct Running {
    child: Child,
    url: String,
    client: Client,
    _resources: Option<tempfile::TempDir>,
}

/// A request: method, path, caller, headers, body.
type Asked<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], Value);

impl Running {
    /// One that serves notes, and has none.
    fn with_notes() -> Self {
        let resources = tempfile::tempdir().unwrap();
        std::fs::write(resources.path().join("notes.yaml"), NOTES).unwrap();
        let mut running = Running::start(resources.path(), &["--no-seed"]);
        running._resources = Some(resources);
        running
    }

    /// What `cargo run` serves.
    fn with_sample_data() -> Self {
        Running::start(&root().join("resources"), &[])
    }

    fn start(resources: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onlyif"))
            .args(["--memory", "--port", "0", "--log", "json"])
            .args(arguments)
            .arg("--resources")
            .arg(resources)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let banner = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut banner = banner.map(Result::unwrap);
        let api = banner.find(|line| line.ends_with("/v1")).unwrap();
        banner.find(|line| line.contains("Ctrl-C ends")).unwrap();
        let url = api[api.find("http").unwrap()..]
            .trim_end_matches("/v1")
            .to_owned();
        Running {
            child,
            url,
            client: Client::new(),
            _resources: None,
        }
    }

    /// The tag that the answer carries.
    async fn ask(&self, (method, path, by, headers, body): Asked<'_>) -> String {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(by);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let reply = request.send().await.unwrap();
        let tag = reply.headers().get("etag");
        tag.map_or_else(String::new, |tag| tag.to_str().unwrap().to_owned())
    }

    /// What `onlyif conflicts` prints of it.
    fn conflicts(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_onlyif"))
            .args(["conflicts", "--url", &self.url])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends it, and gives the events that it has logged.
    fn events(mut self) -> Vec<Value> {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(killed.unwrap().success());
        let mut stdout = self.child.stdout.take().unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
        assert!(self.child.wait().unwrap().success());
        let read = |line| serde_json::from_str(line).expect("JSON alone");
        text.lines().map(read).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What of an event is the same in every run.
fn story(event: &Value) -> Value {
    let untold = [
        "timestamp",
        "level",
        "target",
        "method",
        "path",
        "status",
        "gist",
        "operation",
        "ms",
        "attempts",
        "request_id",
        "invocation",
        "yours",
        "etag",
    ];
    let members = event.as_object().unwrap().iter();
    let told: Map<String, Value> = members
        .filter(|(name, _)| !untold.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_an_event_that_says_what_became_of_it() {
    let server = Running::with_notes();
    let note = "/v1/notes/n-1";
    let create = [("if-none-match", "*")];
    let body = json!({ "title": "a", "slug": "one", "text": "secret" });
    let first = server.ask(("PUT", note, "alice", &create, body)).await;
    let stale = [("if-match", first.as_str())];
    let title = json!({ "title": "b" });
    let second = server.ask(("PATCH", note, "bob", &stale, title)).await;
    let title = json!({ "title": "c" });
    server.ask(("PATCH", note, "alice", &stale, title)).await;
    let merge = [stale[0], ("prefer", "conflict=merge")];
    let text = json!({ "text": "kept from the log" });
    server.ask(("PATCH", note, "alice", &merge, text)).await;
    let dry = [("if-match", second.as_str()), ("prefer", "dry-run")];
    let title = json!({ "title": "d" });
    server.ask(("PATCH", note, "alice", &dry, title)).await;
    let patch = [
        ("if-match", "*"),
        ("content-type", "application/json-patch+json"),
    ];
    let test = json!([{ "op": "test", "path": "/title", "value": "hush" }]);
    server.ask(("PATCH", note, "alice", &patch, test)).await;
    let taken = json!({ "slug": "one" });
    server
        .ask(("POST", "/v1/notes", "carol", &[], taken.clone()))
        .await;
    let keyed = [("idempotency-key", "k-1")];
    let other = json!({ "slug": "two" });
    let put = [keyed[0], create[0]];
    for _ in 0..2 {
        server
            .ask(("PUT", "/v1/notes/n-2", "carol", &put, other.clone()))
            .await;
    }
    let operation = |id: &str, body: Value| json!({ "method": "PUT", "path": format!("/v1/notes/{id}"), "headers": { "If-None-Match": "*" }, "body": body });
    let both = |second: Value| json!({ "operations": [operation("n-3", json!({})), second] });
    let transactions = "/v1/transactions";
    let refused = both(operation("n-4", taken));
    server
        .ask(("POST", transactions, "dave", &[], refused))
        .await;
    let done = both(operation("n-5", json!({})));
    server.ask(("POST", transactions, "dave", &[], done)).await;
    server.ask(("GET", note, "erin", &[], Value::Null)).await;
    server
        .ask(("GET", "/v1/secrets", "erin", &[], Value::Null))
        .await;
    let any = [("if-match", "*")];
    server
        .ask(("DELETE", note, "erin", &any, Value::Null))
        .await;
    server
        .ask(("DELETE", note, "alice", &stale, Value::Null))
        .await;

    let events = server.events();
    let told: Vec<Value> = events.iter().map(story).collect();
    let n1 = |rest: Value| {
        let mut story = json!({ "type": "notes", "id": "n-1" });
        story
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        story
    };
    let expected = [
        n1(json!({ "outcome": "created", "actor": "alice" })),
        n1(json!({ "outcome": "changed", "actor": "bob" })),
        n1(json!({
            "outcome": "conflict", "code": "stale-version", "retry": "after-refresh",
            "actor": "alice", "contested": "notes/n-1", "pointers": ["/title"], "rivals": ["bob"],
        })),
        n1(json!({ "outcome": "changed", "actor": "alice", "merged": true })),
        n1(json!({
            "outcome": "dry-run", "code": "stale-version", "retry": "after-refresh",
            "actor": "alice", "contested": "notes/n-1", "pointers": ["/text"], "rivals": ["alice"],
        })),
        n1(json!({
            "outcome": "conflict", "code": "condition-not-met", "retry": "after-refresh",
            "actor": "alice", "contested": "notes/n-1", "pointers": ["/title"],
        })),
        json!({
            "type": "notes", "outcome": "conflict", "code": "duplicate", "retry": "never",
            "actor": "carol", "contested": "notes/n-1", "pointers": ["/slug"],
        }),
        json!({ "type": "notes", "id": "n-2", "outcome": "created", "actor": "carol" }),
        json!({
            "type": "notes", "id": "n-2", "outcome": "created", "actor": "carol", "replayed": true,
        }),
        json!({
            "type": "notes", "id": "n-4", "outcome": "conflict", "code": "duplicate",
            "retry": "never", "actor": "dave", "contested": "notes/n-1", "pointers": ["/slug"],
        }),
        json!({ "outcome": "committed", "actor": "dave", "resources": ["notes/n-3", "notes/n-5"] }),
        n1(json!({ "outcome": "answered", "actor": "erin" })),
        json!({ "outcome": "refused", "code": "not-found", "retry": "never", "actor": "erin" }),
        n1(json!({ "outcome": "deleted", "actor": "erin" })),
        n1(json!({
            "outcome": "conflict", "code": "gone", "retry": "after-refresh", "actor": "alice",
            "contested": "notes/n-1", "rivals": ["erin"],
        })),
    ];
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(told, expected);
    }
    assert_eq!(told.len(), expected.len());
    let quoted = |event: &Value, name: &str| format!("\"{}\"", event[name].as_str().unwrap());
    assert_eq!(quoted(&events[0], "etag"), first);
    assert_eq!(quoted(&events[2], "yours"), first);
    assert_eq!(quoted(&events[2], "etag"), second);
    let all = json!(events).to_string();
    for untold in ["secret\"", "kept from the log", "hush", "k-1"] {
        assert!(!all.contains(untold), "{untold}: {all}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The first block of this language in docs/operating.md.
fn documented(language: &str) -> String {
    let page = std::fs::read_to_string(root().join("docs/operating.md")).unwrap();
    let (_, block) = page.split_once(&format!("```{language}\n")).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// The same, whatever the incarnation of the resource is.
fn steady(event: &Value) -> Value {
    let mut steady = event.clone();
    let (old, new) = (
        event["yours"].as_str().unwrap(),
        event["etag"].as_str().unwrap(),
    );
    for name in ["yours", "etag", "gist"] {
        let text = event[name].as_str().unwrap();
        steady[name] = text.replace(old, "1-X").replace(new, "2-X").into();
    }
    for name in ["timestamp", "ms", "attempts", "request_id", "invocation"] {
        steady.as_object_mut().unwrap().remove(name);
    }
    steady
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runbook_shows_what_the_readmes_requests_leave_behind() {
    let server = Running::with_sample_data();
    let roadmap = "/v1/documents/roadmap";
    let tag = server
        .ask(("GET", roadmap, "local", &[], Value::Null))
        .await;
    let stale = [("if-match", tag.as_str())];
    let title = json!({ "title": "Roadmap 2027" });
    server.ask(("PATCH", roadmap, "bob", &stale, title)).await;
    let both = json!({ "title": "Where we go", "due": "2027-03-01" });
    server.ask(("PATCH", roadmap, "alice", &stale, both)).await;

    assert_eq!(server.conflicts().trim(), documented("text").trim());
    let events = server.events();
    assert_eq!(events.len(), 3);
    let example: Value = serde_json::from_str(&documented("json")).unwrap();
    assert_eq!(steady(&events[2]), steady(&example));
    let names = |event: &Value| -> Vec<String> {
        let members = event.as_object().unwrap().keys();
        members
            .filter(|name| *name != "attempts")
            .cloned()
            .collect()
    };
    assert_eq!(names(&events[2]), names(&example));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_is_done_when_the_server_ends() {
    let server = Running::with_notes();
    let mut watching = Command::new(env!("CARGO_BIN_EXE_onlyif"))
        .args(["conflicts", "--watch", "--url", &server.url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    lines
        .find(|line| line.contains("No conflict in 0 writes"))
        .unwrap();
    let create = [("if-none-match", "*")];
    for _ in 0..2 {
        let note = json!({ "slug": "one" });
        server.ask(("POST", "/v1/notes", "alice", &[], note)).await;
    }
    server
        .ask(("PUT", "/v1/notes/n-1", "bob", &create, json!({})))
        .await;
    lines.find(|line| line.contains("1  duplicate")).unwrap();
    server.events();
    assert!(watching.wait().unwrap().success());
}
