//! The binary: what it prints, how it ends, and what is left after it was killed.

// It is ended by signals.
#![cfg(unix)]
// Code outside of `#[test]` functions is test code here too: it fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const NOTES: &str =
    "type: notes\nschema: { type: object, properties: { text: { type: string } } }\n";

fn onlyif(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onlyif"));
    command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null());
    // As when it was installed: Cargo's own variable would change what is printed.
    command.env_remove("CARGO");
    command
}

/// A folder with `resources/notes.yaml`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("resources")).unwrap();
    fs::write(folder.path().join("resources/notes.yaml"), NOTES).unwrap();
    folder
}

/// A server, with what it has printed until it was ready.
struct Served {
    child: Child,
    url: String,
    banner: String,
    rest: Box<dyn BufRead>,
}

impl Served {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["--port", "0"], arguments].concat();
        let mut command = onlyif(folder, &arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut rest = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("Ctrl-C ends") {
            assert_ne!(
                rest.read_line(&mut banner).unwrap(),
                0,
                "it has ended: {banner}"
            );
        }
        let url = banner
            .split_once("API       ")
            .unwrap()
            .1
            .split_once("/v1")
            .unwrap()
            .0
            .to_owned();
        Served {
            child,
            url,
            banner,
            rest: Box::new(rest),
        }
    }

    /// Ends it as `kill` does, and returns how it ended and what else it has printed.
    fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut printed = String::new();
        self.rest.read_to_string(&mut printed).unwrap();
        (self.child.wait().unwrap().code(), printed)
    }
}

async fn create(url: &str, id: &str) -> Option<u16> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.put(format!("{url}/v1/notes/{id}"));
    let request = request
        .header("if-none-match", "*")
        .json(&serde_json::json!({ "text": id }));
    Some(request.send().await.ok()?.status().as_u16())
}

async fn status(url: &str, path: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client
        .get(format!("{url}{path}"))
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill_at_any_point() {
    let folder = folder();
    let mut kept = Vec::new();
    for round in 0..3 {
        let mut served = Served::start(folder.path(), &["--no-seed"]);
        let mut writers = tokio::task::JoinSet::new();
        let (told, mut answered) = tokio::sync::mpsc::unbounded_channel();
        for writer in 0..4 {
            let (url, told) = (served.url.clone(), told.clone());
            writers.spawn(async move {
                for n in 0.. {
                    let id = format!("n-{round}-{writer}-{n}");
                    match create(&url, &id).await {
                        Some(201) => told.send(id).unwrap(),
                        // The server is gone; whether this one was written, nobody was told.
                        _ => break,
                    }
                }
            });
        }
        drop(told);
        for _ in 0..20 + round * 7 {
            kept.push(answered.recv().await.unwrap());
        }
        served.child.kill().unwrap();
        served.child.wait().unwrap();
        while let Some(id) = answered.recv().await {
            kept.push(id);
        }
        writers.join_all().await;
    }
    let served = Served::start(folder.path(), &["--no-seed"]);
    assert!(kept.len() >= 81, "{}", kept.len());
    for id in &kept {
        assert_eq!(
            status(&served.url, &format!("/v1/notes/{id}")).await,
            200,
            "{id}"
        );
    }
    assert_eq!(served.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banner_names_what_works_and_each_request_is_a_line() {
    let folder = folder();
    let served = Served::start(folder.path(), &["--memory"]);
    let url = served.url.clone();
    assert!(
        served
            .banner
            .contains(&format!("  Try       curl {url}/v1/notes\n")),
        "{}",
        served.banner
    );
    assert!(served.banner.contains("in memory"), "{}", served.banner);
    assert_eq!(status(&url, "/v1/notes").await, 200);
    assert_eq!(create(&url, "n-1").await, Some(201));
    assert_eq!(
        create(&url, "n-1").await,
        Some(201),
        "the same request again"
    );
    assert_eq!(status(&url, "/v1/notes/n-2").await, 404);
    let (code, printed) = served.end();
    assert_eq!(code, Some(0));
    let lines: Vec<String> = printed
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.rsplit_once("  ").unwrap().0.to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "GET    /v1/notes  200",
            "PUT    /v1/notes/n-1  201",
            "PUT    /v1/notes/n-1  201",
            "GET    /v1/notes/n-2  404  not-found",
        ]
    );
    assert!(!folder.path().join(".onlyif").exists(), "nothing is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_alone_on_standard_output() {
    let folder = folder();
    let mut child = onlyif(folder.path(), &["--port", "0", "--memory", "--log", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut banner = String::new();
    while !banner.contains("Ctrl-C ends") {
        assert_ne!(
            errors.read_line(&mut banner).unwrap(),
            0,
            "it has ended: {banner}"
        );
    }
    let url = banner
        .split_once("API       ")
        .unwrap()
        .1
        .split_once("/v1")
        .unwrap()
        .0
        .to_owned();
    assert_eq!(create(&url, "n-1").await, Some(201));
    assert_eq!(status(&url, "/v1/notes/n-1").await, 200);
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(0));
    let lines: Vec<Value> = str::from_utf8(&stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["method"].as_str(), line["status"].as_u64()))
        .collect();
    assert_eq!(told, [(Some("PUT"), Some(201)), (Some("GET"), Some(200))]);
}

#[test]
fn what_goes_wrong_is_a_sentence_and_a_status() {
    let folder = folder();
    fs::create_dir(folder.path().join("bad")).unwrap();
    fs::write(
        folder.path().join("bad/notes.yaml"),
        NOTES.replace("schema", "shema"),
    )
    .unwrap();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["check", "bad"], 1, "bad/notes.yaml:2:1: "),
        (&["check", "none"], 1, "There is no folder `none`"),
        (
            &["--resources", "bad", "--memory"],
            1,
            "bad/notes.yaml:2:1: ",
        ),
        (
            &["race", "--url", "http://127.0.0.1:1"],
            1,
            "No server answers at http://127.0.0.1:1.",
        ),
        (&["--data", "resources/notes.yaml"], 1, "cannot be made"),
        (&["--host", "0.0.0.0"], 2, "add --allow-remote"),
        (&["--store", "localhost"], 2, "http://127.0.0.1:8000"),
        (&["chek"], 2, "check"),
    ];
    for (arguments, code, expected) in cases {
        let Output {
            status,
            stdout,
            stderr,
        } = onlyif(folder.path(), arguments).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(*code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert_eq!(stdout, b"", "{arguments:?}");
    }
}

#[test]
fn check_and_schema_print_what_they_are_asked_for() {
    let folder = folder();
    let checked = onlyif(folder.path(), &["check"]).output().unwrap();
    assert!(checked.status.success());
    assert!(String::from_utf8(checked.stdout).unwrap().contains("notes"));
    let schema = onlyif(folder.path(), &["schema"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["type"], "object");
}
