//! An answer that says that a resource was created links what can be done with it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{described, examples};

/// Every operation with its path and method, by its id.
fn operations(document: &Value) -> Vec<(&str, &str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            if let Some(id) = operation["operationId"].as_str() {
                found.push((id, path.as_str(), method.as_str(), operation));
            }
        }
    }
    found
}

/// What a parameter is, where it is shared.
fn resolved<'a>(document: &'a Value, parameter: &'a Value) -> &'a Value {
    match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => parameter,
    }
}

#[test]
fn every_create_links_all_that_can_be_done_with_what_it_created() {
    let declarations = examples();
    let document = described(&declarations);
    let operations = operations(&document);
    for declaration in declarations.iter() {
        let name = &declaration.name;
        let mut expected: BTreeSet<String> = [
            "read",
            "replace",
            "patch",
            "delete",
            "list-transitions",
            "history",
        ]
        .map(|operation| format!("{operation}.{name}"))
        .into();
        if declaration.lease_max_s.is_some() {
            expected.insert(format!("lease.{name}"));
        }
        for transition in &declaration.transitions {
            expected.insert(format!("transition.{name}.{}", transition.name));
        }
        for (path, method, id) in [
            (format!("/v1/{name}"), "post", "$response.body#/id"),
            (format!("/v1/{name}/{{id}}"), "put", "$request.path.id"),
        ] {
            let responses = &document["paths"][&path][method]["responses"];
            let links = responses["201"]["links"].as_object().unwrap();
            let mut linked = BTreeSet::new();
            for (key, link) in links {
                let at = format!("{method} {path}: {key}");
                let target = link["operationId"].as_str().unwrap();
                linked.insert(target.to_owned());
                let found = operations.iter().find(|(id, ..)| *id == target);
                let (_, of, _, operation) = found.unwrap_or_else(|| panic!("{at}: {target}"));
                assert!(of.starts_with(&format!("/v1/{name}/{{id}}")), "{at}: {of}");
                assert_eq!(link["parameters"]["id"], id, "{at}");
                // It gives only what the operation takes; the id is its path's.
                let taken: Vec<&Value> = match operation["parameters"].as_array() {
                    Some(parameters) => parameters
                        .iter()
                        .map(|parameter| &resolved(&document, parameter)["name"])
                        .collect(),
                    None => Vec::new(),
                };
                for given in link["parameters"].as_object().unwrap().keys() {
                    assert!(
                        given == "id" || taken.contains(&&json!(given)),
                        "{at}: {given}"
                    );
                }
                // What is refused with 428 without a tag is given one.
                let needs_one = operation.to_string().contains("precondition-required");
                let tag = link["parameters"].get("If-Match");
                assert_eq!(tag.is_some(), needs_one, "{at}");
                let description = link["description"].as_str().unwrap();
                assert_eq!(description.contains("`Location`"), method == "post", "{at}");
                let legal = key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
                assert!(legal, "{at}");
            }
            assert_eq!(linked, expected, "{method} {path}");
        }
    }
}

#[test]
fn every_write_takes_a_key_and_can_be_tried_without_writing() {
    let document = described(&examples());
    let mut writes = 0;
    for (id, path, method, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array();
        let named = |name: &str| {
            let parameters = parameters?.iter();
            let mut parameters = parameters.map(|parameter| resolved(&document, parameter));
            parameters.find(|parameter| parameter["name"] == name)
        };
        let is_write = ["post", "put", "patch", "delete"].contains(&method);
        assert_eq!(named("Idempotency-Key").is_some(), is_write, "{id}");
        let prefer = named("Prefer").map(|prefer| prefer["description"].to_string());
        let tried = prefer.is_some_and(|text| text.contains("`dry-run`"));
        assert_eq!(tried, is_write, "{method} {path}");
        if is_write {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = resolved(&document, response);
                let says = response["headers"].get("Preference-Applied").is_some();
                // Refused before it is known what was preferred.
                let early = [
                    "unauthenticated",
                    "method-not-allowed",
                    "not-acceptable",
                    "unsupported-media-type",
                ];
                let description = response["description"].as_str().unwrap();
                let is_early = early
                    .iter()
                    .any(|code| description.starts_with(&format!("`{code}`")));
                assert_eq!(says, !is_early, "{id} {status}");
            }
            writes += 1;
        }
    }
    assert!(writes > 50);
}
