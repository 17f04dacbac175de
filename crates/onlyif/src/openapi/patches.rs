//! Schemas of what `PATCH` takes.

use serde_json::{Map, Value, json};

use super::shapes::{Shapes, required_members};

/// Keywords that say nothing about the value, and stay with it in a patch.
const ANNOTATIONS: [&str; 4] = ["title", "description", "readOnly", "deprecated"];

/// A merge patch (RFC 7396) of a type's document: a part of it, `null` for what is to go.
///
/// What holds of the whole document cannot be asked of a part: the schema describes each member
/// that a patch may have, and the result of the patch is validated against the document's.
pub(super) fn merge_patch(shapes: &Shapes<'_>) -> Value {
    let mut schema = match patched(shapes, shapes.document, &mut Vec::new()) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut properties = shapes.reserved.clone();
    if let Some(Value::Object(own)) = schema.get("properties") {
        properties.extend(own.clone());
    }
    schema.insert("properties".to_owned(), properties.into());
    schema.into()
}

/// The schema of a patch of what `schema` describes. Only objects are patched member by member;
/// any other value is replaced as a whole. `within` are the references that led here.
fn patched(shapes: &Shapes<'_>, schema: &Value, within: &mut Vec<String>) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    if !is_object(shapes, schema) {
        return schema.clone();
    }
    let mut out = Map::new();
    let mut parts = Vec::new();
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("type", _) => {
                out.insert(keyword.clone(), value.clone());
            }
            (name, _) if ANNOTATIONS.contains(&name) => {
                out.insert(keyword.clone(), value.clone());
            }
            ("properties" | "patternProperties", Value::Object(named)) => {
                let required = required_members(schema);
                let member = |(name, part): (&String, &Value)| {
                    let needed = required.iter().any(|required| required == name);
                    let part = patched(shapes, part, within);
                    let part = if needed { part } else { removable(part) };
                    (name.clone(), part)
                };
                let named: Map<String, Value> = named.iter().map(member).collect();
                out.insert(keyword.clone(), named.into());
            }
            ("additionalProperties", Value::Bool(_)) => {
                out.insert(keyword.clone(), value.clone());
            }
            ("additionalProperties", part) => {
                let part = removable(patched(shapes, part, within));
                out.insert(keyword.clone(), part);
            }
            ("allOf", Value::Array(all)) => {
                parts.extend(all.iter().map(|part| patched(shapes, part, within)));
            }
            // A schema within itself: the same members again, however deep.
            ("$ref", Value::String(reference)) if !within.contains(reference) => {
                if let Some(part) = shapes.target(reference) {
                    within.push(reference.clone());
                    parts.push(patched(shapes, part, within));
                    within.pop();
                }
            }
            _ => {}
        }
    }
    match parts.as_slice() {
        // Its members are that part's, and it is closed as that part is.
        [Value::Object(part)] if !members.contains_key("properties") => {
            for (keyword, value) in part {
                out.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
        }
        parts => parts.iter().for_each(|part| add_members(&mut out, part)),
    }
    out.entry("type").or_insert_with(|| "object".into());
    out.into()
}

/// Adds the members that another part of the same object may have.
fn add_members(patch: &mut Map<String, Value>, part: &Value) {
    let Some(Value::Object(members)) = part.get("properties") else {
        return;
    };
    let properties = patch
        .entry("properties")
        .or_insert_with(|| Map::new().into());
    if let Value::Object(properties) = properties {
        for (name, member) in members {
            properties
                .entry(name.clone())
                .or_insert_with(|| member.clone());
        }
    }
}

fn is_object(shapes: &Shapes<'_>, schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => return name == "object",
        Some(Value::Array(names)) => return names.iter().any(|name| name == "object"),
        _ => {}
    }
    let referred = match schema.get("$ref") {
        Some(Value::String(reference)) => shapes.target(reference),
        _ => None,
    };
    let parts = match schema.get("allOf") {
        Some(Value::Array(parts)) => parts.as_slice(),
        _ => &[],
    };
    schema.get("properties").is_some()
        || parts
            .iter()
            .chain(referred)
            .any(|part| is_object(shapes, part))
}

/// The same value, or `null`, which removes the member.
fn removable(schema: Value) -> Value {
    match schema {
        Value::Bool(true) => schema,
        Value::Object(mut members) => {
            let narrowed = [
                "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "$ref",
            ];
            let simple = matches!(members.get("type"), Some(Value::String(_)))
                && !narrowed
                    .iter()
                    .any(|keyword| members.contains_key(*keyword));
            if simple && let Some(name) = members.get_mut("type") {
                *name = json!([name.take(), "null"]);
                return members.into();
            }
            json!({ "anyOf": [members, { "type": "null" }] })
        }
        other => json!({ "anyOf": [other, { "type": "null" }] }),
    }
}

/// A JSON Patch (RFC 6902).
pub(super) fn json_patch() -> Value {
    let pointer = |description: &str| {
        json!({
            "type": "string",
            "pattern": "^(/([^/~]|~[01])*)*$",
            "description": description,
        })
    };
    let operation = |names: &[&str], needs: &str, more: Value| {
        let mut properties = json!({
            "op": { "enum": names },
            "path": pointer("A JSON Pointer (RFC 6901) into the resource."),
        });
        properties[needs] = more;
        json!({
            "type": "object",
            "required": if needs == "path" { vec!["op", "path"] } else { vec!["op", "path", needs] },
            "properties": properties,
        })
    };
    json!({
        "type": "array",
        "description": "Operations, applied in their order, all or none. `test` sees the reserved members too.",
        "items": {
            "oneOf": [
                operation(&["add", "replace", "test"], "value", json!({ "description": "Any JSON value." })),
                operation(&["remove"], "path", pointer("What is removed.")),
                operation(&["move", "copy"], "from", pointer("Where the value comes from.")),
            ],
        },
    })
}
