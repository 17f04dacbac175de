//! What a changed declaration means for what is stored: every finding in its place, and nothing found
//! only where nothing stored is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod declarations;
mod laws;
mod schemas;

use onlyif::declaration::upgrade::{Finding, against};
use onlyif::declaration::{Declaration, Declarations, SourceFile};
use serde_json::{Value, json};

fn file(text: &str) -> Vec<SourceFile> {
    vec![SourceFile {
        name: "things.yaml".to_owned(),
        text: text.to_owned(),
    }]
}

/// What the change from one declaration of things to another means.
fn found(old: &str, new: &str) -> Vec<Finding> {
    against(&file(old), &file(new)).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{}\n{old}\n{new}", lines.join("\n"))
    })
}

/// The type whose document has one member, `v`, of this schema, with whatever definitions it needs.
fn declare(schema: &Value, definitions: &Value) -> String {
    let document = json!({
        "type": "object", "properties": { "v": schema }, "$defs": definitions
    });
    format!("type: things\nschema: {document}\n")
}

fn parsed(text: &str) -> Option<Declaration> {
    Declarations::parse(&file(text))
        .ok()?
        .get("things")
        .cloned()
}

fn is_valid(declaration: &Declaration, value: &Value) -> bool {
    declaration.schema.faults(&json!({ "v": value })).is_empty()
}
