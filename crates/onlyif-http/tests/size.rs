//! An answer stays under what Lambda takes, whatever a client sends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use lambda_http::Context;
use onlyif::declaration::Declarations;
use onlyif::declaration::SourceFile;
use onlyif::document::pointer::Pointer;
use onlyif::item::{Clocks, Resource, Stamps};
use onlyif::problem::{Code, Conflict, Problem, Rel, Request, Resolution};
use onlyif::timestamp::Timestamp;
use onlyif_http::exchange::Exchange;
use onlyif_http::problem::{MAX_ANSWER_BYTES, Subject, response};
use onlyif_http::{App, Auth, Settings, StaleStatus, entry};
use serde_json::{Value, json};

fn resource(text: &str) -> Resource {
    Resource {
        document: json!({ "text": text }).as_object().unwrap().clone(),
        version: 3,
        incarnation: "9f2c1a7e".into(),
        state: None,
        created_at: Timestamp::from_millis(0),
        created_by: "alice".into(),
        updated_at: Timestamp::from_millis(0),
        updated_by: "alice".into(),
        operation: "update".into(),
        previous_at: None,
        clocks: Clocks::default(),
        stamps: Stamps::default(),
        dependents: std::collections::BTreeMap::new(),
        counted: std::collections::BTreeSet::new(),
        lease_token: 0,
        lease: None,
    }
}

#[test]
fn a_problem_leaves_out_what_does_not_fit() {
    let file = SourceFile {
        name: "notes.yaml".into(),
        text: "type: notes\nschema: { type: object }".into(),
    };
    let app = App {
        declarations: Arc::new(Declarations::parse(&[file]).unwrap()),
        store: (),
        settings: Settings {
            stale_status: StaleStatus::Conflict,
            auth: Auth::None,
            base_url: None,
        },
    };
    let event = json!({
        "rawPath": "/v1/notes/n",
        "requestContext": { "http": { "method": "PATCH" }, "requestId": "r-1", "stage": "$default" },
    });
    let request = entry::request(serde_json::from_value(event).unwrap(), Context::default());
    let exchange = Exchange::begin(&app, &request);
    // Each quote stands as two characters in the body, and as four on its way through Lambda.
    for (quotes, left) in [
        (
            1,
            &["requires", "actual", "current", "merge", "overwrite"][..],
        ),
        (300_000, &["requires", "current", "merge", "overwrite"]),
        (400_000, &["requires", "merge", "overwrite"]),
        (900_000, &[]),
    ] {
        let text = "\"".repeat(quotes);
        let resource = resource(&text);
        let mut problem = Problem::new(Code::ConditionNotMet, "It is not so.");
        problem.conflicts.push(Conflict::ConditionNotMet {
            pointer: Pointer::member("text"),
            requires: json!({ "is": text }),
            actual: Some(json!(text)),
            message: None,
        });
        for rel in [Rel::Merge, Rel::Overwrite] {
            problem.resolutions.push(Resolution {
                rel,
                title: "Write it".into(),
                request: Request::Again {
                    body: Some(json!({ "text": text })),
                    tag: resource.tag(),
                },
            });
        }
        problem.resolutions.push(Resolution {
            rel: Rel::Discard,
            title: "Read it".into(),
            request: Request::Read {
                type_name: "notes".into(),
                id: "n".into(),
            },
        });
        problem.current = Some(Arc::new(resource));
        let declaration = app.declarations.get("notes").unwrap();
        let subject = Subject {
            declaration,
            id: "n",
        };
        let answer = response(&exchange, Some(subject), &problem);
        let on_its_way = json!(std::str::from_utf8(answer.body()).unwrap()).to_string();
        assert!(on_its_way.len() <= MAX_ANSWER_BYTES + 2, "{quotes}");

        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        let rels: Vec<&str> = body["resolutions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["rel"].as_str().unwrap())
            .collect();
        let conflict = &body["conflicts"][0];
        for (name, there) in [
            ("requires", conflict.get("requires").is_some()),
            ("actual", conflict.get("actual").is_some()),
            ("current", body.get("current").is_some()),
            ("merge", rels.contains(&"merge")),
            ("overwrite", rels.contains(&"overwrite")),
        ] {
            assert_eq!(there, left.contains(&name), "{name} of {quotes}");
        }
        assert!(rels.contains(&"discard"));
        assert_eq!(body.get("truncated").is_some(), quotes > 1);
    }
}
