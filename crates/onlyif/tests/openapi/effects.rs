//! An operation's description lists its conditions, what it changes, and what happens along.

use onlyif::declaration::SourceFile;
use serde_json::Value;

use super::{declarations, described, examples};

fn told(document: &Value, path: &str) -> String {
    let operation = &document["paths"][path]["post"];
    operation["description"].as_str().unwrap().to_owned()
}

const ONE: &str = "The check and the write are one: of two callers at the same moment, one is told that it came too late.";

#[test]
fn a_transition_tells_its_conditions_its_changes_and_what_happens_along() {
    let document = described(&examples());
    for (path, expected) in [
        (
            "/v1/orders/{id}/transitions/pay",
            "Only if:\n\n\
             - /lines has a size of at least 1 (An empty order cannot be paid)\n\n\
             It then:\n\n\
             - sets /payment to /payment of the input\n\
             - sets /paidAt to now",
        ),
        (
            "/v1/products/{id}/transitions/reserve",
            "Only if:\n\n\
             - /stock is a number, and minus /quantity of the input it is at least 0 and at most 1000000\n\n\
             It then:\n\n\
             - subtracts /quantity of the input from /stock",
        ),
        (
            "/v1/documents/{id}/transitions/reopen",
            "It then:\n\n- removes /publishedAt\n- removes /publishedBy",
        ),
        (
            "/v1/prompts/{id}/transitions/publish",
            "Only if:\n\n\
             - /version is /reviewed of the input (It has changed since it was reviewed)\n\
             - /draft is there\n\n\
             It then:\n\n\
             - sets /live to /draft\n\
             - sets /liveVersion to /reviewed of the input\n\
             - sets /liveAt to now\n\
             - sets /liveBy to who asks",
        ),
        (
            "/v1/sales/{id}/transitions/take-back",
            "It then:\n\n\
             - sets /reason to /reason of the input\n\n\
             Along with it, in the same transaction, all of it or nothing:\n\n\
             - for each element of /lines: release of the one of products whose id is /product of the element, with quantity: /quantity of the element",
        ),
    ] {
        assert_eq!(
            told(&document, path),
            format!("{ONE}\n\n{expected}"),
            "{path}"
        );
    }
    let moved = told(&document, "/v1/orders/{id}/transitions/cancel");
    assert_eq!(moved, ONE);
    let create = told(&document, "/v1/sales");
    let along = "for each element of /lines: reserve of the one of products";
    assert!(create.contains(along), "{create}");
}

#[test]
fn what_is_declared_is_no_markdown() {
    let text = "type: things\n\
                schema: { type: object, properties: { _a_: { type: string }, b: { type: object, required: [c], properties: { c: { type: number } } } } }\n\
                transitions: { act: { onlyIf: [{ field: /_a_, is: '<b>', message: \"Not *now*\\n\\n# ever\" }], set: { /b/c: 1 } } }\n";
    let document = described(&declarations(&[SourceFile {
        name: "resources/things.yaml".to_owned(),
        text: text.to_owned(),
    }]));
    assert_eq!(
        told(&document, "/v1/things/{id}/transitions/act"),
        format!(
            "{ONE}\n\nOnly if:\n\n\
             - /\\_a\\_ is \"\\<b>\" (Not \\*now\\*  \\# ever)\n\
             - /b is an object\n\n\
             It then:\n\n\
             - sets /b/c to 1"
        )
    );
}
