//! What a schema has against a value: all of it, in its place, in plain words, numbers exactly.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::cmp::Ordering;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use onlyif::declaration::{Declaration, Declarations, SourceFile};
use onlyif::problem::Place;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The type whose document has one member, `v`, of this schema, with whatever definitions it needs.
fn declare(schema: &Value, definitions: &Value) -> Declaration {
    let document = json!({ "type": "object", "properties": { "v": schema }, "$defs": definitions });
    let text = format!("type: things\nschema: {document}\n");
    let file = SourceFile {
        name: "things.yaml".to_owned(),
        text,
    };
    let declarations = Declarations::parse(&[file]).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{document}: {}", lines.join("\n"))
    });
    declarations.get("things").unwrap().clone()
}

/// The faults of a document as lines: `POINTER keyword: detail`.
fn faults(declaration: &Declaration, document: &Value) -> Vec<String> {
    let faults = declaration.schema.faults(document);
    faults
        .iter()
        .map(|fault| {
            let Place::Pointer(pointer) = &fault.at else {
                panic!("{fault:?}")
            };
            format!(
                "{pointer} {}: {}",
                fault.keyword.as_deref().unwrap_or("-"),
                fault.detail
            )
        })
        .collect()
}

/// The one member's faults.
fn of(schema: Value, value: Value) -> Vec<String> {
    faults(&declare(&schema, &json!({})), &json!({ "v": value }))
}

#[test]
fn each_keyword_says_what_it_expects() {
    for (schema, value, expected) in [
        (
            json!({ "type": "string" }),
            json!(1),
            "/v type: Must be a string, but is a number.",
        ),
        (
            json!({ "type": "integer" }),
            json!(1.5),
            "/v type: Must be an integer, but has a fraction.",
        ),
        (
            json!({ "type": "integer" }),
            json!("1"),
            "/v type: Must be an integer, but is a string.",
        ),
        (
            json!({ "type": ["array", "null"] }),
            json!({}),
            "/v type: Must be an array or null, but is an object.",
        ),
        (
            json!({ "type": "object" }),
            json!(null),
            "/v type: Must be an object, but is null.",
        ),
        (
            json!({ "type": "boolean" }),
            json!([]),
            "/v type: Must be a boolean, but is an array.",
        ),
        (
            json!({ "minimum": 3 }),
            json!(2),
            "/v minimum: Must be at least 3.",
        ),
        (
            json!({ "maximum": 3 }),
            json!(4),
            "/v maximum: Must be at most 3.",
        ),
        (
            json!({ "exclusiveMinimum": 3 }),
            json!(3),
            "/v exclusiveMinimum: Must be more than 3.",
        ),
        (
            json!({ "exclusiveMaximum": 3 }),
            json!(3),
            "/v exclusiveMaximum: Must be less than 3.",
        ),
        (
            json!({ "multipleOf": 0.01 }),
            json!(0.001),
            "/v multipleOf: Must be a multiple of 0.01.",
        ),
        (
            json!({ "minLength": 1 }),
            json!(""),
            "/v minLength: Must have at least 1 character.",
        ),
        (
            json!({ "maxLength": 2 }),
            json!("abc"),
            "/v maxLength: Must have at most 2 characters.",
        ),
        (
            json!({ "pattern": "^a" }),
            json!("b"),
            "/v pattern: Must match the pattern ^a.",
        ),
        (
            json!({ "minItems": 2 }),
            json!([1]),
            "/v minItems: Must have at least 2 elements.",
        ),
        (
            json!({ "maxItems": 1 }),
            json!([1, 2]),
            "/v maxItems: Must have at most 1 element.",
        ),
        (
            json!({ "uniqueItems": true }),
            json!([1, 1]),
            "/v uniqueItems: Must not have the same element twice.",
        ),
        (
            json!({ "minProperties": 1 }),
            json!({}),
            "/v minProperties: Must have at least 1 member.",
        ),
        (
            json!({ "maxProperties": 0 }),
            json!({ "a": 1 }),
            "/v maxProperties: Must have at most 0 members.",
        ),
        (
            json!({ "enum": ["a", 1, null] }),
            json!("b"),
            "/v enum: Must be one of \"a\", 1, null.",
        ),
        (
            json!({ "const": "a" }),
            json!("b"),
            "/v const: Must be \"a\".",
        ),
        (
            json!({ "not": { "type": "string" } }),
            json!("b"),
            "/v not: Must not fit what `not` describes.",
        ),
        (
            json!({ "contains": { "type": "string" } }),
            json!([1]),
            "/v contains: Must have as many elements of the kind that `contains` describes as it asks for.",
        ),
        (
            json!({ "prefixItems": [{}], "items": false }),
            json!([1, 2]),
            "/v/1 items: Is not allowed here.",
        ),
        (
            json!({ "anyOf": [{ "type": "string" }, { "type": "object", "required": ["a"] }] }),
            json!({}),
            "/v anyOf: Must fit at least one of 2 alternatives: (1) must be a string, but is an object; (2) must have the member \"a\".",
        ),
        (
            json!({ "oneOf": [{ "properties": { "a": { "minimum": 3 } } }, false] }),
            json!({ "a": 1 }),
            "/v oneOf: Must fit exactly one of 2 alternatives: (1) /a must be at least 3; (2) is not allowed here.",
        ),
        (
            json!({ "oneOf": [{}, {}] }),
            json!(1),
            "/v oneOf: Must fit exactly one of the alternatives of `oneOf`, but fits several.",
        ),
        (
            json!({ "if": { "type": "string" }, "then": { "minLength": 1 } }),
            json!(""),
            "/v minLength: Must have at least 1 character.",
        ),
        (
            json!({ "properties": { "items": false } }),
            json!({ "items": 1 }),
            "/v/items properties: Is not allowed here.",
        ),
        (
            json!({ "properties": { "a": false } }),
            json!({ "a": 1 }),
            "/v/a properties: Is not allowed here.",
        ),
        (
            json!({ "properties": { "name": {} }, "additionalProperties": false }),
            json!({ "nmae": 1 }),
            "/v/nmae additionalProperties: Is not a member that is allowed here; did you mean `name`?",
        ),
        (
            json!({ "properties": { "name": {} }, "unevaluatedProperties": false }),
            json!({ "x": 1 }),
            "/v/x unevaluatedProperties: Is not a member that is allowed here.",
        ),
        (
            json!({ "propertyNames": { "maxLength": 1 } }),
            json!({ "ab": 1 }),
            "/v/ab propertyNames: Has a name that is not allowed here: it must have at most 1 character.",
        ),
        (
            json!({ "required": ["a/b"] }),
            json!({}),
            "/v/a~1b required: Is required.",
        ),
        (
            json!({ "dependentRequired": { "a": ["b"] } }),
            json!({ "a": 1 }),
            "/v/b dependentRequired: Is required.",
        ),
        (
            json!({ "items": { "type": "string" } }),
            json!(["a", 1]),
            "/v/1 type: Must be a string, but is a number.",
        ),
    ] {
        assert_eq!(
            of(schema.clone(), value.clone()),
            [expected],
            "{schema} of {value}"
        );
    }
}

#[test]
fn formats_are_asserted() {
    for (format, good, bad) in [
        ("date-time", "2026-11-23T10:00:00.000Z", "2026-11-23 10:00"),
        (
            "date-time",
            "2026-11-23T10:00:00+01:00",
            "2026-13-23T10:00:00Z",
        ),
        ("date", "2028-02-29", "2026-02-29"),
        ("time", "10:00:00Z", "25:00:00Z"),
        ("duration", "P3DT12H", "3 days"),
        ("email", "ada@example.org", "ada.example.org"),
        ("hostname", "www.example.org", "-.example.org"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::g"),
        ("uri", "https://example.org/a?b#c", "/a"),
        ("uri-reference", "/a", "\\a"),
        ("uri-template", "/users/{id}", "/users/{id"),
        ("iri", "https://example.org/ä", "/ä"),
        ("iri-reference", "/ä", "\\ä"),
        (
            "uuid",
            "01998f2c-7d5a-7c3e-9b1f-3a5c7e9d1b2f",
            "01998f2c7d5a7c3e9b1f3a5c7e9d1b2f",
        ),
        ("json-pointer", "/a/b~0", "a"),
        ("relative-json-pointer", "1/a", "/a"),
        ("regex", "^a+$", "("),
    ] {
        let schema = json!({ "type": "string", "format": format });
        assert_eq!(
            of(schema.clone(), json!(good)),
            Vec::<String>::new(),
            "{format} {good}"
        );
        let said = of(schema, json!(bad));
        assert_eq!(said.len(), 1, "{format} {bad}");
        assert!(said[0].starts_with("/v format: Must be a"), "{said:?}");
    }
}

#[test]
fn all_faults_are_named_at_once() {
    let declaration = declare(
        &json!({
            "type": "object",
            "required": ["name", "size"],
            "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "minLength": 2, "pattern": "^[a-z]*$" },
                "size": { "$ref": "#/$defs/size" },
                "list": { "type": "array", "items": { "$ref": "#/$defs/size" } }
            }
        }),
        &json!({ "size": { "type": "integer", "minimum": 0 } }),
    );
    let mut said = faults(
        &declaration,
        &json!({ "v": { "name": "X", "list": [1, -1, 1.5], "x": 1, "y": 2 } }),
    );
    said.sort();
    assert_eq!(
        said,
        [
            "/v/list/1 minimum: Must be at least 0.",
            "/v/list/2 type: Must be an integer, but has a fraction.",
            "/v/name minLength: Must have at least 2 characters.",
            "/v/name pattern: Must match the pattern ^[a-z]*$.",
            "/v/size required: Is required.",
            "/v/x additionalProperties: Is not a member that is allowed here.",
            "/v/y additionalProperties: Is not a member that is allowed here.",
        ]
    );
}

#[test]
fn a_schema_may_hold_itself() {
    let declaration = declare(
        &json!({ "$ref": "#/$defs/tree" }),
        &json!({ "tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/tree" }, "size": { "type": "integer" } } } }),
    );
    assert_eq!(
        faults(
            &declaration,
            &json!({ "v": { "left": { "left": { "size": "big" } } } })
        ),
        ["/v/left/left/size type: Must be an integer, but is a string."]
    );
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

#[test]
fn numbers_are_what_they_are_worth_and_not_how_they_are_written() {
    let big = "12345678901234567890123456789012345678";
    let bigger = "12345678901234567890123456789012345679";
    for (schema, value, fits) in [
        (json!({ "type": "integer" }), "1.0", true),
        (json!({ "type": "integer" }), "1e3", true),
        (json!({ "type": "integer" }), big, true),
        (
            json!({ "type": "integer" }),
            "0.00000000000000000000000000000000000001",
            false,
        ),
        (
            json!({ "type": "integer" }),
            "12345678901234567890123456789012345.5",
            false,
        ),
        (json!({ "const": 1 }), "1.0", true),
        (json!({ "enum": [number("1.50")] }), "1.5", true),
        (json!({ "const": number(big) }), big, true),
        (json!({ "const": number(big) }), bigger, false),
        (json!({ "maximum": number(big) }), big, true),
        (json!({ "maximum": number(big) }), bigger, false),
        (json!({ "exclusiveMinimum": number(big) }), bigger, true),
        (json!({ "exclusiveMinimum": number(big) }), big, false),
        (
            json!({ "minimum": 1 }),
            "0.99999999999999999999999999999999999999",
            false,
        ),
        (
            json!({ "maximum": 1 }),
            "1.0000000000000000000000000000000000001",
            false,
        ),
        (
            json!({ "maximum": number("0.1") }),
            "0.10000000000000000000000000000000000001",
            false,
        ),
        (json!({ "minimum": number("0.3") }), "0.3", true),
        (
            json!({ "multipleOf": number("0.01") }),
            "99999999999999999999999999999999999.99",
            true,
        ),
        (
            json!({ "multipleOf": number("0.01") }),
            "99999999999999999999999999999999999.991",
            false,
        ),
        (
            json!({ "multipleOf": 3 }),
            "99999999999999999999999999999999999999",
            true,
        ),
        (
            json!({ "multipleOf": 3 }),
            "99999999999999999999999999999999999998",
            false,
        ),
        (json!({ "uniqueItems": true }), "1", true),
    ] {
        let said = of(schema.clone(), number(value));
        assert_eq!(said.is_empty(), fits, "{schema} of {value}: {said:?}");
    }
    assert_eq!(
        of(
            json!({ "uniqueItems": true }),
            json!([number("1"), number("1.0")])
        )
        .len(),
        1
    );
}

/// Numbers of up to 38 digits, most of them close to each other.
fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[1-9][0-9]{0,37}",
        "-?[0-9]\\.[0-9]{0,36}[1-9]",
        "-?[1-9][0-9]{0,18}\\.[0-9]{0,17}[1-9]",
        "-?(0\\.1|0\\.10|0\\.3|9007199254740993|9007199254740992|18446744073709551616|0|1|1\\.0)",
        "-?[1-9]e-?[0-9]{1,2}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_and_equality_are_exact(value in numbers(), limit in numbers()) {
        let [a, b] = [&value, &limit].map(|text| BigDecimal::from_str(text).unwrap());
        let order = a.cmp(&b);
        for (keyword, fits) in [
            ("minimum", order != Ordering::Less),
            ("maximum", order != Ordering::Greater),
            ("exclusiveMinimum", order == Ordering::Greater),
            ("exclusiveMaximum", order == Ordering::Less),
            ("const", order == Ordering::Equal),
        ] {
            let said = of(json!({ keyword: number(&limit) }), number(&value));
            prop_assert_eq!(said.is_empty(), fits, "{} {} of {}", keyword, limit, value);
        }
        let said = of(json!({ "type": "integer" }), number(&value));
        prop_assert_eq!(said.is_empty(), a.is_integer(), "{} is an integer", value);
    }

    #[test]
    fn multiples_are_exact(value in numbers(), of_what in "(0\\.01|0\\.1|0\\.25|3|7|1000)") {
        let [a, b] = [&value, &of_what].map(|text| BigDecimal::from_str(text).unwrap());
        let said = of(json!({ "multipleOf": number(&of_what) }), number(&value));
        prop_assert_eq!(said.is_empty(), (a % b) == 0, "{} of {}", value, of_what);
    }
}
