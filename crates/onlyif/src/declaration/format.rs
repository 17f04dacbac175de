//! The format of declarations as a JSON Schema, for editors: it completes and explains every key.

use serde_json::{Map, Value, json};

use super::keys::{self, Key, Need};
use super::schema::keywords::KEYWORDS;

/// JSON Schema 2020-12 of a declaration, made of the same table of keys that the parser reads by.
pub fn schema() -> Value {
    let mut schema = map_of(keys::DECLARATION);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A resource type of Onlyif",
        "description": "All that is written to get an API whose every write happens only if nothing stands against it."
    });
    let definitions = json!({
        "unique": map_of(keys::UNIQUE),
        "states": map_of(keys::STATES),
        "transition": map_of(keys::TRANSITION),
        "create": map_of(keys::CREATE),
        "also": map_of(keys::ALSO),
        "reference": map_of(keys::REFERENCES),
        "access": map_of(keys::ACCESS),
        "keep": map_of(keys::KEEP),
        "lease": map_of(keys::LEASE),
        "list": map_of(keys::LIST),
        "deprecated": map_of(keys::DEPRECATED),
        "clause": clause(),
        "value": value(),
        "source": source(),
        "amount": { "anyOf": [{ "type": "number" }, map_of(keys::AMOUNT)] },
        "pointer": {
            "description": "A JSON Pointer (RFC 6901) of a member: /address/city.",
            "type": "string",
            "pattern": "^/"
        },
        "state": {
            "description": "The name of a state.",
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,62}$"
        },
        "scopes": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": true,
            "items": { "type": "string", "minLength": 1 }
        },
        "schema": json_schema()
    });
    let mut whole = Map::new();
    whole.extend(members(head));
    whole.extend(std::mem::take(&mut schema));
    whole.insert("$defs".to_owned(), definitions);
    Value::Object(whole)
}

/// An object with these keys and no others.
fn map_of(table: &'static [Key]) -> Map<String, Value> {
    let required: Vec<&str> = table
        .iter()
        .filter(|key| key.need == Need::Required)
        .map(|key| key.name)
        .collect();
    members(json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties(table.iter())
    }))
}

fn properties(keys: impl Iterator<Item = &'static Key>) -> Map<String, Value> {
    keys.map(|key| (key.name.to_owned(), described(key)))
        .collect()
}

fn described(key: &Key) -> Value {
    let mut form = members((key.form)());
    form.insert("description".to_owned(), json!(key.meaning));
    Value::Object(form)
}

/// A field with exactly one test, or `any`, or `not`.
fn clause() -> Value {
    let alternative = |names: &[&str]| {
        let may: Vec<&str> = names.iter().copied().chain(["message"]).collect();
        json!({ "required": names, "propertyNames": { "enum": may } })
    };
    let alternatives: Vec<Value> = keys::tests()
        .map(|test| alternative(&["field", test.name]))
        .chain([alternative(&["any"]), alternative(&["not"])])
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties(keys::CLAUSE.iter()),
        "oneOf": alternatives
    })
}

/// A literal, or where the value comes from.
fn value() -> Value {
    json!({
        "description": "A literal, or { field: /p }, { input: /p }, { item: /p }, { actor: id } or { now: true }.",
        "anyOf": [
            { "$ref": "#/$defs/source" },
            { "type": ["string", "number", "boolean", "null", "array"] },
            { "type": "object", "propertyNames": { "not": { "enum": keys::SOURCES.iter().map(|key| key.name).collect::<Vec<_>>() } } }
        ]
    })
}

fn source() -> Value {
    let mut source = map_of(keys::SOURCES);
    source.insert("minProperties".to_owned(), json!(1));
    source.insert("maxProperties".to_owned(), json!(1));
    Value::Object(source)
}

/// The keywords of JSON Schema that the parser knows.
fn json_schema() -> Value {
    let properties: Map<String, Value> = KEYWORDS
        .iter()
        .map(|keyword| {
            let mut form = members((keyword.form)());
            form.insert("description".to_owned(), json!(keyword.meaning));
            (keyword.name.to_owned(), Value::Object(form))
        })
        .collect();
    json!({
        "description": "JSON Schema 2020-12.",
        "type": ["object", "boolean"],
        "properties": properties,
        "patternProperties": { "^x-": true },
        "additionalProperties": false
    })
}

/// The members of an object; the schema that takes anything is the empty one.
fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
