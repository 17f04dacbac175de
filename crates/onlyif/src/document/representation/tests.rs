use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::command::Stale;
use crate::declaration::{Access, Schema, States};
use crate::item::{Clocks, Stamps};
use crate::timestamp::Timestamp;

fn declaration(schema: Value, states: bool) -> Declaration {
    let named = |name: &str| vec![name.to_owned()];
    Declaration {
        name: "orders".to_owned(),
        description: None,
        schema: Schema::compile(schema).unwrap(),
        unique: vec![],
        references: vec![],
        states: states.then(|| States {
            all: named("paid"),
            initial: "paid".to_owned(),
            finals: vec![],
            update: named("paid"),
            delete: named("paid"),
        }),
        create: None,
        transitions: vec![],
        stale: Stale::Refuse,
        access: Access::default(),
        tombstone_s: 0,
        history_s: 0,
        idempotency_s: 0,
        lease_max_s: None,
        shards: 1,
        deprecated: None,
        read_only: vec![],
        members: BTreeMap::new(),
    }
}

fn resource(document: Value) -> Resource {
    let Value::Object(document) = document else {
        panic!("an object")
    };
    let at = |text: &str| Timestamp::parse(text).unwrap();
    Resource {
        document,
        version: 3,
        incarnation: "9f2c1a7e".to_owned(),
        state: Some("paid".to_owned()),
        created_at: at("2026-11-23T10:00:00Z"),
        created_by: "alice".to_owned(),
        updated_at: at("2026-11-23T10:05:00Z"),
        updated_by: "bob".to_owned(),
        operation: "update".to_owned(),
        previous_at: None,
        clocks: Clocks {
            fields: BTreeMap::new(),
            floor: 0,
        },
        stamps: Stamps::default(),
        dependents: BTreeMap::new(),
        counted: std::collections::BTreeSet::new(),
        lease_token: 0,
        lease: None,
    }
}

/// The document's part of the representation, as text.
fn shown(schema: Value, document: Value) -> String {
    let declaration = declaration(schema, false);
    let text = serde_json::to_string(&representation(&declaration, "o-1", &resource(document)));
    let text = text.unwrap();
    let (_, own) = text.split_once(r#""updatedBy":"bob""#).unwrap();
    format!("{{{}", own.trim_start_matches(','))
}

#[test]
fn reserved_members_come_first_in_their_order() {
    let schema = json!({"type": "object", "properties": {"customer": {}, "lines": {}}});
    let order = resource(json!({"lines": [], "customer": "c-1"}));
    assert_eq!(
        serde_json::to_string(&representation(
            &declaration(schema.clone(), true),
            "o-1",
            &order
        ))
        .unwrap(),
        concat!(
            r#"{"id":"o-1","etag":"3-9f2c1a7e","version":3,"state":"paid","#,
            r#""createdAt":"2026-11-23T10:00:00.000Z","createdBy":"alice","#,
            r#""updatedAt":"2026-11-23T10:05:00.000Z","updatedBy":"bob","#,
            r#""customer":"c-1","lines":[]}"#
        )
    );
    let without = declaration(schema, false);
    let without = representation(&without, "o-1", &order).document();
    assert!(!without.contains_key("state"));
}

#[test]
fn what_a_document_calls_as_we_do_is_not_the_truth() {
    let liar = resource(json!({"id": "x", "state": "y", "version": 9, "a": 1}));
    for (states, state) in [(true, r#""state":"paid","#), (false, "")] {
        let declaration = declaration(json!({"properties": {"state": {}}}), states);
        let expected = [
            r#"{"id":"o-1","etag":"3-9f2c1a7e","version":3,"#,
            state,
            r#""createdAt":"2026-11-23T10:00:00.000Z","createdBy":"alice","#,
            r#""updatedAt":"2026-11-23T10:05:00.000Z","updatedBy":"bob","a":1}"#,
        ];
        let shown = representation(&declaration, "o-1", &liar);
        assert_eq!(serde_json::to_string(&shown).unwrap(), expected.concat());
    }
}

#[test]
fn a_copy_is_what_is_written_with_all_digits() {
    let numbers = r#"[12345678901234567890123456789012345678,1e+125,1e-130,-0.10,1E2]"#;
    let numbers: Value = serde_json::from_str(numbers).unwrap();
    let order = resource(json!({"n": numbers, "$serde_json::private::Number": "1"}));
    let declaration = declaration(json!({}), true);
    let shown = representation(&declaration, "o-1", &order);
    let written = serde_json::to_string(&shown).unwrap();
    let copy = shown.document();
    assert_eq!(serde_json::to_string(&copy).unwrap(), written);
    assert_eq!(copy["n"], numbers);
}

#[test]
fn members_follow_the_schema_then_their_names() {
    for (schema, document, expected) in [
        (
            json!({}),
            json!({"b": 1, "a": 2, "B": 3}),
            r#"{"B":3,"a":2,"b":1}"#,
        ),
        (
            json!({"properties": {"z": {}, "m": {}, "a": {}}}),
            json!({"y": 1, "a": 2, "x": 3, "z": 4}),
            r#"{"z":4,"a":2,"x":3,"y":1}"#,
        ),
        // In objects and in the elements of arrays; what no schema describes is by name as well.
        (
            json!({"properties": {"o": {"properties": {"z": {}, "a": {}}}}}),
            json!({"o": {"a": 1, "z": 2}, "p": {"z": {"d": 1, "c": 2}, "a": [{"f": 1, "e": 2}]}}),
            r#"{"o":{"z":2,"a":1},"p":{"a":[{"e":2,"f":1}],"z":{"c":2,"d":1}}}"#,
        ),
        (
            json!({"properties": {"l": {"items": {"properties": {"z": {}, "a": {}}}}}}),
            json!({"l": [{"a": 1, "z": 2}, [{"b": 1, "a": 2}], 3]}),
            r#"{"l":[{"z":2,"a":1},[{"a":2,"b":1}],3]}"#,
        ),
        // Through references and allOf.
        (
            json!({"$defs": {"x/y": {"properties": {"z": {}, "a": {}}}}, "properties": {"o": {"$ref": "#/$defs/x~1y"}}}),
            json!({"o": {"a": 1, "z": 2}}),
            r#"{"o":{"z":2,"a":1}}"#,
        ),
        (
            json!({"allOf": [{"properties": {"z": {}}}, {"properties": {"y": {}, "z": {}}}], "properties": {"x": {}}}),
            json!({"a": 1, "y": 2, "z": 3, "x": 4}),
            r#"{"x":4,"z":3,"y":2,"a":1}"#,
        ),
        (
            json!({"properties": {"o": {"properties": {"c": {}, "b": {}}}}, "allOf": [{"properties": {"o": {"properties": {"a": {}}}}}]}),
            json!({"o": {"a": 1, "b": 2, "c": 3}}),
            r#"{"o":{"c":3,"b":2,"a":1}}"#,
        ),
        // A schema may describe itself, at every level or without end.
        (
            json!({"properties": {"z": {"$ref": "#"}, "a": {}}}),
            json!({"a": 1, "z": {"a": 2, "z": {"a": 3, "z": 4}}}),
            r#"{"z":{"z":{"z":4,"a":3},"a":2},"a":1}"#,
        ),
        (
            json!({"$defs": {"l": {"$ref": "#/$defs/m"}, "m": {"allOf": [{"$ref": "#/$defs/l"}], "properties": {"z": {}, "a": {}}}}, "properties": {"o": {"$ref": "#/$defs/l"}}}),
            json!({"o": {"a": 1, "z": 2}}),
            r#"{"o":{"z":2,"a":1}}"#,
        ),
        // Schemas that are no objects, and properties named as keywords are.
        (
            json!({"properties": {"properties": true, "items": false, "$ref": {"properties": {"z": {}, "a": {}}}}}),
            json!({"$ref": {"a": 1, "z": 2}, "items": [1], "properties": {"b": 1, "a": 2}}),
            r#"{"properties":{"a":2,"b":1},"items":[1],"$ref":{"z":2,"a":1}}"#,
        ),
    ] {
        assert_eq!(shown(schema.clone(), document), expected, "{schema}");
    }
}

#[test]
fn one_document_in_any_order_is_one_sequence_of_bytes() {
    let schema = json!({"properties": {"m": {"properties": {"y": {}}}}});
    let one = json!({"a": {"x": 1, "y": 2}, "m": {"x": 1, "y": [{"q": 1, "p": 2}]}});
    let other = json!({"m": {"y": [{"p": 2, "q": 1}], "x": 1}, "a": {"y": 2, "x": 1}});
    assert_eq!(shown(schema.clone(), one), shown(schema, other));
}
