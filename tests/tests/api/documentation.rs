//! What README.md and docs/ show is what happens.

use std::path::{Path, PathBuf};

use hyper::Method;
use onlyif::declaration::{Declarations, SourceFile};
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

#[tokio::test]
async fn the_readmes_commands_answer_as_it_says() {
    let readme = page("README.md");
    let api = Api::with(Options {
        resources: root().join("resources"),
        seed: true,
        ..Options::default()
    })
    .await;
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

#[test]
fn every_declaration_that_is_shown_is_one() {
    let mut shown = 0;
    for name in ["README.md", "docs/declaring.md"] {
        for text in blocks(&page(name), "yaml") {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("type: "))
                .expect("a type");
            let file = SourceFile {
                name: format!("{line}.yaml"),
                text: text.clone(),
            };
            if let Err(complaints) = Declarations::parse(&[file]) {
                let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                panic!("{name}: {}", lines.join("\n"));
            }
            shown += 1;
        }
    }
    assert_eq!(shown, 3);
}

#[test]
fn every_page_that_is_linked_is_there() {
    for (folder, name) in [
        ("", "README.md"),
        ("docs", "docs/declaring.md"),
        ("docs", "docs/conflicts.md"),
        ("docs", "docs/deploying.md"),
    ] {
        for link in page(name).split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            if !target.starts_with("http") {
                assert!(
                    root().join(folder).join(target).exists(),
                    "{name}: {target}"
                );
            }
        }
    }
}
