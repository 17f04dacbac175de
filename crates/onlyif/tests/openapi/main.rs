//! The OpenAPI document: its references lead somewhere, its schemas say what the API takes and
//! answers, and every problem is in it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use onlyif::declaration::{Declarations, SourceFile};
use onlyif::openapi::{ProblemDoc, document};
use onlyif::problem::Code;
use serde_json::{Value, json};

mod effects;
mod leases;
mod lifecycle;
mod links;
mod references;

fn declarations(sources: &[SourceFile]) -> Declarations {
    Declarations::parse(sources).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn examples() -> Declarations {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    let sources: Vec<SourceFile> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .map(|path| SourceFile {
            name: format!("resources/{}", path.file_name().unwrap().display()),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect();
    declarations(&sources)
}

/// One type of this schema, in YAML's flow style.
fn of_schema(schema: &str) -> Declarations {
    declarations(&[SourceFile {
        name: "resources/things.yaml".to_owned(),
        text: format!("type: things\nschema: {schema}\n"),
    }])
}

/// Each kind of problem, with a status of its own unless `statuses` says otherwise.
fn problems(statuses: &[(Code, u16)]) -> Vec<ProblemDoc> {
    Code::ALL
        .into_iter()
        .zip(400..)
        .map(|(code, own)| {
            let given = statuses.iter().find(|(other, _)| *other == code);
            ProblemDoc {
                code,
                status: given.map_or(own, |(_, status)| *status),
                title: format!("Title of {}", code.name()),
                description: format!("Description of {}", code.name()),
                retry: "never".to_owned(),
                example: json!({ "code": code.name() }),
            }
        })
        .collect()
}

fn described(declarations: &Declarations) -> Value {
    document(declarations, "https://api.example", &problems(&[]))
}

/// Whether a component's schema takes this value.
fn takes(document: &Value, component: &str, value: &Value) -> bool {
    let schema = json!({
        "$ref": format!("#/components/schemas/{component}"),
        "components": document["components"],
    });
    jsonschema::validator_for(&schema).unwrap().is_valid(value)
}

/// Every object of a document, from the outside in.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match value {
        Value::Object(members) => {
            found.push(members);
            members.values().for_each(|each| objects(each, found));
        }
        Value::Array(elements) => elements.iter().for_each(|each| objects(each, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_something() {
    let document = described(&examples());
    let mut all = Vec::new();
    objects(&document, &mut all);
    let references: BTreeSet<&str> = all
        .iter()
        .filter_map(|members| members.get("$ref")?.as_str())
        .collect();
    assert!(references.len() > 50);
    for reference in references {
        let found = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(found.is_some(), "{reference}");
    }
}

#[test]
fn every_schema_is_one() {
    let document = described(&examples());
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let name = name.as_str();
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
        // It compiles, references included.
        takes(&document, name, &Value::Null);
        let well_named = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        assert!(well_named, "{name}");
    }
}

#[test]
fn every_type_and_transition_has_a_path_of_its_own_with_every_method() {
    let declarations = examples();
    let document = described(&declarations);
    let mut expected = vec![
        ("/v1".to_owned(), "get head options"),
        ("/openapi.json".to_owned(), "get head options"),
        ("/problems".to_owned(), "get head options"),
        ("/problems/{code}".to_owned(), "get head options"),
        ("/v1/transactions".to_owned(), "options post"),
    ];
    for declaration in declarations.iter() {
        let list = format!("/v1/{}", declaration.name);
        let one = format!("{list}/{{id}}");
        let transitions = format!("{one}/transitions");
        for transition in &declaration.transitions {
            expected.push((format!("{transitions}/{}", transition.name), "options post"));
        }
        if declaration.lease_max_s.is_some() {
            expected.push((format!("{one}/lease"), "delete get head options put"));
        }
        expected.push((list, "get head options post"));
        expected.push((format!("{one}/history"), "get head options"));
        expected.push((one, "delete get head options patch put"));
        expected.push((transitions, "get head options"));
    }
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), expected.len());
    for (path, methods) in expected {
        let mut found: Vec<&str> = paths[&path]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "parameters")
            .collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), methods, "{path}");
        let has_id = path.contains("{id}");
        let declares_id =
            paths[&path]["parameters"] == json!([{ "$ref": "#/components/parameters/Id" }]);
        assert_eq!(has_id, declares_id, "{path}");
    }
}

#[test]
fn operations_have_ids_of_their_own_and_known_tags() {
    let document = described(&examples());
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    let mut all = Vec::new();
    objects(&document["paths"], &mut all);
    let operations: Vec<_> = all
        .iter()
        .filter(|members| members.contains_key("responses"))
        .collect();
    for operation in &operations {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id}");
        assert!(tags.contains(&&operation["tags"][0]), "{id}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{id}"
        );
        // A HEAD has headers only.
        let bodies = responses.values().any(|it| it.get("content").is_some());
        assert!(!(id.starts_with("head-") && bodies), "{id}");
    }
    assert!(operations.len() > 50);
}

#[test]
fn every_problem_is_answered_by_some_route_with_its_schema_and_example() {
    let document = described(&examples());
    let responses = document["components"]["responses"].as_object().unwrap();
    let answered = document["paths"].to_string();
    for code in Code::ALL {
        let name = code.name();
        let content = &responses[name]["content"]["application/problem+json"];
        let schema = format!("#/components/schemas/Problem.{name}");
        assert_eq!(content["schema"]["$ref"], json!(schema));
        let example = &document["components"]["examples"][name];
        assert_eq!(example["value"]["code"], name);
        let reference = format!("#/components/responses/{name}\"");
        assert!(answered.contains(&reference), "{name}");
    }
}

#[test]
fn problems_of_one_status_are_one_answer() {
    let all = Code::ALL.map(|code| (code, 409));
    let apart = [(Code::StaleVersion, 412), (Code::AlreadyExists, 412)];
    let put = |statuses: &[(Code, u16)]| {
        let document = document(&examples(), "https://api.example", &problems(statuses));
        document["paths"]["/v1/accounts/{id}"]["put"]["responses"].clone()
    };
    let names = |response: &Value| -> Vec<String> {
        let content = &response["content"]["application/problem+json"];
        let names = content["examples"].as_object().unwrap().keys();
        assert_eq!(
            content["schema"]["oneOf"].as_array().unwrap().len(),
            names.len()
        );
        names.cloned().collect()
    };
    assert!(names(&put(&all)["409"]).contains(&"duplicate".to_owned()));
    assert_eq!(
        names(&put(&apart)["412"]),
        ["stale-version", "already-exists"]
    );
}

#[test]
fn a_deployment_without_callers_has_no_security() {
    let open: Vec<ProblemDoc> = problems(&[])
        .into_iter()
        .filter(|problem| problem.code != Code::Unauthenticated)
        .collect();
    let document = document(&examples(), "https://api.example", &open);
    assert_eq!(document.get("security"), None);
    assert_eq!(document["components"].get("securitySchemes"), None);
    let secured = document["paths"].to_string().contains("bearer");
    assert!(!secured);
    let document = described(&examples());
    let create = &document["paths"]["/v1/orders"]["post"]["security"];
    assert_eq!(*create, json!([{ "bearer": ["orders.write"] }]));
    let read = &document["paths"]["/v1/products"]["get"]["security"];
    assert_eq!(*read, json!([{ "bearer": [] }]));
    let transact = &document["paths"]["/v1/transactions"]["post"];
    assert_eq!(transact["security"], json!([{ "bearer": [] }]));
    assert!(transact["responses"].get("401").is_some());
    assert_eq!(document["paths"]["/v1"]["get"]["security"], json!([]));
}

#[test]
fn a_key_is_described_as_it_is_read() {
    let document = described(&examples());
    let schema = &document["components"]["parameters"]["IdempotencyKey"]["schema"];
    let validator = jsonschema::validator_for(schema).unwrap();
    let longest = "x".repeat(255);
    for key in ["a", "!~", "\"a\"", &longest, &format!("\"{longest}\"")] {
        assert!(validator.is_valid(&json!(key)), "{key}");
    }
    let longer = "x".repeat(256);
    for key in ["", "\"", "\"\"", "\"a", "a\"", "a b", "ä", &longer] {
        assert!(!validator.is_valid(&json!(key)), "{key}");
    }
}

#[test]
fn lists_take_the_states_and_the_fields_of_unique_constraints() {
    let document = described(&examples());
    let parameters = document["paths"]["/v1/orders"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let named: Vec<&str> = parameters
        .iter()
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    assert_eq!(named, ["state", "customer", "reference"]);
    let states = &parameters[2]["schema"]["enum"];
    assert_eq!(states[0], "pending");
    let document = described(&of_schema("{ type: object }"));
    let plain = &document["paths"]["/v1/things"]["get"]["parameters"];
    assert_eq!(plain.as_array().unwrap().len(), 2);
}

#[test]
fn a_value_that_is_held_for_a_while_is_described_where_it_is_found_taken_and_freed() {
    let document = described(&examples());
    let paths = &document["paths"];
    let list = paths["/v1/bookings"]["get"]["description"]
        .as_str()
        .unwrap();
    let held = "(`room` with `slot`, held only while /state is booked or confirmed)";
    assert!(list.contains(held), "{list}");
    let parameters = paths["/v1/bookings"]["get"]["parameters"].to_string();
    assert!(parameters.contains("held only while /state is booked or confirmed"));
    for (transition, sentence, is_taken) in [
        ("confirm", "", false),
        (
            "finish",
            "It frees the unique value that it may hold: `slot-of-room`.",
            false,
        ),
        (
            "cancel",
            "It frees the unique value that it may hold: `slot-of-room`.",
            false,
        ),
        (
            "restore",
            "It may take a unique value: `slot-of-room`.",
            true,
        ),
    ] {
        let path = format!("/v1/bookings/{{id}}/transitions/{transition}");
        let operation = &paths[path]["post"];
        let description = operation["description"].as_str().unwrap();
        assert!(
            description.contains(sentence),
            "{transition}: {description}"
        );
        assert_eq!(description.contains("unique"), !sentence.is_empty());
        let conflicts = operation["responses"].to_string();
        assert_eq!(
            conflicts.contains("duplicate"),
            is_taken,
            "{transition}: {conflicts}"
        );
    }
}

/// The reserved members as a resource has them, with others.
fn resource(others: Value) -> Value {
    let mut resource = json!({
        "id": "t-1", "etag": "1-00000000", "version": 1,
        "createdAt": "2026-11-23T10:00:00.000Z", "createdBy": "alice",
        "updatedAt": "2026-11-23T10:00:00.000Z", "updatedBy": "alice",
    });
    for (name, value) in others.as_object().unwrap() {
        resource[name] = value.clone();
    }
    resource
}

/// Schemas that close themselves in every way, each with a document that satisfies it and one that
/// does not.
const CLOSED: [(&str, &str, &str); 12] = [
    (
        "{ type: object, additionalProperties: false, properties: { a: { type: integer } } }",
        r#"{ "a": 1 }"#,
        r#"{ "b": 1 }"#,
    ),
    (
        "{ type: object, additionalProperties: { type: integer } }",
        r#"{ "b": 1 }"#,
        r#"{ "b": "x" }"#,
    ),
    (
        "{ type: object, unevaluatedProperties: false, allOf: [{ properties: { a: { type: integer } } }] }",
        r#"{ "a": 1 }"#,
        r#"{ "b": 1 }"#,
    ),
    (
        "{ type: object, allOf: [{ additionalProperties: false, properties: { a: true } }] }",
        r#"{ "a": 1 }"#,
        r#"{ "b": 1 }"#,
    ),
    (
        "{ type: object, $ref: '#/$defs/d', $defs: { d: { additionalProperties: false, properties: { a: true } } } }",
        r#"{ "a": 1 }"#,
        r#"{ "b": 1 }"#,
    ),
    (
        "{ type: object, oneOf: [{ additionalProperties: false, properties: { a: true } }, { required: [c] }] }",
        r#"{ "a": 1 }"#,
        r#"{ "b": 1 }"#,
    ),
    (
        "{ type: object, not: { properties: { a: true }, required: [a], additionalProperties: false } }",
        r#"{ "a": 1, "b": 1 }"#,
        r#"{ "a": 1 }"#,
    ),
    (
        "{ type: object, patternProperties: { 'd': { type: integer } } }",
        r#"{ "d": 1 }"#,
        r#"{ "odd": "x" }"#,
    ),
    (
        "{ type: object, propertyNames: { maxLength: 2 } }",
        r#"{ "ab": 1 }"#,
        r#"{ "abc": 1 }"#,
    ),
    (
        "{ type: object, maxProperties: 1, minProperties: 1 }",
        r#"{ "a": 1 }"#,
        r#"{ "a": 1, "b": 1 }"#,
    ),
    (
        "{ type: object, if: { maxProperties: 1 }, then: { required: [a] } }",
        r#"{ "a": 1 }"#,
        r#"{ "b": 1 }"#,
    ),
    (
        "{ type: object, properties: { a: { $ref: '#' } }, additionalProperties: false }",
        r#"{ "a": { "a": {} } }"#,
        r#"{ "a": { "id": "x" } }"#,
    ),
];

#[test]
fn a_resource_is_its_document_with_the_reserved_members_however_the_schema_closes_itself() {
    for (schema, right, wrong) in CLOSED {
        let document = described(&of_schema(schema));
        for (text, expected) in [(right, true), (wrong, false)] {
            let own: Value = serde_json::from_str(text).unwrap();
            let full = resource(own.clone());
            assert_eq!(
                takes(&document, "things.document", &own),
                expected,
                "{schema} {text}"
            );
            assert_eq!(
                takes(&document, "things", &full),
                expected,
                "{schema} {text}"
            );
            assert!(!takes(&document, "things", &own), "{schema} {text}");
            let page = json!({ "items": [full], "next": "x" });
            assert_eq!(
                takes(&document, "things.page", &page),
                expected,
                "{schema} {text}"
            );
        }
    }
}

#[test]
fn a_replacement_may_hold_the_reserved_members_or_not() {
    for (schema, right, wrong) in CLOSED {
        let document = described(&of_schema(schema));
        let body: Value = serde_json::from_str(right).unwrap();
        assert!(takes(&document, "things.replace", &body), "{schema}");
        assert!(
            takes(&document, "things.replace", &resource(body)),
            "{schema}"
        );
        // How many reserved members there are cannot be said, nor how many members in all.
        if !schema.contains("maxProperties") {
            let body: Value = serde_json::from_str(wrong).unwrap();
            assert!(!takes(&document, "things.replace", &body), "{schema}");
        }
    }
}

#[test]
fn a_merge_patch_is_a_part_of_a_document_with_nulls() {
    let document = described(&of_schema(
        "{ type: object, required: [name], additionalProperties: false, minProperties: 3, properties: {
            name: { type: string },
            kind: { enum: [a, b] },
            note: { type: string, maxLength: 3 },
            tags: { type: array, items: { type: string } },
            address: { $ref: '#/$defs/address' },
            tree: { $ref: '#/$defs/tree' },
            sized: { allOf: [{ type: object, required: [w, h], properties: { w: { type: integer }, h: { type: integer } } }] } },
          $defs: {
            address: { type: object, required: [city], additionalProperties: false, properties: { city: { type: string }, zip: { type: string } } },
            tree: { type: object, properties: { left: { $ref: '#/$defs/tree' }, leaf: { type: integer } } } } }",
    ));
    let table = [
        ("{}", true),
        (r#"{ "note": "abc", "kind": "a" }"#, true),
        (
            r#"{ "note": null, "kind": null, "address": null, "tags": null, "tree": null, "sized": null }"#,
            true,
        ),
        (r#"{ "etag": "1-00000000", "version": 1 }"#, true),
        (r#"{ "address": { "zip": null } }"#, true),
        (r#"{ "address": { "city": "Berne" } }"#, true),
        (
            r#"{ "tree": { "left": { "left": { "leaf": null } } } }"#,
            true,
        ),
        (r#"{ "sized": { "w": 1 } }"#, true),
        (r#"{ "name": null }"#, false),
        (r#"{ "note": "abcd" }"#, false),
        (r#"{ "kind": "c" }"#, false),
        (r#"{ "other": 1 }"#, false),
        (r#"{ "tags": [1] }"#, false),
        (r#"{ "address": { "city": null } }"#, false),
        (r#"{ "address": { "country": "CH" } }"#, false),
        (r#"{ "sized": { "w": "x" } }"#, false),
        ("[]", false),
    ];
    for (text, expected) in table {
        let patch: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            takes(&document, "things.merge-patch", &patch),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_json_patch_is_a_list_of_operations() {
    let document = described(&examples());
    let table = [
        ("[]", true),
        (
            r#"[{ "op": "test", "path": "/etag", "value": null }]"#,
            true,
        ),
        (
            r#"[{ "op": "remove", "path": "/a~1b" }, { "op": "move", "from": "/a", "path": "" }]"#,
            true,
        ),
        (r#"[{ "op": "add", "path": "/a" }]"#, false),
        (r#"[{ "op": "copy", "path": "/a" }]"#, false),
        (r#"[{ "op": "remove", "path": "a" }]"#, false),
        (r#"[{ "op": "delete", "path": "/a" }]"#, false),
        ("{}", false),
    ];
    for (text, expected) in table {
        let patch: Value = serde_json::from_str(text).unwrap();
        assert_eq!(takes(&document, "JsonPatch", &patch), expected, "{text}");
    }
}

#[test]
fn a_deprecated_type_says_so_in_every_operation_and_every_answer() {
    let source = |name: &str, more: &str| SourceFile {
        name: format!("resources/{name}.yaml"),
        text: format!(
            "type: {name}\nschema: {{ type: object }}\ntransitions: {{ act: {{}} }}\n{more}"
        ),
    };
    let document = described(&declarations(&[
        source(
            "old",
            "deprecated: { since: 2026-11-01, sunset: 2027-05-01, see: https://example.com/new }\n",
        ),
        source("older", "deprecated: { since: 2026-11-01 }\n"),
        source("new", ""),
    ]));
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let kind = path.split('/').nth(2).unwrap_or_default();
        for (method, operation) in item.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            let deprecated = ["old", "older"].contains(&kind);
            let at = format!("{method} {path}");
            assert_eq!(operation.get("deprecated").is_some(), deprecated, "{at}");
            let description = operation["description"].as_str().unwrap();
            assert_eq!(
                description.contains("Deprecated since 2026-11-01"),
                deprecated,
                "{at}"
            );
            for (status, response) in operation["responses"].as_object().unwrap() {
                let headers = &response["headers"];
                let of = |name: &str| headers[name]["$ref"].as_str().unwrap_or_default();
                let all = *path == format!("/v1/{kind}") || path.ends_with("/history");
                let paged = all && status == "200";
                let links = if paged {
                    "NextAndDeprecationLinks"
                } else {
                    "DeprecationLinks"
                };
                let has = ["Deprecation", "Sunset", "Link"].map(of);
                let expected = match kind {
                    "old" => ["Deprecation", "Sunset", links],
                    "older" if paged => ["Deprecation", "", "Link"],
                    "older" => ["Deprecation", "", ""],
                    "new" if paged => ["", "", "Link"],
                    _ => ["", "", ""],
                };
                let expected = expected.map(|name| match name {
                    "" => String::new(),
                    name => format!("#/components/headers/{name}"),
                });
                assert_eq!(has.map(str::to_owned), expected, "{at} {status}");
            }
            operations += usize::from(deprecated);
        }
    }
    assert_eq!(operations, 2 * (4 + 6 + 3 + 3 + 2));
    let tag = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tag| tag["name"] == "old");
    assert_eq!(
        tag.unwrap()["description"],
        "Deprecated since 2026-11-01; it may be gone from 2027-05-01 on. See <https://example.com/new>.\n\nIt has no states; its transitions may start at any time: `act`."
    );
}

#[test]
fn what_only_who_created_a_resource_may_is_said_and_takes_no_scope() {
    let text = "type: things\nschema: { type: object }\ntransitions: { act: {}, tell: { access: [t] } }\n\
                access: { read: owner, create: [c], update: owner, delete: owner, transition: owner }\n";
    let document = described(&declarations(&[SourceFile {
        name: "resources/things.yaml".to_owned(),
        text: text.to_owned(),
    }]));
    let one = "/v1/things/{id}";
    for (path, method, scope, said) in [
        ("/v1/things", "get", json!([]), "what the caller created"),
        ("/v1/things", "post", json!(["c"]), ""),
        (one, "get", json!([]), "Only who created"),
        (one, "put", json!([]), "Only who created"),
        (one, "patch", json!([]), "Only who created"),
        (one, "delete", json!([]), "Only who created"),
        (
            "/v1/things/{id}/transitions/act",
            "post",
            json!([]),
            "Only who created",
        ),
        ("/v1/things/{id}/transitions/tell", "post", json!(["t"]), ""),
    ] {
        let operation = &document["paths"][path][method];
        assert_eq!(
            operation["security"],
            json!([{ "bearer": scope }]),
            "{method} {path}"
        );
        let description = operation["description"].as_str().unwrap();
        let owners = ["Only who created", "what the caller created"];
        let says = owners.into_iter().find(|said| description.contains(said));
        assert_eq!(says.unwrap_or_default(), said, "{method} {path}");
    }
}
