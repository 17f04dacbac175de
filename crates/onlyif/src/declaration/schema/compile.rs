//! Compiling schemas.

use std::sync::{Arc, OnceLock};

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
    pub(crate) fn compile(source: Value) -> Result<Schema, jsonschema::ValidationError<'static>> {
        let validator = OnceLock::from(Ok(build(&source)?));
        Ok(Schema {
            source,
            validator: Arc::new(validator),
        })
    }

    /// One that compiles, as is known: it does so when a value is first judged by it. Few of them are
    /// asked for in the life of a function, and each takes its time and memory.
    pub(in crate::declaration) fn known(source: Value) -> Schema {
        Schema {
            source,
            validator: Arc::default(),
        }
    }

    /// What judges values; `Err` is why there is nothing, against what was known.
    pub(in crate::declaration) fn validator(&self) -> Result<&Validator, &str> {
        let compiled = || build(&self.source).map_err(|error| error.to_string());
        let compiled = self.validator.get_or_init(compiled).as_ref();
        compiled.map_err(String::as_str)
    }

    /// Whether it accepts the value.
    pub(in crate::declaration) fn accepts(&self, value: &Value) -> bool {
        let judged = |validator: &Validator| validator.is_valid(value);
        self.validator().is_ok_and(judged)
    }
}

/// The schema of what stands at one place alone, so that a value can be judged without its
/// document; `None` where it cannot be compiled.
pub(in crate::declaration) fn member(shape: &Shape<'_>) -> Option<Schema> {
    Schema::compile(member_source(shape)).ok()
}

/// The same where it is known whether it can.
pub(in crate::declaration) fn known_member(shape: &Shape<'_>) -> Schema {
    Schema::known(member_source(shape))
}

fn member_source(shape: &Shape<'_>) -> Value {
    let refers = shape.parts.iter().any(|part| has_reference(part.schema));
    match shape.parts.as_slice() {
        [only] if !refers => Value::Object(only.schema.clone()),
        parts if !refers => {
            let all: Vec<Value> = parts
                .iter()
                .map(|part| Value::Object(alone(part.schema)))
                .collect();
            json!({ "allOf": all })
        }
        parts => refer(shape.root, parts.iter().map(|part| &part.at)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::{Declarations, SourceFile};

    #[test]
    fn a_schema_that_is_known_to_compile_does_when_it_is_first_needed() {
        let source = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
        let (compiled, known) = (
            Schema::compile(source.clone()).unwrap(),
            Schema::known(source),
        );
        assert!(compiled.validator.get().is_some());
        // A clone compiles for both.
        let clone = known.clone();
        assert!(known.validator.get().is_none());
        for value in [json!({ "n": 1 }), json!({ "n": 1.5 }), json!([])] {
            assert_eq!(known.faults(&value), compiled.faults(&value));
            assert_eq!(known.accepts(&value), compiled.accepts(&value));
        }
        assert!(clone.validator.get().is_some());
    }

    #[test]
    fn a_declaration_that_was_checked_is_read_again_without_compiling_anything() {
        let text = "type: things\nschema: { type: object, properties: { n: { type: integer } } }\n\
                    states: { initial: new }\ntransitions:\n  \
                    end: { from: new, to: old, set: { /n: 1 }, input: { type: object } }\n";
        let file = SourceFile {
            name: "things.yaml".to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(Declarations::parse(std::slice::from_ref(&file)).err(), None);
        let checked = Declarations::checked([file]);
        let things = checked.get("things").unwrap();
        let member = things.member_schema(&"/n".parse().unwrap()).unwrap();
        for schema in [&things.schema, member] {
            assert!(schema.validator.get().is_none(), "{schema:?}");
        }
        assert!(member.accepts(&json!(1)) && !member.accepts(&json!("1")));
    }

    #[test]
    fn nothing_gets_past_a_schema_that_does_not_compile_against_what_was_known() {
        let broken = Schema::known(json!({ "type": "objekt" }));
        let faults = broken.faults(&json!({}));
        assert_eq!(faults.len(), 1);
        let detail = &faults[0].detail;
        assert!(
            detail.starts_with("Cannot be judged by its schema, which does not compile ("),
            "{detail}"
        );
        assert_eq!(faults[0].keyword, None);
        assert!(!broken.accepts(&json!({})));
    }
}
