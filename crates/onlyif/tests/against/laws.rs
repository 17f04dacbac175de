//! A document that is valid under the old declaration is valid under the new one, where nothing is found
//! that breaks or may break.

use onlyif::declaration::upgrade::{Weight, against};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Map, Value, json};

use super::{declare, file, is_valid, parsed};

/// Small values, so that generated schemas tell them apart.
fn values() -> Vec<Value> {
    let list = json!([
        null, true, false, -1, 0, 1, 2, 3, 0.5, 1.5, "", "a", "b", "ab", "ba", "abc", "2026-01-01",
        "127.0.0.1", [], [0], [1], [0, 0], [0, 1], [1, 2, 3], ["a"], ["a", 0], [0, "a"], [null], [[]],
        [[0]], [{}], [{ "a": 0 }], {}, { "a": 0 }, { "a": 1 }, { "a": "a" }, { "a": null }, { "b": 0 },
        { "b": "b" }, { "c": 0 }, { "ab": 0 }, { "ab": "a" }, { "a": 0, "b": 0 }, { "a": "a", "b": "b" },
        { "a": 0, "c": 0 }, { "a": 0, "b": 0, "c": 0 }, { "a": {} }, { "a": { "a": 0 } },
        { "a": { "b": "a" } }, { "a": [] }, { "a": [0] }, { "b": [0, 1] }, { "a": { "a": { "a": 1 } } }
    ]);
    list.as_array().unwrap().clone()
}

fn one(keyword: &'static str, value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    value.prop_map(move |value| json!({ keyword: value }))
}

fn names() -> impl Strategy<Value = Value> {
    subsequence(vec!["a", "b", "c"], 0..3).prop_map(|names| json!(names))
}

fn count() -> impl Strategy<Value = Value> {
    (0..4u8).prop_map(|n| json!(n))
}

/// A map with one keyword, or those that say something together only.
fn plain() -> impl Strategy<Value = Value> {
    let types = vec![
        "object", "array", "string", "number", "integer", "boolean", "null",
    ];
    let number = select(vec![json!(-1), json!(0), json!(0.5), json!(1), json!(2)]);
    let bounds = select(vec![
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ]);
    let sizes = select(vec![
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ]);
    prop_oneof![
        4 => one("type", subsequence(types, 1..4).prop_map(|it| json!(it))),
        2 => (bounds, number).prop_map(|(name, value)| json!({ name: value })),
        2 => (sizes, count()).prop_map(|(name, value)| json!({ name: value })),
        1 => one("enum", subsequence(values(), 1..6).prop_map(Value::from)),
        1 => one("const", select(values())),
        1 => one("multipleOf", select(vec![json!(0.5), json!(1), json!(2), json!(3)])),
        1 => one("pattern", select(vec![json!("^a"), json!("b$"), json!("^[ab]*$")])),
        1 => one("format", select(vec![json!("date"), json!("ipv4")])),
        1 => one("uniqueItems", any::<bool>().prop_map(Value::from)),
        2 => one("required", names()),
        1 => one("dependentRequired", names().prop_map(|names| json!({ "a": names }))),
    ]
}

/// The same of schemas within.
fn made_of(inner: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    let one_of_it = select(vec![
        "items",
        "additionalProperties",
        "propertyNames",
        "not",
        "unevaluatedProperties",
        "unevaluatedItems",
    ]);
    let some_of_it = select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]);
    let named = select(vec!["properties", "dependentSchemas"]);
    prop_oneof![
        3 => (one_of_it, inner.clone()).prop_map(|(name, value)| json!({ name: value })),
        3 => (some_of_it, vec(inner.clone(), 1..3)).prop_map(|(name, value)| json!({ name: value })),
        3 => (named, inner.clone(), inner.clone())
            .prop_map(|(name, a, b)| json!({ name: { "a": a, "b": b } })),
        1 => patterns(inner.clone()),
        1 => members(inner.clone()),
        1 => (inner.clone(), inner.clone(), inner.clone())
            .prop_map(|(a, b, c)| json!({ "if": a, "then": b, "else": c })),
        1 => (inner, 0..3u8, 1..3u8)
            .prop_map(|(a, min, max)| json!({ "contains": a, "minContains": min, "maxContains": max })),
    ]
}

/// Patterns of which two can match the same name.
fn patterns(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let patterns = subsequence(vec!["^a", "b$", "a"], 1..3);
    (patterns, vec(of, 2)).prop_map(|(patterns, of)| {
        let pairs = patterns.into_iter().map(str::to_owned).zip(of);
        json!({ "patternProperties": pairs.collect::<Map<_, _>>() })
    })
}

/// Members by name, by pattern, and all others.
fn members(of: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    let named = of
        .clone()
        .prop_map(|it| json!({ "properties": { "a": it } }));
    let others = prop_oneof![of.clone(), Just(json!(false))];
    let others = others.prop_map(|it| json!({ "additionalProperties": it }));
    (named, option::of(patterns(of)), others).prop_map(|(named, patterns, others)| {
        merged(
            [Some(named), patterns, Some(others)]
                .into_iter()
                .flatten()
                .collect(),
        )
    })
}

fn merged(parts: Vec<Value>) -> Value {
    let mut all = Map::new();
    for part in parts {
        put(&mut all, part);
    }
    Value::Object(all)
}

/// Adds what another schema says, in the place of what was said by the same keywords, and of the same patterns.
fn put(members: &mut Map<String, Value>, other: Value) {
    let Value::Object(other) = other else { return };
    for (name, value) in other {
        match (members.get_mut(&name), value) {
            (Some(Value::Object(patterns)), Value::Object(others))
                if name == "patternProperties" =>
            {
                patterns.extend(others);
            }
            (_, value) => {
                members.insert(name, value);
            }
        }
    }
}

/// A schema without others within.
fn leaf() -> BoxedStrategy<Value> {
    vec(plain(), 0..3).prop_map(merged).boxed()
}

/// A schema, of which references lead to `first` and `second`, whose references lead nowhere.
fn schema() -> BoxedStrategy<Value> {
    let reference = select(vec![
        json!({ "$ref": "#/$defs/first" }),
        json!({ "$ref": "#/$defs/second" }),
    ]);
    definition(prop_oneof![8 => leaf(), 1 => reference].boxed())
}

fn definition(leaf: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let leaf = prop_oneof![9 => leaf, 1 => any::<bool>().prop_map(Value::from)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let beside = vec(plain(), 0..2);
        (beside, vec(made_of(inner), 1..3)).prop_map(|(mut all, made)| {
            all.extend(made);
            merged(all)
        })
    })
    .boxed()
}

#[derive(Clone, Debug)]
enum Edit {
    /// Leave a keyword out.
    Drop(Index),
    /// Add what another schema says, in the place of what was said by the same keywords, and of the same patterns.
    Put(Value),
    /// Move the numbers of all keywords.
    Shift(i8),
    /// Allow something else too.
    Or(Value),
    /// Ask for something else too.
    And(Value),
}

fn edit() -> impl Strategy<Value = (Index, Edit)> {
    let edit = prop_oneof![
        3 => any::<Index>().prop_map(Edit::Drop),
        3 => plain().prop_map(Edit::Put),
        1 => schema().prop_map(Edit::Put),
        1 => patterns(plain()).prop_map(Edit::Put),
        2 => select(vec![-1, 1]).prop_map(Edit::Shift),
        1 => schema().prop_map(Edit::Or),
        1 => schema().prop_map(Edit::And),
    ];
    (any::<Index>(), edit)
}

/// The pointers of a schema and all within it.
fn places(schema: &Value, at: &str, places: &mut Vec<String>) {
    let Value::Object(members) = schema else {
        return;
    };
    places.push(at.to_owned());
    for (name, value) in members {
        match (name.as_str(), value) {
            (
                "properties" | "patternProperties" | "dependentSchemas" | "$defs",
                Value::Object(named),
            ) => {
                for (member, schema) in named {
                    self::places(schema, &format!("{at}/{name}/{member}"), places);
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                for (number, schema) in list.iter().enumerate() {
                    self::places(schema, &format!("{at}/{name}/{number}"), places);
                }
            }
            ("enum" | "const" | "dependentRequired", _) => {}
            (_, schema) => self::places(schema, &format!("{at}/{name}"), places),
        }
    }
}

fn edited(mut root: Value, edits: Vec<(Index, Edit)>) -> Value {
    for (index, edit) in edits {
        let mut all = Vec::new();
        for name in ["/v", "/$defs/first", "/$defs/second"] {
            places(&root.pointer(name).unwrap().clone(), name, &mut all);
        }
        if all.is_empty() {
            continue;
        }
        let at = root.pointer_mut(index.get::<String>(&all)).unwrap();
        let members = at.as_object_mut().unwrap();
        match edit {
            Edit::Drop(which) if !members.is_empty() => {
                let name = which.get(&members.keys().collect::<Vec<_>>()).to_string();
                members.shift_remove(&name);
            }
            Edit::Drop(_) => {}
            Edit::Put(other) => put(members, other),
            Edit::Shift(by) => {
                let numbers = members.values_mut().filter(|value| value.is_number());
                for value in numbers {
                    let number = value.as_f64().unwrap() + f64::from(by);
                    if number > 0.0 {
                        *value = serde_json::from_str(&number.to_string()).unwrap();
                    }
                }
            }
            Edit::Or(other) => *at = json!({ "anyOf": [at.clone(), other] }),
            Edit::And(other) => *at = json!({ "allOf": [at.clone(), other] }),
        }
    }
    root
}

fn texts(root: &Value) -> String {
    declare(&root["v"], &root["$defs"])
}

/// Fails where nothing is found that may break, and a value is lost.
fn judge(old: &Value, new: &Value) -> Result<(), TestCaseError> {
    let (old, new) = (texts(old), texts(new));
    // An edit of a definition may make it refer to itself.
    let (Some(before), Some(after)) = (parsed(&old), parsed(&new)) else {
        return Err(TestCaseError::reject("no declaration"));
    };
    let found = against(&file(&old), &file(&new)).unwrap();
    let harmless = found
        .iter()
        .all(|finding| finding.weight == Weight::Compatible);
    prop_assert!(harmless || old != new, "{found:?}");
    if harmless {
        for value in values().iter().filter(|value| is_valid(&before, value)) {
            prop_assert!(is_valid(&after, value), "{}\n{}{}", value, old, new);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_global_rejects: 20_000,
        ..ProptestConfig::with_cases(500)
    })]

    #[test]
    fn what_is_found_to_break_nothing_breaks_nothing(
        v in schema(),
        first in definition(leaf()),
        second in definition(leaf()),
        edits in vec(edit(), 0..3),
    ) {
        let old = json!({ "v": v, "$defs": { "first": first, "second": second } });
        let new = edited(old.clone(), edits);
        judge(&old, &new)?;
    }

    #[test]
    fn patterns_that_are_found_to_break_nothing_break_nothing(
        old in members(leaf()),
        added in patterns(leaf()),
    ) {
        let new = merged(vec![old.clone(), added]);
        let [old, new] = [old, new].map(|v| json!({ "v": v, "$defs": {} }));
        judge(&old, &new)?;
    }
}
