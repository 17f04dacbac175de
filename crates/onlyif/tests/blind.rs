//! Which transitions are written without seeing the document, and what is known of them all the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use onlyif::declaration::{Bounds, Declaration, Declarations, SourceFile};
use onlyif::document::pointer::Pointer;
use serde_json::json;

fn parse(text: &str) -> Declaration {
    let file = SourceFile {
        name: "resources/things.yaml".to_owned(),
        text: text.to_owned(),
    };
    let declarations = Declarations::parse(&[file]).unwrap_or_else(|complaints| {
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", lines.join("\n"))
    });
    declarations.get("things").unwrap().clone()
}

fn at(pointer: &str) -> Pointer {
    pointer.parse().unwrap()
}

/// A type of these members, with more of the schema and a transition.
fn with(members: &str, schema: &str, transition: &str) -> Declaration {
    parse(&format!(
        "type: things\nschema: {{ type: object, properties: {{ {members} }}{schema} }}\ntransitions: {{ t: {{ {transition} }} }}\n"
    ))
}

#[test]
fn a_transition_is_blind_where_nothing_else_in_the_document_can_matter() {
    let set = "set: { /a: x }";
    for (members, schema, transition, blind) in [
        ("a: { type: string }", "", "", true),
        ("a: { type: string }", "", set, true),
        (
            "a: { type: string, maxLength: 3, pattern: '^x', anyOf: [{}] }",
            "",
            set,
            true,
        ),
        (
            "a: { $ref: '#/$defs/a' }",
            ", $defs: { a: { type: string } }",
            set,
            true,
        ),
        (
            "a: { type: string }",
            ", required: [a], additionalProperties: false, title: T, description: D, $comment: C, default: {}, examples: [], deprecated: true, x-mine: 1, $id: 'urn:x', $schema: 'https://json-schema.org/draft/2020-12/schema'",
            set,
            true,
        ),
        // What the object as a whole must satisfy cannot be known from one member.
        ("a: { type: string }", ", maxProperties: 3", set, false),
        (
            "a: { type: string }",
            ", minProperties: 0",
            "remove: [/a]",
            false,
        ),
        ("a: { type: string }", ", anyOf: [{}]", set, false),
        (
            "a: { type: string }",
            ", allOf: [{ properties: { a: { maxLength: 3 } } }]",
            set,
            false,
        ),
        (
            "a: { type: string }",
            ", dependentRequired: { a: [b] }",
            set,
            false,
        ),
        (
            "a: { type: string }",
            ", propertyNames: { maxLength: 3 }",
            set,
            false,
        ),
        (
            "a: { type: string }",
            ", patternProperties: { a: { maxLength: 3 } }",
            set,
            false,
        ),
        (
            "a: { type: string }",
            ", unevaluatedProperties: false",
            set,
            false,
        ),
        ("a: { type: string }", ", if: {}, then: {}", set, false),
        // Sources.
        (
            "a: { type: string }, b: { type: string }",
            "",
            "set: { /a: { field: /b } }",
            false,
        ),
        (
            "a: { type: string }",
            "",
            "set: { /a: { actor: id } }",
            true,
        ),
        (
            "a: { type: string }",
            "",
            "set: { /a: { now: true } }",
            true,
        ),
        (
            "a: { type: string }",
            "",
            "set: { /a: { input: /i } }, input: { type: object, required: [i], properties: { i: { type: string } } }",
            true,
        ),
        // Clauses look at the stored document in the store.
        (
            "a: { type: string }, b: { type: string }",
            "",
            "set: { /a: x }, onlyIf: [{ field: /b, is: { field: /a } }]",
            true,
        ),
        // Nested members: every object on the way counts.
        (
            "a: { type: object, properties: { b: { type: string } } }",
            "",
            "set: { /a/b: x }",
            true,
        ),
        (
            "a: { type: object, minProperties: 1, properties: { b: { type: string } } }",
            "",
            "set: { /a/b: x }",
            false,
        ),
        (
            "a: { properties: { b: { type: string } } }",
            "",
            "set: { /a/b: x }",
            false,
        ),
        (
            "a: { type: [object, 'null'], properties: { b: { type: string } } }",
            "",
            "set: { /a/b: x }",
            false,
        ),
        (
            "a: { $ref: '#/$defs/a' }",
            ", $defs: { a: { type: object, properties: { b: { type: string } } } }",
            "set: { /a/b: x }",
            false,
        ),
        (
            "a: { allOf: [{ type: object, properties: { b: { type: string } } }] }",
            "",
            "set: { /a/b: x }",
            false,
        ),
        (
            "a: { type: object, properties: { b: { type: string } } }",
            "",
            "set: { /a: { b: x } }",
            true,
        ),
        // Removing.
        ("a: { type: string }", "", "remove: [/a]", true),
        (
            "a: { type: string }",
            ", required: [a]",
            "remove: [/a]",
            false,
        ),
        (
            "a: { type: object, required: [b], properties: { b: {}, c: {} } }",
            "",
            "remove: [/a/b]",
            false,
        ),
        (
            "a: { type: object, required: [b], properties: { b: {}, c: {} } }",
            "",
            "remove: [/a/c]",
            true,
        ),
        // Adding.
        ("a: { type: integer }", "", "add: { /a: 1 }", true),
        (
            "a: { type: number, minimum: 0, maximum: 9, exclusiveMinimum: -1, exclusiveMaximum: 10, title: A, default: 1, readOnly: true }",
            "",
            "add: { /a: 1 }",
            true,
        ),
        (
            "a: { type: number, multipleOf: 0.5 }",
            "",
            "add: { /a: 1 }",
            false,
        ),
        (
            "a: { type: [integer, 'null'] }",
            "",
            "add: { /a: 1 }",
            false,
        ),
        ("a: {}", "", "add: { /a: 1 }", false),
        (
            "a: { type: integer, enum: [1, 2] }",
            "",
            "add: { /a: 1 }",
            false,
        ),
        (
            "a: { $ref: '#/$defs/a' }",
            ", $defs: { a: { type: integer } }",
            "add: { /a: 1 }",
            false,
        ),
        // One that must be seen is enough.
        (
            "a: { type: integer }, b: { type: number, multipleOf: 2 }",
            "",
            "set: { /a: 1 }, add: { /b: 2 }",
            false,
        ),
    ] {
        let things = with(members, schema, transition);
        assert_eq!(
            things.transition("t").unwrap().blind,
            blind,
            "{{ {members} }}{schema} with {transition}"
        );
    }
}

#[test]
fn a_transition_that_touches_a_unique_value_is_not_blind() {
    for (transition, blind) in [
        ("set: { /name: x }", false),
        ("remove: [/name]", false),
        ("set: { /o: {} }", false),
        ("remove: [/o/inner]", false),
        ("set: { /o/other: x }", true),
        ("add: { /n: 1 }", false),
        ("set: { /free: x }", true),
    ] {
        let things = parse(&format!(
            "type: things
schema:
  type: object
  properties:
    name: {{ type: string }}
    free: {{ type: string }}
    n: {{ type: integer }}
    o: {{ type: object, properties: {{ inner: {{ type: string }}, other: {{ type: string }} }} }}
unique: [{{ fields: [/name] }}, {{ fields: [/o/inner, /n] }}]
transitions: {{ t: {{ {transition} }} }}
"
        ));
        assert_eq!(things.transition("t").unwrap().blind, blind, "{transition}");
    }
}

#[test]
fn bounds_come_in_the_order_of_what_is_added() {
    let things = with(
        "a: { type: integer, minimum: 0, maximum: 1000000000000000000000 }, b: { type: number, exclusiveMinimum: -0.50, exclusiveMaximum: 1.5 }, c: {}",
        "",
        "add: { /b: 1, /c: 1, /a: 1 }",
    );
    let number = |text: &str| Some(text.parse().unwrap());
    assert_eq!(
        things.transition("t").unwrap().bounds,
        [
            Bounds {
                exclusive_minimum: number("-0.50"),
                exclusive_maximum: number("1.5"),
                ..Bounds::default()
            },
            Bounds::default(),
            Bounds {
                minimum: number("0"),
                maximum: number("1000000000000000000000"),
                integer: true,
                ..Bounds::default()
            },
        ]
    );
}

#[test]
fn a_member_that_is_set_can_be_judged_alone() {
    let things = parse(
        "type: things
schema:
  type: object
  required: [never]
  properties:
    plain: { type: string, maxLength: 3 }
    referred: { $ref: '#/$defs/list' }
    several: { allOf: [{ type: string }, { maxLength: 2 }] }
    deep: { type: object, properties: { list: { $ref: '#/$defs/list' } } }
    'a b/c%': { $ref: '#/properties/plain' }
    not-set: { type: string }
  $defs: { list: { type: array, items: { $ref: '#/$defs/short' } }, short: { type: string, maxLength: 1 } }
transitions:
  t:
    set: { /plain: a, /referred: [], /several: a, /deep/list: [], '/a b~1c%': a }
",
    );
    for (pointer, value, fits) in [
        ("/plain", json!("abc"), true),
        ("/plain", json!("abcd"), false),
        ("/referred", json!(["a", "b"]), true),
        ("/referred", json!(["a", "bc"]), false),
        ("/referred", json!("a"), false),
        ("/several", json!("ab"), true),
        ("/several", json!("abc"), false),
        ("/several", json!(1), false),
        ("/deep/list", json!(["a"]), true),
        ("/deep/list", json!(["ab"]), false),
        ("/a b~1c%", json!("abc"), true),
        ("/a b~1c%", json!("abcd"), false),
    ] {
        let schema = things.member_schema(&at(pointer)).unwrap();
        assert_eq!(
            schema.faults(&value).is_empty(),
            fits,
            "{pointer} of {value}"
        );
    }
    for pointer in ["/not-set", "/deep", ""] {
        assert!(things.member_schema(&at(pointer)).is_none(), "{pointer}");
    }
}
