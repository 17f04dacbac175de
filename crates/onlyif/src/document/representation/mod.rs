//! A resource as clients see it: its members in one fixed order, so that one entity tag is one
//! sequence of bytes.

use std::str::FromStr;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

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
pub fn representation<'a>(
    declaration: &'a Declaration,
    id: &'a str,
    resource: &'a Resource,
) -> Representation<'a> {
    Representation {
        declaration,
        id,
        resource,
    }
}

/// A resource as clients see it, ready to be written: nothing of it is copied until then.
#[derive(Clone, Copy, Debug)]
pub struct Representation<'a> {
    declaration: &'a Declaration,
    id: &'a str,
    resource: &'a Resource,
}

impl Representation<'_> {
    /// The same as a document of its own.
    pub fn document(&self) -> Document {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // What names its members by texts is always an object.
            _ => Document::new(),
        }
    }
}

impl Serialize for Representation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resource = self.resource;
        let [
            id,
            etag,
            version,
            state,
            created_at,
            created_by,
            updated_at,
            updated_by,
        ] = RESERVED;
        let mut all = serializer.serialize_map(None)?;
        all.serialize_entry(id, self.id)?;
        all.serialize_entry(etag, &resource.tag().to_string())?;
        all.serialize_entry(version, &resource.version)?;
        if let (Some(_), Some(now)) = (&self.declaration.states, &resource.state) {
            all.serialize_entry(state, now)?;
        }
        all.serialize_entry(created_at, &resource.created_at.to_string())?;
        all.serialize_entry(created_by, &resource.created_by)?;
        all.serialize_entry(updated_at, &resource.updated_at.to_string())?;
        all.serialize_entry(updated_by, &resource.updated_by)?;
        let root = &self.declaration.schema.source;
        for (name, value) in members(&resource.document, &[root], root) {
            // A document never holds a reserved member; if one did, it would not be the truth.
            if !RESERVED.contains(&name.as_str()) {
                all.serialize_entry(name, &value)?;
            }
        }
        all.end()
    }
}

/// A value that is written with the members of each object in order.
struct Ordered<'a> {
    value: &'a Value,
    /// Those that describe it.
    schemas: Vec<&'a Value>,
    /// The schema that they are parts of.
    root: &'a Value,
}

impl<'a> Ordered<'a> {
    fn of(
        value: &'a Value,
        schemas: impl Iterator<Item = &'a Value>,
        root: &'a Value,
    ) -> Ordered<'a> {
        let schemas = match value {
            Value::Object(_) | Value::Array(_) => schemas.collect(),
            // It is written as it is, whatever describes it.
            _ => Vec::new(),
        };
        Ordered {
            value,
            schemas,
            root,
        }
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(document) => {
                serializer.collect_map(members(document, &self.schemas, self.root))
            }
            Value::Array(elements) => {
                let schemas = expanded(&self.schemas, self.root).into_iter();
                let schemas: Vec<&Value> =
                    schemas.filter_map(|schema| schema.get("items")).collect();
                let each = |value| Ordered::of(value, schemas.iter().copied(), self.root);
                serializer.collect_seq(elements.iter().map(each))
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

fn members<'a>(
    document: &'a Document,
    schemas: &[&'a Value],
    root: &'a Value,
) -> Vec<(&'a String, Ordered<'a>)> {
    let properties: Vec<&'a Document> = expanded(schemas, root)
        .into_iter()
        .filter_map(|schema| schema.get("properties")?.as_object())
        .collect();
    let described = |within: &[&Document], name: &String| {
        let mut within = within.iter();
        within.any(|named| named.contains_key(name))
    };
    let mut all: Vec<(&'a String, &'a Value)> = Vec::with_capacity(document.len());
    for (place, named) in properties.iter().enumerate() {
        let (earlier, _) = properties.split_at(place);
        let anew = named.keys().filter(|name| !described(earlier, name));
        all.extend(anew.filter_map(|name| document.get_key_value(name)));
    }
    // Most often a schema describes every member, and nothing is left.
    if all.len() < document.len() {
        let rest = document.iter();
        let rest = rest.filter(|(name, _)| !described(&properties, name));
        let mut rest: Vec<_> = rest.collect();
        rest.sort_unstable_by_key(|(name, _)| *name);
        all.extend(rest);
    }
    let ordered = |(name, value): (&'a String, &'a Value)| {
        let schemas = properties.iter().filter_map(|named| named.get(name));
        (name, Ordered::of(value, schemas, root))
    };
    all.into_iter().map(ordered).collect()
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
