//! What is found of schemas, keyword by keyword. Where it breaks, a value shows that it does.

use onlyif::declaration::upgrade::Weight;
use serde_json::{Value, json};

use super::{declare, found, is_valid, parsed};

/// What is found where the schema of `/v` changes so, `WEIGHT: MESSAGE` each.
fn of(old: &Value, new: &Value) -> Vec<String> {
    let found = found(&declare(old, &json!({})), &declare(new, &json!({})));
    let said = found.iter();
    said.map(|it| format!("{}: {}", it.weight, it.message))
        .collect()
}

/// Whether the value was allowed by the one, and is not by the other.
fn is_lost(value: &Value, old: &Value, new: &Value) -> bool {
    let [old, new] = [old, new].map(|schema| parsed(&declare(schema, &json!({}))).unwrap());
    is_valid(&old, value) && !is_valid(&new, value)
}

#[test]
fn what_breaks_is_told_of_each_keyword() {
    for (old, new, message, lost) in [
        (
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string" }),
            "found that /v cannot be null any more, expected that it can, as before",
            json!(null),
        ),
        (
            json!({ "type": "number" }),
            json!({ "type": "integer" }),
            "found that /v cannot be a number with a fraction any more, expected that it can, as before",
            json!(0.5),
        ),
        (
            json!({ "minimum": 1 }),
            json!({ "minimum": 1, "type": ["number", "string"] }),
            "found that /v can only be a string or a number, expected that it can be anything, as before",
            json!(null),
        ),
        (
            json!({ "enum": ["a", "b", 1] }),
            json!({ "enum": ["b", "c"] }),
            "found that /v cannot be `\"a\"`, `1` any more, expected that it can, as before",
            json!("a"),
        ),
        (
            json!({ "type": "boolean" }),
            json!({ "const": true }),
            "found that /v cannot be `false` any more, expected that it can, as before",
            json!(false),
        ),
        (
            json!({ "enum": ["a", "bb"] }),
            json!({ "maxLength": 1 }),
            "found that /v cannot be `\"bb\"` any more, expected that it can, as before",
            json!("bb"),
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "enum": ["a"] }),
            "found that /v is one of a few values, expected that it can be others too, as before",
            json!("b"),
        ),
        (
            json!({ "type": "string" }),
            json!({ "const": "a" }),
            "found that /v is one of a few values, expected that it can be others too, as before",
            json!("b"),
        ),
        (
            json!({ "type": "number", "minimum": 1 }),
            json!({ "type": "number", "minimum": 2 }),
            "found `minimum: 2` for /v, expected 1, as before",
            json!(1),
        ),
        (
            json!({ "type": "number", "minimum": 1 }),
            json!({ "type": "number", "exclusiveMinimum": 1 }),
            "found `exclusiveMinimum: 1` for /v, expected 1, as before",
            json!(1),
        ),
        (
            json!({ "type": "number" }),
            json!({ "type": "number", "maximum": 2 }),
            "found `maximum: 2` for /v, expected none, as before",
            json!(3),
        ),
        (
            json!({ "type": "number", "exclusiveMaximum": 3 }),
            json!({ "type": "number", "exclusiveMaximum": 2.5 }),
            "found `exclusiveMaximum: 2.5` for /v, expected 3, as before",
            json!(2.5),
        ),
        (
            json!({ "type": "number", "multipleOf": 0.1 }),
            json!({ "type": "number", "multipleOf": 0.2 }),
            "found `multipleOf: 0.2` for /v, expected 0.1, as before",
            json!(0.1),
        ),
        (
            json!({ "type": "string", "maxLength": 40 }),
            json!({ "type": "string", "maxLength": 2 }),
            "found `maxLength: 2` for /v, expected 40, as before",
            json!("abc"),
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "minLength": 1 }),
            "found `minLength: 1` for /v, expected none, as before",
            json!(""),
        ),
        (
            json!({ "type": "array" }),
            json!({ "type": "array", "minItems": 1 }),
            "found `minItems: 1` for /v, expected none, as before",
            json!([]),
        ),
        (
            json!({ "type": "array", "maxItems": 3 }),
            json!({ "type": "array", "maxItems": 2 }),
            "found `maxItems: 2` for /v, expected 3, as before",
            json!([1, 2, 3]),
        ),
        (
            json!({ "type": "array", "maxItems": 2 }),
            json!({ "type": "array", "uniqueItems": true }),
            "found that no element of /v stands twice, expected that it may, as before",
            json!([1, 1]),
        ),
        (
            json!({ "type": "array", "items": { "type": "integer" } }),
            json!({ "type": "array", "items": { "type": "integer", "minimum": 0 } }),
            "found `minimum: 0` for /v/*, expected none, as before",
            json!([-1]),
        ),
        (
            json!({ "type": "array", "prefixItems": [true], "items": { "type": "string" } }),
            json!({ "type": "array", "items": { "type": "string" } }),
            "found that /v/0 can only be a string, expected that it can be anything, as before",
            json!([1]),
        ),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "type": "array", "prefixItems": [{ "type": "string", "maxLength": 1 }] }),
            "found `maxLength: 1` for /v/0, expected none, as before",
            json!(["ab"]),
        ),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "type": "array", "items": false }),
            "found that nothing is allowed at /v/* any more",
            json!(["a"]),
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "pattern": "^a" }),
            "found the pattern `^a` for /v, expected none, as before",
            json!("b"),
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "format": "date" }),
            "found the format `date` for /v, expected none, as before",
            json!("b"),
        ),
        (
            json!({ "type": "object", "properties": { "a": true } }),
            json!({ "type": "object", "properties": { "a": true }, "required": ["a"] }),
            "found /v/a among the required members, expected it to be optional, as before",
            json!({}),
        ),
        (
            json!({ "type": "object" }),
            json!({ "type": "object", "dependentRequired": { "a": ["b"] } }),
            "found /v/b required where /v/a is there, expected it to be optional, as before",
            json!({ "a": 1 }),
        ),
        (
            json!({ "type": "object", "properties": { "a": true, "b": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "properties": { "a": true }, "additionalProperties": false }),
            "found no /v/b and no other members allowed, expected that it is declared, as before",
            json!({ "b": "" }),
        ),
        (
            json!({ "type": "object", "properties": { "a": true } }),
            json!({ "type": "object", "properties": { "a": true }, "additionalProperties": false }),
            "found that /v can have no other members than the declared ones, expected that it can, as before",
            json!({ "b": 1 }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            "found that /v/a cannot be a string any more, expected that it can, as before",
            json!({ "a": "a" }),
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": { "type": "integer" } }),
            "found that /v/a cannot be an integer any more, expected that it can, as before",
            json!({ "a": 1 }),
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 1 } }),
            "found `minimum: 1` for /v/*, expected none, as before",
            json!({ "a": 0 }),
        ),
        (
            json!({ "type": "object", "properties": { "ab": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "patternProperties": { "^a": { "type": "integer" } } }),
            "found that /v/ab cannot be a string any more, expected that it can, as before",
            json!({ "ab": "a" }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "additionalProperties": { "type": "string" } }),
            json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "additionalProperties": { "type": "string" }, "patternProperties": { "^a": { "type": "string" } } }),
            "found that /v/a cannot be an integer any more, expected that it can, as before",
            json!({ "a": 5 }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "patternProperties": { "^x": { "type": "null" } }, "additionalProperties": false }),
            json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "patternProperties": { "^x": { "type": "null" }, "^a": { "type": ["string", "null"] } }, "additionalProperties": false }),
            "found that /v/a cannot be an integer any more, expected that it can, as before",
            json!({ "a": 5 }),
        ),
        (
            json!({ "type": "object", "patternProperties": { "^a": { "type": "integer" } } }),
            json!({ "type": "object", "patternProperties": { "^a": { "type": "integer", "minimum": 1 } } }),
            "found `minimum: 1` for /v/*, expected none, as before",
            json!({ "ab": 0 }),
        ),
        (
            json!({ "type": "object", "patternProperties": { "^a": { "type": "integer" } }, "additionalProperties": false }),
            json!({ "type": "object", "additionalProperties": false }),
            "found no /v/* and no other members allowed, expected that it is declared, as before",
            json!({ "ab": 0 }),
        ),
        (
            json!({ "type": "object", "properties": { "ab": true }, "additionalProperties": false }),
            json!({ "type": "object", "propertyNames": { "maxLength": 1 } }),
            "found that no member is called as /v/ab any more",
            json!({ "ab": 0 }),
        ),
        (
            json!({ "type": "object" }),
            json!({ "type": "object", "minProperties": 1 }),
            "found `minProperties: 1` for /v, expected none, as before",
            json!({}),
        ),
        (
            json!({ "type": "object", "properties": { "a": true, "b": true }, "additionalProperties": false }),
            json!({ "type": "object", "maxProperties": 1 }),
            "found `maxProperties: 1` for /v, expected none, as before",
            json!({ "a": 1, "b": 2 }),
        ),
        (
            json!({ "type": "string" }),
            json!({ "allOf": [{ "type": "string" }, { "maxLength": 1 }] }),
            "found `maxLength: 1` for /v, expected none, as before",
            json!("ab"),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "string" } } }),
            json!({ "type": "object", "properties": { "a": false } }),
            "found that nothing is allowed at /v/a any more",
            json!({ "a": "" }),
        ),
    ] {
        assert_eq!(
            of(&old, &new),
            [format!("breaks: {message}")],
            "{old} {new}"
        );
        assert!(is_lost(&lost, &old, &new), "{lost}: {old} {new}");
    }
}

#[test]
fn what_cannot_be_decided_may_break() {
    for (old, new, message) in [
        (
            json!({ "type": "string", "pattern": "^a" }),
            json!({ "type": "string", "pattern": "^ab" }),
            "found the pattern `^ab` for /v, where `^a` was asked for: whether all that is stored has it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "string", "format": "uri" }),
            json!({ "type": "string", "format": "iri" }),
            "found the format `iri` for /v, where `uri` was asked for: whether all that is stored has it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "object" }),
            json!({ "type": "object", "properties": { "a": { "type": "string" } } }),
            "found /v/a declared, where anything could stand before",
        ),
        (
            json!({ "type": "object" }),
            json!({ "type": "object", "patternProperties": { "^a": { "type": "string" } } }),
            "found a schema for the members of /v whose names match `^a`, which was not asked for before",
        ),
        (
            json!({ "type": "object", "patternProperties": { "^x-": { "type": ["string", "integer"] } }, "additionalProperties": false }),
            json!({ "type": "object", "patternProperties": { "^x-": { "type": ["string", "integer"] }, "^x-n": { "type": "integer" } }, "additionalProperties": false }),
            "found a schema for the members of /v whose names match `^x-n`, which was not asked for before",
        ),
        (
            json!({ "type": "object" }),
            json!({ "type": "object", "propertyNames": { "maxLength": 1 } }),
            "found another schema for the names of the members of /v: whether all that are stored have such names cannot be decided from the declarations",
        ),
        (
            json!({ "type": "array" }),
            json!({ "type": "array", "contains": { "type": "string" } }),
            "found another `contains` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "array", "contains": { "type": "string" }, "minContains": 1 }),
            json!({ "type": "array", "contains": { "type": "string" }, "minContains": 2 }),
            "found another `contains` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "integer" }),
            json!({ "not": { "const": 1 } }),
            "found another `not` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "oneOf": [{ "type": "string" }] }),
            json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }),
            "found another `oneOf` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "anyOf": [{ "type": "string" }, { "type": "array" }] }),
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
            "found another `anyOf` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "if": { "maxLength": 3 }, "then": { "minLength": 1 } }),
            "found another `if` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "object" }),
            json!({ "type": "object", "dependentSchemas": { "a": { "required": ["b"] } } }),
            "found another `dependentSchemas` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "object", "properties": { "a": true } }),
            json!({ "type": "object", "properties": { "a": true }, "unevaluatedProperties": false }),
            "found another `unevaluatedProperties` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        (
            json!({ "type": "array" }),
            json!({ "type": "array", "unevaluatedItems": false }),
            "found another `unevaluatedItems` for /v: whether all that is stored satisfies it cannot be decided from the declarations",
        ),
        // Nothing longer may ever have been allowed.
        (
            json!({ "type": "string", "not": { "minLength": 2 } }),
            json!({ "type": "string", "maxLength": 1 }),
            "found `maxLength: 1` for /v, expected none, as before",
        ),
    ] {
        assert_eq!(
            of(&old, &new),
            [format!("may break: {message}")],
            "{old} {new}"
        );
    }
}

#[test]
fn what_is_wider_is_compatible() {
    for (old, new) in [
        (json!({ "type": "integer" }), json!({ "type": "number" })),
        (
            json!({ "type": "string" }),
            json!({ "type": ["null", "string"] }),
        ),
        (
            json!({ "enum": ["a", 1.0] }),
            json!({ "enum": [1, "b", "a"] }),
        ),
        (
            json!({ "enum": ["a", "b"] }),
            json!({ "type": "string", "pattern": "^[ab]$" }),
        ),
        (
            json!({ "const": null }),
            json!({ "type": ["null", "string"], "minLength": 3 }),
        ),
        (
            json!({ "type": "boolean" }),
            json!({ "enum": [false, true] }),
        ),
        (
            json!({ "type": "number", "exclusiveMinimum": 1 }),
            json!({ "type": "number", "minimum": 1 }),
        ),
        (
            json!({ "type": "number", "minimum": 1.5 }),
            json!({ "type": "number", "exclusiveMinimum": 1 }),
        ),
        (
            json!({ "type": "number", "maximum": 1 }),
            json!({ "type": "number", "exclusiveMaximum": 2 }),
        ),
        (
            json!({ "type": "number", "multipleOf": 0.2 }),
            json!({ "type": "number", "multipleOf": 0.1 }),
        ),
        (
            json!({ "type": "integer" }),
            json!({ "type": "integer", "multipleOf": 0.5 }),
        ),
        (
            json!({ "type": "string", "maxLength": 2 }),
            json!({ "type": "string", "maxLength": 3 }),
        ),
        (
            json!({ "type": "integer" }),
            json!({ "type": "integer", "maxLength": 3, "required": ["a"], "items": false }),
        ),
        (
            json!({ "type": "string", "minLength": 2 }),
            json!({ "type": "string", "minLength": 0 }),
        ),
        (
            json!({ "type": "string", "pattern": "a" }),
            json!({ "type": "string" }),
        ),
        (
            json!({ "type": "array", "maxItems": 1 }),
            json!({ "type": "array", "uniqueItems": true }),
        ),
        (
            json!({ "type": "array", "maxItems": 1 }),
            json!({ "type": "array", "prefixItems": [true, false] }),
        ),
        (
            json!({ "type": "array", "prefixItems": [{ "type": "string" }], "items": false }),
            json!({ "type": "array", "items": { "type": "string" } }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "null" } }, "additionalProperties": false }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        ),
        (
            json!({ "type": "object", "properties": { "ab": { "type": "string" } }, "additionalProperties": false }),
            json!({ "type": "object", "patternProperties": { "^a": { "type": "string" } }, "additionalProperties": false }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "const": 1 } }, "patternProperties": { "^x": { "type": "integer" } }, "additionalProperties": { "type": "number" } }),
            json!({ "type": "object", "properties": { "a": { "const": 1 } }, "patternProperties": { "^x": { "type": "integer" }, "^a": { "type": "number" } }, "additionalProperties": { "type": "number" } }),
        ),
        (
            json!({ "type": "object", "properties": { "a": true }, "required": ["a"] }),
            json!({ "type": "object", "properties": { "a": true }, "minProperties": 1, "dependentRequired": { "b": ["a"] } }),
        ),
        (
            json!({ "type": "object", "properties": { "a": true }, "additionalProperties": false }),
            json!({ "type": "object", "maxProperties": 1, "propertyNames": { "maxLength": 1 }, "dependentRequired": { "c": ["d"] } }),
        ),
        (
            json!({ "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "null" }] }),
            json!({ "anyOf": [{ "type": "null" }, { "type": "array" }, { "type": "string", "maxLength": 4 }] }),
        ),
        (
            json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }),
            json!({ "type": ["string", "null"] }),
        ),
        (
            json!({ "allOf": [{ "type": "string" }, { "maxLength": 3 }] }),
            json!({ "type": "string", "maxLength": 3 }),
        ),
        (
            json!({ "type": "string", "if": { "maxLength": 3 }, "then": { "minLength": 1 } }),
            json!({ "type": ["string", "null"], "if": { "maxLength": 3 }, "then": { "minLength": 1 } }),
        ),
        (
            json!({ "type": "integer", "not": { "const": 1 } }),
            json!({ "type": "number", "not": { "const": 1 } }),
        ),
        (
            json!({ "type": "array", "contains": { "const": 1 }, "maxItems": 4 }),
            json!({ "type": "array", "contains": { "const": 1 } }),
        ),
        (json!(false), json!({ "type": "string" })),
    ] {
        let fine = "compatible: found a schema that all that is stored satisfies";
        assert_eq!(of(&old, &new), [fine], "{old} {new}");
    }
}

#[test]
fn notes_are_no_change() {
    let old = json!({ "type": "string", "maxLength": 3, "x-note": 1 });
    let new = json!({ "title": "T", "maxLength": 3, "description": "D", "type": "string", "examples": ["a"] });
    assert_eq!(of(&old, &new), [""; 0]);
}

#[test]
fn references_are_followed() {
    let tree = |size: u8| {
        json!({ "tree": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "maxLength": size },
            "children": { "type": "array", "items": { "$ref": "#/$defs/tree" } },
        },
    } })
    };
    let root = json!({ "$ref": "#/$defs/tree" });
    let told = |old: u8, new: u8| -> Vec<String> {
        let found = found(&declare(&root, &tree(old)), &declare(&root, &tree(new)));
        found.iter().map(|it| it.message.clone()).collect()
    };
    assert_eq!(told(5, 5), [""; 0]);
    assert_eq!(
        told(5, 6),
        ["found a schema that all that is stored satisfies"]
    );
    // A tree within is another place, once.
    assert_eq!(
        told(5, 4),
        ["/v/name", "/v/children/*/name"]
            .map(|place| format!("found `maxLength: 4` for {place}, expected 5, as before"))
    );
    // The same under another name, and spelled out.
    let renamed = json!({ "node": serde_json::from_str::<Value>(&tree(5)["tree"].to_string().replace("tree", "node")).unwrap() });
    let by_name = json!({ "$ref": "#/$defs/node" });
    assert!(found(&declare(&root, &tree(5)), &declare(&by_name, &renamed)).is_empty());
    let inline = tree(5)["tree"].clone();
    assert!(
        found(&declare(&root, &tree(5)), &declare(&inline, &tree(5)))
            .iter()
            .all(|it| it.remedy.is_none())
    );
}

#[test]
fn schemas_too_intricate_to_compare_end() {
    // Each has cases with members whose schemas have cases: together there are more than anybody waits for.
    let definitions = |longest: u8| {
        let mut all = serde_json::Map::new();
        all.insert(
            "d0".to_owned(),
            json!({ "type": "string", "maxLength": longest }),
        );
        for n in 1..20 {
            let inner = json!({ "$ref": format!("#/$defs/d{}", n - 1) });
            let case =
                |name: &str| json!({ "type": "object", "properties": { name: inner, "c": inner } });
            all.insert(format!("d{n}"), json!({ "anyOf": [case("a"), case("b")] }));
        }
        Value::Object(all)
    };
    let root = json!({ "$ref": "#/$defs/d19" });
    let found = found(
        &declare(&root, &definitions(2)),
        &declare(&root, &definitions(1)),
    );
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|it| it.weight == Weight::MayBreak),
        "{found:?}"
    );
}
