//! Every kind of problem is in the catalogue, in the OpenAPI document, and met by a test of its name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use onlyif::problem::Code;
use serde_json::Value;

use crate::harness::Api;

fn all() -> BTreeSet<String> {
    Code::ALL.map(|code| code.name().to_owned()).into()
}

/// The kinds of problem that the tests beside this one are refused with, whatever the status.
fn met() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api");
    let mut met = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the tests") {
        let path = entry.expect("a file").path();
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for rest in text.split(".refused(").skip(1) {
            let arguments = rest.split(')').next().unwrap_or_default();
            let code = arguments.split('"').nth(1).map(str::to_owned);
            met.extend(code.filter(|_| arguments.starts_with(|c: char| c.is_ascii_digit())));
        }
    }
    met
}

#[test]
fn every_kind_of_problem_is_met_by_a_test() {
    let unknown: Vec<_> = met().difference(&all()).cloned().collect();
    assert_eq!(unknown, [""; 0], "no such kinds");
    let unmet: Vec<_> = all().difference(&met()).cloned().collect();
    assert_eq!(unmet, [""; 0], "no test is refused with these");
}

#[tokio::test]
async fn the_catalogue_and_the_openapi_document_have_every_kind_of_problem_and_no_other() {
    // Without an authorizer nobody is unknown.
    let api = Api::start().await;
    let names = |of: &Value| -> BTreeSet<String> {
        let codes = of.as_array().expect("a list").iter();
        codes
            .map(|each| each["code"].as_str().expect("a code").to_owned())
            .collect()
    };
    let catalogue = api
        .nobody()
        .get("/problems")
        .header("accept", "application/json")
        .await
        .is(200);
    assert_eq!(names(&catalogue["problems"]), all());
    let document = api.nobody().get("/openapi.json").await.is(200);
    // Each is the example of an answer of some route, in its own words.
    let mut told = BTreeSet::new();
    let mut parts = vec![&document.body];
    while let Some(part) = parts.pop() {
        match part {
            Value::Object(members) => {
                if let Some(Value::Object(examples)) = members.get("examples") {
                    told.extend(examples.keys().cloned());
                }
                parts.extend(members.values());
            }
            Value::Array(elements) => parts.extend(elements),
            _ => {}
        }
    }
    let missing: Vec<_> = all().difference(&told).cloned().collect();
    assert_eq!(missing, [""; 0], "no answer has these");
}
