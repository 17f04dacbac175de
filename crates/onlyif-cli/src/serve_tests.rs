//! Servers, whole, each in a store of its own.

use std::fs;
use std::path::Path;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::serve::{Data, Options, Server, start};

const NOTES: &str = "type: notes
schema: { type: object, additionalProperties: false, properties: { text: { type: string }, done: { type: boolean, readOnly: true } } }
transitions: { finish: { set: { /done: true } } }
access: { delete: [notes.delete] }
";

/// A folder with one type.
fn resources() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.yaml"), NOTES).unwrap();
    folder
}

fn options(resources: &Path) -> Options {
    Options {
        resources: resources.to_owned(),
        ..Options::default()
    }
}

async fn send(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(method, format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_owned()).send().await.unwrap()
}

async fn create(server: &Server, id: &str) -> u16 {
    let headers = [("if-none-match", "*"), ("content-type", "application/json")];
    let path = format!("/v1/notes/{id}");
    send(server, Method::PUT, &path, &headers, r#"{"text":"a"}"#)
        .await
        .status()
        .as_u16()
}

async fn status(server: &Server, path: &str) -> u16 {
    send(server, Method::GET, path, &[], "")
        .await
        .status()
        .as_u16()
}

#[tokio::test]
async fn requests_reach_the_functions_and_their_answers_come_back() {
    let resources = resources();
    let server = start(options(resources.path())).await.unwrap();
    let json = ("content-type", "application/json");
    let created = send(
        &server,
        Method::POST,
        "/v1/notes",
        &[json, ("authorization", "Bearer alice")],
        r#"{"text":"é"}"#,
    )
    .await;
    assert_eq!(created.status(), 201);
    assert!(created.headers().contains_key("apigw-requestid"));
    let etag = created.headers()["etag"].to_str().unwrap().to_owned();
    let created: Value = created.json().await.unwrap();
    assert_eq!(
        (&created["createdBy"], &created["text"]),
        (&json!("alice"), &json!("é"))
    );

    let path = format!("/v1/notes/{}", created["id"].as_str().unwrap());
    let patch = [
        ("content-type", "application/merge-patch+json"),
        ("if-match", etag.as_str()),
    ];
    let patched = send(&server, Method::PATCH, &path, &patch, r#"{"text":"b"}"#).await;
    assert_eq!(patched.status(), 200, "a body in base64 is the same body");
    let done = send(
        &server,
        Method::POST,
        &format!("{path}/transitions/finish"),
        &[],
        "",
    )
    .await;
    assert_eq!(done.json::<Value>().await.unwrap()["updatedBy"], "local");
    let head = send(&server, Method::HEAD, &path, &[], "").await;
    assert_eq!(
        (head.status().as_u16(), head.text().await.unwrap()),
        (200, String::new())
    );
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_follows_writes_histories_by_itself() {
    let resources = resources();
    let options = Options {
        follow: true,
        ..options(resources.path())
    };
    let server = start(options).await.unwrap();
    assert_eq!(create(&server, "a").await, 201);
    let told = async {
        loop {
            let history = send(&server, Method::GET, "/v1/notes/a/history", &[], "").await;
            let history: Value = history.json().await.unwrap();
            if let Some(entry) = history["items"].get(0) {
                return entry.clone();
            }
        }
    };
    let entry = tokio::time::timeout(std::time::Duration::from_secs(60), told).await;
    assert_eq!(entry.unwrap()["operation"], "create");
    server.stop().await;
}

#[tokio::test]
async fn what_api_gateway_answers_by_itself_has_its_own_body() {
    let resources = resources();
    let server = start(options(resources.path())).await.unwrap();
    let large = "x".repeat(6 * 1024 * 1024);
    let larger = "x".repeat(10 * 1024 * 1024 + 1);
    let json = ("content-type", "application/json");
    let cases = [
        (
            "/v1/notes",
            vec![json, ("authorization", "Basic YTpi")],
            "{}",
            401,
            "Unauthorized",
        ),
        (
            "/v1/notes",
            vec![json],
            &large,
            413,
            "Request Entity Too Large",
        ),
        (
            "/v1/notes",
            vec![json],
            &larger,
            413,
            "Request Entity Too Large",
        ),
        (
            "/v1/notes/%zz/transitions/finish",
            vec![],
            "",
            400,
            "Bad Request",
        ),
        (
            "/v1/notes",
            vec![json, ("host", "evil.example")],
            "{}",
            403,
            "Forbidden",
        ),
    ];
    for (path, headers, body, status, message) in cases {
        let answer = send(&server, Method::POST, path, &headers, body).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(
            answer.json::<Value>().await.unwrap(),
            json!({ "message": message })
        );
    }
    let list = send(&server, Method::GET, "/v1/notes", &[], "").await;
    assert_eq!(
        list.json::<Value>().await.unwrap()["items"],
        json!([]),
        "nothing was written"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_token_of_three_parts_has_the_scopes_that_it_names() {
    use base64::Engine;
    let resources = resources();
    let server = start(options(resources.path())).await.unwrap();
    assert_eq!(create(&server, "n-1").await, 201);
    for (scope, expected) in [("other", 403), ("*", 204), ("other notes.delete", 204)] {
        create(&server, "n-1").await;
        let claims = json!({ "sub": "carol", "scope": scope }).to_string();
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        let token = format!("Bearer e30.{payload}.x");
        let headers = [("authorization", token.as_str()), ("if-match", "*")];
        let deleted = send(&server, Method::DELETE, "/v1/notes/n-1", &headers, "").await;
        assert_eq!(deleted.status(), expected, "{scope}");
    }
    server.stop().await;
}

#[tokio::test]
async fn servers_side_by_side_share_nothing() {
    let resources = resources();
    let one = start(options(resources.path())).await.unwrap();
    let two = start(options(resources.path())).await.unwrap();
    assert_eq!(create(&one, "n-1").await, 201);
    assert_eq!(
        (
            status(&one, "/v1/notes/n-1").await,
            status(&two, "/v1/notes/n-1").await
        ),
        (200, 404)
    );
    one.stop().await;
    assert_eq!(create(&two, "n-1").await, 201);
    two.stop().await;
}

#[tokio::test]
async fn data_is_kept_until_it_is_reset_and_samples_go_into_an_empty_store_alone() {
    let resources = resources();
    fs::create_dir(resources.path().join("seed")).unwrap();
    let seeds = json!([
        { "id": "s-1", "as": "alice", "document": { "text": "a" }, "then": [{ "transition": "finish", "as": "bob" }] },
        { "id": "s-2", "document": { "text": 2 } },
    ]);
    fs::write(resources.path().join("seed/notes.json"), seeds.to_string()).unwrap();
    let data = tempfile::tempdir().unwrap();
    let options = Options {
        data: Data::Folder(data.path().join("data")),
        seed: true,
        ..options(resources.path())
    };

    let first = start(options.clone()).await.unwrap();
    let seeded = first.seeded.as_ref().unwrap();
    assert_eq!((seeded.created, seeded.refused.len()), (1, 1));
    assert!(
        seeded.refused[0].starts_with("notes/s-2 could not be created: 422"),
        "{}",
        seeded.refused[0]
    );
    let sample: Value = send(&first, Method::GET, "/v1/notes/s-1", &[], "")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&sample["createdBy"], &sample["updatedBy"], &sample["done"]),
        (&json!("alice"), &json!("bob"), &json!(true))
    );
    assert_eq!(first.example().await, "/v1/notes/s-1");
    assert_eq!(create(&first, "n-1").await, 201);
    let held = start(options.clone()).await.err().unwrap();
    assert!(held.contains("Another onlyif"), "{held}");
    first.stop().await;

    let second = start(options.clone()).await.unwrap();
    assert_eq!(
        (
            second.seeded.as_ref(),
            status(&second, "/v1/notes/n-1").await
        ),
        (None, 200)
    );
    second.stop().await;

    let third = start(Options {
        reset: true,
        seed: false,
        ..options
    })
    .await
    .unwrap();
    assert_eq!(
        (
            status(&third, "/v1/notes/n-1").await,
            status(&third, "/v1/notes/s-1").await
        ),
        (404, 404)
    );
    assert_eq!(third.example().await, "/v1/notes");
    third.stop().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_told_in_a_sentence() {
    let resources = resources();
    let broken = tempfile::tempdir().unwrap();
    fs::write(broken.path().join("a.yaml"), "type: b\nshema: 1\n").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let sound = options(resources.path());
    let cases = [
        (
            Options {
                port,
                ..sound.clone()
            },
            format!(
                "Port {port} is taken, perhaps by another onlyif. Choose another with --port N"
            ),
        ),
        (
            Options {
                host: "0.0.0.0".parse().unwrap(),
                ..sound.clone()
            },
            "add --allow-remote".to_owned(),
        ),
        (
            options(&broken.path().join("none")),
            "--resources DIR".to_owned(),
        ),
        (options(broken.path()), "a.yaml:2:1: ".to_owned()),
        (
            Options {
                template: "Resources: {}".to_owned(),
                ..sound
            },
            "template.yaml has no".to_owned(),
        ),
    ];
    for (options, expected) in cases {
        let sentence = start(options).await.err().unwrap();
        assert!(sentence.contains(&expected), "{sentence}");
    }
}

#[tokio::test]
async fn a_saved_declaration_is_served_at_once_and_a_bad_one_is_not() {
    let resources = resources();
    let server = start(Options {
        watch: true,
        ..options(resources.path())
    })
    .await
    .unwrap();
    let mut reloads = server.reloads().unwrap();
    assert_eq!(create(&server, "n-1").await, 201);
    fs::write(
        resources.path().join("notes.yaml"),
        NOTES.replace("schema:", "shema:"),
    )
    .unwrap();
    reloads.changed().await.unwrap();
    assert_eq!(create(&server, "n-2").await, 201);
    fs::write(
        resources.path().join("notes.yaml"),
        NOTES.replace("text:", "words:"),
    )
    .unwrap();
    reloads.changed().await.unwrap();
    assert_eq!(create(&server, "n-3").await, 422);
    assert_eq!(
        status(&server, "/v1/notes/n-1").await,
        200,
        "what is stored stays"
    );
    server.stop().await;
}

/// `100 Continue` is written when the request's body is asked for: the request runs from then on.
#[tokio::test]
async fn stopping_finishes_the_requests_that_run_and_takes_no_more() {
    let resources = resources();
    let server = start(options(resources.path())).await.unwrap();
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut running = TcpStream::connect(&address).await.unwrap();
    let head = "POST /v1/notes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 12\r\nExpect: 100-continue\r\n\r\n";
    running.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    running.read_exact(&mut interim).await.unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100 Continue"));

    let stopped = tokio::spawn(server.stop());
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    running.write_all(br#"{"text":"a"}"#).await.unwrap();
    let mut answer = String::new();
    running.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    stopped.await.unwrap();
}
