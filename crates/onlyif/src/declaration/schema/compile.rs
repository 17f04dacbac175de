//! Compiling schemas.

use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::multiple;
use super::shape::Shape;
use crate::declaration::Schema;
use crate::document::pointer::Pointer;

/// The name under which a document's schema is embedded in the one of a member.
const DOCUMENT: &str = "urn:onlyif:document";

/// JSON Schema 2020-12, with `format` asserted. Patterns are matched in linear time: those that
/// need backtracking (look-around, back-references) could be made to run for minutes by a body.
fn build(source: &Value) -> Result<Validator, jsonschema::ValidationError<'static>> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(PatternOptions::regex())
        .with_keyword("multipleOf", multiple::keyword)
        .offline()
        .build(source)
}

impl Schema {
    /// Compiles a schema; `Err` is the compiler's first complaint.
    pub(in crate::declaration) fn compile(
        source: Value,
    ) -> Result<Schema, jsonschema::ValidationError<'static>> {
        let validator = Arc::new(build(&source)?);
        Ok(Schema { source, validator })
    }
}

/// The schema of what stands at one place alone, so that a value can be judged without its
/// document; `None` where it cannot be compiled.
pub(in crate::declaration) fn member(shape: &Shape<'_>) -> Option<Schema> {
    let refers = shape.parts.iter().any(|part| has_reference(part.schema));
    let source = match shape.parts.as_slice() {
        [only] if !refers => Value::Object(only.schema.clone()),
        parts if !refers => {
            let all: Vec<Value> = parts
                .iter()
                .map(|part| Value::Object(alone(part.schema)))
                .collect();
            json!({ "allOf": all })
        }
        parts => refer(shape.root, parts.iter().map(|part| &part.at)),
    };
    Schema::compile(source).ok()
}

/// The schema that stands at a place of another, with all that it refers to; `None` where it cannot
/// be compiled.
pub(in crate::declaration) fn standing(root: &Value, at: &Pointer) -> Option<Schema> {
    Schema::compile(refer(root, std::iter::once(at))).ok()
}

/// A part without its `allOf`: the branches are parts of their own.
fn alone(schema: &Map<String, Value>) -> Map<String, Value> {
    let mut schema = schema.clone();
    schema.remove("allOf");
    schema
}

/// References lead out of the member: the whole schema comes along under a name of its own.
fn refer<'p>(root: &Value, places: impl Iterator<Item = &'p Pointer>) -> Value {
    let mut document = root.clone();
    if let Some(members) = document.as_object_mut() {
        members.insert("$id".to_owned(), json!(DOCUMENT));
    }
    let all: Vec<Value> = places
        .map(|at| json!({ "$ref": format!("{DOCUMENT}#{}", fragment(at)) }))
        .collect();
    json!({ "$id": "urn:onlyif:member", "$defs": { "document": document }, "allOf": all })
}

/// A pointer as a URI's fragment (RFC 6901 §6).
fn fragment(pointer: &Pointer) -> String {
    pointer
        .to_string()
        .bytes()
        .map(|b| match b {
            b'/' | b'~' | b'-' | b'_' | b'.' | b'$' => char::from(b).to_string(),
            b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

fn has_reference(schema: &Map<String, Value>) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Object(members) => has_reference(members),
            Value::Array(elements) => elements.iter().any(within),
            _ => false,
        }
    }
    schema.contains_key("$ref") || schema.values().any(within)
}
