//! The JSON Schemas of the values that the format's keys take; they refer to the definitions of
//! [`format::schema`](super::format::schema).

use serde_json::{Value, json};

pub(super) fn named(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

pub(super) fn list_of(definition: &str) -> Value {
    json!({ "type": "array", "minItems": 1, "items": named(definition) })
}

pub(super) fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

pub(super) fn type_name() -> Value {
    json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$", "not": { "const": "transactions" } })
}

pub(super) fn document_schema() -> Value {
    let reserved = crate::document::RESERVED;
    json!({
        "allOf": [named("schema")],
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": { "const": "object" },
            "properties": { "propertyNames": { "not": { "enum": reserved } } }
        }
    })
}

pub(super) fn input_schema() -> Value {
    json!({
        "allOf": [named("schema")],
        "type": "object",
        "required": ["type"],
        "properties": { "type": { "const": "object" } }
    })
}

pub(super) fn transitions() -> Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[a-z][a-z0-9-]{0,62}$" },
        "maxProperties": super::transitions::MAX_TRANSITIONS,
        "additionalProperties": named("transition")
    })
}

pub(super) fn unique_fields() -> Value {
    json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": named("pointer") })
}

pub(super) fn constraint_name() -> Value {
    json!({ "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,62}$" })
}

pub(super) fn state() -> Value {
    named("state")
}

pub(super) fn states() -> Value {
    json!({ "type": "array", "uniqueItems": true, "items": named("state") })
}

pub(super) fn from() -> Value {
    json!({ "anyOf": [
        named("state"),
        { "type": "array", "minItems": 1, "uniqueItems": true, "items": named("state") }
    ] })
}

pub(super) fn scopes() -> Value {
    named("scopes")
}

pub(super) fn right() -> Value {
    json!({ "anyOf": [named("scopes"), { "const": "owner" }] })
}

pub(super) fn duration() -> Value {
    json!({ "type": "string", "pattern": "^[1-9][0-9]*[dhms]$", "examples": ["30d", "12h"] })
}

/// A time that nothing is kept for.
pub(super) fn time() -> Value {
    json!({ "type": "string", "pattern": "^[1-9][0-9]*[hms]$", "examples": ["15m", "60s"] })
}

pub(super) fn shards() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": super::list::MAX_SHARDS, "default": 1 })
}

pub(super) fn date() -> Value {
    json!({ "type": "string", "format": "date", "pattern": "^(19[7-9]|[2-9][0-9]{2})[0-9]-[0-9]{2}-[0-9]{2}$", "examples": ["2026-11-01"] })
}

pub(super) fn address() -> Value {
    json!({ "type": "string", "maxLength": super::deprecated::MAX_ADDRESS, "pattern": "^https://[A-Za-z0-9][A-Za-z0-9._~:/?#@!$&'()*+,;=%\\[\\]-]*$" })
}

pub(super) fn pointer() -> Value {
    named("pointer")
}

pub(super) fn value() -> Value {
    named("value")
}

/// A value that can be ordered.
pub(super) fn ordered() -> Value {
    json!({ "anyOf": [{ "type": ["number", "string"] }, named("source")] })
}

pub(super) fn string_value() -> Value {
    json!({ "anyOf": [{ "type": "string" }, named("source")] })
}

pub(super) fn size() -> Value {
    json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, named("source")] })
}
