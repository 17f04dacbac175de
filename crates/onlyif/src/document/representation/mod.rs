//! A resource as clients see it: its members in one fixed order, so that one entity tag is one
//! sequence of bytes.

use std::str::FromStr;

use serde_json::{Number, Value};

use super::Document;
use super::pointer::Pointer;
use crate::declaration::Declaration;
use crate::item::Resource;

/// The members that are ours, in their order.
pub const RESERVED: [&str; 8] = [
    "id",
    "etag",
    "version",
    "state",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
];

/// How many schemas may describe one value (through `$ref` and `allOf`) and still order its members.
const MAX_SCHEMAS: usize = 64;

/// The resource as clients see it: the reserved members (`state` only on types with states), the
/// document's own in the order of the schema's `properties`, then the others by name; the same
/// within every object.
pub fn representation(declaration: &Declaration, id: &str, resource: &Resource) -> Document {
    let mut shown = Document::new();
    let text = |text: String| Value::String(text);
    let state = declaration
        .states
        .as_ref()
        .and(resource.state.as_ref())
        .map(|state| text(state.clone()));
    let values = [
        Some(text(id.to_owned())),
        Some(text(resource.tag().to_string())),
        Some(Value::Number(Number::from(resource.version))),
        state,
        Some(text(resource.created_at.to_string())),
        Some(text(resource.created_by.clone())),
        Some(text(resource.updated_at.to_string())),
        Some(text(resource.updated_by.clone())),
    ];
    for (name, value) in RESERVED.into_iter().zip(values) {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    }
    let root = &declaration.schema.source;
    for (name, value) in members(&resource.document, &[root], root) {
        // A document never holds a reserved member; if one did, it would not be the truth.
        shown.entry(name).or_insert(value);
    }
    shown
}

/// The value with the members of each object in order; `schemas` are those that describe it.
fn ordered(value: &Value, schemas: &[&Value], root: &Value) -> Value {
    match value {
        Value::Object(document) => Value::Object(members(document, schemas, root)),
        Value::Array(elements) => {
            let schemas = expanded(schemas, root);
            let items: Vec<&Value> = schemas
                .iter()
                .filter_map(|schema| schema.get("items"))
                .collect();
            Value::Array(
                elements
                    .iter()
                    .map(|element| ordered(element, &items, root))
                    .collect(),
            )
        }
        scalar => scalar.clone(),
    }
}

fn members(document: &Document, schemas: &[&Value], root: &Value) -> Document {
    let properties: Vec<&Document> = expanded(schemas, root)
        .into_iter()
        .filter_map(|schema| schema.get("properties")?.as_object())
        .collect();
    let mut rest: Vec<&String> = document
        .keys()
        .filter(|name| !properties.iter().any(|named| named.contains_key(*name)))
        .collect();
    rest.sort_unstable();
    let mut out = Document::new();
    for name in properties.iter().flat_map(|named| named.keys()).chain(rest) {
        let Some(value) = document.get(name) else {
            continue;
        };
        if !out.contains_key(name) {
            let schemas: Vec<&Value> = properties
                .iter()
                .filter_map(|named| named.get(name))
                .collect();
            out.insert(name.clone(), ordered(value, &schemas, root));
        }
    }
    out
}

/// The schemas, and those that they take in through `$ref` and `allOf`, each once.
fn expanded<'a>(schemas: &[&'a Value], root: &'a Value) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = Vec::new();
    let mut waiting: Vec<&Value> = schemas.iter().rev().copied().collect();
    while let Some(schema) = waiting.pop() {
        let seen = found.iter().any(|known| std::ptr::eq(*known, schema));
        if seen || found.len() == MAX_SCHEMAS {
            continue;
        }
        found.push(schema);
        let referred = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| resolve(reference, root));
        let all = schema.get("allOf").and_then(Value::as_array);
        waiting.extend(all.into_iter().flatten().rev());
        waiting.extend(referred);
    }
    found
}

/// The schema that a local `$ref` names.
fn resolve<'a>(reference: &str, root: &'a Value) -> Option<&'a Value> {
    let fragment = reference.strip_prefix('#')?;
    if fragment.is_empty() {
        return Some(root);
    }
    Pointer::from_str(fragment).ok()?.of(root.as_object()?)
}

#[cfg(test)]
mod tests;
