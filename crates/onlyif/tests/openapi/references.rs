//! What is said of references: which answers they bring, and what they mean.

use onlyif::problem::Code;
use serde_json::Value;

use super::{described, examples};

/// Whether this operation may be refused with this kind of conflict.
fn may_be(document: &Value, path: &str, method: &str, code: Code) -> bool {
    let operation = &document["paths"][path][method];
    assert!(operation.is_object(), "{method} {path}");
    // Here each kind has a status, and so an answer, of its own.
    operation["responses"]
        .to_string()
        .contains(&format!("/{}\"", code.name()))
}

#[test]
fn what_writes_a_reference_may_miss_it_and_what_is_referred_to_may_have_dependents() {
    let document = described(&examples());
    let (missing, dependents) = (Code::MissingReference, Code::HasDependents);
    for (path, method, code, expected) in [
        ("/v1/files", "post", missing, true),
        ("/v1/files/{id}", "put", missing, true),
        ("/v1/files/{id}", "patch", missing, true),
        ("/v1/files/{id}", "delete", missing, false),
        ("/v1/files/{id}", "delete", dependents, false),
        ("/v1/folders/{id}", "delete", dependents, true),
        ("/v1/folders/{id}", "patch", dependents, false),
        ("/v1/products/{id}", "patch", missing, false),
        ("/v1/products/{id}", "delete", dependents, false),
        ("/v1/transactions", "post", missing, true),
        ("/v1/transactions", "post", dependents, true),
    ] {
        assert_eq!(
            may_be(&document, path, method, code),
            expected,
            "{method} {path}: {}",
            code.name()
        );
    }
}

#[test]
fn references_are_told_where_their_types_are_described() {
    let document = described(&examples());
    let tags = document["tags"].as_array().expect("tags");
    let of = |name: &str| {
        let mut tags = tags.iter();
        let tag = tags.find(|tag| tag["name"] == name).expect(name);
        tag["description"]
            .as_str()
            .expect("a description")
            .to_owned()
    };
    let files = of("files");
    for told in [
        "`/folder` is the id of one of folders",
        "`/copyOf` is the id of one of files",
    ] {
        assert!(files.contains(told), "{files}");
    }
    let delete = &document["paths"]["/v1/folders/{id}"]["delete"]["description"];
    let delete = delete.as_str().expect("a description");
    assert!(
        delete.contains("while any of files or folders refer to it"),
        "{delete}"
    );
}
