//! A document made up from a schema, and two texts in it that two writers can edit.

use serde_json::{Map, Number, Value, json};

/// References are followed so far.
const DEPTH: usize = 16;

/// What is to be edited.
#[derive(Debug, PartialEq)]
pub struct Sample {
    /// A document that satisfies the schema.
    pub document: Value,
    /// The names of two of its members, which may hold any short text.
    pub fields: [String; 2],
}

/// What both fields hold at first.
pub const AT_FIRST: &str = "as created";

/// Makes up a document for the schema of a request in an `OpenAPI` document; `unique` tells this
/// run's texts from others'. `None` where the schema asks for more than can be made up, or has
/// no two texts to edit.
pub fn sample(openapi: &Value, schema: &Value, unique: &str) -> Option<Sample> {
    let maker = Maker { openapi, unique };
    let mut document = maker.value(schema, DEPTH)?;
    let properties = maker.resolved(schema, DEPTH)?["properties"].as_object()?;
    let mut texts = properties
        .iter()
        .filter(|(_, schema)| maker.resolved(schema, DEPTH).is_some_and(is_free_text))
        .map(|(name, _)| name.clone());
    let fields = [texts.next()?, texts.next()?];
    for field in &fields {
        document[field] = json!(AT_FIRST);
    }
    Some(Sample { document, fields })
}

/// Whether it is a text in which a writer may write what comes to mind.
fn is_free_text(schema: &Value) -> bool {
    let bound = ["enum", "const", "pattern", "format"]
        .iter()
        .any(|keyword| schema.get(*keyword).is_some());
    let short = schema["maxLength"].as_u64().is_some_and(|most| most < 20);
    let long = schema["minLength"]
        .as_u64()
        .is_some_and(|least| least > AT_FIRST.len() as u64);
    schema["type"] == "string" && schema["readOnly"] != true && !bound && !short && !long
}

struct Maker<'a> {
    openapi: &'a Value,
    unique: &'a str,
}

impl<'a> Maker<'a> {
    fn resolved(&self, schema: &'a Value, depth: usize) -> Option<&'a Value> {
        match schema["$ref"].as_str() {
            None => Some(schema),
            Some(reference) => {
                let target = self.openapi.pointer(reference.strip_prefix('#')?)?;
                self.resolved(target, depth.checked_sub(1)?)
            }
        }
    }

    fn value(&self, schema: &'a Value, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let schema = self.resolved(schema, depth)?;
        let given = [
            schema.get("const"),
            schema.get("default"),
            schema["examples"].get(0),
            schema["enum"].get(0),
        ];
        if let Some(given) = given.into_iter().flatten().next() {
            return Some(given.clone());
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first()?.as_str()?,
            kind => kind.as_str()?,
        };
        Some(match kind {
            "object" => self.object(schema, depth)?,
            "array" => {
                let count = schema["minItems"].as_u64().unwrap_or_default();
                let items: Option<Vec<Value>> = (0..count)
                    .map(|_| self.value(&schema["items"], depth))
                    .collect();
                Value::Array(items?)
            }
            "string" => Value::String(self.text(schema)?),
            "integer" | "number" => Value::Number(number(schema)),
            "boolean" => Value::Bool(false),
            _ => Value::Null,
        })
    }

    /// The required members, but for those that only transitions set.
    fn object(&self, schema: &'a Value, depth: usize) -> Option<Value> {
        let required = schema["required"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut members = Map::new();
        for name in required.iter().filter_map(Value::as_str) {
            let property = schema["properties"].get(name)?;
            if self.resolved(property, depth)?["readOnly"] != true {
                members.insert(name.to_owned(), self.value(property, depth)?);
            }
        }
        Some(Value::Object(members))
    }

    fn text(&self, schema: &Value) -> Option<String> {
        if schema.get("pattern").is_some() {
            return None;
        }
        let text = match schema["format"].as_str() {
            Some("date-time") => "2026-01-01T00:00:00Z".to_owned(),
            Some("date") => "2026-01-01".to_owned(),
            Some("email") => format!("{}@example.com", self.unique),
            Some("uri") => format!("https://example.com/{}", self.unique),
            Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
            Some(_) => return None,
            None => self.unique.to_owned(),
        };
        let least = schema["minLength"].as_u64().unwrap_or_default();
        let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        let length = text.len() as u64;
        (length >= least && length <= most).then_some(text)
    }
}

fn number(schema: &Value) -> Number {
    let above = schema["exclusiveMinimum"]
        .as_i64()
        .map(|bound| bound.saturating_add(1));
    let least = schema["minimum"].as_i64();
    Number::from(above.or(least).unwrap_or(1).max(least.unwrap_or(i64::MIN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_what_is_required_and_two_texts_to_edit() {
        let openapi = json!({ "components": { "schemas": { "Line": {
            "type": "object", "required": ["product", "quantity"],
            "properties": { "product": { "type": "string" }, "quantity": { "type": "integer", "minimum": 2 } }
        } } } });
        let schema = json!({
            "type": "object",
            "required": ["email", "lines", "kind", "paidAt", "ok", "on"],
            "properties": {
                "id": { "type": "string", "readOnly": true },
                "email": { "type": "string", "format": "email" },
                "kind": { "enum": ["a", "b"] },
                "lines": { "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/Line" } },
                "paidAt": { "type": "string", "format": "date-time", "readOnly": true },
                "on": { "type": "string", "format": "date" },
                "ok": { "type": "boolean" },
                "code": { "type": "string", "maxLength": 3 },
                "note": { "type": "string", "maxLength": 40 },
                "text": { "type": "string" },
            }
        });
        let sample = sample(&openapi, &schema, "race-1").unwrap();
        assert_eq!(sample.fields, ["note", "text"]);
        assert_eq!(
            sample.document,
            json!({
                "email": "race-1@example.com", "lines": [{ "product": "race-1", "quantity": 2 }],
                "kind": "a", "ok": false, "on": "2026-01-01", "note": "as created", "text": "as created",
            })
        );
    }

    #[test]
    fn what_cannot_be_made_up_is_not() {
        let texts = r#""a": { "type": "string" }, "b": { "type": "string" }"#;
        for schema in [
            r#"{ "type": "object", "properties": { "a": { "type": "string" } } }"#.to_owned(),
            format!(
                r#"{{ "type": "object", "required": ["c"], "properties": {{ "c": {{ "type": "string", "pattern": "^x" }}, {texts} }} }}"#
            ),
            format!(
                r##"{{ "type": "object", "required": ["c"], "properties": {{ "c": {{ "$ref": "#/nowhere" }}, {texts} }} }}"##
            ),
            format!(
                r##"{{ "type": "object", "required": ["c"], "properties": {{ "c": {{ "$ref": "#/loop" }}, {texts} }} }}"##
            ),
        ] {
            let schema: Value = serde_json::from_str(&schema).unwrap();
            let openapi = json!({ "loop": { "$ref": "#/loop" } });
            assert_eq!(sample(&openapi, &schema, "u"), None, "{schema}");
        }
    }
}
