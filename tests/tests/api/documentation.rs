//! What README.md and docs/ show is what happens.

use std::path::{Path, PathBuf};

use hyper::Method;
use onlyif::declaration::{Declarations, SourceFile};
use onlyif_cli::check;
use onlyif_cli::serve::Options;
use serde_json::Value;

use crate::harness::{Api, Reply};

/// The server as the README's commands address it.
const ADDRESS: &str = "http://127.0.0.1:3000";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect(name)
}

/// The code blocks of this language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// The words of a command line, as a shell reads them: quotes of both kinds, and `$TAG`.
fn words(line: &str, tag: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let word = words.last_mut().expect("a word");
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('\\', Some('"')) => word.extend(chars.next()),
            (' ', None) => words.push(String::new()),
            (c, _) => word.push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| word.replace("$TAG", tag)).collect()
}

async fn curl(api: &Api, line: &str, tag: &str) -> Reply {
    let words = words(line, tag);
    let mut method = Method::GET;
    let mut path = String::new();
    let mut headers = Vec::new();
    let mut body = String::new();
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" => method = words.next().expect("a method").parse().expect("a method"),
            "-H" => headers.push(words.next().expect("a header")),
            "-d" => body = words.next().expect("a body"),
            "-s" => {}
            url => path = url.strip_prefix(ADDRESS).expect(url).to_owned(),
        }
    }
    let mut call = match serde_json::from_str::<Value>(&body) {
        Ok(body) => api.nobody().call(method, &path, body),
        Err(_) => api.nobody().call(method, &path, ()),
    };
    for header in headers {
        let (name, value) = header.split_once(": ").expect("a header");
        // A JSON body brings this one along.
        if header != "Content-Type: application/json" {
            call = call.header(name, value);
        }
    }
    call.await
}

/// The same, whatever the address, the time, the request's id and the incarnation are.
fn steady(value: &Value, api: &Api) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let changes = matches!(name.as_str(), "requestId" | "changedAt");
                (
                    name.clone(),
                    if changes {
                        Value::Null
                    } else {
                        steady(value, api)
                    },
                )
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(elements) => elements.iter().map(|each| steady(each, api)).collect(),
        Value::String(text) => {
            let text = text.replace(&api.url, ADDRESS);
            let words = text.split(' ').map(|word| match word.rsplit_once('-') {
                Some((version, rest)) if is_incarnation(rest) => {
                    let after: String = rest.chars().skip(8).collect();
                    format!("{version}-X{after}")
                }
                _ => word.to_owned(),
            });
            Value::from(words.collect::<Vec<_>>().join(" "))
        }
        other => other.clone(),
    }
}

fn is_incarnation(text: &str) -> bool {
    text.len() >= 8 && text.chars().take(8).all(|c| c.is_ascii_hexdigit())
}

/// What `cargo run` serves.
async fn with_sample_data() -> Api {
    Api::with(Options {
        resources: root().join("resources"),
        seed: true,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn the_readmes_commands_answer_as_it_says() {
    let readme = page("README.md");
    let api = with_sample_data().await;
    let mut tag = String::new();
    let mut replies = Vec::new();
    for line in blocks(&readme, "sh").iter().flat_map(|block| block.lines()) {
        if line.starts_with("TAG=") {
            let command = line
                .trim_start_matches("TAG=$(")
                .split(" | ")
                .next()
                .expect("a command");
            let reply = curl(&api, command, "").await;
            tag = reply.body["etag"].as_str().expect("a tag").to_owned();
        } else if line.starts_with("curl ") {
            replies.push(curl(&api, line, &tag).await);
        }
    }
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200, 409, 409, 409, 409]);

    let shown: Value = serde_json::from_str(&blocks(&readme, "json")[0]).expect("JSON");
    let mut real = replies[2].body.clone();
    let current = real
        .as_object_mut()
        .expect("an object")
        .shift_remove("current");
    assert_eq!(current.expect("the resource")["title"], "Roadmap 2027");
    assert_eq!(steady(&real, &api), steady(&shown, &api));
}

/// Whether all that is told is so; what is not told may be anything.
fn is_so(told: &Value, real: &Value) -> bool {
    match (told, real) {
        (Value::Object(told), Value::Object(real)) => told.iter().all(|(name, told)| {
            // When a lease ends depends on when it was taken.
            let is_so = |real: &Value| (name == "until" && real.is_string()) || is_so(told, real);
            real.get(name).is_some_and(is_so)
        }),
        (Value::Array(told), Value::Array(real)) => {
            told.len() == real.len() && told.iter().zip(real).all(|(told, real)| is_so(told, real))
        }
        (told, real) => told == real,
    }
}

/// Plays a page on the sample data, from its first line to its last: each command is answered with
/// the status that stands behind it, each conflict or answer that is shown is one that the commands
/// before it met, and each excerpt stands in the declaration that was named last.
async fn goes_as_it_is_told(name: &str) {
    let page = page(name);
    let api = with_sample_data().await;
    let mut declaration = String::new();
    let mut met: Vec<Value> = Vec::new();
    let mut tag = String::new();
    let parts: Vec<&str> = page.split("```").collect();
    assert_eq!(parts.len() % 2, 1, "{name}: a block has no end");
    for pair in parts.chunks_exact(2) {
        let named = pair[0].rsplit_once("](../resources/");
        if let Some((resource, _)) = named.and_then(|(_, rest)| rest.split_once(')')) {
            declaration = self::page(&format!("resources/{resource}"));
        }
        let (language, text) = pair[1].split_once('\n').expect("a language");
        match language {
            "sh" => {
                met.clear();
                for line in text.lines() {
                    if let Some(command) = line.strip_prefix("TAG=$(") {
                        let command = command.split(" | ").next().expect("a command");
                        tag = curl(&api, command, "").await.is(200).tag();
                        continue;
                    }
                    let (command, status) = line.split_once("  # ").expect("what it answers");
                    let reply = curl(&api, command, &tag).await;
                    let reply = reply.is(status.parse().expect("a status"));
                    let conflicts = reply["conflicts"].as_array().into_iter().flatten();
                    met.extend(conflicts.cloned());
                    met.push(reply.body);
                }
            }
            "json" => {
                let told: Value = serde_json::from_str(text).expect(text);
                let told_of_one = |real: &Value| is_so(&told, real);
                assert!(met.iter().any(told_of_one), "{name}: {text}{met:#?}");
            }
            "yaml" => assert!(
                declaration.contains(text),
                "{name}: {text} stands in none of the declarations named"
            ),
            other => panic!("{name}: nobody plays {other}"),
        }
    }
}

#[tokio::test]
async fn the_stories_of_unique_values_go_as_they_are_told() {
    goes_as_it_is_told("docs/unique.md").await;
}

#[tokio::test]
async fn what_is_said_of_conflicts_goes_as_it_is_told() {
    goes_as_it_is_told("docs/conflicts.md").await;
}

#[tokio::test]
async fn what_is_said_of_leases_goes_as_it_is_told() {
    goes_as_it_is_told("docs/leases.md").await;
}

#[tokio::test]
async fn what_is_said_of_work_across_services_goes_as_it_is_told() {
    goes_as_it_is_told("docs/services.md").await;
}

#[tokio::test]
async fn the_scenarios_go_as_they_are_told() {
    goes_as_it_is_told("docs/scenarios.md").await;
}

#[tokio::test]
async fn a_history_is_as_its_page_shows_it() {
    let page = page("docs/history.md");
    let api = Api::with(Options {
        resources: root().join("resources"),
        seed: true,
        ..Options::default()
    })
    .await;
    let commands = blocks(&page, "sh");
    let lines: Vec<&str> = commands[0].lines().collect();
    curl(&api, lines[0], "").await.is(200);
    api.catch_up().await;
    let mut real = curl(&api, lines[1], "").await.is(200).body;
    let mut shown: Value = serde_json::from_str(&blocks(&page, "json")[0]).expect("JSON");
    // A cursor and a time are others each time.
    for body in [&mut real, &mut shown] {
        assert!(body["next"].as_str().is_some_and(|next| next.len() > 20));
        assert!(
            body["items"][0]["at"]
                .as_str()
                .is_some_and(|at| at.len() == 24)
        );
        body["next"] = Value::Null;
        body["items"][0]["at"] = Value::Null;
    }
    assert_eq!(real, shown);
}

/// The declarations in a folder of their own.
fn folder(declarations: &[&String]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for text in declarations {
        let name = text.lines().find_map(|line| line.strip_prefix("type: "));
        let name = format!("{}.yaml", name.expect("a type"));
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

#[tokio::test]
async fn an_upgrade_goes_as_its_page_says() {
    let page = page("docs/upgrading.md");
    let declarations = blocks(&page, "yaml");
    let [before, after, claimed] = declarations.iter().collect::<Vec<_>>()[..] else {
        panic!("another number of declarations");
    };
    let (old, new) = (folder(&[before]), folder(&[after]));
    let said = check::against(new.path(), old.path()).expect_err("it breaks");
    let said = said.replace(&new.path().display().to_string(), "resources");
    assert_eq!(said, blocks(&page, "text")[0].trim_end());

    // A constraint that begins with nothing holds of nothing that is stored.
    let clause = ", when: [{ field: /claimed, is: true }]";
    let member = "    claimed: { type: boolean }\n";
    let unclaimed = claimed.replace(member, "");
    let (constraint, _) = claimed.split_once("unique:").expect("a constraint");
    let none = folder(&[&constraint.replace(member, "")]);
    let begun = check::against(folder(&[claimed]).path(), none.path()).expect("compatible");
    assert!(begun.contains("that may: 0"), "{begun}");
    let at_once = folder(&[&unclaimed.replace(clause, "")]);
    check::against(at_once.path(), none.path()).expect_err("nobody holds a value");

    let api = with_sample_data().await;
    let mut tag = String::new();
    let commands = blocks(&page, "sh");
    let mut played = 0;
    for line in commands.iter().flat_map(|block| block.lines()) {
        if let Some(command) = line.strip_prefix("TAG=$(") {
            let command = command.split(" | ").next().expect("a command");
            tag = curl(&api, command, "").await.is(200).tag();
        } else if line.starts_with("curl ") {
            let (command, status) = line.split_once("  # ").expect("what it answers");
            let reply = curl(&api, command, &tag).await;
            reply.is(status.parse().expect("a status"));
            played += 1;
        }
    }
    assert_eq!(played, 3);
}

#[test]
fn every_declaration_that_is_shown_is_one() {
    for (name, shown) in [("README.md", 1), ("docs/declaring.md", 3)] {
        // Those of one page may speak of each other.
        let file = |text: String| {
            let line = text.lines().find_map(|line| line.strip_prefix("type: "));
            SourceFile {
                name: format!("{}.yaml", line.expect("a type")),
                text,
            }
        };
        let files: Vec<SourceFile> = blocks(&page(name), "yaml").into_iter().map(file).collect();
        if let Err(complaints) = Declarations::parse(&files) {
            let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
            panic!("{name}: {}", lines.join("\n"));
        }
        assert_eq!(files.len(), shown, "{name}");
    }
}

#[test]
fn every_page_that_is_linked_is_there() {
    for (folder, name) in [
        ("", "README.md"),
        ("docs", "docs/declaring.md"),
        ("docs", "docs/conflicts.md"),
        ("docs", "docs/history.md"),
        ("docs", "docs/leases.md"),
        ("docs", "docs/scenarios.md"),
        ("docs", "docs/unique.md"),
        ("docs", "docs/deploying.md"),
        ("docs", "docs/upgrading.md"),
        ("docs", "docs/measuring.md"),
        ("docs", "docs/operating.md"),
        ("docs", "docs/costs.md"),
        ("docs", "docs/services.md"),
    ] {
        for link in page(name).split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if !target.starts_with("http") {
                assert!(
                    root().join(folder).join(target).exists(),
                    "{name}: {target}"
                );
            }
        }
    }
}
