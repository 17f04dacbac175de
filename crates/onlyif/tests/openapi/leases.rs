//! Leases in the document: of the types that have them, and of those alone.

use onlyif::declaration::{Declarations, SourceFile};
use serde_json::{Value, json};

use super::{declarations, described};

/// `files` can be leased; `shelves` take them along, `boxes` have nothing to do with leases.
fn library() -> Declarations {
    let also = "also: [{ type: files, id: { field: /file }, transition: touch }]";
    let schema = "schema: { type: object, properties: { file: { type: string } } }";
    let texts = [
        (
            "files",
            "schema: { type: object }\ntransitions: { touch: {} }\naccess: { update: [files.write] }\nlease: { max: 2m }\n"
                .to_owned(),
        ),
        (
            "shelves",
            format!("{schema}\ntransitions: {{ stack: {{ {also} }}, dust: {{}} }}\ncreate: {{ {also} }}\n"),
        ),
        ("boxes", "schema: { type: object }\ntransitions: { touch: {} }\n".to_owned()),
    ];
    let sources = texts.map(|(name, text)| SourceFile {
        name: format!("resources/{name}.yaml"),
        text: format!("type: {name}\n{text}"),
    });
    declarations(&sources)
}

/// Whether the operation takes a token, and whether it can be refused for a lease.
fn minds(document: &Value, method: &str, path: &str) -> (bool, bool) {
    let operation = &document["paths"][path][method];
    assert!(operation.is_object(), "{method} {path}");
    let token = json!({ "$ref": "#/components/parameters/LeaseToken" });
    let takes = operation["parameters"].as_array();
    let takes = takes.is_some_and(|all| all.contains(&token));
    // In these tests each code has a status of its own.
    let leased = json!({ "$ref": "#/components/responses/leased" });
    let responses = operation["responses"].as_object().unwrap();
    (takes, responses.values().any(|each| *each == leased))
}

#[test]
fn every_write_of_what_can_be_leased_takes_a_token_and_no_other_does() {
    let document = described(&library());
    for (method, path, expected) in [
        ("post", "/v1/files", (false, false)),
        ("get", "/v1/files/{id}", (false, false)),
        ("put", "/v1/files/{id}", (true, true)),
        ("patch", "/v1/files/{id}", (true, true)),
        ("delete", "/v1/files/{id}", (true, true)),
        ("post", "/v1/files/{id}/transitions/touch", (true, true)),
        ("get", "/v1/files/{id}/lease", (false, false)),
        ("put", "/v1/files/{id}/lease", (false, true)),
        ("delete", "/v1/files/{id}/lease", (true, true)),
        // What takes one along is refused for its lease, and names no token of it.
        ("post", "/v1/shelves", (false, true)),
        ("put", "/v1/shelves/{id}", (false, true)),
        ("patch", "/v1/shelves/{id}", (false, false)),
        ("post", "/v1/shelves/{id}/transitions/stack", (false, true)),
        ("post", "/v1/shelves/{id}/transitions/dust", (false, false)),
        ("patch", "/v1/boxes/{id}", (false, false)),
        ("post", "/v1/boxes/{id}/transitions/touch", (false, false)),
        ("post", "/v1/transactions", (false, true)),
    ] {
        assert_eq!(minds(&document, method, path), expected, "{method} {path}");
    }
    for path in ["/v1/shelves/{id}/lease", "/v1/boxes/{id}/lease"] {
        assert_eq!(document["paths"][path], Value::Null);
    }
}

#[test]
fn a_lease_says_for_how_long_it_can_be_taken_and_by_whom() {
    let document = described(&library());
    let lease = &document["paths"]["/v1/files/{id}/lease"]["put"];
    assert_eq!(lease["security"], json!([{ "bearer": ["files.write"] }]));
    let description = lease["description"].as_str().unwrap();
    assert!(description.contains("2 minutes at most"), "{description}");
    let extends = json!({ "$ref": "#/components/parameters/LeaseTokenExtends" });
    assert_eq!(lease["parameters"][0], extends);
    let body = &lease["requestBody"]["content"]["application/json"]["schema"];
    let schema = jsonschema::validator_for(body).unwrap();
    for (time, taken) in [("2m", true), ("120s", true), ("121s", false), ("1h", false)] {
        assert_eq!(schema.is_valid(&json!({ "for": time })), taken, "{time}");
    }
}
