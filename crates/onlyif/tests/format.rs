//! The schema that editors read by says what the parser says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use onlyif::declaration::{Declarations, SourceFile, format};
use serde_json::{Map, Value, json};

fn complaints(declaration: &Value) -> Vec<String> {
    let file = SourceFile {
        name: "things.yaml".to_owned(),
        text: declaration.to_string(),
    };
    match Declarations::parse(&[file]) {
        Ok(_) => Vec::new(),
        Err(complaints) => complaints.into_iter().map(|it| it.message).collect(),
    }
}

/// Every reference within the schema is resolved, so that it stands alone.
fn editor() -> jsonschema::Validator {
    jsonschema::options()
        .offline()
        .build(&format::schema())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The least declaration, with more members.
fn things(more: Value) -> Value {
    let mut whole = Map::new();
    whole.insert("type".to_owned(), json!("things"));
    whole.insert(
        "schema".to_owned(),
        json!({ "type": "object", "properties": { "s": { "type": "string" }, "n": { "type": "number" } } }),
    );
    whole.extend(more.as_object().unwrap().clone());
    Value::Object(whole)
}

fn clause(clause: Value) -> Value {
    things(json!({ "transitions": { "t": { "onlyIf": [clause] } } }))
}

#[test]
fn what_the_parser_takes_the_editor_takes() {
    for declaration in [
        things(json!({})),
        things(
            json!({ "description": "D", "stale": "merge", "keep": { "tombstone": "12h", "history": "7d" }, "access": { "read": ["r"], "transition": ["a", "b"] } }),
        ),
        things(json!({ "deprecated": { "since": "2026-11-01" } })),
        things(json!({ "references": [{ "field": "/s", "type": "things" }] })),
        things(
            json!({ "references": [{ "field": "/s", "type": "things", "onDelete": "ignore" }] }),
        ),
        things(json!({ "lease": { "max": "1s" } })),
        things(json!({ "lease": { "max": "24h" } })),
        things(json!({ "list": { "shards": 1 } })),
        things(
            json!({ "access": { "read": "owner", "create": ["c"], "update": "owner", "delete": "owner", "transition": "owner" } }),
        ),
        things(json!({ "transitions": { "t": { "access": "owner" } } })),
        things(json!({ "list": { "shards": 64 } })),
        things(
            json!({ "deprecated": { "since": "1970-01-01", "sunset": "2999-12-31", "see": "https://example.com/a[1]?b=(c)#d" } }),
        ),
        things(
            json!({ "unique": [{ "fields": ["/s", "/n"], "name": "x", "normalize": ["lowercase"], "disclose": "nothing", "when": [{ "field": "/n", "atLeast": 1 }, { "any": [{ "field": "/s", "is": { "field": "/createdBy" } }] }] }] }),
        ),
        things(json!({
            "states": { "initial": "a", "final": [], "update": ["a"], "delete": [] },
            "transitions": { "go": { "from": "a", "to": "b" }, "back": { "from": ["b"], "to": "a", "access": ["s"] } }
        })),
        things(json!({ "transitions": { "t": {
            "input": { "type": "object", "required": ["n"], "properties": { "n": { "type": "number", "x-unit": "pieces" } } },
            "set": { "/s": { "actor": "id" } },
            "add": { "/n": { "input": "/n", "negate": true } }
        } } })),
        things(
            json!({ "transitions": { "t": { "set": { "/s": "x" }, "add": { "/n": -1 } }, "u": { "remove": ["/s"] } } }),
        ),
        clause(json!({ "field": "/s", "is": { "now": true }, "message": "M" })),
        clause(json!({ "field": "/n", "in": [1, { "field": "/version" }] })),
        clause(
            json!({ "any": [{ "field": "/n", "exists": false }, { "not": { "field": "/s", "startsWith": "a" } }] }),
        ),
        clause(json!({ "field": "/s", "sizeAtMost": 3 })),
        things(json!({
            "create": {
                "onlyIf": [{ "field": "/s", "exists": true }],
                "set": { "/s": { "actor": "id" } },
                "also": [{ "type": "things", "id": { "field": "/s" }, "transition": "t", "input": { "n": 1 } }]
            },
            "transitions": { "t": { "input": { "type": "object", "properties": { "n": { "type": "number" } } } } }
        })),
        things(
            json!({ "schema": { "type": "object", "properties": { "a": { "anyOf": [true, { "$ref": "#/$defs/a" }] } }, "$defs": { "a": { "type": ["string", "null"], "format": "date" } } } }),
        ),
    ] {
        assert_eq!(
            complaints(&declaration),
            Vec::<String>::new(),
            "{declaration}"
        );
        let errors: Vec<String> = editor()
            .iter_errors(&declaration)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{declaration}");
    }
}

#[test]
fn what_the_editor_refuses_the_parser_refuses() {
    for declaration in [
        json!({}),
        json!({ "type": "things" }),
        things(json!({ "type": "Things" })),
        things(json!({ "type": "transactions" })),
        things(json!({ "descripton": "x" })),
        things(json!({ "description": 3 })),
        things(json!({ "references": [] })),
        things(json!({ "lease": {} })),
        things(json!({ "lease": { "max": "1d" } })),
        things(json!({ "lease": { "max": 60 } })),
        things(json!({ "stale": "never" })),
        things(json!({ "keep": { "history": "forever" } })),
        things(json!({ "keep": { "tombstone": 30 } })),
        things(json!({ "access": { "create": "owner" } })),
        things(json!({ "access": { "delete": "mine" } })),
        things(json!({ "access": { "read": [] } })),
        things(json!({ "list": { "shards": 0 } })),
        things(json!({ "list": { "shards": 65 } })),
        things(json!({ "list": { "shards": "8" } })),
        things(json!({ "deprecated": {} })),
        things(json!({ "deprecated": { "since": "1969-12-31" } })),
        things(json!({ "deprecated": { "since": "2026-11-1" } })),
        things(json!({ "deprecated": { "since": "2026-11-01", "see": "http://example.com" } })),
        things(json!({ "deprecated": { "since": "2026-11-01", "see": "https://a b" } })),
        things(json!({ "unique": [{ "fields": [] }] })),
        things(json!({ "unique": [{ "fields": ["/s"], "when": [] }] })),
        things(json!({ "unique": [{ "fields": ["/s"], "when": { "field": "/n", "is": 1 } }] })),
        things(json!({ "unique": [{ "fields": ["/s"], "when": [{ "field": "/n" }] }] })),
        things(json!({ "states": { "final": ["a"] } })),
        things(json!({ "transitions": { "Bad": {} } })),
        things(json!({ "transitions": { "t": { "also": [] } } })),
        things(json!({ "transitions": { "t": { "set": { "s": 1 } } } })),
        things(json!({ "transitions": { "t": { "set": {} } } })),
        things(json!({ "transitions": { "t": { "add": { "/n": { "field": "/n" } } } } })),
        things(json!({ "schema": { "type": "string" } })),
        things(json!({ "schema": { "type": "object", "properties": { "id": {} } } })),
        things(json!({ "schema": { "type": "object", "propertys": {} } })),
        things(json!({ "schema": { "type": "object", "$ref": "https://example.com" } })),
        clause(json!({ "field": "/n" })),
        clause(json!({ "field": "/n", "is": 1, "isNot": 2 })),
        clause(json!({ "is": 1 })),
        clause(json!({ "any": [] })),
        clause(json!({ "any": [{ "field": "/n", "is": 1 }], "is": 1 })),
        clause(json!({ "field": "/n", "exists": 1 })),
        clause(json!({ "field": "/s", "sizeAtLeast": -1 })),
        clause(json!({ "field": "/s", "is": { "now": false } })),
    ] {
        assert!(!editor().is_valid(&declaration), "{declaration}");
        assert_ne!(
            complaints(&declaration),
            Vec::<String>::new(),
            "{declaration}"
        );
    }
}

/// Every key that an editor offers, with the definition that it stands in.
fn offered() -> Vec<(String, String, Value)> {
    let schema = format::schema();
    let mut keys = Vec::new();
    let mut add = |place: &str, map: &Value| {
        for (key, form) in map["properties"].as_object().into_iter().flatten() {
            keys.push((place.to_owned(), key.clone(), form.clone()));
        }
    };
    add("", &schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        add(name, definition);
        add(name, &definition["anyOf"][1]);
    }
    keys
}

#[test]
fn every_key_that_an_editor_offers_is_described_and_known_to_the_parser() {
    let keys = offered();
    assert!(keys.len() > 100, "{}", keys.len());
    for (place, key, form) in keys {
        assert!(
            form["description"]
                .as_str()
                .is_some_and(|text| text.len() > 4),
            "{place} {key}"
        );
        let map = json!({ key.clone(): {} });
        let declaration = match place.as_str() {
            "" => map,
            "unique" => things(json!({ "unique": [map] })),
            "also" => things(json!({ "create": { "also": [map] } })),
            "reference" => things(json!({ "references": [map] })),
            "states" | "create" | "access" | "keep" | "lease" | "list" | "deprecated" => {
                things(json!({ place.clone(): map }))
            }
            "transition" => things(json!({ "transitions": { "t": map } })),
            "clause" => clause(map),
            "source" => clause(json!({ "field": "/n", "is": map })),
            "amount" => things(json!({ "transitions": { "t": { "add": { "/n": map } } } })),
            "schema" => things(json!({ "schema": map })),
            other => panic!("{other} has keys that this test does not know"),
        };
        let unknown = complaints(&declaration)
            .into_iter()
            .find(|said| said.contains("unknown"));
        assert_eq!(unknown, None, "{place} {key}");
    }
}

#[test]
fn the_format_is_a_schema_itself_and_refers_to_nothing_outside() {
    let schema = format::schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let text = schema.to_string();
    let outside = text
        .split("\"$ref\":\"")
        .skip(1)
        .find(|rest| !rest.starts_with("#/$defs/"));
    assert_eq!(outside, None);
}
