//! Each function may do what its requests need, and nothing else: the policies of `template.yaml` beside
//! what the end-to-end tests, which run before this, have seen the functions ask of the table.

// Code outside of `#[test]` functions is test code here too: it fails by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use onlyif_cli::template::{TEMPLATE, Template};
use serde_json::Value;

/// What may be done to what, by function.
type Privileges = BTreeMap<String, BTreeSet<(String, String)>>;

/// The table and its index, as the template names them.
const TABLE: &str = "Storage.Outputs.TableArn";
const INDEX: &str = "${Storage.Outputs.TableArn}/index/by-state";

fn template() -> Template {
    Template::read(TEMPLATE, "template.yaml").unwrap()
}

/// What the functions were seen to ask.
fn asked() -> Privileges {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/requests");
    let lines = std::fs::read_to_string(file)
        .expect("the requests of the end-to-end tests: run `cargo test --workspace`, all of it");
    let mut asked = Privileges::new();
    for line in lines.lines() {
        let [function, action, resource] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let resource = match resource {
            "table" => TABLE,
            "index" => INDEX,
            other => panic!("{other}"),
        };
        let action = format!("dynamodb:{action}");
        let of = asked.entry(format!("{function}Function")).or_default();
        of.insert((action, resource.to_owned()));
    }
    asked
}

/// What Lambda does in a function's name for the stream that calls it.
fn asked_by_lambda(template: &Template) -> Privileges {
    let mut asked = Privileges::new();
    for mapping in template.names("AWS::Lambda::EventSourceMapping") {
        let text = |pointer: &str| {
            let value = template.at(mapping, &format!("/Properties/{pointer}"));
            value.and_then(Value::as_str).expect(pointer).to_owned()
        };
        let function = text("FunctionName");
        let of = asked
            .entry(function.trim_end_matches(".Arn").to_owned())
            .or_default();
        // https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
        for action in [
            "DescribeStream",
            "GetRecords",
            "GetShardIterator",
            "ListStreams",
        ] {
            of.insert((format!("dynamodb:{action}"), text("EventSourceArn")));
        }
        // https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        let bucket = text("DestinationConfig/OnFailure/Destination");
        of.insert(("s3:PutObject".to_owned(), format!("${{{bucket}}}/*")));
        of.insert(("s3:ListBucket".to_owned(), bucket));
    }
    asked
}

/// The role that a function runs in.
fn role<'a>(template: &'a Template, function: &str) -> &'a str {
    let role = template.at(function, "/Properties/Role");
    let role = role.and_then(Value::as_str);
    role.and_then(|arn| arn.strip_suffix(".Arn"))
        .expect(function)
}

/// What the functions may do.
fn granted(template: &Template) -> Privileges {
    let mut granted = Privileges::new();
    for function in template.names("AWS::Serverless::Function") {
        let role = role(template, function);
        let policies = template
            .at(role, "/Properties/Policies")
            .and_then(Value::as_array);
        let of = granted.entry(function.to_owned()).or_default();
        for policy in policies.into_iter().flatten() {
            let statements = policy["PolicyDocument"]["Statement"].as_array();
            for statement in statements.expect("statements") {
                assert_eq!(statement["Effect"], "Allow", "{role}");
                let resource = statement["Resource"].as_str().expect("one resource");
                for action in statement["Action"].as_array().expect("actions") {
                    let action = action.as_str().expect("an action");
                    let grant = (action.to_owned(), resource.to_owned());
                    assert!(of.insert(grant), "{role} is granted {action} twice");
                }
            }
        }
    }
    granted
}

#[test]
fn each_function_may_do_what_its_requests_need_and_nothing_else() {
    let template = template();
    let mut needed = asked();
    for (function, grants) in asked_by_lambda(&template) {
        needed.entry(function).or_default().extend(grants);
    }
    let mut wrong = Vec::new();
    for (function, granted) in granted(&template) {
        let needed = needed.remove(&function).unwrap_or_default();
        wrong.extend(
            needed
                .difference(&granted)
                .map(|it| format!("{function} needs {it:?}")),
        );
        wrong.extend(
            granted
                .difference(&needed)
                .map(|it| format!("{function} does not need {it:?}")),
        );
    }
    assert!(
        needed.is_empty(),
        "functions that are not deployed: {needed:?}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The parts of a resource's name that only AWS chooses: a log's streams, an object's key.
#[test]
fn no_function_may_do_anything_to_whatever_there_is() {
    let template = template();
    for (function, grants) in granted(&template) {
        for (action, resource) in grants {
            assert!(!action.contains('*'), "{function}: {action}");
            let objects = action == "s3:PutObject" && resource.ends_with("}/*");
            assert!(!resource.contains('*') || objects, "{function}: {resource}");
        }
    }
    let written = template
        .at("WriteLog", "/Properties/PolicyDocument/Statement")
        .expect("WriteLog");
    assert_eq!(written[0]["Resource"], "Log.Arn");
    assert_eq!(written.as_array().map(Vec::len), Some(1));
}

/// A role is for one function, which Lambda alone may run in its name.
#[test]
fn every_function_has_a_role_of_its_own() {
    let template = template();
    let mut roles = BTreeSet::new();
    for function in template.names("AWS::Serverless::Function") {
        let role = role(&template, function);
        assert!(roles.insert(role), "{role} is {function}'s too");
        let trust = template
            .at(role, "/Properties/AssumeRolePolicyDocument/Statement")
            .expect(role);
        assert_eq!(trust.as_array().map(Vec::len), Some(1), "{role}");
        assert_eq!(
            trust[0]["Principal"],
            serde_json::json!({"Service": "lambda.amazonaws.com"})
        );
        let managed = template
            .at(role, "/Properties/ManagedPolicyArns")
            .expect(role);
        assert_eq!(*managed, serde_json::json!(["WriteLog"]), "{role}");
    }
}
