//! The `onlyif` command as a process: what it prints, what outlives it, and how it ends.

// It is ended by signals.
#![cfg(unix)]
// Code outside of `#[test]` functions is test code here too: it fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

/// One type, for what needs no more.
const THINGS: &str =
    "type: things\nschema: { type: object, properties: { n: { type: integer } } }\n";

/// Another one, which the first does not know.
const OTHERS: &str = "type: others\nschema: { type: object }\n";

/// Writes to be answered before the process is killed.
const BEFORE_THE_KILL: usize = 200;
const WRITERS: usize = 4;

fn onlyif(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onlyif"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("CARGO");
    command
}

fn ended(arguments: &[&str]) -> Output {
    onlyif(arguments).output().expect("the command runs")
}

/// A folder with these declarations.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A running `onlyif`; killed when it is dropped.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Running {
    /// Returns once its address is printed: then it answers.
    fn start(arguments: &[&str]) -> Self {
        let arguments = [&["--port", "0", "--no-seed"], arguments].concat();
        let mut child = onlyif(&arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = String::new();
        let mut running = Running { child, lines, url };
        let line = running.says("http://127.0.0.1:");
        let at = line.find("http://").unwrap();
        line[at..]
            .trim_end()
            .trim_end_matches("/v1")
            .clone_into(&mut running.url);
        running
    }

    /// Reads on until a line has this in it.
    fn says(&mut self, wanted: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        lines
            .find(|line| line.contains(wanted))
            .unwrap_or_else(|| panic!("it never said {wanted}"))
    }

    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(status.success());
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(self.url.trim_start_matches("http://"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn status_of(url: &str) -> u16 {
    reqwest::get(url)
        .await
        .expect("an answer")
        .status()
        .as_u16()
}

/// Creates one thing after another until nobody answers; what was answered, as it was answered.
async fn create_until_it_ends(
    url: String,
    writer: usize,
    answered: Arc<AtomicUsize>,
) -> Vec<Value> {
    let client = reqwest::Client::new();
    let mut created = Vec::new();
    for n in 0.. {
        let request = client
            .put(format!("{url}/v1/things/t-{writer}-{n}"))
            .header("if-none-match", "*")
            .json(&json!({"n": n}));
        let Ok(reply) = request.send().await else {
            break;
        };
        assert_eq!(reply.status(), 201);
        let Ok(thing) = reply.json().await else { break };
        created.push(thing);
        answered.fetch_add(1, Ordering::SeqCst);
    }
    created
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_kill_is_there_after_it() {
    let resources = folder(&[("things.yaml", THINGS)]);
    let data = tempfile::tempdir().unwrap();
    let arguments = [
        "--resources",
        text(resources.path()),
        "--data",
        text(data.path()),
    ];
    let mut killed = Running::start(&arguments);
    let answered = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            tokio::spawn(create_until_it_ends(
                killed.url.clone(),
                n,
                Arc::clone(&answered),
            ))
        })
        .collect();
    while answered.load(Ordering::SeqCst) < BEFORE_THE_KILL {
        tokio::task::yield_now().await;
    }
    // Writes are running: that is the moment.
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();

    let again = Running::start(&arguments);
    let mut there = 0;
    for writer in writers {
        for thing in writer.await.unwrap() {
            let id = thing["id"].as_str().unwrap();
            let reply = reqwest::get(format!("{}/v1/things/{id}", again.url))
                .await
                .unwrap();
            assert_eq!(reply.status(), 200, "{id} is lost");
            assert_eq!(reply.json::<Value>().await.unwrap(), thing);
            there += 1;
        }
    }
    assert!(there >= BEFORE_THE_KILL);
}

#[test]
fn an_interrupt_lets_a_running_request_finish() {
    let resources = folder(&[("things.yaml", THINGS)]);
    let mut running = Running::start(&["--resources", text(resources.path()), "--memory"]);
    let mut connection = running.connect().unwrap();
    let body = r#"{"n": 1}"#;
    let length = body.len();
    write!(
        connection,
        "POST /v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    let mut reply = BufReader::new(connection.try_clone().unwrap());
    let mut line = String::new();
    reply.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("HTTP/1.1 100"),
        "the request is running: {line}"
    );

    running.interrupt();
    // Nobody new is let in any more.
    while running.connect().is_ok() {
        std::thread::yield_now();
    }
    connection.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    reply.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("HTTP/1.1 201 Created"), "{rest}");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_banner_names_what_works_and_each_request_is_a_line() {
    let resources = folder(&[("things.yaml", THINGS)]);
    let mut running = Running::start(&["--resources", text(resources.path()), "--memory"]);
    running.says("in memory");
    let tried = running.says("Try");
    let address = tried.split_once("curl ").unwrap().1;
    assert_eq!(status_of(address).await, 200);
    running.says("Ctrl-C ends");
    assert_eq!(
        status_of(&format!("{}/v1/things/t-1", running.url)).await,
        404
    );
    running.interrupt();
    let printed: Vec<String> = running
        .lines
        .by_ref()
        .map(Result::unwrap)
        .filter(|line| !line.is_empty())
        .map(|line| line.rsplit_once("  ").expect("a time").0.to_owned())
        .collect();
    assert_eq!(
        printed,
        [
            "GET    /v1/things  200",
            "GET    /v1/things/t-1  404  not-found"
        ]
    );
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_alone_on_standard_output() {
    let resources = folder(&[("things.yaml", THINGS)]);
    let arguments = [
        "--resources",
        text(resources.path()),
        "--memory",
        "--port",
        "0",
    ];
    let mut child = onlyif(&[&arguments[..], &["--log", "json"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let banner = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut banner = banner.map(Result::unwrap);
    let api = banner.find(|line| line.ends_with("/v1")).unwrap();
    banner.find(|line| line.contains("Ctrl-C ends")).unwrap();
    let list = format!("{}/things", &api[api.find("http").unwrap()..]);
    assert_eq!(status_of(&list).await, 200);
    assert_eq!(status_of(&format!("{list}?x=1")).await, 400);
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(0));
    let lines = String::from_utf8(stdout).unwrap();
    let told: Vec<(Value, Value, Value)> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON alone"))
        .map(|line: Value| {
            (
                line["method"].clone(),
                line["status"].clone(),
                line["code"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!("GET"), json!(200), Value::Null),
            (json!("GET"), json!(400), json!("malformed-request")),
        ]
    );
}

#[test]
fn what_goes_wrong_is_a_sentence_and_a_status() {
    let bad = folder(&[("things.yaml", &THINGS.replace("schema:", "shema:"))]);
    let good = folder(&[("things.yaml", THINGS)]);
    let (bad, good) = (text(bad.path()), text(good.path()));
    let file = format!("{good}/things.yaml");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--resources", bad, "--memory"], 1, "things.yaml:2:1: "),
        (&["--resources", good, "--data", &file], 1, "cannot be made"),
        (&["check", "none"], 1, "There is no folder `none`"),
        (&["check", "none"], 1, "Name another with onlyif check DIR."),
        (
            &["bench", "--hello", "none"],
            1,
            "cargo build --release --manifest-path benches/hello/Cargo.toml",
        ),
        (
            &["bench", "--hello", &file, "--functions", "none"],
            1,
            "`sam build` makes it",
        ),
        (
            &["bench", "--hello", &file, "--functions", good],
            1,
            "holds no function",
        ),
        (
            &["race", "--url", "http://127.0.0.1:1"],
            1,
            "No server answers at http://127.0.0.1:1.",
        ),
        (&["--host", "0.0.0.0"], 2, "add --allow-remote"),
        (&["--store", "localhost"], 2, "http://127.0.0.1:8000"),
        (&["chek"], 2, "check"),
    ];
    for (arguments, code, expected) in cases {
        let Output {
            status,
            stdout,
            stderr,
        } = ended(arguments);
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(*code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert_eq!(stdout, b"", "{arguments:?}");
    }
}

#[test]
fn a_taken_port_is_said_in_a_sentence() {
    let resources = folder(&[("things.yaml", THINGS)]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = ended(&[
        "--port",
        &port,
        "--memory",
        "--resources",
        text(resources.path()),
    ]);
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
    assert!(
        !said.contains("Os {") && said.lines().count() == 1,
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_declaration_that_is_saved_keeps_the_last_good_one_serving() {
    let resources = folder(&[("things.yaml", THINGS)]);
    let mut running = Running::start(&["--resources", text(resources.path()), "--memory"]);
    let file = resources.path().join("things.yaml");
    let list = format!("{}/v1/things", running.url);
    assert_eq!(status_of(&list).await, 200);

    std::fs::write(&file, THINGS.replace("schema:", "shema:")).unwrap();
    let said = running.says("things.yaml:2:1");
    assert!(said.contains("schema"), "the nearest valid name: {said}");
    assert_eq!(status_of(&list).await, 200);

    // And a good one is served from the moment that it is saved.
    let other = THINGS.replace("things", "others");
    std::fs::write(resources.path().join("others.yaml"), other).unwrap();
    std::fs::write(&file, THINGS).unwrap();
    running.says("others");
    assert_eq!(status_of(&format!("{}/v1/others", running.url)).await, 200);
    assert_eq!(status_of(&list).await, 200);
}

#[test]
fn check_names_every_error_with_its_place_and_ends_with_a_failure() {
    let good = ended(&["check", text(folder(&[("things.yaml", THINGS)]).path())]);
    assert_eq!(good.status.code(), Some(0));
    assert!(String::from_utf8(good.stdout).unwrap().contains("things"));

    let bad = folder(&[
        ("things.yaml", &THINGS.replace("schema:", "shema:")),
        ("others.yaml", "type: others\nschema: { type: array }\n"),
    ]);
    let bad = ended(&["check", text(bad.path())]);
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8(bad.stderr).unwrap();
    assert!(
        said.contains("things.yaml:2:1:") && said.contains("others.yaml:2:"),
        "{said}"
    );
}

#[test]
fn check_against_what_is_deployed_fails_where_that_breaks() {
    let deployed = folder(&[("things.yaml", THINGS), ("others.yaml", OTHERS)]);
    let wider = folder(&[
        ("things.yaml", &THINGS.replace("integer", "number")),
        ("others.yaml", OTHERS),
    ]);
    let (deployed, wider) = (text(deployed.path()), text(wider.path()));
    let check = |folder: &str, old: &str| {
        let ended = ended(&["check", folder, "--against", old]);
        let said = [ended.stdout, ended.stderr].map(|it| String::from_utf8(it).unwrap());
        (ended.status.code(), said)
    };

    let unchanged = "Nothing has changed that concerns what is stored.\n".to_owned();
    assert_eq!(
        check(deployed, deployed),
        (Some(0), [unchanged, String::new()])
    );
    let compatible = format!(
        "{wider}/things.yaml:2:1: compatible: found a schema that all that is stored satisfies\n\
         Changes that break what is stored: 0; that may: 0; compatible: 1.\n"
    );
    assert_eq!(
        check(wider, deployed),
        (Some(0), [compatible, String::new()])
    );
    let breaks = format!(
        "{deployed}/things.yaml:2:44: breaks: found that /n cannot be a number with a fraction any more, expected that it can, as before\n    \
         Allow both, give what has the old value another one, and narrow the schema after that.\n\
         Changes that break what is stored: 1; that may: 0; compatible: 0.\n"
    );
    let broken = (Some(1), [String::new(), breaks]);
    assert_eq!(check(deployed, wider), broken);
    // One file stands in the place of the one of its name.
    assert_eq!(check(deployed, &format!("{wider}/things.yaml")), broken);

    let (code, said) = check(deployed, "none");
    assert_eq!(code, Some(1));
    assert!(said[1].contains("There is no folder `none`"), "{said:?}");
    assert!(said[1].contains("with --against DIR."), "{said:?}");
}

#[test]
fn the_examples_are_declared_as_the_format_says() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    let checked = ended(&["check", text(&examples)]);
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let schema = ended(&["schema"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["type"], "object");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
