//! A declared schema in its place among the document's components.
//!
//! A declared schema refers to its own parts (`#/$defs/line`). In an OpenAPI document `#` is the
//! document, so every reference is written anew for the place where the schema now stands.

use serde_json::{Map, Value};

use crate::declaration::{Holds, holds};

/// The schema as it reads at `home`, a reference to that place (`#/components/schemas/NAME`).
pub(super) fn moved(schema: &Value, home: &str) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (keyword, value) in members {
        let value = match (keyword.as_str(), holds(keyword), value) {
            // The document names the dialect for all its schemas, and where each of them is.
            ("$id" | "$schema", _, _) => continue,
            ("$ref", _, Value::String(reference)) => match reference.strip_prefix('#') {
                Some(fragment) => format!("{home}{fragment}").into(),
                None => value.clone(),
            },
            (_, Some(Holds::Schema), part) => moved(part, home),
            (_, Some(Holds::Schemas), Value::Array(parts)) => {
                parts.iter().map(|part| moved(part, home)).collect()
            }
            (_, Some(Holds::Named), Value::Object(parts)) => parts
                .iter()
                .map(|(name, part)| (name.clone(), moved(part, home)))
                .collect::<Map<_, _>>()
                .into(),
            // Data that merely looks like a schema (in `const`, `enum`, `default`) stays.
            _ => value.clone(),
        };
        out.insert(keyword.clone(), value);
    }
    Value::Object(out)
}

/// What a reference made by [`moved`] names within the moved schema.
pub(super) fn target<'a>(schema: &'a Value, home: &str, reference: &str) -> Option<&'a Value> {
    let fragment = reference.strip_prefix(home)?;
    if fragment.is_empty() || fragment.starts_with('/') {
        schema.pointer(&percent_decoded(fragment)?)
    } else {
        None
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOME: &str = "#/components/schemas/orders.document";

    #[test]
    fn every_reference_names_the_same_part_from_the_new_place() {
        let line = json!({ "$ref": "#/$defs/line" });
        let moved_line = json!({ "$ref": format!("{HOME}/$defs/line") });
        let table = [
            (line.clone(), moved_line.clone()),
            (json!({ "$ref": "#" }), json!({ "$ref": HOME })),
            (json!({ "items": line }), json!({ "items": moved_line })),
            (json!({ "oneOf": [line] }), json!({ "oneOf": [moved_line] })),
            (
                json!({ "properties": { "$ref": line }, "$defs": { "a": line } }),
                json!({ "properties": { "$ref": moved_line }, "$defs": { "a": moved_line } }),
            ),
            (
                json!({ "$id": "https://a.example/x", "type": "object" }),
                json!({ "type": "object" }),
            ),
        ];
        for (source, expected) in table {
            assert_eq!(moved(&source, HOME), expected);
        }
    }

    #[test]
    fn data_that_looks_like_a_reference_stays() {
        let source = json!({
            "const": { "$ref": "#/a" },
            "default": { "$ref": "#/b" },
            "enum": [{ "$ref": "#/c" }],
            "x-note": { "$ref": "#/d" },
            "properties": { "$id": true },
        });
        assert_eq!(moved(&source, HOME), source);
    }

    #[test]
    fn a_moved_reference_is_followed_to_its_target() {
        let source = json!({
            "items": { "$ref": "#/$defs/a~1b%20c" },
            "$defs": { "a/b c": { "type": "integer" } },
        });
        let schema = moved(&source, HOME);
        let reference = schema["items"]["$ref"].as_str().unwrap();
        let found = target(&schema, HOME, reference);
        assert_eq!(found, Some(&json!({ "type": "integer" })));
        for other in [
            "#/components/schemas/orders.documents",
            &format!("{HOME}/%ZZ"),
            "#/x",
        ] {
            assert_eq!(target(&schema, HOME, other), None, "{other}");
        }
    }
}
